/**
 * One seed, from its number to what was found.
 *
 * @module
 */
import { inlineCores } from "../../src/client/cores.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { describePlan } from "./plan.ts";
import { RULES } from "./violation.ts";
import type { Workshop } from "./build_world.ts";
import { runWorld, type WorldOptions, type WorldOutcome } from "./world.ts";

/** What all worlds of a thread share. */
export async function openWorkshop(): Promise<Workshop> {
  return { module: await inlineModule("aggregate"), cores: await inlineCores() };
}

/**
 * Runs a world whose failures are to be read by a person; errors carry no stack, which takes a tenth of
 * the time.
 */
export async function runSeed(seed: number, options: WorldOptions): Promise<WorldOutcome> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await runWorld(seed, options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What a person needs to know of a world that broke a rule, and how to see it again. */
export function describeFailure({ plan, hash, violations }: WorldOutcome): string {
  return [
    `seed ${plan.seed}: ${describePlan(plan)}`,
    ...violations.map(({ rule, found }) => `  ${rule}: ${RULES[rule]}: ${found}`),
    `  again: ./run faults --replay ${plan.seed}   (trace ${hash})`,
  ].join("\n");
}
