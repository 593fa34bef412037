import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { testBackends } from "../tensor/backends_testing.ts";
import {
  checkLabels,
  outputFigures,
  outputLoss,
  outputMetrics,
  outputPrediction,
  outputWidth,
  type TableOutput,
} from "./table_output.ts";

const BINARY: TableOutput = { kind: "binary" };
const CLASSES: TableOutput = { kind: "classes", count: 3 };
const VALUE: TableOutput = { kind: "value" };

testBackends("table output: the loss of no knowledge is that of an even guess", async (tape) => {
  for (
    const [output, labels, wanted] of [
      [BINARY, [0, 1], Math.LN2],
      [CLASSES, [2, 0], Math.log(3)],
      [VALUE, [3, -4], 12.5],
    ] as const
  ) {
    const shape = [2, outputWidth(output)];
    const [loss] = await tape.evaluate(() => {
      const logits = tape.constant(new Float32Array(2 * outputWidth(output)), shape);
      return tape.read(outputLoss(tape, output, { logits, labels: Float32Array.from(labels) }));
    });
    assert.ok(Math.abs(loss! - wanted) < 1e-6, `${output.kind}: ${loss}`);
  }
});

testBackends("table output: predictions are probabilities, or the value itself", async (tape) => {
  const predicted = (output: TableOutput, values: number[]) =>
    tape.evaluate(() => {
      const logits = tape.constant(Float32Array.from(values), [1, outputWidth(output)]);
      return tape.read(outputPrediction(tape, output, logits));
    });
  const [chance] = await predicted(BINARY, [Math.log(3)]);
  assert.ok(Math.abs(chance! - 0.75) < 1e-6);
  const chances = await predicted(CLASSES, [0, Math.log(2), 0]);
  [0.25, 0.5, 0.25].forEach((want, at) => assert.ok(Math.abs(chances[at]! - want) < 1e-6));
  assert.deepEqual([...await predicted(VALUE, [-7])], [-7]);
});

Deno.test("table output: figures of a yes or no", () => {
  const figures = outputFigures(BINARY, {
    labels: Float32Array.of(1, 0, 1, 0),
    predictions: Float32Array.of(0.75, 0.25, 0.25, 0.5),
  });
  // Half of it is no call for 1.
  assert.equal(figures.accuracy, 0.75);
  assert.equal(figures.brier, (0.0625 * 2 + 0.5625 + 0.25) / 4);
  const loss = -(2 * Math.log2(0.75) + Math.log2(0.25) + Math.log2(0.5)) / 4;
  assert.ok(Math.abs(figures.loss! - loss) < 1e-12);
});

Deno.test("table output: figures of classes", () => {
  const figures = outputFigures(CLASSES, {
    labels: Float32Array.of(2, 0),
    predictions: Float32Array.of(0.25, 0.25, 0.5, 0.25, 0.75, 0),
  });
  assert.equal(figures.accuracy, 0.5);
  assert.equal(figures.brier, ((0.0625 + 0.0625 + 0.25) / 2 + (0.5625 + 0.5625) / 2) / 2);
  const loss = -(Math.log(0.5) + Math.log(0.25)) / 2 / Math.log(3);
  assert.ok(Math.abs(figures.loss! - loss) < 1e-12);
});

Deno.test("table output: figures stay within [0, 1], however wrong a model is", () => {
  const labels = Float32Array.of(1, 0);
  assert.deepEqual(
    outputFigures(BINARY, { labels, predictions: Float32Array.of(0, 1) }),
    { accuracy: 0, brier: 1, loss: 1 },
  );
  assert.deepEqual(
    outputFigures(VALUE, { labels, predictions: Float32Array.of(9, 9) }),
    { loss: 1 },
  );
  const half = outputFigures(VALUE, { labels, predictions: Float32Array.of(0, 0) });
  assert.deepEqual(half, { loss: 0.5 });
});

Deno.test("table output: what is measured has the names that are announced", () => {
  for (const output of [BINARY, CLASSES, VALUE]) {
    const figures = outputFigures(output, {
      labels: Float32Array.of(1),
      predictions: new Float32Array(outputWidth(output)),
    });
    assert.deepEqual(Object.keys(figures), outputMetrics(output));
  }
});

Deno.test("table output: labels that are none are refused, with the row", () => {
  const refused: [TableOutput, number, RegExp][] = [
    [BINARY, 2, /^Cannot learn label 2 of row 2: expected a whole number below 2$/],
    [BINARY, 0.5, /label 0.5 of row 2/],
    [BINARY, NaN, /label NaN of row 2/],
    [CLASSES, 3, /label 3 of row 2: expected a whole number below 3$/],
    [CLASSES, -1, /label -1 of row 2/],
    [VALUE, Infinity, /label Infinity of row 2: expected a finite value$/],
  ];
  for (const [output, label, found] of refused) {
    assert.throws(
      () => checkLabels(output, Float32Array.of(0, label)),
      (error) => isTributaryError(error, "bad-data") && found.test(error.message),
    );
  }
  checkLabels(CLASSES, Float32Array.of(0, 1, 2));
  checkLabels(VALUE, Float32Array.of(-3.5));
});
