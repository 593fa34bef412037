/**
 * Optimisers at work: a step for all parameters of a block at once.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors, Tensor } from "../core/tensor.ts";
import { sizeOf } from "../core/tensor.ts";
import type { Slot } from "../tensor/mod.ts";
import type { OptimizerOptions } from "./optimizer_options.ts";
import type { ParameterBlock } from "./parameter_block.ts";
import { checkParameters } from "./parameters.ts";

/** Bytes of a float32 and of an index. */
const VALUE_BYTES = 4;

/** What {@link createOptimizer} may be told beside its options. */
export interface OptimizerBounds {
  /** L2 norm of all gradients together that a step goes by at most, above 0; default any. */
  readonly maxNorm?: number;
}

/** An optimiser of one block of parameters. */
export interface Optimizer {
  /** Steps taken. */
  readonly steps: number;
  /**
   * Changes the parameters by their gradients, and sets those to zero.
   *
   * @param share Share of the learning rate, as a schedule has it; default all of it.
   * @throws {RangeError} If it is not finite and 0 or more. Nothing is changed then.
   */
  step(share?: number): void;
  /** What it remembers from step to step, for a safetensors file: `steps`, and its moments by name. */
  readState(): Promise<NamedTensors>;
  /**
   * Goes on from what {@link Optimizer.readState} gave.
   *
   * @throws {TributaryError} `bad-tensors` if it is the state of another optimiser, or of other
   * parameters.
   */
  writeState(state: NamedTensors): void;
}

/**
 * An optimiser of a block's parameters. What it remembers lies in the arena that the block lies in.
 *
 * @throws {RangeError} If `maxNorm` is not above 0.
 *
 * @example Ten steps down a parabola
 * ```ts
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { createWasmBackend, multiply, Tape } from "../tensor/mod.ts";
 * import { createOptimizer, placeParameters, sgd } from "./mod.ts";
 *
 * using core = createTrainCore(await inlineModule("train"));
 * const tape = new Tape(createWasmBackend(core));
 * const parameters = [{ name: "x", shape: [] }];
 * const values = { x: { shape: [], data: Float32Array.of(1) } };
 * const block = placeParameters(tape, { parameters, values });
 * const optimizer = createOptimizer(block, sgd({ lr: 0.25 }));
 * for (let step = 0; step < 10; step++) {
 *   tape.step(() => tape.backward(multiply(tape, block.variable("x"), block.variable("x"))));
 *   optimizer.step();
 * }
 * const { x } = await block.read();
 * if (x?.data[0] !== 2 ** -10) throw new Error(`${x?.data}`);
 * ```
 */
export function createOptimizer(
  block: ParameterBlock,
  options: OptimizerOptions,
  { maxNorm }: OptimizerBounds = {},
): Optimizer {
  if (maxNorm !== undefined && !(maxNorm > 0)) {
    throw new RangeError(`Cannot clip gradients to a norm of ${maxNorm}: expected more than 0`);
  }
  const { backend } = block.tape;
  const rule = stepRule(block, options);
  const norm = maxNorm === undefined ? undefined : backend.alloc(VALUE_BYTES);
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    step(share = 1) {
      if (!(share >= 0 && share < Infinity)) {
        throw new RangeError(
          `Cannot step by ${share} of the learning rate: expected a finite number, 0 or more`,
        );
      }
      if (norm !== undefined) {
        backend.run("clip_norm", [block.gradients, norm], [block.size, maxNorm ?? Infinity]);
      }
      steps++;
      rule.step(options.lr * share, steps);
      block.clearGradients();
    },
    async readState() {
      const moments = Object.entries(rule.moments).map(async ([name, slot]) => {
        const data = await backend.read(slot);
        return [name, { shape: [data.length], data }] as const;
      });
      // Exact up to 2^24 steps, beyond which no optimiser here tells one number from another.
      const count: Tensor = { shape: [], data: Float32Array.of(steps) };
      return { steps: count, ...Object.fromEntries(await Promise.all(moments)) };
    },
    writeState(state) {
      const moments = Object.entries(rule.moments);
      const specs = moments.map(([name, { bytes }]) => ({ name, shape: [bytes / VALUE_BYTES] }));
      checkParameters(
        [{ name: "steps", shape: [] }, ...specs],
        state,
        `go on with ${options.kind}`,
      );
      const taken = state.steps?.data[0] ?? NaN;
      if (!(Number.isInteger(taken) && taken >= 0)) {
        throw new TributaryError(
          "bad-tensors",
          `Cannot go on with ${options.kind}: ${taken} steps were taken, expected a whole number, 0 or more`,
        );
      }
      for (const [name, slot] of moments) {
        const moment = state[name];
        if (moment !== undefined) backend.write(slot, moment.data);
      }
      steps = taken;
    },
  };
}

/** What one optimiser does in a step. */
interface StepRule {
  /** What it remembers. */
  readonly moments: Readonly<Record<string, Slot>>;
  step(rate: number, number: number): void;
}

function stepRule(block: ParameterBlock, options: OptimizerOptions): StepRule {
  const { values, gradients, size, tape: { backend } } = block;
  const moment = (length: number, value: number): Slot => {
    const slot = backend.alloc(VALUE_BYTES * length);
    backend.run("fill", [slot], [length, value]);
    return slot;
  };
  switch (options.kind) {
    case "sgd": {
      const { momentum, nesterov, decay } = options;
      if (momentum === 0) {
        return {
          moments: {},
          step: (rate) => backend.run("sgd", [values, gradients], [size, rate, decay]),
        };
      }
      const direction = moment(size, 0);
      return {
        moments: { direction },
        step: (rate) =>
          backend.run(
            "momentum",
            [values, gradients, direction],
            [size, rate, momentum, decay, nesterov ? 1 : 0],
          ),
      };
    }
    case "adam":
    case "adamw": {
      const { kind, beta1, beta2, epsilon, decay } = options;
      const [mean, square] = [moment(size, 0), moment(size, 0)];
      return {
        moments: { mean, square },
        step: (rate, number) =>
          backend.run(
            kind,
            [values, gradients, mean, square],
            [size, rate, beta1, beta2, epsilon, number, decay],
          ),
      };
    }
    case "adagrad": {
      const squares = moment(size, options.initial);
      return {
        moments: { squares },
        step: (rate) =>
          backend.run("adagrad", [values, gradients, squares], [size, rate, options.epsilon]),
      };
    }
    case "row-adagrad":
      return rowRule(block, options);
    case "rmsprop": {
      const square = moment(size, 0);
      const { smoothing, epsilon } = options;
      return {
        moments: { square },
        step: (rate) =>
          backend.run("rmsprop", [values, gradients, square], [size, rate, smoothing, epsilon]),
      };
    }
    default:
      return options satisfies never;
  }
}

/** One sum for each row of every parameter; a vector's values are rows of one. */
function rowRule(
  { parameters, values, gradients, tape: { backend } }: ParameterBlock,
  { epsilon, initial }: { readonly epsilon: number; readonly initial: number },
): StepRule {
  const counts = parameters.map(({ shape }) => shape[0] ?? 1);
  const total = counts.reduce((sum, rows) => sum + rows, 0);
  const squares = backend.alloc(VALUE_BYTES * total);
  backend.run("fill", [squares], [total, initial]);
  const numbers = backend.alloc(VALUE_BYTES * Math.max(0, ...counts));
  backend.write(numbers, Uint32Array.from({ length: numbers.bytes / VALUE_BYTES }, (_, i) => i));
  let [offset, row] = [0, 0];
  const tables = parameters.map(({ shape }, at) => {
    const rows = counts[at] ?? 1;
    const bytes = VALUE_BYTES * sizeOf(shape);
    const part = { offset, bytes };
    const slots = [
      backend.slice(values, part),
      backend.slice(squares, { offset: VALUE_BYTES * row, bytes: VALUE_BYTES * rows }),
      backend.slice(numbers, { offset: 0, bytes: VALUE_BYTES * rows }),
      backend.slice(gradients, part),
    ];
    offset += bytes;
    row += rows;
    return { slots, sizes: [rows, sizeOf(shape.slice(1)), rows] };
  });
  return {
    moments: { squares },
    step(rate) {
      for (const { slots, sizes } of tables) {
        backend.run("row_adagrad", slots, [...sizes, rate, epsilon]);
      }
    },
  };
}
