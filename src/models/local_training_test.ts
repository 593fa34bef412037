import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { isTributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { adam, type OptimizerOptions, sgd } from "../nn/optimizer_options.ts";
import { linear, mse } from "../tensor/mod.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { type LocalProblem, type LocalTrainingOptions, trainLocally } from "./local_training.ts";
import type { TrainSettings } from "./train_settings.ts";

const module = await inlineModule("train");
const SEED = new Uint8Array(32).fill(8);

/** `mean((X·w − y)²)`, and which rows each step was given. */
function leastSquares(
  X: readonly (readonly number[])[],
  y: readonly number[],
): LocalProblem & { readonly asked: number[][] } {
  const asked: number[][] = [];
  const width = X[0]?.length ?? 1;
  return {
    asked,
    parameters: [{ name: "w", shape: [width, 1] }],
    examples: X.length,
    bind(parameter) {
      const w = parameter("w");
      return ({ tape, rng }, rows) => {
        if (rng !== undefined) asked.push([...rows]);
        const x = Float32Array.from([...rows].flatMap((row) => X[row]!));
        const targets = Float32Array.from(rows, (row) => y[row]!);
        const fitted = linear(tape, tape.constant(x, [rows.length, width]), w);
        return mse(tape, fitted, tape.constant(targets, [rows.length, 1]));
      };
    },
  };
}

function settings(given: Partial<TrainSettings> & { optimizer: OptimizerOptions }): TrainSettings {
  return { epochs: 1, batchSize: 100, schedule: { kind: "constant" }, maxNorm: null, ...given };
}

function options(
  w: readonly number[],
  given: Partial<LocalTrainingOptions> & { settings: TrainSettings },
): LocalTrainingOptions {
  return {
    model: { w: { shape: [w.length, 1], data: Float32Array.from(w) } },
    round: 1,
    seed: SEED,
    signal: new AbortController().signal,
    ...given,
  };
}

const LINE = leastSquares([[1], [2], [3], [4], [5]], [2, 4, 6, 8, 10]);

function close(found: ArrayLike<number>, wanted: readonly number[], tolerance = 2e-5): void {
  assert.equal(found.length, wanted.length);
  wanted.forEach((value, at) =>
    assert.ok(Math.abs(found[at]! - value) <= tolerance * Math.max(1, Math.abs(value)), `${found}`)
  );
}

Deno.test("local training: a full batch a step, with what came of it", async () => {
  using core = createTrainCore(module);
  const before = core.memory.mark();
  const given = options([0], { settings: settings({ optimizer: sgd({ lr: 0.01 }), epochs: 2 }) });
  const trained = await trainLocally(core, LINE, { ...given, needs: ["loss"] });
  // The slope of 11·(w − 2)² at 0 is −44, then at .44 it is −34.32.
  close(trained.weights.w!.data, [0.7832]);
  assert.deepEqual(trained.weights.w!.shape, [1, 1]);
  assert.equal(trained.steps, 2);
  assert.equal(trained.rate, 0.01);
  close([trained.loss!], [44]);
  // Which costs a pass of its own, so that it has to be asked for.
  assert.deepEqual(await trainLocally(core, LINE, given), {
    ...{ weights: trained.weights, steps: trained.steps, rate: trained.rate },
  });
  assert.equal(core.memory.mark(), before);
  assert.deepEqual([...given.model.w!.data], [0]);
});

Deno.test("local training: each epoch has its own order of all examples, by seed", async () => {
  using core = createTrainCore(module);
  const orders = async (seed: Uint8Array) => {
    const problem = leastSquares([[1], [2], [3], [4], [5]], [1, 2, 3, 4, 5]);
    const given = settings({ optimizer: sgd({ lr: 0.001 }), epochs: 3, batchSize: 2 });
    const { steps } = await trainLocally(core, problem, options([0], { seed, settings: given }));
    assert.equal(steps, 9);
    assert.deepEqual(problem.asked.map(({ length }) => length), [2, 2, 1, 2, 2, 1, 2, 2, 1]);
    return problem.asked.flat();
  };
  const order = await orders(SEED);
  const epochs = [0, 1, 2].map((epoch) => order.slice(5 * epoch, 5 * epoch + 5));
  for (const epoch of epochs) assert.deepEqual(epoch.toSorted(), [0, 1, 2, 3, 4]);
  assert.notDeepEqual(epochs[0], epochs[1]);
  assert.deepEqual(await orders(SEED), order);
  assert.notDeepEqual(await orders(new Uint8Array(32).fill(1)), order);
});

Deno.test("local training: the schedule counts rounds, the first of them being step 0", async () => {
  using core = createTrainCore(module);
  const schedule = { kind: "step", factor: 0.5, every: 2 } as const;
  const rates = [];
  for (const round of [1, 2, 3, 5]) {
    const given = settings({ optimizer: sgd({ lr: 0.01 }), schedule });
    const { rate, weights } = await trainLocally(
      core,
      LINE,
      options([0], { round, settings: given }),
    );
    close(weights.w!.data, [44 * rate]);
    rates.push(rate);
  }
  assert.deepEqual(rates, [0.01, 0.01, 0.005, 0.0025]);
});

Deno.test("local training: a gradient is shrunk to the norm that the settings allow", async () => {
  using core = createTrainCore(module);
  const given = settings({ optimizer: sgd({ lr: 1 }), maxNorm: 0.5 });
  const { weights } = await trainLocally(core, LINE, options([0], { settings: given }));
  close(weights.w!.data, [0.5]);
});

Deno.test("local training: without examples the model comes back as it was", async () => {
  using core = createTrainCore(module);
  const nothing = { ...LINE, examples: 0 };
  const given = options([7], { settings: settings({ optimizer: sgd({ lr: 1 }) }) });
  const trained = await trainLocally(core, nothing, { ...given, needs: ["loss"] });
  assert.deepEqual(trained.weights, given.model);
  assert.deepEqual([trained.steps, trained.loss], [0, 0]);
});

Deno.test("local training: long work pauses, and goes on where it stopped", async () => {
  using core = createTrainCore(module);
  // So many values that a pause is due after every second step.
  const width = 2 ** 23;
  let paused = 0;
  const wide = (count: number): LocalProblem => ({
    parameters: [{ name: "w", shape: [width] }],
    examples: count,
    bind(parameter) {
      const w = parameter("w");
      return ({ tape }) => {
        const target = tape.constant(new Float32Array(width), [width]);
        return mse(tape, w, target, { reduction: "sum" });
      };
    },
  });
  const model: NamedTensors = { w: { shape: [width], data: new Float32Array(width).fill(1) } };
  const given = settings({ optimizer: adam({ lr: 0.1 }), batchSize: 2, epochs: 3 });
  const training = trainLocally(core, wide(2), {
    ...options([], { settings: given }),
    model,
  });
  let over = false;
  training.then(() => over = true);
  while (!over) {
    await new Promise((resolve) => setTimeout(resolve));
    paused++;
  }
  const { weights, steps } = await training;
  assert.equal(steps, 3);
  assert.ok(paused > 1, "the event loop went on meanwhile");
  // Adam's first three steps on a parabola from 1, in float64.
  let [w, m, v] = [1, 0, 0];
  for (let step = 1; step <= 3; step++) {
    m = 0.9 * m + 0.1 * 2 * w;
    v = 0.999 * v + 0.001 * 4 * w * w;
    w -= 0.1 * (m / (1 - 0.9 ** step)) / (Math.sqrt(v / (1 - 0.999 ** step)) + 1e-8);
  }
  close([weights.w!.data[0]!, weights.w!.data.at(-1)!], [w, w]);
});

Deno.test("local training: an abort ends it, before it begins or between pauses", async () => {
  using core = createTrainCore(module);
  const given = settings({ optimizer: sgd({ lr: 1e-9 }), batchSize: 1, epochs: 1000 });
  const gone = AbortSignal.abort(new Error("gone"));
  await assert.rejects(
    trainLocally(core, LINE, options([0], { settings: given, signal: gone })),
    /gone/,
  );
  const controller = new AbortController();
  const rows = 2 ** 10;
  const many = {
    ...leastSquares(new Array(rows).fill([1]), new Array(rows).fill(1)),
    parameters: [{ name: "w", shape: [1, 1] }],
  };
  setTimeout(() => controller.abort(new Error("enough")));
  const long = settings({ optimizer: sgd({ lr: 1e-9 }), batchSize: rows, epochs: 1000 });
  await assert.rejects(
    trainLocally(core, many, options([0], { settings: long, signal: controller.signal })),
    /enough/,
  );
  assert.equal(core.memory.mark(), createTrainCore(module).memory.mark());
});

Deno.test("local training: devices that share a core do not disturb each other", async () => {
  using core = createTrainCore(module);
  const alone = async (w: number) => {
    const given = settings({ optimizer: adam({ lr: 0.1 }), batchSize: 2, epochs: 5 });
    return (await trainLocally(core, LINE, options([w], { settings: given }))).weights.w!.data;
  };
  const one = [await alone(0), await alone(9), await alone(-4)];
  assert.deepEqual(await Promise.all([alone(0), alone(9), alone(-4)]), one);
});

Deno.test("local training: a model of other tensors is refused", async () => {
  using core = createTrainCore(module);
  const given = options([1, 2], { settings: settings({ optimizer: sgd({ lr: 1 }) }) });
  await assert.rejects(
    trainLocally(core, LINE, given),
    (error) => isTributaryError(error, "bad-tensors"),
  );
});

interface FedProxCase {
  readonly kind: string;
  readonly hyper: { readonly lr: number; readonly proximal_mu: number };
  readonly global_weights: readonly number[];
  readonly steps: readonly { readonly weights_after: readonly number[] }[];
}

const vectors = sharedVectors<{
  readonly problem: {
    readonly X: readonly (readonly number[])[];
    readonly y: readonly number[];
    readonly w0: readonly number[];
  };
  readonly cases: readonly FedProxCase[];
}>("optim.json");

Deno.test({
  name: "local training: FedProx's pull, and SCAFFOLD's shift, go into every gradient as known",
  ignore: vectors.ignore,
  async fn() {
    using core = createTrainCore(module);
    const { problem: { X, y, w0 }, cases } = vectors.read();
    const known = cases.find(({ kind }) => kind === "fedprox_local")!;
    const { lr, proximal_mu: proximal } = known.hyper;
    // The known steps begin elsewhere than where they are pulled to: the shift is the difference.
    const shift = {
      w: {
        shape: [4, 1],
        data: Float32Array.from(w0, (w, at) => proximal * (w - known.global_weights[at]!)),
      },
    };
    for (const [at, { weights_after }] of known.steps.entries()) {
      const given = settings({ optimizer: sgd({ lr }), epochs: at + 1 });
      const { weights } = await trainLocally(core, leastSquares(X, y), {
        ...options(w0, { settings: given }),
        correction: { proximal, shift },
      });
      close(weights.w!.data, weights_after);
    }
  },
});

Deno.test("local training: a correction that corrects nothing changes no bit", async () => {
  using core = createTrainCore(module);
  const given = options([0], { settings: settings({ optimizer: adam({ lr: 0.1 }), epochs: 4 }) });
  const plain = await trainLocally(core, LINE, given);
  const zero = await trainLocally(core, LINE, { ...given, correction: { proximal: 0 } });
  assert.deepEqual(zero, plain);
  const pulled = await trainLocally(core, LINE, { ...given, correction: { proximal: 50 } });
  assert.ok(Math.abs(pulled.weights.w!.data[0]!) < Math.abs(plain.weights.w!.data[0]!));
});
