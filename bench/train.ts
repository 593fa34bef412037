/**
 * Training kernels in one thread beside TensorFlow.js's on WebAssembly, in one process and taken in
 * turn, so that both meet the same machine.
 *
 * @module
 */
import { seededRng } from "../src/core/random.ts";
import {
  adam,
  createOptimizer,
  initialParameters,
  linear,
  placeParameters,
  sequential,
} from "../src/nn/mod.ts";
import { bceWithLogits, createWasmBackend, Tape } from "../src/tensor/mod.ts";
import { createTrainCore, inlineModule, type Simd } from "../src/wasm/mod.ts";
import { type Figure, median } from "./figure.ts";
import { loadTfjs, type Tfjs, TFJS_NAME, type TfTensor } from "./tfjs.ts";

const SIZES = [64, 128, 256, 512];
const BUILDS = ["relaxed", "baseline"] as const satisfies readonly Simd[];

/** Floating point operations in one turn of products, so that a turn takes about a millisecond. */
const TURN_OPERATIONS = 2e7;
const TURNS = 200;

const [ROWS, INPUTS, HIDDEN] = [256, 64, 128];
const ADAM = { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const WARM_UP = 50;
const STEPS = 300;
const STEPS_A_TURN = 3;

/** Something that is timed: one call of it, over and over. */
interface Contender {
  readonly run: () => void;
  /** Calls in one turn. */
  readonly repeats: number;
  /** Milliseconds a call, of each turn. */
  readonly times: number[];
}

/** Measures products of square matrices, and an Adam step of a small network. */
export async function measureTrain(): Promise<Figure[]> {
  const tf = await loadTfjs();
  const figures: Figure[] = [];
  for (const size of SIZES) figures.push(...await measureProduct(tf, size));
  return [...figures, ...await measureStep(tf)];
}

function contender(run: () => void, repeats: number): Contender {
  return { run, repeats, times: [] };
}

/** Lets all of them run in turn. */
function race(contenders: readonly Contender[], turns: number): void {
  for (const { run, repeats } of contenders) {
    for (let i = 0; i < repeats; i++) run();
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const { run, repeats, times } of contenders) {
      const began = performance.now();
      for (let i = 0; i < repeats; i++) run();
      times.push((performance.now() - began) / repeats);
    }
  }
}

/** The values from which nine of ten do not differ downwards, and upwards. */
function tenths(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? NaN;
  return [at(0.1), at(0.9)];
}

async function measureProduct(tf: Tfjs, size: number): Promise<Figure[]> {
  const rng = seededRng(new Uint8Array(32).fill(size));
  const draw = () => Float32Array.from({ length: size * size }, () => rng.normal());
  const [a, b] = [draw(), draw()];
  const operations = 2 * size ** 3;
  const repeats = Math.max(1, Math.round(TURN_OPERATIONS / operations));

  const [tfA, tfB] = [tf.tensor(a, [size, size]), tf.tensor(b, [size, size])];
  const theirs = contender(() => tf.matMul(tfA, tfB).dispose(), repeats);
  const wanted = tf.tidy(() => tf.matMul(tfA, tfB).dataSync().slice());

  const ours = await Promise.all(BUILDS.map(async (simd) => {
    const backend = createWasmBackend(
      createTrainCore(await inlineModule("train", { simd })),
    );
    const [slotA, slotB, slotC] = [a, b, b].map(({ byteLength }) => backend.alloc(byteLength));
    if (!slotA || !slotB || !slotC) throw new Error("unreachable");
    backend.write(slotA, a);
    backend.write(slotB, b);
    const numbers = [size, size, size, size, 1, size, 1, size, 1, 1, 0];
    const run = (): void => void backend.run("gemm", [slotA, slotB, slotC], numbers);
    run();
    const got = await backend.read(slotC);
    const apart = got.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (wanted[i] ?? NaN))),
      0,
    );
    if (!(apart < 1e-3)) throw new Error(`Cannot compare products: they differ by ${apart}`);
    return contender(run, repeats);
  }));

  race([theirs, ...ours], TURNS);
  for (const tensor of [tfA, tfB]) tensor.dispose();
  const speed = (ms: number): number => operations / ms / 1e6;
  return BUILDS.map((simd, at) => {
    const times = ours[at]?.times ?? [];
    const [fast, slow] = tenths(times);
    return {
      name: `product of two ${size} × ${size} matrices, ${simd} SIMD`,
      value: speed(median(times)),
      spread: [speed(slow), speed(fast)],
      unit: "GFLOP/s",
      reference: { name: TFJS_NAME, value: speed(median(theirs.times)) },
      goal: { kind: "ratio at least", bound: 1 },
    };
  });
}

/** An Adam step of `inputs → hidden (relu) → 1` under log loss. */
async function measureStep(tf: Tfjs): Promise<Figure[]> {
  const seed = new Uint8Array(32).fill(5);
  const rng = seededRng(seed);
  const network = sequential({
    hidden: linear({ inputs: INPUTS, outputs: HIDDEN, activation: "relu" }),
    output: linear({ inputs: HIDDEN, outputs: 1 }),
  });
  const values = initialParameters(network.parameters, seed);
  const x = Float32Array.from({ length: ROWS * INPUTS }, () => rng.normal());
  const labels = Float32Array.from({ length: ROWS }, () => Number(rng.normal() > 0));

  const weights = network.parameters.map(({ name, shape }) =>
    tf.variable(tf.tensor(values[name]?.data ?? new Float32Array(), shape))
  );
  const [w1, b1, w2, b2] = weights;
  if (!w1 || !b1 || !w2 || !b2) throw new Error("unreachable");
  const [tfX, tfLabels] = [tf.tensor(x, [ROWS, INPUTS]), tf.tensor(labels, [ROWS, 1])];
  const optimizer = tf.train.adam(ADAM.lr, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const [firstLayer, layer] = tfLayers(tf, tfX);
  const theirLoss = (): TfTensor => {
    const logits = layer(tf.relu(firstLayer(w1, b1)), w2, b2);
    return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, tfLabels)));
  };
  const theirs = contender(() => void optimizer.minimize(theirLoss, false), STEPS_A_TURN);

  using core = createTrainCore(await inlineModule("train"));
  const tape = new Tape(createWasmBackend(core));
  const placed = placeParameters(tape, { parameters: network.parameters, values });
  const forward = network.bind(placed.variable);
  const ourOptimizer = createOptimizer(placed, adam(ADAM));
  const input = tape.constant(x, [ROWS, INPUTS]);
  const target = tape.constant(labels, [ROWS, 1]);
  const ourLoss = () => bceWithLogits(tape, forward({ tape }, input), target);
  const ours = contender(() => {
    tape.step(() => tape.backward(ourLoss()));
    ourOptimizer.step();
  }, STEPS_A_TURN);

  const apart: number[] = [];
  for (let step = 0; step < WARM_UP; step++) {
    const [mine] = await tape.evaluate(() => tape.read(ourLoss()));
    const [other] = tf.tidy(() => theirLoss().dataSync());
    apart.push(Math.abs((mine ?? NaN) / (other ?? NaN) - 1));
    ours.run();
    theirs.run();
  }
  race([theirs, ours], STEPS);
  return [
    {
      name: `an Adam step of a network ${INPUTS}-${HIDDEN}-1, ${ROWS} rows`,
      value: median(ours.times),
      spread: tenths(ours.times),
      unit: "ms",
      reference: { name: TFJS_NAME, value: median(theirs.times) },
      goal: { kind: "ratio at most", bound: 0.5 },
    },
    {
      name: `– largest relative difference of the losses of the first ${WARM_UP} steps`,
      value: Math.max(...apart),
      unit: "",
      goal: { kind: "at most", bound: 1e-3 },
    },
  ];
}

/**
 * Layers over `x`, and over what has a gradient. Their own gradients run products with transposed
 * operands by a slow kernel: with these, a step takes a quarter of the time.
 */
function tfLayers(
  tf: Tfjs,
  x: TfTensor,
): [(w: TfTensor, b: TfTensor) => TfTensor, (x: TfTensor, w: TfTensor, b: TfTensor) => TfTensor] {
  const turned = tf.transpose(x);
  return [
    tf.customGrad<[TfTensor, TfTensor]>((w, b) => ({
      value: tf.fused.matMul({ a: x, b: w, bias: b }),
      gradFunc: (dy) => [tf.matMul(turned, dy), tf.sum(dy, 0)],
    })),
    tf.customGrad<[TfTensor, TfTensor, TfTensor]>((h, w, b, save) => {
      save([h, w]);
      return {
        value: tf.fused.matMul({ a: h, b: w, bias: b }),
        gradFunc: (dy, [h = dy, w = dy]) => [
          tf.matMul(dy, tf.transpose(w)),
          tf.matMul(tf.transpose(h), dy),
          tf.sum(dy, 0),
        ],
      };
    }),
  ];
}
