import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import {
  assertClose,
  constant,
  flat,
  indices,
  type Nested,
  parameter,
  testBackends,
  valuesOf,
} from "./backends_testing.ts";
import { linear } from "./linear.ts";
import { softmaxCrossEntropy } from "./softmax_cross_entropy.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

type Layers = Readonly<
  Record<"hidden" | "output", { readonly kernel: Nested; readonly bias: Nested }>
>;

interface MlpCase {
  readonly kind: string;
  readonly optimizer: "sgd" | "adam";
  readonly hyper: Readonly<Record<"lr" | "beta1" | "beta2" | "eps", number>>;
  readonly x: Nested;
  readonly labels: Nested;
  readonly initial: Layers;
  readonly gradient_at_start: Layers;
  readonly losses: readonly number[];
  readonly params_after_5_steps: Layers;
}

const vectors = sharedVectors<{ readonly cases: readonly MlpCase[] }>("optim.json");

function listed(layers: Layers): Nested[] {
  return [layers.hidden.kernel, layers.hidden.bias, layers.output.kernel, layers.output.bias];
}

function lossOf(tape: Tape, known: MlpCase, [w1, b1, w2, b2]: readonly Variable[]): Variable {
  const hidden = linear(tape, constant(tape, known.x), w1!, { bias: b1!, activation: "relu" });
  const logits = linear(tape, hidden, w2!, { bias: b2! });
  return softmaxCrossEntropy(tape, logits, indices(tape, known.labels));
}

if (!vectors.ignore) {
  for (const known of vectors.read().cases.filter(({ kind }) => kind === "mlp_training")) {
    testBackends(
      `training: five steps of ${known.optimizer} give the known losses, gradients and weights`,
      async (tape, { tolerance }) => {
        const { backend } = tape;
        const weights = listed(known.initial).map((values) => parameter(tape, values));
        const state = weights.map(({ size }) => [tape.filled(size, 0), tape.filled(size, 0)]);
        const { lr, beta1, beta2, eps } = known.hyper;
        for (let step = 1; step <= known.losses.length; step++) {
          const loss = await tape.step(async () => {
            const loss = lossOf(tape, known, weights);
            tape.backward(loss);
            return await valuesOf(backend, loss.slot);
          });
          assertClose(loss, known.losses[step - 1]!, { tolerance, what: "loss" });
          for (const [at, weight] of weights.entries()) {
            const gradient = tape.gradient(weight);
            if (step === 1) {
              const wanted = listed(known.gradient_at_start)[at]!;
              assertClose(await valuesOf(backend, gradient), wanted, {
                tolerance,
                what: "gradient",
              });
            }
            if (step === 6) {
              const wanted = listed(known.params_after_5_steps)[at]!;
              assertClose(await valuesOf(backend, weight.slot), wanted, {
                tolerance,
                what: "weight",
              });
            } else if (known.optimizer === "sgd") {
              backend.run("sgd", [weight.slot, gradient], [weight.size, lr, 0]);
            } else {
              const slots = [weight.slot, gradient, ...state[at]!];
              backend.run("adam", slots, [weight.size, lr, beta1, beta2, eps, step, 0]);
            }
            backend.run("fill", [gradient], [weight.size, 0]);
          }
        }
      },
    );
  }
}

testBackends("training: a step that is not differentiable is refused", (tape) => {
  assert.equal(flat([[1], [2]]).length, 2);
  tape.step(() => {
    assert.throws(
      () => tape.backward(constant(tape, 1)),
      /^TypeError: Cannot differentiate a loss that was computed from constants alone$/,
    );
  });
});
