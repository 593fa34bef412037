import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { kahe1Bounds, kahe1Shape, noiseBound, polynomialCount } from "./kahe1_shape.ts";

/** The table of the design: bits of a slot, slots, degree, primes, most clients, bits on the wire. */
const TABLE = [
  [20, 2, 2048, 2, 16344, 32],
  [25, 3, 4096, 3, 65502, 32],
  [19, 4, 4096, 3, 16373, 24],
  [15, 5, 4096, 3, 65502, 19.2],
] as const;

Deno.test("kahe1 shapes: slots, most clients and bits on the wire are the design's", () => {
  for (const [bits, count, degree, primes, maxClients, wireBits] of TABLE) {
    const shape = kahe1Shape(bits);
    assert.deepEqual(shape.slots, { count, bits });
    assert.equal(shape.ring.degree, degree);
    assert.equal(shape.ring.primes.length, primes);
    assert.deepEqual(kahe1Bounds(shape), { maxClients, wireBits });
  }
});

Deno.test("kahe1 shapes: t·(64·√n + 1) < q/2 holds up to the most clients and for none more", () => {
  for (const [bits] of TABLE) {
    const shape = kahe1Shape(bits);
    const { maxClients } = kahe1Bounds(shape);
    const q = shape.ring.primes.map(BigInt).reduce((a, b) => a * b);
    const t = 1n << BigInt(shape.slots.count * bits);
    // 128·t·√n < q − 2t, squared.
    const fits = (n: number): boolean => (128n * t) ** 2n * BigInt(n) < (q - 2n * t) ** 2n;
    assert.ok(fits(maxClients) && !fits(maxClients + 1));
    // What the root checks is then enough, with room to spare for no other error.
    assert.ok(2n * t * (BigInt(noiseBound(maxClients)) + 1n) < q);
  }
});

Deno.test("kahe1 shapes: the noise bound is the whole part of 64·√n", () => {
  assert.deepEqual([1, 2, 3, 4, 100].map(noiseBound), [64, 90, 110, 128, 640]);
  fc.assert(fc.property(fc.integer({ min: 1, max: 65502 }), (n) => {
    const bound = BigInt(noiseBound(n));
    assert.ok(bound * bound <= 4096n * BigInt(n) && (bound + 1n) ** 2n > 4096n * BigInt(n));
  }));
});

Deno.test("kahe1 shapes: a million values of four slots take 62 polynomials", () => {
  assert.equal(polynomialCount(kahe1Shape(19), 1e6), 62);
  assert.equal(polynomialCount(kahe1Shape(19), 16384), 1);
  assert.equal(polynomialCount(kahe1Shape(19), 16385), 2);
  assert.equal(polynomialCount(kahe1Shape(20), 1), 1);
});

Deno.test("kahe1 shapes: other slots are refused with those there are", () => {
  for (const bits of [0, 16, 24, 32, 19.5, NaN]) {
    assert.throws(() => kahe1Shape(bits), (error) => {
      assert.ok(isTributaryError(error, "task-refused"));
      assert.match(error.message, /-bit slots: kahe1 has slots of 15, 19, 20, 25 bits$/);
      return true;
    });
  }
});
