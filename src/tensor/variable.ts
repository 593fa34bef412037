/**
 * What operators take and give.
 *
 * @module
 */
import type { Slot } from "./backend.ts";
import { VALUE_BYTES } from "./check_call.ts";
import { shown } from "./shapes.ts";

/** A tensor that a tape knows. Ends with the step it was made in; one made outside of steps stays. */
export interface Variable {
  /** Row-major extents; empty for a scalar. Each is 0 or more. */
  readonly shape: readonly number[];
  /** Number of values. */
  readonly size: number;
  /** Where the values lie. */
  readonly slot: Slot;
  /** Whether gradients flow back to it. */
  readonly differentiable: boolean;
}

/** Rows of a table, classes, or lengths: whole numbers on the device. */
export interface Indices {
  /** Row-major extents. */
  readonly shape: readonly number[];
  /** Number of indices. */
  readonly size: number;
  /** Where they lie, as u32. */
  readonly slot: Slot;
}

/** Where a parameter's values and gradient lie. */
export interface ParameterSlots {
  /** Its values. */
  readonly values: Slot;
  /** Its gradient is added here. */
  readonly gradient: Slot;
}

/** Adds what flows into an operator's output to the gradients of what went into it. */
export type BackwardPass = (gradient: Slot) => void;

/** A variable as its tape sees it. */
export class Node implements Variable {
  readonly shape: readonly number[];
  readonly size: number;
  readonly differentiable: boolean;
  readonly #slot: Slot;
  readonly #isOver: () => boolean;
  /** Where its gradient is added up, once there is one. */
  gradient: Slot | undefined;
  /** How its gradient flows on, if an operator made it. */
  backward: BackwardPass | undefined;
  /** Whether its gradient has flowed on: what came later would be lost. */
  spent = false;
  /** Whose gradient it shares, if it is a view; itself otherwise. */
  owner: Node = this;

  /**
   * Values in a slot of a step, of which `isOver` tells whether it has ended.
   *
   * @throws {RangeError} If an extent is no whole number, 0 or more.
   */
  constructor(
    shape: readonly number[],
    slot: Slot,
    { differentiable, isOver }: {
      readonly differentiable: boolean;
      readonly isOver: () => boolean;
    },
  ) {
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) {
      throw new RangeError(
        `Cannot make a tensor of shape ${shown({ shape })}: expected whole extents, 0 or more`,
      );
    }
    this.shape = shape;
    this.size = slot.bytes / VALUE_BYTES;
    this.differentiable = differentiable;
    this.#slot = slot;
    this.#isOver = isOver;
  }

  get slot(): Slot {
    this.expectLive();
    return this.#slot;
  }

  /**
   * Refuses a variable that is of no use any more.
   *
   * @throws {TypeError} If the step that made it is over.
   */
  expectLive(): void {
    if (this.#isOver()) throw new TypeError("Cannot use a variable whose step is over");
  }
}
