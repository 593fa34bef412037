/**
 * Masking in one thread: what a client, a region, a helper and the root do for a million values in four
 * slots of 19 bits, beside what Flower's SecAgg+ computes for them. Run as a script, it prints a table.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Digest } from "../src/core/digest.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { committeeOf } from "../src/mask/committee.ts";
import { openShare } from "../src/mask/envelope.ts";
import { generateHelperKey, type HelperKey } from "../src/mask/helper_key.ts";
import { kahe1 } from "../src/mask/kahe1.ts";
import { kahe1Shape } from "../src/mask/kahe1_shape.ts";
import { maskParcel } from "../src/mask/kahe1_work.ts";
import { createShareSum, shareBytes } from "../src/mask/key_shares.ts";
import type { HelperAnswer, Mask, MaskedParcel } from "../src/mask/mask.ts";
import { type AggregateCore, createAggregateCore, inlineModule } from "../src/wasm/mod.ts";
import type { Figure, Goal } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";
import { type FlowerTimes, measureFlowerMasking } from "./mask_flower.ts";
import { measureNoise } from "./mask_noise.ts";

const VALUES = 1_000_000;
/** 5 bits a value: sums of 10 000 times 30 fit 19 bits. */
const CLIENTS = 10_000;
const BITS = 5;
const LARGEST = 2 ** BITS - 2;
const DEGREE = 4096;
const HELPERS = 5;
const THRESHOLD = 4;
/** Flower's neighbours, and the round that it opens. */
const FLOWER = { values: VALUES, neighbours: 48, clients: 1000, lost: 100, threshold: 25 };

const sha256: Digest = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** So many calls in a row, then a rest. */
const BURST = 10;
const REST_MS = 400;

/**
 * Milliseconds of the fastest of `turns` calls. They are spread over some seconds, since a machine that
 * is shared with others is slow for seconds at a time.
 */
async function fastest(turns: number, call: () => unknown): Promise<number> {
  let ms = Infinity;
  for (let turn = 0; turn < turns; turn++) {
    if (turn % BURST === BURST - 1) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const began = performance.now();
    await call();
    ms = Math.min(ms, performance.now() - began);
  }
  return ms;
}

/** A client, and all that it needs. */
interface Scene {
  readonly core: AggregateCore;
  readonly mask: Mask;
  readonly keys: readonly HelperKey[];
  readonly identity: Identity;
  readonly sid: Uint8Array;
  /** Quantised values, as little-endian words. */
  readonly parcel: Uint8Array<ArrayBuffer>;
}

async function sceneOf(core: AggregateCore): Promise<Scene> {
  const keys = await Promise.all(Array.from({ length: HELPERS }, () => generateHelperKey()));
  const committee = committeeOf(keys.map(({ publicKey }) => publicKey));
  const plan = { values: VALUES, slotBits: 19, maxClients: CLIENTS, largest: LARGEST, committee };
  const parcel = new Uint8Array(4 * VALUES);
  new Uint32Array(parcel.buffer).forEach((_, i, words) => words[i] = (i * 7919) % (LARGEST + 1));
  return {
    core,
    mask: kahe1(plan),
    keys,
    identity: await generateIdentity(),
    sid: systemRandom(32),
    parcel,
  };
}

/** What a client sends. */
async function maskedBy({ core, mask, identity, sid, parcel }: Scene): Promise<MaskedParcel> {
  const context = { sid, client: identity.id, digest: sha256, random: systemRandom };
  return await mask.mask(core, parcel, context);
}

/** What a helper finds in an envelope. */
async function opened(
  { keys, identity, sid }: Scene,
  { digest: parcel, envelopes }: MaskedParcel,
  helper: number,
): Promise<Uint8Array> {
  const [key, envelope] = [keys[helper - 1], envelopes[helper - 1]];
  if (key === undefined || envelope === undefined) throw new RangeError(`no helper ${helper}`);
  const bytes = shareBytes(helper, { threshold: THRESHOLD, degree: DEGREE });
  const client = identity.id;
  return await openShare(envelope, { sid, client, helper, parcel, key, shareBytes: bytes });
}

/** The sum of so many clients' parcels, each `copies` times, and of the shares of their keys. */
async function sumOf(
  scene: Scene,
  { parcels, copies }: { readonly parcels: number; readonly copies: number },
): Promise<{ sum: Uint8Array; answers: HelperAnswer[] }> {
  const { core: { memory }, mask: { ring, parcelBytes } } = scene;
  const mark = memory.mark();
  const [acc, x] = [memory.alloc(parcelBytes), memory.alloc(parcelBytes)];
  memory.u8(acc).fill(0);
  using cores = new DisposableStack();
  const module = await inlineModule("aggregate");
  const shares = Array.from({ length: HELPERS }, () => {
    const core = cores.use(createAggregateCore(module));
    return cores.use(createShareSum(core, DEGREE));
  });
  for (let i = 0; i < parcels; i++) {
    const sent = await maskedBy(scene);
    memory.u8(x).set(sent.parcel);
    for (let copy = 0; copy < copies; copy++) ring.add(scene.core, acc, x);
    for (const [at, sum] of shares.entries()) {
      const share = await opened(scene, sent, at + 1);
      for (let copy = 0; copy < copies; copy++) sum.add(share);
    }
  }
  const sum = memory.u8(acc).slice();
  memory.release(mark);
  return { sum, answers: shares.map((sum, at) => ({ helper: at + 1, share: sum.share() })) };
}

/** Measures every party's part, by the fastest of many. */
export async function measureMask(): Promise<Figure[]> {
  const flower = await measureFlowerMasking(FLOWER);
  const module = await inlineModule("aggregate");
  using core = createAggregateCore(module);
  const scene = await sceneOf(core);
  const figures = [
    ...await measureClient(scene, flower),
    await measureRegion(scene),
    await measureHelper(scene, module),
    ...await measureRoot(scene, flower),
    ...measureNoise(core),
  ];
  const wasm = new URL("../wasm/aggregate/pkg/aggregate_bg.wasm", import.meta.url);
  const coreKb = await gzipBytes(wasm) / 1000;
  figures.push({ name: "aggregate core, gzipped", value: coreKb, unit: "KB", goal: atMost(25) });
  if (typeof flower === "string") {
    figures.push({ name: `Flower's SecAgg+: ${flower}`, value: NaN, unit: "ms" });
  } else figures.push(...flowerAlone(flower));
  return figures;
}

async function measureClient(scene: Scene, flower: FlowerTimes | string): Promise<Figure[]> {
  const { core, mask, identity, parcel } = scene;
  const { memory } = core;
  const mark = memory.mark();
  const [x, out] = [memory.alloc(4 * VALUES), memory.alloc(4 * VALUES)];
  memory.f32(x).forEach((_, i, all) => all[i] = Math.sin(i));
  const key = systemRandom(32);
  const grid = { range: 1, bits: BITS, key, at: 0 };
  const quantiseMs = await fastest(100, () => core.quantise(x, out, grid));
  memory.release(mark);
  const arithmetic = {
    parcel,
    parcelBytes: mask.parcelBytes,
    seed: systemRandom(32),
    random: systemRandom,
    helpers: HELPERS,
    threshold: THRESHOLD,
  };
  const maskMs = await fastest(200, () => maskParcel(core, kahe1Shape(19), arithmetic));
  const wholeMs = await fastest(150, async () => identity.sign((await maskedBy(scene)).digest));
  const sent = await maskedBy(scene);
  const envelopes = sent.envelopes.reduce((sum, { length }) => sum + length, 0);
  const neighbours = `${FLOWER.neighbours} masks generated and added`;
  return [
    { name: "client: quantise", value: quantiseMs, unit: "ms", goal: atMost(4) },
    {
      name: "client: quantise, mask and cut the key in shares",
      value: quantiseMs + maskMs,
      unit: "ms",
      ...fasterBy(15, flower, ({ maskMs }) => maskMs, neighbours),
    },
    {
      name: "client: the same with digests, five seals and a signature",
      value: quantiseMs + wholeMs,
      unit: "ms",
      ...fasterBy(10, flower, ({ maskMs }) => maskMs, neighbours),
    },
    {
      name: "client: upload, with envelopes",
      value: (sent.parcel.length + envelopes) / 1e6,
      unit: "MB",
      goal: atMost(3.14),
    },
  ];
}

async function measureRegion(scene: Scene): Promise<Figure> {
  const { core, mask: { ring } } = scene;
  const { memory } = core;
  const { parcel } = await maskedBy(scene);
  const mark = memory.mark();
  const [acc, slice] = [memory.alloc(ring.sliceBytes), memory.alloc(ring.sliceBytes)];
  memory.u8(acc).fill(0);
  memory.u8(slice).set(parcel.subarray(0, ring.sliceBytes));
  // A slice is added in less than a tenth of a millisecond: a turn is many of them.
  const repeats = 32;
  const ms = await fastest(100, () => {
    for (let i = 0; i < repeats; i++) ring.add(core, acc, slice);
  });
  memory.release(mark);
  return {
    name: "region: add a slice, with range check",
    value: repeats * ring.sliceBytes / ms / 1e6,
    unit: "GB/s",
    goal: { kind: "at least", bound: 10 },
  };
}

async function measureHelper(scene: Scene, module: WebAssembly.Module): Promise<Figure> {
  const sent = await maskedBy(scene);
  using core = createAggregateCore(module);
  using shares = createShareSum(core, DEGREE);
  // Of the two kinds of share the one that is words, which takes longer.
  const ms = await fastest(200, async () => shares.add(await opened(scene, sent, HELPERS)));
  return { name: "helper: open and add a share", value: ms, unit: "ms", goal: atMost(1) };
}

async function measureRoot(scene: Scene, flower: FlowerTimes | string): Promise<Figure[]> {
  const figures: Figure[] = [];
  const { core, mask, sid } = scene;
  // Errors of equal parcels agree: `copies` of each are as noisy as copies² clients.
  for (const [parcels, copies] of [[10, 1], [10, 10], [100, 10]] as const) {
    const clients = parcels * copies ** 2;
    const { sum, answers } = await sumOf(scene, { parcels, copies });
    const value = await fastest(60, () => mask.open(core, sum, { sid, clients, answers }));
    figures.push({
      name: `root: open a sum as noisy as that of ${clients}`,
      value,
      unit: "ms",
      goal: atMost(15),
    });
  }
  const [, thousand] = figures;
  const masks = FLOWER.clients - FLOWER.lost + FLOWER.lost * FLOWER.neighbours;
  const taken = `${masks} masks generated and taken away`;
  const compared = fasterBy(1500, flower, ({ unmaskMs }) => unmaskMs, taken);
  if (thousand !== undefined && compared.reference !== undefined) {
    const { clients, lost } = FLOWER;
    const name = `– beside Flower's ${clients} clients of whom ${lost} are lost`;
    figures.push({ name, value: thousand.value, unit: "ms", ...compared });
  }
  return figures;
}

/** What Flower does beside what ours is held against. */
function flowerAlone(times: FlowerTimes): Figure[] {
  const { clients, lost, neighbours } = FLOWER;
  const secretsMs = (clients - lost) * times.reconstructSeedMs + lost * times.reconstructKeyMs +
    lost * neighbours * times.agreeMs;
  return [
    { name: "Flower, not counted above: quantise", value: times.quantiseMs, unit: "ms" },
    {
      name: `Flower, not counted above: agree on ${neighbours} keys, ${neighbours} times one`,
      value: neighbours * times.agreeMs,
      unit: "ms",
    },
    {
      name:
        "Flower, not counted above: secrets of those 1000 from shares and keys, by one of each kind",
      value: secretsMs / 1000,
      unit: "s",
    },
  ];
}

/** A reference of Flower's with its goal, if it was measured. */
function fasterBy(
  bound: number,
  flower: FlowerTimes | string,
  of: (times: FlowerTimes) => number,
  what: string,
): Pick<Figure, "reference" | "goal"> {
  if (typeof flower === "string") return {};
  const reference = { name: `Flower 1.41: ${what}`, value: of(flower) };
  return { reference, goal: { kind: "faster by", bound } };
}

function atMost(bound: number): Goal {
  return { kind: "at most", bound };
}

async function gzipBytes(file: URL): Promise<number> {
  const zipped = new Blob([await Deno.readFile(file)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return (await new Response(zipped).arrayBuffer()).byteLength;
}

if (import.meta.main) console.log(renderFigures(await measureMask()));
