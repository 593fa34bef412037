import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { constant, indices, type Nested, testBackends } from "../tensor/backends_testing.ts";
import { scale, softmaxCrossEntropy } from "../tensor/mod.ts";
import { bindPart, type Layer, partParameters, sequential } from "./layer.ts";
import { assertGradient, assertValues, placeKnown } from "./layers_testing.ts";
import { linear } from "./linear.ts";
import { createOptimizer } from "./optimizer.ts";
import { adam, sgd } from "./optimizer_options.ts";

type Layers = Readonly<
  Record<"hidden" | "output", { readonly kernel: Nested; readonly bias: Nested }>
>;

interface MlpCase {
  readonly kind: string;
  readonly layers: readonly [number, number, number];
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

function named({ hidden, output }: Layers): Record<string, Nested> {
  return {
    "hidden.weight": hidden.kernel,
    "hidden.bias": hidden.bias,
    "output.weight": output.kernel,
    "output.bias": output.bias,
  };
}

if (!vectors.ignore) {
  for (const known of vectors.read().cases.filter(({ kind }) => kind === "mlp_training")) {
    const { layers: [inputs, width, outputs], hyper: { lr, beta1, beta2, eps } } = known;
    testBackends(
      `layers: a network trained by ${known.optimizer} goes as known`,
      async (tape, of) => {
        const network = sequential({
          hidden: linear({ inputs, outputs: width, activation: "relu" }),
          output: linear({ inputs: width, outputs }),
        });
        const { block, forward } = placeKnown(tape, network, named(known.initial));
        const optimizer = createOptimizer(
          block,
          known.optimizer === "sgd" ? sgd({ lr }) : adam({ lr, beta1, beta2, epsilon: eps }),
        );
        for (const [step, wanted] of known.losses.entries()) {
          await tape.step(async () => {
            const logits = forward({ tape }, constant(tape, known.x));
            const loss = softmaxCrossEntropy(tape, logits, indices(tape, known.labels));
            tape.backward(loss);
            await assertValues(tape, loss, { wanted, of, what: `loss ${step}` });
          });
          if (step === 0) {
            for (const [name, wanted] of Object.entries(named(known.gradient_at_start))) {
              await assertGradient(tape, block.variable(name), { wanted, of, what: name });
            }
          }
          if (step < 5) optimizer.step();
        }
        for (const [name, wanted] of Object.entries(named(known.params_after_5_steps))) {
          await assertValues(tape, block.variable(name), { wanted, of, what: name });
        }
      },
    );
  }
}

/** Gives its input times a factor of its own. */
function factor(value: number): Layer {
  return { parameters: [], bind: () => ({ tape }, x) => scale(tape, x, value) };
}

testBackends("layers: a sequence computes in the order of its parts", async (tape, of) => {
  const network = sequential({ b: factor(2), a: sequential({ inner: factor(5) }) });
  const forward = network.bind(() => assert.fail("there are no parameters"));
  await tape.step(async () => {
    const y = forward({ tape }, constant(tape, [1, -1]));
    await assertValues(tape, y, { wanted: [10, -10], of, what: "product" });
  });
});

Deno.test("layers: names are dotted through all levels", () => {
  const network = sequential({
    body: sequential({ one: linear({ inputs: 2, outputs: 3, bias: false }) }),
    head: linear({ inputs: 3, outputs: 1 }),
  });
  assert.deepEqual(
    network.parameters.map(({ name, shape }) => [name, shape]),
    [["body.one.weight", [2, 3]], ["head.weight", [3, 1]], ["head.bias", [1]]],
  );
});

Deno.test("layers: a part finds its own parameters by their short names", () => {
  const asked: string[] = [];
  const part: Layer = {
    parameters: [],
    bind(parameter) {
      parameter("weight");
      return (_, x) => x;
    },
  };
  bindPart(part, "inner", (name) => {
    asked.push(name);
    return {} as never;
  });
  assert.deepEqual(asked, ["inner.weight"]);
});

Deno.test("layers: a part whose name JavaScript would move is refused", () => {
  assert.throws(
    () => partParameters({ "0": factor(1) }),
    /^TypeError: Cannot call a part 0: expected a name that is no number$/,
  );
});
