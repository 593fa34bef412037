/**
 * A client's local training by gradient steps: from the received model and the device's own examples
 * to new weights.
 *
 * @module
 */
import { nextTask } from "../core/next_task.ts";
import { type Rng, seededRng } from "../core/random.ts";
import { sizeOf } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { Correction, TrainContext } from "../core/trainer.ts";
import { permutation } from "../data/permutation.ts";
import type { ParameterSource, Pass } from "../nn/layer.ts";
import { createOptimizer } from "../nn/optimizer.ts";
import { flatten, type ParameterBlock, placeParameters } from "../nn/parameter_block.ts";
import { scheduleFactor } from "../nn/schedule.ts";
import { createWasmBackend, type Slot, Tape, type Variable } from "../tensor/mod.ts";
import type { TrainCore } from "../wasm/train.ts";
import type { TrainSettings } from "./train_settings.ts";

/** Mean loss of a batch. */
export type BatchLoss = (pass: Pass, rows: Uint32Array) => Variable;

/** What is to be learned from which examples. */
export interface LocalProblem {
  /** What is trained. */
  readonly parameters: readonly TensorSpec[];
  /** Number of examples. */
  readonly examples: number;
  /**
   * The loss over parameters that lie somewhere, of the examples whose numbers it is given.
   *
   * @param tape Outside of any step: constants that are made now serve all steps.
   */
  bind(parameter: ParameterSource, tape: Tape): BatchLoss;
}

/** What {@link trainLocally} is told. */
export interface LocalTrainingOptions
  extends Pick<TrainContext, "round" | "seed" | "signal" | "needs"> {
  /** What training starts from; not changed. */
  readonly model: NamedTensors;
  /** How to train. */
  readonly settings: TrainSettings;
  /** What the task's strategy has added to each gradient. */
  readonly correction?: Correction | undefined;
}

/** What came of local training. */
export interface LocalTraining {
  /** The parameters after it. */
  readonly weights: NamedTensors;
  /** Optimiser steps taken. */
  readonly steps: number;
  /** Their learning rate. */
  readonly rate: number;
  /** Where asked for: mean loss of the model as it was received, over all examples; 0 without any. */
  readonly loss?: number;
}

/** Parameters times examples after which training makes room for other work: some 50 ms of it. */
const WORK_BETWEEN_PAUSES = 2 ** 25;
/** What an example costs beside its work on parameters, in such units. */
const WORK_OF_AN_EXAMPLE = 64;
/** Most examples whose loss is taken at once. */
const EVALUATION_ROWS = 1024;
/** Bytes of a float32. */
const VALUE_BYTES = 4;

/**
 * Trains for `epochs` passes over the examples, in an order that the seed decides.
 *
 * The core's memory is used between awaits only, and all of it given back: devices may share a core.
 *
 * @throws {TributaryError} `bad-tensors` if the model has not the problem's parameters.
 * @throws The signal's reason, once it is aborted.
 */
export async function trainLocally(
  core: TrainCore,
  problem: LocalProblem,
  options: LocalTrainingOptions,
): Promise<LocalTraining> {
  const { settings, round, signal } = options;
  signal.throwIfAborted();
  const share = scheduleFactor(settings.schedule, round - 1);
  const rng = seededRng(options.seed);
  const batches = batchesOf(problem.examples, { settings, rng });
  const correction = flatCorrection(problem.parameters, options);
  // A pass over all examples, which few strategies look at.
  const asksLoss = options.needs?.includes("loss") ?? false;
  let progress: Progress = { weights: options.model };
  for (;;) {
    const after = runSteps(core, problem, {
      ...{ progress, batches, settings, share, rng, correction },
      asksLoss: asksLoss && progress.loss === undefined,
    });
    progress = await after;
    if (progress.isOver) break;
    await nextTask();
    signal.throwIfAborted();
  }
  const { weights, loss, steps = 0 } = progress;
  const rate = share * settings.optimizer.lr;
  return { weights, steps, rate, ...(loss !== undefined && { loss }) };
}

/** How far training has come, with nothing of it left in a core. */
interface Progress {
  readonly weights: NamedTensors;
  readonly loss?: number;
  readonly steps?: number;
  readonly state?: NamedTensors;
  readonly isOver?: boolean;
}

interface RunOptions {
  readonly progress: Progress;
  readonly batches: Iterator<Uint32Array>;
  readonly settings: TrainSettings;
  readonly share: number;
  readonly rng: Rng;
  readonly correction: FlatCorrection | undefined;
  readonly asksLoss: boolean;
}

/** Runs steps until training is over or a pause is due. What it reads is read before it returns. */
function runSteps(
  core: TrainCore,
  problem: LocalProblem,
  { progress, batches, settings, share, rng, correction, asksLoss }: RunOptions,
): Promise<Progress> {
  const backend = createWasmBackend(core);
  const mark = backend.mark();
  try {
    const tape = new Tape(backend);
    const { parameters, examples } = problem;
    const block = placeParameters(tape, { parameters, values: progress.weights });
    const lossOf = problem.bind(block.variable, tape);
    const loss = asksLoss ? sumLoss(tape, lossOf, examples) : undefined;
    const { optimizer: rule, maxNorm } = settings;
    const optimizer = createOptimizer(block, rule, maxNorm === null ? {} : { maxNorm });
    if (progress.state !== undefined) optimizer.writeState(progress.state);
    const correct = correctGradients(block, correction);
    const pass = { tape, rng };
    let isOver = false;
    for (let work = 0; work < WORK_BETWEEN_PAUSES;) {
      const { value: rows, done } = batches.next();
      if (done) {
        isOver = true;
        break;
      }
      tape.step(() => tape.backward(lossOf(pass, rows)));
      correct();
      optimizer.step(share);
      work += rows.length * (block.size + WORK_OF_AN_EXAMPLE);
    }
    // Asked for before the memory is given back; answered when it suits the backend.
    const answers = [
      block.read(),
      loss && backend.read(loss),
      isOver ? undefined : optimizer.readState(),
    ] as const;
    const { steps } = optimizer;
    return Promise.all(answers).then(([weights, [loss] = [progress.loss], state]) => ({
      weights,
      steps,
      isOver,
      ...(loss !== undefined && { loss }),
      ...(state && { state }),
    }));
  } finally {
    backend.release(mark);
  }
}

/** The examples of each step, epoch by epoch. */
function* batchesOf(
  examples: number,
  { settings: { epochs, batchSize }, rng }: {
    readonly settings: TrainSettings;
    readonly rng: Rng;
  },
): Generator<Uint32Array, undefined> {
  // In whatever order, the whole of them is one and the same batch.
  const whole = examples <= batchSize ? consecutive(0, examples) : null;
  if (examples === 0) return;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = whole ?? permutation(examples, rng);
    for (let at = 0; at < examples; at += batchSize) {
      yield order.subarray(at, at + batchSize);
    }
  }
}

/** The mean loss over all examples, in a slot of one value. */
function sumLoss(tape: Tape, lossOf: BatchLoss, examples: number): Slot {
  const { backend } = tape;
  const total = backend.alloc(VALUE_BYTES);
  backend.run("fill", [total], [1, 0]);
  for (let at = 0; at < examples; at += EVALUATION_ROWS) {
    const count = Math.min(EVALUATION_ROWS, examples - at);
    const rows = consecutive(at, count);
    tape.evaluate(() => {
      const loss = lossOf({ tape }, rows);
      backend.run("add_scaled", [loss.slot, total], [1, count / examples]);
    });
  }
  return total;
}

/** `count` numbers from `first` on. */
function consecutive(first: number, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = first + i;
  return numbers;
}

/** `proximal·(w − model) + shift` as `proximal·w + constant`. */
interface FlatCorrection {
  readonly proximal: number;
  readonly constant: Float32Array<ArrayBuffer>;
}

function flatCorrection(
  parameters: readonly TensorSpec[],
  { model, correction }: LocalTrainingOptions,
): FlatCorrection | undefined {
  if (correction === undefined) return undefined;
  const { proximal, shift } = correction;
  if (proximal === 0 && shift === undefined) return undefined;
  const size = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const constant = shift === undefined ? new Float32Array(size) : flatten(parameters, shift);
  if (proximal !== 0) {
    const origin = flatten(parameters, model);
    for (let i = 0; i < size; i++) {
      constant[i] = (constant[i] ?? 0) - proximal * (origin[i] ?? 0);
    }
  }
  return { proximal, constant };
}

/** What adds the correction to a block's gradients. */
function correctGradients(
  { values, gradients, size, tape: { backend } }: ParameterBlock,
  correction: FlatCorrection | undefined,
): () => void {
  if (correction === undefined) return () => {};
  const { proximal, constant } = correction;
  const addend = backend.alloc(gradients.bytes);
  backend.write(addend, constant);
  return () => {
    if (proximal !== 0) backend.run("add_scaled", [values, gradients], [size, proximal]);
    backend.run("add_scaled", [addend, gradients], [size, 1]);
  };
}
