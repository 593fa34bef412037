import assert from "node:assert/strict";
import { webDigest } from "../../src/core/digest.ts";
import { systemRandom } from "../../src/core/random.ts";
import { none } from "../../src/mask/none.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { KAHE_RINGS } from "../../src/wasm/kahe.ts";
import { type Masking, maskingOf, send, sumOf, wordsOf } from "./masking.ts";
import {
  assertSame,
  assertUniform,
  countCells,
  countLowBits,
  distanceApart,
  distanceFromUniform,
  LIMIT,
  unseenBias,
} from "./uniformity.ts";

const module = await inlineModule("aggregate");
const RUNS = 160;

/** What a region gets of one client in many rounds, counted in several ways. */
interface Views {
  /** Words of each prime by where they lie below it. */
  readonly cells: readonly Float64Array[];
  /** By their lowest eight bits, cut to the largest multiple of 256 below the prime. */
  readonly low: Float64Array;
  /** Differences of neighbours mod their prime. */
  readonly steps: Float64Array;
  /** The first coefficients, each over all rounds. */
  readonly places: Float64Array;
  /** Bytes of sealed shares. */
  readonly sealed: Float64Array;
}

const CELLS = 256;
const PLACES = 8;
const SEAL_STARTS = 2 + 32 + 32;

async function viewsOf(masking: Masking, value: number): Promise<Views> {
  const { degree, primes } = KAHE_RINGS.P2;
  const cells = primes.map(() => new Float64Array(CELLS));
  const [low, steps, sealed] = [0, 1, 2].map(() => new Float64Array(CELLS));
  const places = new Float64Array(PLACES);
  const add = (to: Float64Array, counts: Float64Array) => counts.forEach((n, i) => to[i]! += n);
  for (let run = 0; run < RUNS; run++) {
    const { parcel, envelopes } = await send(masking, value);
    const words = wordsOf(parcel);
    primes.forEach((p, at) => {
      const row = words.subarray(at * degree, (at + 1) * degree);
      add(cells[at]!, countCells(row, { modulus: p, cells: CELLS }));
      add(low!, countLowBits(row.filter((word) => word < p - p % CELLS), 8));
      const gaps = row.slice(1).map((word, i) => (word - row[i]! + p) % p);
      add(steps!, countCells(gaps, { modulus: p, cells: CELLS }));
      add(places, countCells(row.subarray(0, 64), { modulus: p, cells: PLACES }));
    });
    for (const envelope of envelopes) {
      add(sealed!, countLowBits(envelope.subarray(SEAL_STARTS, SEAL_STARTS + 256), 8));
    }
  }
  return { cells, low: low!, steps: steps!, places, sealed: sealed! };
}

Deno.test("a curious region: 160 parcels of one client look uniform, whatever is in them, and so do its sealed shares", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core);
  const zeros = await viewsOf(masking, 0);
  const most = await viewsOf(masking, masking.largest);
  for (const views of [zeros, most]) {
    views.cells.forEach((counts, at) => assertUniform(counts, `residues of prime ${at}`));
    assertUniform(views.low, "low bytes");
    assertUniform(views.steps, "differences of neighbours");
    assertUniform(views.places, "the first coefficients");
    assertUniform(views.sealed, "sealed shares");
  }
  zeros.cells.forEach((counts, at) => assertSame(counts, most.cells[at]!, `residues of ${at}`));
  assertSame(zeros.low, most.low, "low bytes");
  assertSame(zeros.steps, most.steps, "differences of neighbours");
  assertSame(zeros.sealed, most.sealed, "sealed shares");
  // What these tests would see, 999 times in 1000: chances that differ by a fiftieth.
  assert.ok(unseenBias(zeros.cells[0]!) < 0.025, `${unseenBias(zeros.cells[0]!)}`);
});

Deno.test("a curious region: the same tests tell what unmasked parcels hold at once", async () => {
  using core = createAggregateCore(module);
  const open = none({ values: 16_384, slotBits: 19, maxClients: 1000, largest: 510 });
  const counts = await Promise.all([0, 510].map(async (value) => {
    const words = new Uint8Array(new Uint32Array(16_384).fill(value).buffer);
    const context = { sid: systemRandom(32), client: "", digest: webDigest, random: systemRandom };
    const { parcel } = await open.mask(core, words, context);
    return countCells(wordsOf(parcel), { modulus: 2 ** 19, cells: 2048 });
  }));
  assert.ok(distanceFromUniform(counts[0]!) > 100 * LIMIT);
  assert.ok(distanceApart(counts[0]!, counts[1]!) > 10 * LIMIT);
});

Deno.test("a curious region: neither its own partial sum nor the difference of two clients tells more", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core);
  const { degree, primes } = KAHE_RINGS.P2;
  const [p = 0] = primes;
  const views = await Promise.all([0, 510].map(async (value) => {
    const sums = new Float64Array(CELLS);
    const apart = new Float64Array(CELLS);
    for (let run = 0; run < 60; run++) {
      const sid = systemRandom(32);
      const sent = [await send(masking, value, { sid }), await send(masking, value, { sid })];
      const sum = wordsOf(sumOf(masking, sent.map(({ parcel }) => parcel))).subarray(0, degree);
      countCells(sum, { modulus: p, cells: CELLS }).forEach((n, i) => sums[i]! += n);
      const [a, b] = sent.map(({ parcel }) => wordsOf(parcel).subarray(0, degree));
      const gaps = a!.map((word, i) => (word - b![i]! + p) % p);
      countCells(gaps, { modulus: p, cells: CELLS }).forEach((n, i) => apart[i]! += n);
    }
    assertUniform(sums, "partial sums");
    assertUniform(apart, "differences of two clients");
    return { sums, apart };
  }));
  assertSame(views[0]!.sums, views[1]!.sums, "partial sums");
  assertSame(views[0]!.apart, views[1]!.apart, "differences of two clients");
});
