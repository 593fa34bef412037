/**
 * Reverse-mode differentiation over a backend.
 *
 * Operators are functions of a tape and variables. They compute at once, and leave on the tape how
 * their gradient flows back; `backward` walks the tape from its end. All that a step takes lies in
 * the backend's arena and is given back when the step ends, so memory does not grow.
 *
 * @module
 */
import { sizeOf } from "../core/tensor.ts";
import type { Backend, Slot, SlotValues } from "./backend.ts";
import { VALUE_BYTES } from "./check_call.ts";
import {
  type BackwardPass,
  type Indices,
  Node,
  type ParameterSlots,
  type Variable,
} from "./variable.ts";

/** Which values {@link Tape.view} looks at. */
export interface ViewOptions {
  /** Extents of the view. */
  readonly shape: readonly number[];
  /** How many values lie before it; default 0. */
  readonly skip?: number;
}

const NEVER = (): boolean => false;

/**
 * Computes on a backend and remembers how.
 *
 * @example The slope of x² at 3
 * ```ts
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { createWasmBackend, multiply, Tape } from "./mod.ts";
 *
 * const tape = new Tape(createWasmBackend(createTrainCore(await inlineModule("train"))));
 * const slope = await tape.step(() => {
 *   const x = tape.input(Float32Array.of(3), []);
 *   tape.backward(multiply(tape, x, x));
 *   return tape.readGradient(x);
 * });
 * if (slope[0] !== 6) throw new Error("unexpected slope");
 * ```
 */
export class Tape {
  /** What it computes on. */
  readonly backend: Backend;
  #nodes: Node[] = [];
  #isOver: (() => boolean) | undefined;
  #recording = false;

  /** Starts an empty tape. A backend may have several, of which one at a time is in a step. */
  constructor(backend: Backend) {
    this.backend = backend;
  }

  /**
   * One step of training: what `body` makes is given back when it returns, throws, or, if it is
   * asynchronous, settles. Values to keep are read before.
   *
   * @throws {TypeError} If a step is going on, on this tape or another of the backend.
   */
  step<T>(body: () => T): T {
    return this.#within(body, true);
  }

  /** As {@link Tape.step}, without gradients: for scores and evaluation. */
  evaluate<T>(body: () => T): T {
    return this.#within(body, false);
  }

  #within<T>(body: () => T, recording: boolean): T {
    if (this.#isOver !== undefined) throw new TypeError("Cannot start a step within a step");
    if (this.backend.isInStep) {
      throw new TypeError("Cannot start a step: another tape of the backend is in one");
    }
    let over = false;
    const mark = this.backend.mark();
    this.backend.isInStep = true;
    const end = (): void => {
      over = true;
      this.#isOver = undefined;
      this.#recording = false;
      this.#nodes = [];
      this.backend.isInStep = false;
      this.backend.release(mark);
    };
    this.#isOver = () => over;
    this.#recording = recording;
    let result: T;
    try {
      result = body();
    } catch (error) {
      end();
      throw error;
    }
    if (result instanceof Promise) return result.finally(end) as T;
    end();
    return result;
  }

  /**
   * Values that no gradient flows to, such as examples. Made outside of a step it stays for as long
   * as the backend does.
   *
   * @throws {RangeError} If the shape does not hold as many values.
   */
  constant(values: Float32Array, shape: readonly number[]): Variable {
    return this.#node(shape, this.#upload(values, shape), false);
  }

  /** Values that a gradient flows to, for the step; otherwise as {@link Tape.constant}. */
  input(values: Float32Array, shape: readonly number[]): Variable {
    return this.#node(shape, this.#upload(values, shape), this.#recording);
  }

  /** Whole numbers on the device; otherwise as {@link Tape.constant}. */
  indices(values: Uint32Array, shape: readonly number[] = [values.length]): Indices {
    return this.#node(shape, this.#upload(values, shape), false);
  }

  /**
   * A parameter whose values and gradient lie outside of any step. `backward` adds to the gradient;
   * whoever owns it sets it to zero.
   *
   * @throws {RangeError} If the slots do not hold exactly the shape.
   */
  parameter(shape: readonly number[], { values, gradient }: ParameterSlots): Variable {
    const bytes = sizeOf(shape) * VALUE_BYTES;
    if (values.bytes !== bytes || gradient.bytes !== bytes) {
      throw new RangeError(
        `Cannot use slots of ${values.bytes} and ${gradient.bytes} bytes as [${
          shape.join(", ")
        }]: expected ${bytes} bytes each`,
      );
    }
    const node = new Node(shape, values, { differentiable: true, isOver: NEVER });
    node.gradient = gradient;
    return node;
  }

  #node(shape: readonly number[], slot: Slot, differentiable: boolean): Node {
    return new Node(shape, slot, { differentiable, isOver: this.#isOver ?? NEVER });
  }

  #upload(values: SlotValues, shape: readonly number[]): Slot {
    if (sizeOf(shape) !== values.length) {
      throw new RangeError(
        `Cannot take ${values.length} values as [${shape.join(", ")}]: expected ${sizeOf(shape)}`,
      );
    }
    const slot = this.backend.alloc(values.byteLength);
    this.backend.write(slot, values);
    return slot;
  }

  /**
   * The output of an operator, not yet written.
   *
   * @param differentiable Whether a gradient flows to any of its inputs.
   */
  output(shape: readonly number[], differentiable: boolean): Variable {
    const slot = this.backend.alloc(sizeOf(shape) * VALUE_BYTES);
    return this.#node(shape, slot, differentiable && this.#recording);
  }

  /**
   * Some of a variable's values, one after the other, under a shape of their own. Gradients are shared
   * as well, so nothing is copied either way.
   *
   * @throws {RangeError} If the variable does not hold as many values.
   */
  view(of: Variable, { shape, skip = 0 }: ViewOptions): Variable {
    const part = { offset: skip * VALUE_BYTES, bytes: sizeOf(shape) * VALUE_BYTES };
    const slot = this.backend.slice(of.slot, part);
    const view = this.#node(shape, slot, of.differentiable && this.#recording);
    if (view.differentiable) {
      view.gradient = this.backend.slice(this.gradient(of), part);
      view.owner = (of as Node).owner;
    }
    return view;
  }

  /**
   * Leaves on the tape how the gradient of `output` flows back. Operators are written with this,
   * {@link Tape.output} and {@link Tape.gradient}.
   *
   * @param backward Called with the gradient of `output`, if there is one; adds to those of inputs.
   *
   * @example An operator of one's own: x³
   * ```ts
   * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
   * import { createWasmBackend, sum, Tape, type Variable } from "./mod.ts";
   *
   * function cube(tape: Tape, x: Variable): Variable {
   *   const { backend } = tape;
   *   const square = tape.scratch(x.size);
   *   const out = tape.output(x.shape, x.differentiable);
   *   backend.run("multiply", [x.slot, x.slot, square], [x.size]);
   *   backend.run("multiply", [square, x.slot, out.slot], [x.size]);
   *   tape.record(out, (gradient) => {
   *     const slope = tape.scratch(x.size);
   *     backend.run("scale", [square, slope], [x.size, 3]);
   *     backend.run("multiply_add", [gradient, slope, tape.gradient(x)], [x.size]);
   *   });
   *   return out;
   * }
   *
   * const tape = new Tape(createWasmBackend(createTrainCore(await inlineModule("train"))));
   * const slope = await tape.step(() => {
   *   const x = tape.input(Float32Array.of(1, 2), [2]);
   *   tape.backward(sum(tape, cube(tape, x)));
   *   return tape.readGradient(x);
   * });
   * if (slope.join() !== "3,12") throw new Error(`${slope}`);
   * ```
   */
  record(output: Variable, backward: BackwardPass): void {
    if (!output.differentiable) return;
    const node = output as Node;
    node.backward = backward;
    this.#nodes.push(node);
  }

  /** Where the gradient of a variable is added up; zeros when first asked for. */
  gradient(variable: Variable): Slot {
    const node = variable as Node;
    node.expectLive();
    if (!node.differentiable) throw new TypeError("Cannot give a gradient to a constant");
    if (node.spent) {
      throw new TypeError(
        "Cannot add to a gradient that has flowed back: differentiate once a step",
      );
    }
    return node.gradient ??= this.filled(node.size, 0);
  }

  /** A slot of the step for `size` values, as they come. */
  scratch(size: number): Slot {
    return this.backend.alloc(size * VALUE_BYTES);
  }

  /** A slot of the step for `size` values, all of them `value`. */
  filled(size: number, value: number): Slot {
    const slot = this.scratch(size);
    this.backend.run("fill", [slot], [size, value]);
    return slot;
  }

  /**
   * Adds the gradient of `loss` to all that it was computed from, and clears the tape.
   *
   * @throws {RangeError} If `loss` is not one value.
   * @throws {TypeError} If no gradient flows back from it.
   */
  backward(loss: Variable): void {
    if (loss.size !== 1) {
      throw new RangeError(`Cannot differentiate [${loss.shape.join(", ")}]: expected one value`);
    }
    if (!loss.differentiable) {
      throw new TypeError("Cannot differentiate a loss that was computed from constants alone");
    }
    const last = loss as Node;
    if (last.spent) throw new TypeError("Cannot differentiate again: a step does so once");
    this.backend.run("fill", [last.gradient ??= this.scratch(1)], [1, 1]);
    const nodes = this.#nodes;
    this.#nodes = [];
    for (let at = nodes.length - 1; at >= 0; at--) {
      const node = nodes[at];
      if (node === undefined) continue;
      node.spent = true;
      if (node.gradient !== undefined) node.backward?.(node.gradient);
    }
  }

  /** The values of a variable as they are now. */
  read(variable: Variable): Promise<Float32Array<ArrayBuffer>> {
    return this.backend.read(variable.slot);
  }

  /** The gradient of a variable as it is now. */
  readGradient(variable: Variable): Promise<Float32Array<ArrayBuffer>> {
    const node = variable as Node;
    node.expectLive();
    return this.backend.read(node.gradient ?? this.gradient(node));
  }
}
