import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import {
  assertClose,
  constant,
  fill,
  flat,
  type Nested,
  type TestBackend,
  testBackends,
  valuesOf,
} from "../tensor/backends_testing.ts";
import { linear, mse, type Tape } from "../tensor/mod.ts";
import { createOptimizer, type Optimizer } from "./optimizer.ts";
import {
  adagrad,
  adam,
  adamw,
  type OptimizerOptions,
  rmsprop,
  rowAdagrad,
  sgd,
} from "./optimizer_options.ts";
import { type ParameterBlock, placeParameters } from "./parameter_block.ts";

interface Vectors {
  readonly problem: { readonly X: Nested; readonly y: Nested; readonly w0: Nested };
  readonly cases: readonly {
    readonly kind: string;
    readonly name: string;
    readonly hyper: Readonly<Record<string, number>> & { readonly nesterov?: boolean };
    readonly steps: readonly {
      readonly gradient: readonly number[];
      readonly weights_after: readonly number[];
    }[];
    readonly max_norm: number;
    readonly inputs: Nested;
    readonly outputs: Nested;
  }[];
}

const vectors = sharedVectors<Vectors>("optim.json");

/** A block of one parameter `w` of one column, to the backend's own precision. */
function blockOf(tape: Tape, values: readonly number[]): ParameterBlock {
  const shape = [values.length, 1];
  const block = placeParameters(tape, {
    parameters: [{ name: "w", shape }],
    values: { w: { shape, data: Float32Array.from(values) } },
  });
  fill(tape.backend, block.values, values);
  return block;
}

/** Adds the gradient of `mean((X·w − y)²)`. */
function leastSquares(block: ParameterBlock, { X, y }: Vectors["problem"]): void {
  const { tape } = block;
  tape.step(() => {
    const fitted = linear(tape, constant(tape, X), block.variable("w"));
    const targets = constant(tape, (y as readonly number[]).map((value) => [value]));
    tape.backward(mse(tape, fitted, targets));
  });
}

function optionsOf({ name, hyper }: Vectors["cases"][number]): OptimizerOptions {
  const { lr, momentum = 0, nesterov = false, weight_decay_l2 = 0, weight_decay, decay } = hyper;
  const { beta1, beta2, eps, initial_accumulator: initial } = hyper;
  switch (name) {
    case "sgd":
      return sgd({ lr: lr!, momentum, nesterov, decay: weight_decay_l2 });
    case "adam":
      return adam({ lr: lr!, beta1: beta1!, beta2: beta2!, epsilon: eps! });
    case "adamw":
      return adamw({
        lr: lr!,
        beta1: beta1!,
        beta2: beta2!,
        epsilon: eps!,
        decay: weight_decay!,
      });
    case "adagrad":
      return adagrad({ lr: lr!, epsilon: eps! || Number.MIN_VALUE, initial: initial! });
    case "rmsprop":
      return rmsprop({ lr: lr!, smoothing: decay!, epsilon: eps! });
    default:
      throw new Error(`no optimiser ${name}`);
  }
}

if (!vectors.ignore) {
  const { problem, cases } = vectors.read();
  for (const known of cases.filter(({ kind }) => kind === "optimizer")) {
    const hyper = JSON.stringify(known.hyper);
    testBackends(`optimisers: ${known.name} ${hyper} steps as known`, async (tape, of) => {
      // One case has epsilon inside the root, which here lies outside, as in PyTorch.
      const tolerance = "eps_inside_sqrt" in known.hyper ? 2e-6 : of.tolerance;
      const block = blockOf(tape, flat(problem.w0));
      const optimizer = createOptimizer(block, optionsOf(known));
      for (const { gradient, weights_after } of known.steps) {
        leastSquares(block, problem);
        const found = await valuesOf(tape.backend, block.gradients);
        // The known gradients are those of the loss, without decay, wherever the two are kept apart.
        const isLossAlone = known.hyper.weight_decay_l2 === undefined;
        if (isLossAlone) {
          assertClose(found, gradient, { tolerance: 5 * tolerance, what: "gradient" });
        }
        optimizer.step();
        const weights = await valuesOf(tape.backend, block.values);
        assertClose(weights, weights_after, { tolerance, what: "weight" });
      }
      assert.equal(optimizer.steps, known.steps.length);
    });
  }
  for (const known of cases.filter(({ kind }) => kind === "clip_grad_norm")) {
    testBackends(`optimisers: gradients are shrunk to norm ${known.max_norm}`, async (tape, of) => {
      const block = blockOf(tape, flat(known.inputs).map(() => 0));
      fill(tape.backend, block.gradients, flat(known.inputs));
      createOptimizer(block, sgd({ lr: 1 }), { maxNorm: known.max_norm }).step();
      const moved = (await valuesOf(tape.backend, block.values)).map((value) => -value);
      assertClose(moved, known.outputs, of);
    });
  }
}

const ALL: readonly OptimizerOptions[] = [
  sgd({ lr: 0.1 }),
  sgd({ lr: 0.1, momentum: 0.9, nesterov: true }),
  adam({ lr: 0.1 }),
  adamw({ lr: 0.1 }),
  adagrad({ lr: 0.1, initial: 0.5 }),
  rowAdagrad({ lr: 0.1 }),
  rmsprop({ lr: 0.1 }),
];

async function stepOn(
  block: ParameterBlock,
  optimizer: Optimizer,
  gradients: readonly number[],
): Promise<number[]> {
  fill(block.tape.backend, block.gradients, gradients);
  optimizer.step();
  return await valuesOf(block.tape.backend, block.values);
}

testBackends(
  "optimisers: one that goes on from a file steps as the one that wrote it",
  async (tape) => {
    for (const options of ALL) {
      const block = blockOf(tape, [1, -2, 3]);
      const optimizer = createOptimizer(block, options);
      await stepOn(block, optimizer, [0.5, 1, -0.25]);
      const file = encodeSafetensors(await optimizer.readState());
      const again = blockOf(tape, [...(await block.read()).w!.data]);
      const resumed = createOptimizer(again, options);
      resumed.writeState(decodeSafetensors(file).tensors);
      assert.equal(resumed.steps, 1);
      const [one, other] = [
        await stepOn(block, optimizer, [1, 2, 3]),
        await stepOn(again, resumed, [1, 2, 3]),
      ];
      assertClose(other, one, { tolerance: 1e-6, what: options.kind });
    }
  },
);

testBackends("optimisers: the state of another is refused by name", async (tape) => {
  const adams = createOptimizer(blockOf(tape, [1, 2]), adam({ lr: 1 }));
  const other = createOptimizer(blockOf(tape, [1, 2]), rmsprop({ lr: 1 }));
  const larger = createOptimizer(blockOf(tape, [1, 2, 3]), adam({ lr: 1 }));
  const state = await adams.readState();
  const found: [Optimizer, RegExp][] = [
    [other, /^Cannot go on with rmsprop parameters: "mean" is unknown/],
    [
      larger,
      /^Cannot go on with adam parameters: "mean" has 2 values of shape \[2\], expected \[3\]/,
    ],
  ];
  for (const [optimizer, sentence] of found) {
    assert.throws(
      () => optimizer.writeState(state),
      (error) => isTributaryError(error, "bad-tensors") && sentence.test(error.message),
    );
    assert.equal(optimizer.steps, 0);
  }
});

testBackends(
  "optimisers: a step uses its gradients up, and takes the share it is told",
  async (tape, of) => {
    const block = blockOf(tape, [1, 1]);
    const optimizer = createOptimizer(block, sgd({ lr: 0.5 }));
    fill(tape.backend, block.gradients, [1, -1]);
    optimizer.step(0.5);
    assertClose(await valuesOf(tape.backend, block.values), [0.75, 1.25], of);
    optimizer.step();
    assertClose(await valuesOf(tape.backend, block.values), [0.75, 1.25], of);
  },
);

testBackends(
  "optimisers: row-wise Adagrad keeps one sum a row, of mean squares",
  async (tape, of) => {
    const parameters = [{ name: "table", shape: [2, 2] }, { name: "bias", shape: [2] }];
    const values = {
      table: { shape: [2, 2], data: new Float32Array(4) },
      bias: { shape: [2], data: new Float32Array(2) },
    };
    const block = placeParameters(tape, { parameters, values });
    const optimizer = createOptimizer(block, rowAdagrad({ lr: 1 }));
    fill(tape.backend, block.gradients, [3, 4, 0, 0, -2, 0]);
    optimizer.step();
    const root = Math.sqrt(12.5);
    const wanted = [-3 / root, -4 / root, 0, 0, 1, 0];
    assertClose(await valuesOf(tape.backend, block.values), wanted, { tolerance: of.tolerance });
    const { squares } = await optimizer.readState();
    assertClose([...squares!.data], [12.5, 0, 4, 0], { tolerance: 1e-6 });
  },
);

testBackends(
  "optimisers: adagrad and row-wise adagrad are one for a vector",
  async (tape, of: TestBackend) => {
    const found = [];
    for (const options of [adagrad({ lr: 0.3 }), rowAdagrad({ lr: 0.3 })]) {
      const block = blockOf(tape, [1, -1, 0.5]);
      const optimizer = createOptimizer(block, options);
      await stepOn(block, optimizer, [0.1, 2, -3]);
      found.push(await stepOn(block, optimizer, [1, -1, 0.5]));
    }
    assertClose(found[0]!, found[1]!, of);
  },
);

Deno.test("optimisers: options that do not fit are refused by name", () => {
  const refused: [() => unknown, RegExp][] = [
    [() => sgd({ lr: 0 }), /^Cannot use optimizer sgd: lr: lr must be above 0$/],
    [() => sgd({ lr: 1, momentum: 1 }), /momentum must be below 1/],
    [() => adam({ lr: NaN }), /optimizer adam: lr: lr must be a number/],
    [() => adam({ lr: 1, nesterov: true } as never), /nesterov/],
    [() => rmsprop({ lr: 1, epsilon: 0 }), /epsilon must be above 0/],
  ];
  for (const [work, found] of refused) {
    assert.throws(
      work,
      (error) => isTributaryError(error, "task-refused") && found.test(error.message),
    );
  }
});

testBackends(
  "optimisers: figures that make no step are refused, and nothing changes",
  async (tape) => {
    const block = blockOf(tape, [1, 2]);
    for (const maxNorm of [0, -1, NaN]) {
      assert.throws(
        () => createOptimizer(block, sgd({ lr: 1 }), { maxNorm }),
        { name: "RangeError", message: /^Cannot clip gradients to a norm of (0|-1|NaN)/ },
      );
    }
    const optimizer = createOptimizer(block, adam({ lr: 1 }));
    await stepOn(block, optimizer, [1, -1]);
    const before = [await valuesOf(tape.backend, block.values), await optimizer.readState()];
    for (const share of [NaN, -0.5, Infinity]) {
      assert.throws(() => optimizer.step(share), { name: "RangeError", message: /learning rate/ });
    }
    const state = await optimizer.readState();
    for (const steps of [NaN, -1, 0.5]) {
      assert.throws(
        () =>
          optimizer.writeState({ ...state, steps: { shape: [], data: Float32Array.of(steps) } }),
        (error) =>
          isTributaryError(error, "bad-tensors") &&
          error.message ===
            `Cannot go on with adam: ${steps} steps were taken, expected a whole number, 0 or more`,
      );
    }
    const after = [await valuesOf(tape.backend, block.values), await optimizer.readState()];
    assert.deepEqual(after, before);
  },
);
