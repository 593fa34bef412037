/**
 * Weights by example count, capped so that nobody counts for more than so many examples.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import { WEIGHT_TENSOR } from "../core/trainer.ts";
import type { Contribution } from "../core/trainer.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { scaleTensors } from "./scale.ts";
import type { UpdateStep } from "./step.ts";

/**
 * A client's weight `min(examples, cap) / cap`, from 0 to 1; without a cap it is 1 for everyone.
 *
 * @throws {RangeError} If `examples` is negative or no finite number, or `cap` not above 0.
 */
export function cappedWeight(examples: number, cap: number | null): number {
  if (!(examples >= 0 && Number.isFinite(examples))) {
    throw new RangeError(`Cannot weigh ${examples} examples: expected a finite number, 0 or more`);
  }
  if (cap === null) return 1;
  if (!(cap > 0)) throw new RangeError(`Cannot cap weights at ${cap}: expected more than 0`);
  return Math.min(examples, cap) / cap;
}

/**
 * The step of the chain that multiplies an update by its weight and sends the weight beside it, as
 * {@link WEIGHT_TENSOR}. The sum keeps both: dividing one by the other is the strategy's.
 */
export function weightStep(
  core: AggregateCore,
  cap: number | null,
): UpdateStep<NamedTensors, NamedTensors> {
  return {
    send(update, { contribution }) {
      if (contribution.kind === "sums") return update;
      const weight = cappedWeight(contribution.examples, cap);
      const scaled = weight === 1 ? update : scaleTensors(core, update, weight);
      return { ...scaled, [WEIGHT_TENSOR]: { shape: [1], data: Float32Array.of(weight) } };
    },
    receive: (sum) => sum,
  };
}

/** A weighed update as it was before; zeros stay zeros where the weight was 0. */
export function unweighted(
  update: NamedTensors,
  contribution: Contribution,
  cap: number | null,
): NamedTensors {
  if (contribution.kind === "sums") return update;
  const weight = cappedWeight(contribution.examples, cap);
  if (weight === 1 || weight === 0) return update;
  return Object.fromEntries(
    Object.entries(update).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value) => value / weight) },
    ]),
  );
}
