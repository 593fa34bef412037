/**
 * One step of the chain that an update passes through: what the client does, and what the server
 * does to the sum for it. A step knows nothing of the others, so that one can be put between two.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { Contribution, WeightsContribution } from "../core/trainer.ts";

/** What is sent in place of a clipped change of weights, by the client's half of a strategy. */
export type UpdateForm = (
  change: NamedTensors,
  contribution: WeightsContribution,
) => NamedTensors;

/** Whose update it is that a step sees. */
export interface Sender {
  /** What the client's trainer gave. */
  readonly contribution: Contribution;
  /** What the task's strategy sends of a change; the change itself where left out. */
  readonly form?: UpdateForm;
  /** Whether its update was longer than the bound; undefined where there is none. */
  readonly isClipped?: boolean;
  /** 32 bytes for this client and round alone; all randomness of the chain. */
  readonly key: Uint8Array;
  /** Where the parcel goes; a new array where left out. */
  readonly into?: Uint8Array<ArrayBuffer>;
}

/** A pair: `Out` is what the next step gets of an update, and what it gives back of the sum. */
export interface UpdateStep<In, Out> {
  /** Client side: what the update becomes. Leaves its input as it was. */
  send(update: In, sender: Sender): Out;
  /** Server side: from the sum over `clients` of what was sent, to the sum that the step stands for. */
  receive(sum: Out, clients: number): In;
}

/** Two steps as one: the second sends after the first and receives before it. */
export function followedBy<A, B, C>(
  first: UpdateStep<A, B>,
  second: UpdateStep<B, C>,
): UpdateStep<A, C> {
  return {
    send: (update, sender) => second.send(first.send(update, sender), sender),
    receive: (sum, clients) => first.receive(second.receive(sum, clients), clients),
  };
}
