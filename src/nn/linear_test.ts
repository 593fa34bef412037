import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { flat, type Nested, testBackends } from "../tensor/backends_testing.ts";
import { fill } from "../tensor/backends_testing.ts";
import { against, assertGradient, assertValues, placeKnown } from "./layers_testing.ts";
import { linear } from "./linear.ts";

interface DenseCase {
  readonly kind: string;
  readonly x: Nested;
  readonly kernel: Nested;
  readonly bias: Nested;
  readonly output: Nested;
  readonly upstream: Nested;
  readonly gradient_x: Nested;
  readonly gradient_kernel: Nested;
  readonly gradient_bias: Nested;
}

const vectors = sharedVectors<{ readonly cases: readonly DenseCase[] }>("optim.json");

if (!vectors.ignore) {
  const known = vectors.read().cases.find(({ kind }) => kind === "dense")!;
  testBackends("linear layer: output and gradients are known", async (tape, of) => {
    const { block, forward } = placeKnown(tape, linear({ inputs: 3, outputs: 2 }), {
      weight: known.kernel,
      bias: known.bias,
    });
    await tape.step(async () => {
      const values = flat(known.x);
      const x = tape.input(Float32Array.from(values), [4, 3]);
      fill(tape.backend, x.slot, values);
      const y = forward({ tape }, x);
      tape.backward(against(tape, y, known.upstream));
      await assertValues(tape, y, { wanted: known.output, of, what: "output" });
      await assertGradient(tape, x, { wanted: known.gradient_x, of, what: "x" });
    });
    const [weight, bias] = [block.variable("weight"), block.variable("bias")];
    await assertGradient(tape, weight, { wanted: known.gradient_kernel, of, what: "weight" });
    await assertGradient(tape, bias, { wanted: known.gradient_bias, of, what: "bias" });
  });
}

testBackends(
  "linear layer: without a bias it maps zeros to zeros, then activates",
  async (tape, of) => {
    const layer = linear({ inputs: 2, outputs: 2, bias: false, activation: "relu" });
    const { forward } = placeKnown(tape, layer, { weight: [[1, -1], [2, 3]] });
    await tape.step(async () => {
      const y = forward({ tape }, tape.constant(Float32Array.of(0, 0, 1, 0), [2, 2]));
      await assertValues(tape, y, { wanted: [0, 0, 1, 0], of, what: "output" });
    });
  },
);

Deno.test("linear layer: first weights suit the activation, unless they are given", () => {
  const kinds = (options: object) =>
    linear({ inputs: 2, outputs: 3, ...options }).parameters.map(({ initial }) => initial.kind);
  assert.deepEqual(kinds({}), ["glorot", "constant"]);
  assert.deepEqual(kinds({ activation: "relu" }), ["he", "constant"]);
  assert.deepEqual(kinds({ initial: { kind: "normal", sd: 1 } }), ["normal", "constant"]);
  assert.deepEqual(kinds({ bias: false }), ["glorot"]);
});
