import assert from "node:assert/strict";
import { systemRandom } from "../../src/core/random.ts";
import { joinShares, splitKey } from "../../src/mask/key_shares.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { SHARE_PRIME } from "../../src/wasm/kahe.ts";
import { answersOf, maskingOf, send, shareOf, wordsOf } from "./masking.ts";
import { assertSame, assertUniform, countCells, unseenBias } from "./uniformity.ts";

const module = await inlineModule("aggregate");
const DEGREE = 4096;
const RUNS = 60;

/** Shares of one key, whose coefficients are all the same, for each of many draws of the rest. */
function sharesOf(
  core: ReturnType<typeof createAggregateCore>,
  coefficient: number,
  visit: (shares: readonly Uint32Array[]) => void,
): void {
  const { memory } = core;
  const mark = memory.mark();
  const key = memory.alloc(4 * DEGREE);
  const row = memory.alloc(4 * DEGREE);
  for (let run = 0; run < RUNS; run++) {
    memory.u32(key).fill((coefficient + SHARE_PRIME) % SHARE_PRIME);
    const seeds = [1, 2, 3].map(() => systemRandom(32));
    const shares = splitKey(core, key, { helpers: 5, seeds }).map((share) => {
      if (share.length > 32) return wordsOf(share);
      core.expandShare(share, row);
      return memory.u32(row).slice();
    });
    visit(shares);
  }
  memory.release(mark);
}

/** In which cell of a cube the shares of some helpers lie together, coefficient by coefficient. */
function jointCells(shares: readonly Uint32Array[], side: number): Float64Array {
  const counts = new Float64Array(side ** shares.length);
  for (let i = 0; i < DEGREE; i++) {
    const cell = shares.reduce(
      (at, share) => at * side + Math.floor(share[i]! / SHARE_PRIME * side),
      0,
    );
    counts[cell]! += 1;
  }
  return counts;
}

/** Every set of `size` of the five helpers. */
function setsOf(size: number): number[][] {
  return Array.from({ length: 32 }, (_, bits) => [0, 1, 2, 3, 4].filter((j) => bits >> j & 1))
    .filter((set) => set.length === size);
}

Deno.test("helpers: what any one, two or three of five hold together is uniform and the same for two keys", () => {
  using core = createAggregateCore(module);
  for (const [size, side] of [[1, 256], [2, 16], [3, 6]] as const) {
    const sets = setsOf(size);
    const views = [0, -41].map((coefficient) => {
      const counts = sets.map(() => new Float64Array(side ** size));
      sharesOf(core, coefficient, (shares) => {
        sets.forEach((set, at) => {
          const joint = jointCells(set.map((j) => shares[j]!), side);
          joint.forEach((n, i) => counts[at]![i]! += n);
        });
      });
      return counts;
    });
    sets.forEach((set, at) => {
      const who = `shares of helpers ${set.map((j) => j + 1)}`;
      for (const counts of views) assertUniform(counts[at]!, who);
      assertSame(views[0]![at]!, views[1]![at]!, who);
      assert.ok(unseenBias(views[0]![at]!) < 0.04, `${unseenBias(views[0]![at]!)}`);
    });
  }
});

Deno.test("helpers: four of five hold the key, so the same comparison tells two keys apart", () => {
  using core = createAggregateCore(module);
  const { memory } = core;
  const key = memory.alloc(4 * DEGREE);
  sharesOf(core, -41, (shares) => {
    for (const set of setsOf(4)) {
      const answers = set.map((j) => ({
        helper: j + 1,
        share: new Uint8Array(shares[j]!.slice().buffer),
      }));
      joinShares(core, key, { answers, helpers: 5, threshold: 4 });
      assert.ok(memory.u32(key).every((word) => word === SHARE_PRIME - 41));
    }
  });
});

Deno.test("helpers: three of five who collude with a region cannot open the parcel that they hold shares of", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core);
  const guesses = await Promise.all([0, masking.largest].map(async (value) => {
    const counts = new Float64Array(256);
    for (let run = 0; run < 20; run++) {
      const sent = await send(masking, value);
      const answers = await answersOf(masking, [sent], [1, 2, 3]);
      const sid = sent.sid;
      await assert.rejects(
        masking.mask.open(core, sent.parcel, { sid, clients: 1, answers }),
        /Cannot open a sum: 3 helpers answered, 4 must/,
      );
      // As good a guess at the fourth share as any: it leads to another key, and that to noise.
      const guess = new Uint8Array(4 * masking.degree);
      const words = new Uint32Array(guess.buffer);
      words.forEach((_, i) => words[i] = i * 40503 % SHARE_PRIME);
      await assert.rejects(
        masking.mask.open(core, sent.parcel, {
          sid,
          clients: 1,
          answers: [...answers, { helper: 4, share: guess }],
        }),
        { code: "noise-excessive" },
      );
      const third = wordsOf(await shareOf(masking, sent, 4));
      countCells(third, { modulus: SHARE_PRIME, cells: 256 }).forEach((n, i) => counts[i]! += n);
    }
    assertUniform(counts, "the share that is missing");
    return counts;
  }));
  assertSame(guesses[0]!, guesses[1]!, "the share that is missing");
});
