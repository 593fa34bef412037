import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { isRefused, strategyOf } from "./_testing.ts";
import { rowwise } from "./rowwise.ts";

const MODEL = [{ name: "item", shape: [4, 2] }, { name: "bias", shape: [4] }];
const table = (...values: number[]) => ({
  shape: [values.length / 2, 2],
  data: Float32Array.from(values),
});
const column = (...values: number[]) => ({
  shape: [values.length],
  data: Float32Array.from(values),
});

Deno.test("rowwise: a row moves by lr · Σ/√count, and one that nobody touched stays", () => {
  const { model } = strategyOf(rowwise({ lr: 0.5 })).step({
    model: { item: table(0, 0, 1, 1, 2, 2, 3, 3), bias: column(0, 1, 2, 3) },
    state: {},
    sums: {
      item: table(8, -8, 6, 6, 5, 5, 0, 0),
      bias: column(4, 3, 2, 1),
      count: column(4, 9, 0, 1),
    },
    clients: 9,
    round: 1,
  });
  assert.deepEqual(model, {
    item: table(2, -2, 2, 2, 2, 2, 3, 3),
    bias: column(1, 1.5, 2, 3.5),
  });
});

Deno.test("rowwise: a row touched by one client moves as if there were no others", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 10_000 }),
    fc.float({ min: -2, max: 2, noNaN: true }),
    (clients, change) => {
      const step = (count: number) =>
        strategyOf(rowwise()).step({
          model: { bias: column(0, 0) },
          state: {},
          sums: { bias: column(change, change * clients), count: column(1, count) },
          clients,
          round: 1,
        }).model.bias!.data;
      const [alone, together] = step(clients);
      // The model starts at 0, and 0 + −0 is 0.
      assert.equal(alone! + 0, Math.fround(0.6 * change) + 0);
      // Many who agree move it further than one, but no further than √clients times as far.
      const limit = Math.sqrt(clients) * Math.abs(alone!);
      assert.ok(Math.abs(Math.abs(together!) - limit) <= 1e-5 * limit + 1e-40);
    },
  ));
});

Deno.test("rowwise: counts are taken as the whole numbers that they were", () => {
  const step = (count: number) =>
    strategyOf(rowwise()).step({
      model: { bias: column(0) },
      state: {},
      sums: { bias: column(1), count: column(count) },
      clients: 7,
      round: 1,
    }).model;
  assert.deepEqual(step(6.9999995), step(7));
});

Deno.test("rowwise: asks for the tables' changes and one count a row", () => {
  assert.deepEqual(strategyOf(rowwise({ range: 2 })).sums(MODEL), [
    { name: "item", shape: [4, 2], range: 2 },
    { name: "bias", shape: [4], range: 2 },
    { name: "count", shape: [4], range: 1 },
  ]);
});

Deno.test("rowwise: refuses tables of different rows, scalars, and a tensor called like the count", () => {
  for (
    const [model, found] of [
      [[...MODEL, { name: "b", shape: [3] }], /item \[4, 2\], bias \[4\], b \[3\] row by row/],
      [[{ name: "b", shape: [] }], /b \[\] row by row/],
      [[], /a model without tensors/],
      [[{ name: "count", shape: [4] }], /tensor "count"/],
    ] as const
  ) {
    assert.throws(
      () => strategyOf(rowwise()).sums(model),
      (error) => isTributaryError(error, "task-refused") && found.test(error.message),
    );
  }
});

Deno.test("rowwise: refuses what is not a positive finite number", () => {
  assert.equal(isRefused(rowwise()), false);
  assert.equal(isRefused({ ...rowwise(), lr: 0 }), true);
  assert.equal(isRefused({ ...rowwise(), range: -2 }), true);
});

Deno.test("rowwise: what is no table takes the mean change over all clients", () => {
  const options = rowwise({ lr: 0.5, tables: ["item"] });
  const { model } = strategyOf(options).step({
    model: { item: table(0, 0, 1, 1), layer: column(1, 1, 1) },
    state: {},
    sums: { item: table(8, -8, 6, 6), layer: column(6, -3, 0), count: column(4, 0) },
    clients: 6,
    round: 1,
  });
  assert.deepEqual(model, { item: table(2, -2, 1, 1), layer: column(2, 0.5, 1) });
  const sums = strategyOf(options).sums([
    { name: "layer", shape: [3] },
    { name: "item", shape: [2, 2] },
  ]);
  assert.deepEqual(sums.map(({ name, shape }) => [name, shape]), [
    ["layer", [3]],
    ["item", [2, 2]],
    ["count", [2]],
  ]);
});

function refused(work: () => unknown, found: RegExp): void {
  assert.throws(
    work,
    (error) => isTributaryError(error, "task-refused") && found.test(error.message),
  );
}

Deno.test("rowwise: a table that the model has not, and tables of different rows, are refused", () => {
  const model = [...MODEL, { name: "layer", shape: [3] }];
  refused(
    () => strategyOf(rowwise({ tables: ["items"] })).sums(model),
    /Cannot step the table "items" row by row: expected one of the model's tensors: item, bias/,
  );
  refused(
    () => strategyOf(rowwise({ tables: ["item", "layer"] })).sums(model),
    /Cannot step item \[4, 2\], layer \[3\] row by row: expected tables of the same rows/,
  );
  refused(() => strategyOf(rowwise({ tables: [] })), /there must be a table/);
});
