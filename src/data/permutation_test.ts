import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRng } from "../core/random.ts";
import { permutation } from "./permutation.ts";

Deno.test("permutation: every number once, the same for the same seed", () => {
  const seeds = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(fc.property(fc.nat({ max: 200 }), seeds, (count, seed) => {
    const order = permutation(count, seededRng(seed));
    assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
    assert.deepEqual(permutation(count, seededRng(seed)), order);
  }));
});

Deno.test("permutation: each of the six orders of three is equally likely", () => {
  const rng = seededRng(new Uint8Array(16).fill(3));
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 12_000; draw++) {
    const order = permutation(3, rng).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  // 2000 each expected, standard deviation 41.
  for (const count of counts.values()) assert.ok(Math.abs(count - 2000) < 205, `${count}`);
});
