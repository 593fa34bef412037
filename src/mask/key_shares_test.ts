import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import { type AggregateCore, createAggregateCore } from "../wasm/aggregate.ts";
import type { Span } from "../wasm/core_memory.ts";
import { inlineModule } from "../wasm/inline.ts";
import { SHARE_PRIME } from "../wasm/kahe.ts";
import { createShareSum, joinShares, shareBytes, splitKey } from "./key_shares.ts";
import type { HelperAnswer } from "./mask.ts";
import { uniform } from "./reference_testing.ts";

const module = await inlineModule("aggregate");
const DEGREE = 16;

interface ShamirCase {
  readonly field: string;
  readonly threshold: number;
  readonly secret: string;
  readonly x: number[];
  readonly shares: string[];
  readonly subsets: { readonly x: number[]; readonly shares: string[] }[];
}

/** A key of the numbers from 0. */
const COUNT = Array.from({ length: DEGREE }, (_, i) => i);

const shamir = sharedVectors<{ cases: ShamirCase[] }>("shamir.json");

function seedOf(number: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => 31 * number + i);
}

function place(core: AggregateCore, words: ArrayLike<number>): Span {
  const span = core.memory.alloc(4 * words.length);
  core.memory.u32(span).set(words);
  return span;
}

function bytesOf(words: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** A share as words, whichever way it travels. */
function wordsOf(share: Uint8Array): number[] {
  return share.length === 32
    ? uniform(DEGREE, { p: SHARE_PRIME, key: share, nonce: [0, 0, 0] })
    : [...new Uint32Array(Uint8Array.from(share).buffer)];
}

function refused(run: () => unknown, code: ErrorCode, sentence: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(isTributaryError(error, code), String(error));
    assert.match(error.message, sentence);
    return true;
  });
}

const word = fc.integer({ min: 0, max: SHARE_PRIME - 1 });
const sharing = fc.integer({ min: 1, max: 7 }).chain((helpers) =>
  fc.record({
    helpers: fc.constant(helpers),
    threshold: fc.integer({ min: 1, max: helpers }),
    keys: fc.array(fc.array(word, { minLength: DEGREE, maxLength: DEGREE }), {
      minLength: 1,
      maxLength: 4,
    }),
    order: fc.shuffledSubarray(Array.from({ length: helpers }, (_, i) => i), {
      minLength: helpers,
      maxLength: helpers,
    }),
  })
);

Deno.test("key shares: any threshold many helpers' sums give the sum of the keys", () => {
  using core = createAggregateCore(module);
  fc.assert(fc.property(sharing, ({ helpers, threshold, keys, order }) => {
    const mark = core.memory.mark();
    const shares = keys.map((key, client) => {
      const seeds = Array.from({ length: threshold - 1 }, (_, i) => seedOf(10 * client + i));
      return splitKey(core, place(core, key), { helpers, seeds });
    });
    const answers = order.slice(0, threshold + 1).map((at) => {
      using sum = createShareSum(core, DEGREE);
      for (const all of shares) sum.add(all[at]!);
      assert.equal(sum.count, keys.length);
      return { helper: at + 1, share: sum.share() };
    });
    const key = core.memory.alloc(4 * DEGREE);
    joinShares(core, key, { answers, helpers, threshold });
    const want = Array.from(
      { length: DEGREE },
      (_, i) => Number(keys.reduce((sum, key) => sum + BigInt(key[i]!), 0n) % BigInt(SHARE_PRIME)),
    );
    assert.deepEqual([...core.memory.u32(key)], want);
    core.memory.release(mark);
  }));
});

Deno.test("key shares: the first ones are their seeds, the others are words", () => {
  using core = createAggregateCore(module);
  const key = place(core, COUNT);
  const seeds = [seedOf(1), seedOf(2), seedOf(3)];
  const shares = splitKey(core, key, { helpers: 5, seeds });
  assert.deepEqual(shares.slice(0, 3), seeds);
  assert.deepEqual(shares.map(({ length }) => length), [32, 32, 32, 64, 64]);
  const lengths = [1, 2, 3, 4, 5].map((helper) =>
    shareBytes(helper, { threshold: 4, degree: 4096 })
  );
  assert.deepEqual(lengths, [32, 32, 32, 16384, 16384]);
});

Deno.test({
  name: "key shares: subsets of the known shares of this field give their secrets",
  ignore: shamir.ignore,
  fn() {
    using core = createAggregateCore(module);
    const cases = shamir.read().cases.filter(({ field }) => field === "ntt30");
    assert.ok(cases.length >= 5);
    for (const { threshold, secret, x, shares } of cases) {
      const helpers = Math.max(...x);
      const four = (hex: string): Uint8Array<ArrayBuffer> =>
        bytesOf(Array.from({ length: 4 }, () => Number.parseInt(hex, 16)));
      const answers = x.map((helper, at) => ({ helper, share: four(shares[at]!) }));
      const key = core.memory.alloc(16);
      const sets = [answers, answers.slice(0, threshold), answers.slice(-threshold)];
      for (const set of sets.filter(({ length }) => length <= 32)) {
        joinShares(core, key, { answers: set, helpers, threshold });
        assert.deepEqual(core.memory.u8(key), four(secret));
      }
    }
  },
});

Deno.test("key shares: fewer than the threshold hold words that fit every key equally well", () => {
  using core = createAggregateCore(module);
  const seeds = [seedOf(1), seedOf(2)];
  const zeros = Array<number>(DEGREE).fill(0);
  const first = splitKey(core, place(core, zeros), { helpers: 4, seeds }).map(wordsOf);
  // With any two shares kept, another key gives other shares that are as likely: there is exactly one
  // polynomial of degree 2 through two shares and any secret.
  for (const secret of [1, 77, SHARE_PRIME - 1]) {
    for (const [a, b] of [[0, 1], [0, 3], [2, 3]] as const) {
      const key = Array<number>(DEGREE).fill(secret);
      const places = [0, a + 1, b + 1];
      const rows = place(core, [...key, ...first[a]!, ...first[b]!]);
      const out = core.memory.alloc(4 * DEGREE);
      const all = [1, 2, 3, 4].map((target) => {
        core.interpolateShares({ places, rows, target, out });
        return [...core.memory.u32(out)];
      });
      assert.deepEqual([all[a], all[b]], [first[a], first[b]]);
      const answers = [0, 1, 2].map((at) => ({ helper: at + 1, share: bytesOf(all[at]!) }));
      joinShares(core, out, { answers, helpers: 4, threshold: 3 });
      assert.deepEqual([...core.memory.u32(out)], key);
    }
  }
});

function fiveAnswers(core: AggregateCore): HelperAnswer[] {
  const seeds = [seedOf(1), seedOf(2), seedOf(3)];
  const key = place(core, COUNT);
  const shares = splitKey(core, key, { helpers: 5, seeds });
  return shares.map((share, at) => ({ helper: at + 1, share: bytesOf(wordsOf(share)) }));
}

Deno.test("key shares: one false share is noticed wherever it stands", () => {
  using core = createAggregateCore(module);
  const key = core.memory.alloc(4 * DEGREE);
  const answers = fiveAnswers(core);
  joinShares(core, key, { answers, helpers: 5, threshold: 4 });
  for (let helper = 1; helper <= 5; helper++) {
    for (let at = 0; at < DEGREE; at++) {
      const forged = answers.map((answer) => {
        if (answer.helper !== helper) return answer;
        const words = wordsOf(answer.share);
        words[at] = (words[at]! + 1) % SHARE_PRIME;
        return { helper, share: bytesOf(words) };
      });
      refused(
        () => joinShares(core, key, { answers: forged, helpers: 5, threshold: 4 }),
        "shares-inconsistent",
        /the share of helper 5 is not on one polynomial with those of helpers 1,2,3,4/,
      );
    }
  }
});

Deno.test("key shares: too few answers open nothing", () => {
  using core = createAggregateCore(module);
  const key = core.memory.alloc(4 * DEGREE);
  const answers = fiveAnswers(core);
  for (const count of [0, 1, 3]) {
    refused(
      () => joinShares(core, key, { answers: answers.slice(0, count), helpers: 5, threshold: 4 }),
      "shares-missing",
      new RegExp(`${count} helpers answered, 4 must`),
    );
  }
});

Deno.test("key shares: what is no share is refused, by the helper's sum and by the root", () => {
  using core = createAggregateCore(module);
  const key = core.memory.alloc(4 * DEGREE);
  const answers = fiveAnswers(core);
  const sum = createShareSum(core, DEGREE);
  sum.add(answers[0]!.share);
  const before = sum.share();
  const large = bytesOf(COUNT.with(7, SHARE_PRIME));
  for (
    const [share, code, sentence] of [
      [new Uint8Array(), "length-mismatch", /a share of 0 bytes/],
      [new Uint8Array(33), "length-mismatch", /a share of 33 bytes/],
      [new Uint8Array(36), "length-mismatch", /a share of 36 bytes/],
    ] as const
  ) {
    refused(() => sum.add(share), code, sentence);
    const bad = answers.with(2, { helper: 3, share });
    refused(
      () => joinShares(core, key, { answers: bad, helpers: 5, threshold: 4 }),
      code,
      sentence,
    );
  }
  refused(() => sum.add(large), "residue-out-of-range", /a word of it is not below 1073692673/);
  const bad = answers.with(2, { helper: 3, share: large });
  refused(
    () => joinShares(core, key, { answers: bad, helpers: 5, threshold: 4 }),
    "residue-out-of-range",
    /a word of it is not below 1073692673/,
  );
  assert.deepEqual(sum.share(), before);
  assert.equal(sum.count, 1);
});

Deno.test("key shares: helpers that are none, or twice the same, are the caller's mistake", () => {
  using core = createAggregateCore(module);
  const key = core.memory.alloc(4 * DEGREE);
  const answers = fiveAnswers(core);
  for (const helper of [0, 6, 1.5, 2]) {
    const wrong = answers.with(0, { helper, share: answers[0]!.share });
    assert.throws(
      () => joinShares(core, key, { answers: wrong, helpers: 5, threshold: 4 }),
      /^RangeError: Cannot join shares of helpers/,
    );
  }
});

Deno.test("key shares: memory that held shares is wiped", () => {
  using core = createAggregateCore(module);
  const key = place(core, COUNT);
  const mark = core.memory.mark();
  const shares = splitKey(core, key, { helpers: 3, seeds: [seedOf(1)] });
  const sum = createShareSum(core, DEGREE);
  sum.add(shares[0]!);
  sum[Symbol.dispose]();
  const out = core.memory.alloc(4 * DEGREE);
  const answers = shares.map((share, at) => ({ helper: at + 1, share: bytesOf(wordsOf(share)) }));
  joinShares(core, out, { answers, helpers: 3, threshold: 2 });
  core.memory.u8(out).fill(0);
  core.memory.release(mark);
  // Places are public, and small.
  assert.ok(core.memory.u32(core.memory.alloc(2048)).every((word) => word <= 3));
});
