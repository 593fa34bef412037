/**
 * Masking in one thread: what a client, a region, a helper and the root do for a million values in four
 * slots of 19 bits. Run as a script, it prints a table.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { systemRandom } from "../src/core/random.ts";
import type { Digest } from "../src/core/digest.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { committeeOf } from "../src/mask/committee.ts";
import { openShare } from "../src/mask/envelope.ts";
import { generateHelperKey, type HelperKey } from "../src/mask/helper_key.ts";
import { kahe1 } from "../src/mask/kahe1.ts";
import { kahe1Shape } from "../src/mask/kahe1_shape.ts";
import { maskParcel } from "../src/mask/kahe1_work.ts";
import { createShareSum } from "../src/mask/key_shares.ts";
import type { HelperAnswer, Mask, MaskedParcel } from "../src/mask/mask.ts";
import { type AggregateCore, createAggregateCore, inlineModule } from "../src/wasm/mod.ts";
import type { Figure } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

const VALUES = 1_000_000;
const CLIENTS = 1000;
/** 9 bits a value: 1000 sums of 510 fit 19 bits. */
const BITS = 9;
const LARGEST = 2 ** BITS - 2;
const DEGREE = 4096;

const sha256: Digest = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** Milliseconds of the fastest of `turns` calls. */
async function fastest(turns: number, call: () => unknown): Promise<number> {
  let ms = Infinity;
  for (let turn = 0; turn < turns; turn++) {
    const began = performance.now();
    await call();
    ms = Math.min(ms, performance.now() - began);
  }
  return ms;
}

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
  const keys = await Promise.all(Array.from({ length: 5 }, () => generateHelperKey()));
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

/** What helpers answer for clients that all sent the same parcel. */
async function answersFor(
  scene: Scene,
  sent: MaskedParcel,
  clients: number,
): Promise<HelperAnswer[]> {
  const answers: HelperAnswer[] = [];
  for (const helper of [1, 2, 3, 4, 5]) {
    using sum = createShareSum(scene.core, DEGREE);
    const share = await opened(scene, sent, helper);
    for (let client = 0; client < clients; client++) sum.add(share);
    answers.push({ helper, share: sum.share() });
  }
  return answers;
}

async function opened(
  { keys, identity, sid }: Scene,
  { digest: parcel, envelopes }: MaskedParcel,
  helper: number,
): Promise<Uint8Array> {
  const [key, envelope] = [keys[helper - 1], envelopes[helper - 1]];
  if (key === undefined || envelope === undefined) throw new RangeError(`no helper ${helper}`);
  const shareBytes = helper < 4 ? 32 : 4 * DEGREE;
  return await openShare(envelope, { sid, client: identity.id, helper, parcel, key, shareBytes });
}

/** A sum of so many equal parcels, by doubling. */
function times({ core, mask }: Scene, parcel: Uint8Array, clients: number): Uint8Array {
  const mark = core.memory.mark();
  const [sum, power] = [core.memory.alloc(mask.parcelBytes), core.memory.alloc(mask.parcelBytes)];
  const scratch = core.memory.alloc(mask.parcelBytes);
  core.memory.u8(sum).fill(0);
  core.memory.u8(power).set(parcel);
  for (let rest = clients; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) mask.ring.add(core, sum, power);
    core.memory.u8(scratch).set(core.memory.u8(power));
    mask.ring.add(core, power, scratch);
  }
  const result = core.memory.u8(sum).slice();
  core.memory.release(mark);
  return result;
}

/** Measures every party's part, by the best of many. */
export async function measureMask(): Promise<Figure[]> {
  const module = await inlineModule("aggregate");
  using core = createAggregateCore(module);
  const scene = await sceneOf(core);
  const { mask, identity, sid, parcel } = scene;
  const context = { sid, client: identity.id, random: systemRandom };

  const { memory } = core;
  const mark = memory.mark();
  const [x, out] = [memory.alloc(4 * VALUES), memory.alloc(4 * VALUES)];
  memory.f32(x).forEach((_, i, all) => all[i] = Math.sin(i));
  const key = systemRandom(32);
  const quantiseMs = await fastest(
    30,
    () => core.quantise(x, out, { range: 1, bits: BITS, key, at: 0 }),
  );
  memory.release(mark);

  const arithmetic = {
    parcel,
    parcelBytes: mask.parcelBytes,
    seed: systemRandom(32),
    random: systemRandom,
    helpers: 5,
    threshold: 4,
  };
  const maskMs = await fastest(60, () => maskParcel(core, kahe1Shape(19), arithmetic));
  const wholeMs = await fastest(30, async () => {
    const { digest } = await mask.mask(core, parcel, { ...context, digest: sha256 });
    await identity.sign(digest);
  });

  const sent = await mask.mask(core, parcel, { ...context, digest: sha256 });
  const upload = sent.parcel.length + sent.envelopes.reduce((sum, { length }) => sum + length, 0);
  const [acc, slice] = [memory.alloc(mask.ring.sliceBytes), memory.alloc(mask.ring.sliceBytes)];
  memory.u8(slice).set(sent.parcel.subarray(0, mask.ring.sliceBytes));
  const repeats = 32;
  const addMs = await fastest(60, () => {
    for (let i = 0; i < repeats; i++) mask.ring.add(core, acc, slice);
  });
  memory.release(mark);

  using shares = createShareSum(createAggregateCore(module), DEGREE);
  const helperMs = await fastest(60, async () => shares.add(await opened(scene, sent, 5)));

  const rootMs: number[] = [];
  for (const copies of [1, 3, 31]) {
    // Errors that agree grow as those of copies² clients that do not.
    const [sum, clients] = [times(scene, sent.parcel, copies), copies ** 2];
    const answers = await answersFor(scene, sent, copies);
    rootMs.push(await fastest(30, () => mask.open(core, sum, { sid, clients, answers })));
  }
  const [one = NaN, nine = NaN, most = NaN] = rootMs;
  const coreBytes = await gzipBytes(
    new URL("../wasm/aggregate/pkg/aggregate_bg.wasm", import.meta.url),
  );
  return [
    { name: "client: quantise", value: quantiseMs, unit: "ms" },
    {
      name: "client: quantise, mask and cut the key in shares",
      value: quantiseMs + maskMs,
      unit: "ms",
      goal: atMost(17),
    },
    {
      name: "client: the same with digests, five seals and a signature",
      value: quantiseMs + wholeMs,
      unit: "ms",
      goal: atMost(25),
    },
    { name: "client: upload", value: upload / 1e6, unit: "MB", goal: atMost(3.14) },
    {
      name: "region: add a slice, with range check",
      value: repeats * mask.ring.sliceBytes / addMs / 1e6,
      unit: "GB/s",
      goal: { kind: "at least", bound: 10 },
    },
    { name: "helper: open and add a share", value: helperMs, unit: "ms", goal: atMost(1) },
    { name: "root: open the sum of 1", value: one, unit: "ms", goal: atMost(15) },
    { name: "root: open the sum of 9", value: nine, unit: "ms", goal: atMost(15) },
    { name: "root: open the sum of 961", value: most, unit: "ms", goal: atMost(15) },
    { name: "aggregate core, gzipped", value: coreBytes / 1024, unit: "KB", goal: atMost(25) },
  ];
}

function atMost(bound: number): Figure["goal"] & { kind: "at most" } {
  return { kind: "at most", bound };
}

async function gzipBytes(file: URL): Promise<number> {
  const zipped = new Blob([await Deno.readFile(file)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return (await new Response(zipped).arrayBuffer()).byteLength;
}

if (import.meta.main) console.log(renderFigures(await measureMask()));
