/**
 * How a sum of updates becomes the next model: the extension point of both halves of the step.
 *
 * The server's half is a pure function of what the root has stored and the decoded sum, so that a
 * step repeated after a crash gives the same bits.
 *
 * @module
 */
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import type { ClientHalf } from "./client_half.ts";

/** A tensor that every client sends and the tree adds up. */
export interface SumSpec extends TensorSpec {
  /** Each client's values are kept within ±range. */
  readonly range: number;
}

/** What a step sees. */
export interface StrategyInput {
  /** The model that the clients trained from. */
  readonly model: NamedTensors;
  /** What the last step (or {@link StrategyServer.init}) left. */
  readonly state: NamedTensors;
  /** The decoded sums over all clients, as {@link StrategyPlan.sums} names them. */
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

/** The root's half: takes a model and what its clients sent to the next model. */
export interface StrategyServer {
  /** The state before the first step; empty where the strategy remembers nothing. */
  init(model: NamedTensors): NamedTensors;
  /**
   * One step. Leaves its input as it was.
   *
   * @throws {TributaryError} `model-invalid` if the sums admit no next model.
   */
  step(input: StrategyInput): StrategyOutput;
}

/** What a root steps by. */
export interface Strategy extends StrategyServer {
  /** Its name in a task document. */
  readonly kind: string;
  /** What clients have to send; see {@link StrategyPlan.sums}. */
  sums(model: readonly TensorSpec[]): readonly SumSpec[];
}

/** What a strategy's options mean to everyone: whoever checks a task, its clients and its root. */
export interface StrategyPlan {
  /** Complete options, as they stand in a task; their `kind` is its name. */
  readonly options: { readonly kind: string };
  /**
   * What trainers contribute to it: new `weights`, whose change the client clips and weighs, or the
   * `sums` that a model computes for this strategy alone.
   */
  readonly contribution: "weights" | "sums";
  /**
   * What clients have to send for a model of these tensors, in the order of the update.
   *
   * @throws {TributaryError} `task-refused` if the strategy cannot step such a model.
   */
  sums(model: readonly TensorSpec[]): readonly SumSpec[];
  /**
   * Tensors of its state that travel to the clients beside the model; none where left out. Their
   * names are {@link publishedName}'s.
   */
  published?(model: readonly TensorSpec[]): readonly TensorSpec[];
  /** The largest `clip` of a task for which the ranges of the sums hold; any or none where left out. */
  readonly clip?: number;
  /** What clients do besides sending their change; nothing where left out. */
  readonly client?: ClientHalf;
  /** The root's half. */
  server(core: TrainCore): StrategyServer;
}
