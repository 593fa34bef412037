import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { drawInitial, type Initialiser, ONES, ZEROS } from "./initial.ts";

const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);

function draw(initial: Initialiser, shape: readonly number[], seed = SEED): Float32Array {
  return drawInitial(initial, { shape, rng: seededRng(seed) });
}

function moments(values: Float32Array): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / values.length) };
}

Deno.test("initialisers: constants fill any shape, and draw nothing", () => {
  assert.deepEqual([...draw(ZEROS, [2, 2])], [0, 0, 0, 0]);
  assert.deepEqual([...draw(ONES, [])], [1]);
  const [drawn, untouched] = [seededRng(SEED), seededRng(SEED)];
  drawInitial({ kind: "constant", value: 7 }, { shape: [9], rng: drawn });
  assert.equal(drawn.u32(), untouched.u32());
});

Deno.test("initialisers: the same seed gives the same bits, another one others", () => {
  for (const kind of ["glorot", "he"] as const) {
    const values = draw({ kind }, [7, 5]);
    assert.deepEqual(draw({ kind }, [7, 5]), values);
    assert.notDeepEqual(draw({ kind }, [7, 5], new Uint8Array(32)), values);
  }
});

const BITS = {
  glorot: ["bf81ba18", "bf58101d", "3de4a84e", "be48882f"],
  he: ["bfd76e1e", "be24bda9", "c01e393a", "3e0a9607"],
};

Deno.test("initialisers: the first bits are these in every runtime and version", () => {
  const bits = (initial: Initialiser) =>
    [...new Uint32Array(draw(initial, [2, 2]).buffer)].map((word) => word.toString(16));
  assert.deepEqual(bits({ kind: "glorot" }), BITS.glorot);
  assert.deepEqual(bits({ kind: "he" }), BITS.he);
});

Deno.test("initialisers: deviations are those of the papers, by inputs and outputs", () => {
  const shape = [300, 100];
  const expected: [Initialiser, number, number][] = [
    [{ kind: "uniform", bound: 0.3 }, 0.3 / Math.sqrt(3), 0.3],
    [{ kind: "normal", sd: 0.02 }, 0.02, 0.12],
    [{ kind: "glorot" }, Math.sqrt(2 / 400), Math.sqrt(6 / 400)],
    [{ kind: "he" }, Math.sqrt(2 / 300), 6 * Math.sqrt(2 / 300)],
  ];
  for (const [initial, sd, bound] of expected) {
    const values = draw(initial, shape);
    const found = moments(values);
    assert.ok(Math.abs(found.sd / sd - 1) < 0.02, `${initial.kind}: ${found.sd}, not ${sd}`);
    assert.ok(Math.abs(found.mean) < 0.03 * sd, `${initial.kind}: mean ${found.mean}`);
    assert.ok(values.every((value) => Math.abs(value) <= bound), initial.kind);
  }
});

Deno.test("initialisers: all extents but the last count as inputs", () => {
  const { sd } = moments(draw({ kind: "he" }, [10, 20, 100]));
  assert.ok(Math.abs(sd / Math.sqrt(2 / 200) - 1) < 0.02, `${sd}`);
});

Deno.test("initialisers: what has no inputs cannot be scaled by them", () => {
  assert.throws(
    () => draw({ kind: "glorot" }, [3]),
    /^RangeError: Cannot draw glorot values of shape \[3\]: expected inputs and outputs$/,
  );
  assert.throws(() => draw({ kind: "he" }, []), RangeError);
});
