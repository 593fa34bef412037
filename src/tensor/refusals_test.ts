import assert from "node:assert/strict";
import { add, divide, multiply, scale, subtract } from "./arithmetic.ts";
import { attention } from "./attention.ts";
import { concat, sliceColumns } from "./columns.ts";
import { dropout } from "./dropout.ts";
import { bceWithLogits, bpr, huber, mse } from "./elementwise_losses.ts";
import { embedding } from "./embedding.ts";
import { reshape, sliceRows, transpose } from "./layout.ts";
import { linear } from "./linear.ts";
import { matmul } from "./matmul.ts";
import { layerNorm, rmsNorm } from "./norm.ts";
import { createReferenceBackend } from "./reference_backend_testing.ts";
import { rowSum } from "./reduce.ts";
import { rowDot, scaleRows } from "./rows.ts";
import { softmax } from "./softmax.ts";
import { softmaxCrossEntropy } from "./softmax_cross_entropy.ts";
import { Tape } from "./tape.ts";
import type { Indices, Variable } from "./variable.ts";

const tape = new Tape(createReferenceBackend());

function of(...shape: number[]): Variable {
  const size = shape.reduce((size, extent) => size * extent, 1);
  return tape.constant(new Float32Array(size), shape);
}

function rows(...shape: number[]): Indices {
  return tape.indices(new Uint32Array(shape.reduce((size, extent) => size * extent, 1)), shape);
}

/** What operators say of operands that do not fit. */
const REFUSALS: readonly [string, () => unknown][] = [
  [
    "Cannot add [2, 3] and [2]: expected equal shapes, or the last axes of the first",
    () => add(tape, of(2, 3), of(2)),
  ],
  [
    "Cannot add [3] and [2, 3]: expected equal shapes, or the last axes of the first",
    () => add(tape, of(3), of(2, 3)),
  ],
  [
    "Cannot subtract [2, 3] and [3]: expected equal shapes",
    () => subtract(tape, of(2, 3), of(3)),
  ],
  ["Cannot multiply [4] and [2, 2]: expected equal shapes", () => multiply(tape, of(4), of(2, 2))],
  ["Cannot divide [] and [1]: expected equal shapes", () => divide(tape, of(), of(1))],
  ["Cannot scale [2] by NaN: expected a finite number", () => scale(tape, of(2), NaN)],
  [
    "Cannot matmul [3, 4] by [5, 6]: expected […, m, k] by […, k, n] or [k, n]",
    () => matmul(tape, of(3, 4), of(5, 6)),
  ],
  [
    "Cannot matmul [3, 4] by [4, 6] (transposed: a): expected […, m, k] by […, k, n] or [k, n]",
    () => matmul(tape, of(3, 4), of(4, 6), { transposeA: true }),
  ],
  [
    "Cannot matmul [2, 3, 4] by [3, 4, 5]: expected […, m, k] by […, k, n] or [k, n]",
    () => matmul(tape, of(2, 3, 4), of(3, 4, 5)),
  ],
  [
    "Cannot matmul [4] by [4, 5]: expected […, m, k] by […, k, n] or [k, n]",
    () => matmul(tape, of(4), of(4, 5)),
  ],
  [
    "Cannot linear [3, 4] by [5, 6]: expected a weight of [4, outputs]",
    () => linear(tape, of(3, 4), of(5, 6)),
  ],
  [
    "Cannot linear [3, 4] by [4, 6] with a bias of [4]: expected [6]",
    () => linear(tape, of(3, 4), of(4, 6), { bias: of(4) }),
  ],
  [
    "Cannot apply a linear layer to []: expected one axis or more",
    () => linear(tape, of(), of(1, 1)),
  ],
  ["Cannot sum the rows of []: expected one axis or more", () => rowSum(tape, of())],
  ["Cannot take the softmax of []: expected one axis or more", () => softmax(tape, of())],
  [
    "Cannot take the row products of [2, 3] and [2, 4]: expected equal shapes",
    () => rowDot(tape, of(2, 3), of(2, 4)),
  ],
  [
    "Cannot scale rows of [2, 3] by [3]: expected one number a row",
    () => scaleRows(tape, of(2, 3), of(3)),
  ],
  [
    "Cannot normalise [2, 3] with [2]: expected [3]",
    () => layerNorm(tape, of(2, 3), { gain: of(3), shift: of(2) }),
  ],
  [
    "Cannot normalise [2, 3] with [2]: expected [3]",
    () => rmsNorm(tape, of(2, 3), { gain: of(2) }),
  ],
  [
    "Cannot normalise with epsilon -1: expected a number from 0 up",
    () => rmsNorm(tape, of(2, 3), { gain: of(3), epsilon: -1 }),
  ],
  [
    "Cannot look up [5] in [6]: expected a table of [rows, values]",
    () => embedding(tape, of(6), rows(5)),
  ],
  [
    "Cannot attend [2, 3, 4] to [2, 5, 4] and [2, 6, 4]: expected [batch, queries, width] and twice [batch, keys, width]",
    () =>
      attention(tape, { query: of(2, 3, 4), key: of(2, 5, 4), value: of(2, 6, 4) }, { heads: 2 }),
  ],
  [
    "Cannot attend [2, 3, 4] with 3 heads: expected heads that divide 4",
    () =>
      attention(tape, { query: of(2, 3, 4), key: of(2, 3, 4), value: of(2, 3, 4) }, { heads: 3 }),
  ],
  [
    "Cannot attend [2, 3, 4] with lengths [3]: expected [2]",
    () =>
      attention(tape, { query: of(2, 3, 4), key: of(2, 3, 4), value: of(2, 3, 4) }, {
        heads: 2,
        lengths: rows(3),
      }),
  ],
  [
    "Cannot drop 1 of [2]: expected a share in [0, 1)",
    () => dropout(tape, of(2), { rate: 1, seed: [1, 2] }),
  ],
  [
    "Cannot seed dropout with -1: expected a whole number below 2^32",
    () => dropout(tape, of(2), { rate: 0.5, seed: [1, -1] }),
  ],
  ["Cannot join no tensors: expected one or more", () => concat(tape, [])],
  [
    "Cannot join [2, 3] and [3, 2]: expected shapes that differ in the last axis",
    () => concat(tape, [of(2, 3), of(3, 2)]),
  ],
  [
    "Cannot slice columns 1 to 4 of [2, 3]: expected a range within 0 to 3",
    () => sliceColumns(tape, of(2, 3), { from: 1, to: 4 }),
  ],
  [
    "Cannot slice rows 1 to 3 of [2, 3]: expected a range within its first axis",
    () => sliceRows(tape, of(2, 3), { from: 1, to: 3 }),
  ],
  ["Cannot reshape [2, 3] to [4]: expected 6 values", () => reshape(tape, of(2, 3), [4])],
  [
    "Cannot make a tensor of shape [-2, -3]: expected whole extents, 0 or more",
    () => reshape(tape, of(2, 3), [-2, -3]),
  ],
  [
    "Cannot make a tensor of shape [1.5, 4]: expected whole extents, 0 or more",
    () => tape.constant(new Float32Array(6), [1.5, 4]),
  ],
  ["Cannot transpose [2, 3, 4]: expected a matrix", () => transpose(tape, of(2, 3, 4))],
  [
    "Cannot take the cross entropy of [2, 3] with labels [3]: expected 2 labels",
    () => softmaxCrossEntropy(tape, of(2, 3), rows(3)),
  ],
  [
    "Cannot smooth labels by 1: expected a number in [0, 1)",
    () => softmaxCrossEntropy(tape, of(2, 3), rows(2), { smoothing: 1 }),
  ],
  [
    "Cannot take the log loss of [2] and [2, 1]: expected equal shapes",
    () => bceWithLogits(tape, of(2), of(2, 1)),
  ],
  [
    "Cannot take the squared error of [2] and [3]: expected equal shapes",
    () => mse(tape, of(2), of(3)),
  ],
  [
    "Cannot take the Huber loss of [2] and [3]: expected equal shapes",
    () => huber(tape, of(2), of(3)),
  ],
  [
    "Cannot bend a loss at 0: expected a finite number above 0",
    () => huber(tape, of(2), of(2), { delta: 0 }),
  ],
  ["Cannot rank [2] and [3]: expected equal shapes", () => bpr(tape, of(2), of(3))],
];

for (const [message, use] of REFUSALS) {
  Deno.test(`operators: ${message}`, () => {
    assert.throws(use, { name: "RangeError", message });
  });
}

Deno.test("operators: targets that a gradient would flow to are refused", () => {
  tape.step(() => {
    const targets = tape.input(Float32Array.of(1), [1]);
    assert.throws(
      () => mse(tape, of(1), targets),
      /^TypeError: Cannot take the squared error of variable targets: no gradient flows to targets$/,
    );
  });
});

Deno.test("operators: an index that is outside of the table, or no class, is named", () => {
  tape.step(() => {
    assert.throws(
      () => embedding(tape, of(3, 2), tape.indices(Uint32Array.of(0, 2, 3))),
      /^RangeError: Cannot gather index 3 at position 2: expected one below 3$/,
    );
    assert.throws(
      () => softmaxCrossEntropy(tape, of(2, 3), tape.indices(Uint32Array.of(5, 0))),
      /^RangeError: Cannot cross_entropy index 5 at position 0: expected one below 3$/,
    );
  });
});

Deno.test("operators: a refused call leaves the step to go on", async () => {
  const total = await tape.step(() => {
    assert.throws(() => add(tape, of(2), of(3)), RangeError);
    return tape.read(add(tape, of(2), of(2)));
  });
  assert.deepEqual(total, Float32Array.of(0, 0));
});
