/**
 * How a sum of updates becomes the next model: the extension point of the server's step.
 *
 * A strategy is a pure function of what the root has stored and the decoded sum, so that a step
 * repeated after a crash gives the same bits.
 *
 * @module
 */
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";

/** A tensor that every client sends and the tree adds up. */
export interface SumSpec extends TensorSpec {
  /** Each client's values are kept within ±range. */
  readonly range: number;
}

/** What a step sees. */
export interface StrategyInput {
  /** The model that the clients trained from. */
  readonly model: NamedTensors;
  /** What the last step (or {@link Strategy.init}) left. */
  readonly state: NamedTensors;
  /** The decoded sums over all clients, as {@link Strategy.sums} names them. */
  readonly sums: NamedTensors;
  /** How many clients are in the sums; at least 1. */
  readonly clients: number;
  /** Number of the step, from 1. */
  readonly round: number;
}

/** What a step gives back: new tensors, none shared with its input unless unchanged. */
export interface StrategyOutput {
  /** The next model, of the same names and shapes. */
  readonly model: NamedTensors;
  /** Stored beside it for the next step. */
  readonly state: NamedTensors;
}

/** Takes a model and what its clients sent to the next model. */
export interface Strategy {
  /** Its name in a task document. */
  readonly kind: string;
  /**
   * What clients have to send for a model of these tensors, in the order of the update.
   *
   * @throws {TributaryError} `task-refused` if the strategy cannot step such a model.
   */
  sums(model: readonly TensorSpec[]): readonly SumSpec[];
  /** The state before the first step; empty where the strategy remembers nothing. */
  init(model: NamedTensors): NamedTensors;
  /**
   * One step. Leaves its input as it was.
   *
   * @throws {TributaryError} `model-invalid` if the sums admit no next model.
   */
  step(input: StrategyInput): StrategyOutput;
}
