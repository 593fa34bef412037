/**
 * The server's step of statistics: what is published is the sum itself.
 *
 * @module
 */
import * as v from "valibot";
import { readOptions } from "../core/options.ts";
import { tensorOf } from "../core/tensor.ts";
import type { StrategyPlan } from "./strategy.ts";

/** Options of the totals as they stand in a task: none. */
export interface TotalsOptions {
  /** Tells the strategies apart. */
  readonly kind: "totals";
}

const schema: v.GenericSchema<unknown, TotalsOptions> = v.strictObject({
  kind: v.literal("totals"),
});

/**
 * Options of the totals, for the `mean` and `histogram` models.
 *
 * @param options None.
 */
export function totals(options: Record<never, never> = {}): TotalsOptions {
  return { kind: "totals", ...options };
}

/**
 * The next model is the sum of what clients sent, each value within ±1 a client, tensor by tensor.
 * Without state, and whatever the model was before.
 */
export function totalsFrom(value: unknown): StrategyPlan {
  const options = readOptions(schema, value, "use strategy totals");
  return {
    options,
    contribution: "sums",
    // 0 and 1 are on every grid, so that sums of them are exact.
    sums: (model) => model.map(({ name, shape }) => ({ name, shape, range: 1 })),
    server: () => ({
      init: () => ({}),
      step: ({ model, state, sums }) => ({
        model: Object.fromEntries(Object.keys(model).map((name) => [name, tensorOf(sums, name)])),
        state,
      }),
    }),
  };
}
