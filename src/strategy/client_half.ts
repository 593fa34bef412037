/**
 * The client's half of a strategy: what it changes in the local training, and what it has the client
 * send in place of the change of weights alone.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Correction, DeviceState, TrainerDuty, WeightsContribution } from "../core/trainer.ts";

/** What a client begins a round with. */
export interface ClientStart {
  /** Number of the round. */
  readonly round: number;
  /** How many steps the model has seen. */
  readonly version: number;
  /** The tensors that came beside the model, as {@link StrategyPlan.published} names them. */
  readonly published: NamedTensors;
  /** What the device keeps from round to round. */
  readonly state: DeviceState;
}

/** One client in one round. */
export interface ClientRound {
  /** What the trainer is to add to its gradients. */
  readonly correction?: Correction;
  /**
   * What is sent, before it is weighed, for a change of weights that was clipped; the change itself
   * where left out. Leaves its input as it was.
   *
   * @throws {TributaryError} `update-misshapen` if the trainer did not give what it has to.
   */
  form?(change: NamedTensors, contribution: WeightsContribution): NamedTensors;
  /**
   * Keeps what the next round needs. Called once the region's receipt is there, and never for an
   * update that went missing.
   *
   * @param sent What {@link form} gave, as it arrived: clamped to its ranges and rounded.
   */
  accepted?(sent: NamedTensors): Promise<void>;
}

/** The client's half of a strategy. */
export interface ClientHalf {
  /** What trainers have to do for it. */
  readonly needs: readonly TrainerDuty[];
  /** Begins a round. */
  begin(start: ClientStart): Promise<ClientRound>;
}

/**
 * A figure that the trainer had to give for a strategy: a finite number of 0 or more, `steps` a whole
 * one.
 *
 * @param kind The strategy, for the message.
 * @throws {TributaryError} `update-misshapen` if it is missing or out of range, which the sentence says.
 */
export function figureOf(
  contribution: WeightsContribution,
  name: Exclude<TrainerDuty, "correction">,
  kind: string,
): number {
  const { [name]: value } = contribution;
  const isWhole = name === "steps";
  const fits = value !== undefined && value >= 0 && Number.isFinite(value) &&
    (!isWhole || Number.isInteger(value));
  if (!fits) {
    throw new TributaryError(
      "update-misshapen",
      `Cannot send the update: its trainer gave ${name} ${value}, expected a ${
        isWhole ? "whole" : "finite"
      } number, 0 or more, for ${kind}`,
    );
  }
  return value;
}
