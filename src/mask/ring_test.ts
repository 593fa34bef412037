import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import { type RingName, ringOf } from "./ring.ts";

const module = await inlineModule("aggregate");

Deno.test("ring: slices are whole units and at most a mebibyte", () => {
  const sizes = (["u32", "rns27", "rns30"] as const).map((name) => {
    const ring = ringOf(name);
    assert.equal(ring.name, name);
    assert.equal(ring.sliceBytes % ring.unitBytes, 0);
    assert.ok(ring.sliceBytes <= 1 << 20 && ring.sliceBytes + ring.unitBytes > 1 << 20);
    return [ring.unitBytes, ring.sliceBytes];
  });
  assert.deepEqual(sizes, [[4, 1048576], [16384, 1048576], [49152, 1032192]]);
});

Deno.test("ring: words wrap at 2^32, residues at their prime", () => {
  using core = createAggregateCore(module);
  for (
    const [name, moduli, row] of [
      ["u32", [2 ** 32], 64],
      ["rns27", [134176769, 134111233], 2048],
      ["rns30", [1073692673, 1073668097, 1073651713], 4096],
    ] as const
  ) {
    const ring = ringOf(name);
    const words = row * moduli.length;
    const [acc, slice] = [0, 1].map(() => core.memory.alloc(4 * words));
    const modulus = (i: number): number => moduli[Math.floor(i / row) % moduli.length]!;
    core.memory.u32(acc!).forEach((_, i, all) => all[i] = modulus(i) - 1 - i);
    core.memory.u32(slice!).forEach((_, i, all) => all[i] = i + 3);
    ring.add(core, acc!, slice!);
    assert.ok(core.memory.u32(acc!).every((word) => word === 2));
  }
});

Deno.test("ring: a word that is no residue is named, and the sum stays as it was", () => {
  using core = createAggregateCore(module);
  const cases: [RingName, number, number, RegExp][] = [
    ["rns27", 2047, 134176769, /its word 2047 is 134176769, expected one below 134176769/],
    ["rns27", 2048, 134111233, /its word 2048 is 134111233, expected one below 134111233/],
    ["rns30", 12287, 2 ** 32 - 1, /its word 12287 is 4294967295, expected one below 1073651713/],
    ["rns30", 12288, 1073692673, /its word 12288 is 1073692673, expected one below 1073692673/],
  ];
  for (const [name, at, word, sentence] of cases) {
    const ring = ringOf(name);
    const [acc, slice] = [0, 1].map(() => core.memory.alloc(2 * ring.unitBytes));
    core.memory.u32(acc!).fill(7);
    core.memory.u32(slice!).fill(5);
    core.memory.u32(slice!)[at] = word;
    assert.throws(() => ring.add(core, acc!, slice!), (error) => {
      assert.ok(isTributaryError(error, "residue-out-of-range"));
      assert.match(error.message, sentence);
      return true;
    });
    assert.ok(core.memory.u32(acc!).every((word) => word === 7));
  }
});
