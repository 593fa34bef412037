/**
 * What in the aggregate core depends on secrets, as it is built and as V8 runs it.
 *
 * @module
 */
import { type Rng, systemRandom } from "../../src/core/random.ts";
import { skellamTable } from "../../src/privacy/skellam_table.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import type { Span } from "../../src/wasm/core_memory.ts";
import {
  KAHE_RINGS,
  type KaheTables,
  keyBytes,
  polynomialBytes,
  SEED_BYTES,
  SHARE_PRIME,
  tableBytes,
} from "../../src/wasm/kahe.ts";
import type { Subject } from "./trial.ts";

const RING = KAHE_RINGS.P1;
const { degree: DEGREE } = RING;
const ROW_BYTES = 4 * DEGREE;
const SLOTS = { count: 2, bits: 20 };
const THRESHOLD = 4;

/** Secrets of one kind at hand, so that drawing one is no part of a run. */
const POOL = 64;

/** Gives a secret of a class; both classes have as many copies, so that memory does not tell them apart. */
type Draw = (secret: "fixed" | "random") => Uint8Array;

/** What subjects are made with. */
interface Bench {
  readonly module: WebAssembly.Module;
  readonly rng: Rng;
}

function poolOf(rng: Rng, fixed: Uint8Array, random: () => Uint8Array): Draw {
  const pool = {
    fixed: Array.from({ length: POOL }, () => fixed.slice()),
    random: Array.from({ length: POOL }, random),
  };
  return (secret) => pool[secret][rng.below(POOL)] ?? fixed;
}

function seeds(rng: Rng): Draw {
  return poolOf(rng, systemRandom(SEED_BYTES), () => systemRandom(SEED_BYTES));
}

/** Rows of the share prime's residues: one row, or any. */
function rows(rng: Rng, bytes: number): Draw {
  const row = () => {
    const words = new Uint32Array(bytes / 4).map(() => rng.below(SHARE_PRIME));
    return new Uint8Array(words.buffer);
  };
  return poolOf(rng, row(), row);
}

function tablesOf(core: AggregateCore): KaheTables {
  const tables = { ring: RING, span: core.memory.alloc(tableBytes(RING)) };
  core.fillKaheTables(tables);
  return tables;
}

/** A subject whose secret is bytes in the core's memory. */
function inMemory(
  core: AggregateCore,
  { name, span, draw, run }: Pick<Subject, "name" | "run"> & { span: Span; draw: Draw },
): Subject {
  return { name, run, prepare: (secret) => core.memory.u8(span).set(draw(secret)) };
}

/** A subject whose secret is a seed. */
function ofSeed(
  name: string,
  draw: Draw,
  run: (seed: Uint8Array) => void,
): Subject {
  let seed = draw("fixed");
  return {
    name,
    prepare: (secret) => void (seed = draw(secret)),
    run: () => run(seed),
  };
}

function drawingKeys({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const key = core.memory.alloc(ROW_BYTES);
  return ofSeed("drawing a key", seeds(rng), (seed) => core.drawKey(seed, key));
}

function masking({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const { memory } = core;
  const tables = tablesOf(core);
  const [secret, key] = [memory.alloc(ROW_BYTES), memory.alloc(keyBytes(RING))];
  const values = memory.alloc(SLOTS.count * ROW_BYTES);
  const residues = memory.alloc(polynomialBytes(RING));
  const keys = poolOf(rng, new Uint8Array(keyBytes(RING)), () => {
    core.drawKey(systemRandom(SEED_BYTES), secret);
    core.transformKey(tables, { key: secret, out: key });
    return memory.u8(key).slice();
  });
  const parcels = poolOf(rng, new Uint8Array(values.bytes), () => {
    const words = new Uint32Array(values.bytes / 4).map(() => rng.below(2 ** SLOTS.bits));
    return new Uint8Array(words.buffer);
  });
  const work = { tables, key, publicSeed: systemRandom(SEED_BYTES), slots: SLOTS, first: 0 };
  const drawn = seeds(rng);
  let seed = drawn("fixed");
  return {
    name: "drawing errors and masking, with key and values",
    prepare(secret) {
      memory.u8(key).set(keys(secret));
      memory.u8(values).set(parcels(secret));
      seed = drawn(secret);
    },
    run: () => core.maskValues({ ...work, values, residues }, seed),
  };
}

function transforming({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const { memory } = core;
  const tables = tablesOf(core);
  const [key, out] = [memory.alloc(ROW_BYTES), memory.alloc(keyBytes(RING))];
  const draw = poolOf(rng, new Uint8Array(ROW_BYTES), () => {
    core.drawKey(systemRandom(SEED_BYTES), key);
    return memory.u8(key).slice();
  });
  const run = () => core.transformKey(tables, { key, out });
  return inMemory(core, { name: "transforming a key (NTT)", span: key, draw, run });
}

function readying({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const [sum, out] = [core.memory.alloc(polynomialBytes(RING)), core.memory.alloc(keyBytes(RING))];
  const residues = () => {
    const words = new Uint32Array(sum.bytes / 4);
    RING.primes.forEach((p, at) =>
      words.subarray(at * DEGREE, (at + 1) * DEGREE).forEach((_, i, row) => row[i] = rng.below(p))
    );
    return new Uint8Array(words.buffer);
  };
  const draw = poolOf(rng, residues(), residues);
  const run = () => core.readyKey(RING, { sum, out });
  return inMemory(core, { name: "readying a sum of uniform keys", span: sum, draw, run });
}

/** Words of a keystream that are no residues are left out, and how many shows. */
function expanding({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const share = core.memory.alloc(ROW_BYTES);
  // A seed none of whose first words is left out: its share is a prefix of a longer one's as it is.
  const longer = core.memory.alloc(2 * ROW_BYTES);
  const noneLeftOut = (): Uint8Array => {
    for (;;) {
      const seed = systemRandom(SEED_BYTES);
      core.memory.u8(longer).fill(0);
      core.addPad(seed, longer);
      const words = core.memory.u32(longer);
      if (words.every((word) => (word & 0x3fff_ffff) < SHARE_PRIME)) return seed;
    }
  };
  const draw = poolOf(rng, noneLeftOut(), noneLeftOut);
  return ofSeed(
    "expanding a share, of seeds that leave out no word",
    draw,
    (seed) => core.expandShare(seed, share),
  );
}

function sharing({ module, rng }: Bench, target: number): Subject {
  const core = createAggregateCore(module);
  const span = core.memory.alloc(THRESHOLD * ROW_BYTES);
  const out = core.memory.alloc(ROW_BYTES);
  const from = target === 0 ? 1 : 0;
  const places = Array.from({ length: THRESHOLD }, (_, at) => from + at);
  const name = target === 0 ? "interpolating a key from shares" : "sharing a key";
  const run = () => core.interpolateShares({ places, rows: span, target, out });
  return inMemory(core, { name, span, draw: rows(rng, span.bytes), run });
}

function adding({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const [acc, x] = [core.memory.alloc(ROW_BYTES), core.memory.alloc(ROW_BYTES)];
  core.memory.u8(acc).fill(0);
  const run = () => void core.addShares(acc, x);
  return inMemory(core, { name: "adding a share", span: x, draw: rows(rng, x.bytes), run });
}

function quantising({ module, rng }: Bench): Subject {
  const core = createAggregateCore(module);
  const [x, out] = [core.memory.alloc(ROW_BYTES), core.memory.alloc(ROW_BYTES)];
  const key = systemRandom(SEED_BYTES);
  // Runs of zeros draw no words, and show: no less than training shows how much there was to train on.
  const fixed = new Float32Array(DEGREE).fill(0.25);
  const draw = poolOf(rng, new Uint8Array(fixed.buffer), () => {
    const values = new Float32Array(DEGREE).map(() => rng.normal());
    return new Uint8Array(values.buffer);
  });
  const run = () => core.quantise(x, out, { range: 1, bits: 9, key, at: 0 });
  return inMemory(core, { name: "quantising values, none of them zero", span: x, draw, run });
}

function addingNoise({ module, rng }: Bench, sigma: number): Subject {
  const core = createAggregateCore(module);
  const words = core.memory.alloc(ROW_BYTES);
  const table = skellamTable({ variance: sigma ** 2, most: 40 * sigma });
  const rest = { table, stream: 0, offset: 0 };
  return ofSeed(
    `Skellam noise of σ = ${sigma}`,
    seeds(rng),
    (seed) => core.addNoise(words, { ...rest, seed }),
  );
}

/** All subjects, each with a core of its own. */
export function coreSubjects(bench: Bench): Subject[] {
  return [
    drawingKeys(bench),
    masking(bench),
    transforming(bench),
    readying(bench),
    expanding(bench),
    sharing(bench, THRESHOLD + 1),
    sharing(bench, 0),
    adding(bench),
    quantising(bench),
    ...[2, 20, 128, 2000].map((sigma) => addingNoise(bench, sigma)),
  ];
}
