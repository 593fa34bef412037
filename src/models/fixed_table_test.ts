import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { fixTable } from "./fixed_table.ts";

const module = await inlineModule("train");

const VECTORS = new URL("../../../shared/vectors/ials_ease.json", import.meta.url);
const missing = !existsSync(VECTORS);
if (missing && Deno.env.get("CI") === "true") throw new Error(`Cannot find ${VECTORS.pathname}`);

/** Gradient of the objective at `x`, by its definition. */
function gradient(
  { table, dim, rows, a0, ridge, x }: {
    table: Float32Array;
    dim: number;
    rows: number[];
    a0: number;
    ridge: number;
    x: Float64Array;
  },
): number[] {
  const row = (i: number) => [...table.subarray(i * dim, (i + 1) * dim)];
  const score = (i: number) => row(i).reduce((sum, value, j) => sum + value * x[j]!, 0);
  const slopes = Array<number>(dim).fill(0);
  const add = (i: number, factor: number) =>
    row(i).forEach((value, j) => slopes[j]! += 2 * factor * value);
  for (const i of rows) add(i, score(i) - 1);
  for (let i = 0; i < table.length / dim; i++) add(i, a0 * score(i));
  return slopes.map((slope, j) => slope + 2 * ridge * x[j]!);
}

Deno.test("fixed table: the slope of the objective is zero at the solution", () => {
  const problem = fc.record({
    dim: fc.integer({ min: 1, max: 12 }),
    count: fc.integer({ min: 1, max: 40 }),
  })
    .chain(({ dim, count }) =>
      fc.record({
        dim: fc.constant(dim),
        table: fc.float32Array({
          minLength: dim * count,
          maxLength: dim * count,
          min: -2,
          max: 2,
          noNaN: true,
        }),
        rows: fc.uniqueArray(fc.nat(count - 1)),
      })
    );
  fc.assert(fc.property(problem, ({ dim, table, rows }) => {
    using core = createTrainCore(module);
    using fixed = fixTable(core, { table, dim, a0: 0.3, ridge: (count) => 0.5 + count });
    const x = fixed.solve(Uint32Array.from(rows));
    const ridge = 0.5 + rows.length;
    for (const slope of gradient({ table, dim, rows, a0: 0.3, ridge, x })) {
      assert.ok(Math.abs(slope) < 1e-3, `${slope}`);
    }
  }));
});

Deno.test("fixed table: nobody's rows give zeros, and scores are dot products", () => {
  using core = createTrainCore(module);
  const table = Float32Array.of(1, 2, 3, 4, 5, 6);
  using fixed = fixTable(core, { table, dim: 2, a0: 1, ridge: () => 1 });
  assert.deepEqual([...fixed.solve(new Uint32Array())], [0, 0]);
  assert.deepEqual([...fixed.scores([1, 10])], [21, 43, 65]);
});

Deno.test("fixed table: disposing it gives its memory back, also after an error", () => {
  using core = createTrainCore(module);
  const mark = core.memory.mark();
  {
    using fixed = fixTable(core, { table: Float32Array.of(1, 2), dim: 2, a0: 1, ridge: () => 1 });
    const inside = core.memory.mark();
    assert.throws(() => fixed.solve(Uint32Array.of(1)), /Cannot use row 1: the table has 1 rows/);
    fixed.solve(Uint32Array.of(0));
    assert.equal(core.memory.mark(), inside);
  }
  assert.equal(core.memory.mark(), mark);
});

Deno.test("fixed table: a table that is no number is refused as a model", () => {
  using core = createTrainCore(module);
  for (const wild of [NaN, Infinity]) {
    using fixed = fixTable(core, {
      table: Float32Array.of(1, wild),
      dim: 1,
      a0: 1,
      ridge: () => 1,
    });
    assert.throws(
      () => fixed.solve(Uint32Array.of(0)),
      (error) => isTributaryError(error, "model-invalid"),
    );
  }
});

interface IalsCase {
  kind: string;
  name: string;
  matrix: number[][];
  alpha: number;
  regularisation: number;
  factors: number;
  item_factors_start: number[][];
  sweeps: { user_factors: number[][]; item_factors: number[][] }[];
}

Deno.test({
  name: "fixed table: three sweeps give the factors of implicit 0.7.3, confidence 40",
  ignore: missing,
  async fn() {
    const { cases }: { cases: IalsCase[] } = JSON.parse(await readFile(VECTORS, "utf8"));
    const known = cases.find(({ kind, alpha }) => kind === "ials" && alpha === 40)!;
    using core = createTrainCore(module);
    const { matrix, alpha, factors } = known;
    // implicit weighs what happened by α and the rest by 1: ours divided by α − 1, and target 1 + a0.
    const a0 = 1 / (alpha - 1);
    const half = (table: number[][], lists: number[][]): number[][] => {
      using fixed = fixTable(core, {
        table: Float32Array.from(table.flat()),
        dim: factors,
        a0,
        ridge: () => known.regularisation * a0,
      });
      return lists.map((list) =>
        [...fixed.solve(Uint32Array.from(list))].map((value) => value * (1 + a0))
      );
    };
    const taken = matrix.map((row) => row.flatMap((value, item) => value > 0 ? [item] : []));
    const takers = matrix[0]!.map((_, item) =>
      matrix.flatMap((row, user) => row[item]! > 0 ? [user] : [])
    );
    let items = known.item_factors_start;
    for (const sweep of known.sweeps) {
      const users = half(items, taken);
      items = half(users, takers);
      // The library's own float32 run stays within 1.5e-5 of these.
      for (
        const [got, want] of [[users, sweep.user_factors], [items, sweep.item_factors]] as const
      ) {
        got.flat().forEach((value, at) => assert.ok(Math.abs(value - want.flat()[at]!) < 1.5e-5));
      }
    }
  },
});
