import assert from "node:assert/strict";
import { createAggregateCore } from "./aggregate.ts";
import { chachaBlock } from "./chacha_testing.ts";
import { inlineModule } from "./inline.ts";
import { KAHE_RINGS, keyBytes, polynomialBytes } from "./kahe.ts";

const module = await inlineModule("aggregate");

function seedOf(number: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => 29 * number + 7 * i);
}

/** Words of the keystream below a prime, cut to its bits: value by value. */
function uniformWords(seed: Uint8Array, row: number, prime: number, count: number): number[] {
  const mask = 2 ** Math.ceil(Math.log2(prime)) - 1;
  const kept: number[] = [];
  for (let counter = 0; kept.length < count; counter++) {
    for (const word of chachaBlock(seed, counter, [row, 0, 0])) {
      if ((word & mask) < prime) kept.push(word & mask);
    }
  }
  return kept.slice(0, count);
}

Deno.test("seed keys: a sum of them has in each row the sum of what their seeds expand to", () => {
  using core = createAggregateCore(module);
  for (const ring of Object.values(KAHE_RINGS)) {
    const mark = core.memory.mark();
    const sum = core.memory.alloc(polynomialBytes(ring));
    const out = core.memory.alloc(keyBytes(ring));
    core.memory.u8(sum).fill(0);
    core.addSeedKey(ring, sum, { seed: seedOf(1), minus: false });
    core.addSeedKey(ring, sum, { seed: seedOf(2), minus: true });
    core.readyKey(ring, { sum, out });
    const { degree, primes } = ring;
    primes.forEach((prime, row) => {
      const [a, b] = [1, 2].map((number) => uniformWords(seedOf(number), row, prime, degree));
      const want = a!.map((word, i) => (word + prime - b![i]!) % prime);
      assert.deepEqual([...core.memory.u32(sum).subarray(row * degree, (row + 1) * degree)], want);
      const key = [...core.memory.u32(out).subarray(2 * row * degree, 2 * (row + 1) * degree)];
      assert.deepEqual(key.slice(0, degree), want);
      assert.deepEqual(
        key.slice(degree),
        want.map((word) => Number((BigInt(word) << 32n) / BigInt(prime))),
      );
    });
    core.addSeedKey(ring, sum, { seed: seedOf(2), minus: false });
    core.addSeedKey(ring, sum, { seed: seedOf(1), minus: true });
    assert.ok(core.memory.u32(sum).every((word) => word === 0));
    core.memory.release(mark);
  }
});

Deno.test("seed keys: neither seed nor expansion is left in the core's memory", () => {
  using core = createAggregateCore(module);
  const ring = KAHE_RINGS.P2;
  const sum = core.memory.alloc(polynomialBytes(ring));
  const mark = core.memory.mark();
  core.addSeedKey(ring, sum, { seed: seedOf(3), minus: false });
  assert.equal(core.memory.mark(), mark);
  const after = core.memory.alloc(1 << 16);
  assert.ok(core.memory.u8(after).every((byte) => byte === 0));
});

Deno.test("seed keys: seeds and spans that do not fit are refused", () => {
  using core = createAggregateCore(module);
  const ring = KAHE_RINGS.P1;
  const sum = core.memory.alloc(polynomialBytes(ring));
  const short = { ptr: sum.ptr, bytes: sum.bytes - 4 };
  const seed = { seed: seedOf(1), minus: false };
  assert.throws(() => core.addSeedKey(ring, short, seed), RangeError);
  assert.throws(
    () => core.addSeedKey(ring, sum, { ...seed, seed: seedOf(1).slice(1) }),
    /a seed of 31 bytes: expected 32/,
  );
  assert.throws(() => core.readyKey(ring, { sum: short, out: sum }), RangeError);
  assert.throws(() => core.readyKey(ring, { sum, out: sum }), RangeError);
});
