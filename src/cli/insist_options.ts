/**
 * What a device insists on of a task, as flags.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { Insistence } from "../client/insistence.ts";
import { MASK_KINDS, type MaskPlan } from "../wire/mask_plan.ts";
import { positiveNumber, wholeNumber } from "./arguments.ts";

/** Flags that begin with `--insist`. */
export interface InsistFlags {
  /** Schemes that will do. */
  readonly insistMask?: readonly MaskPlan["kind"][];
  /** Identity keys of helpers that the device knows. */
  readonly insistHelpers?: readonly string[];
  /** Fewest clients of a sum that is opened. */
  readonly insistMin?: number;
  /** Largest ε. */
  readonly insistEpsilon?: number;
}

/** Adds those flags. */
export function addInsistOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--insist-mask <kinds...>", "take part only if updates are masked so")
        .choices(MASK_KINDS),
    )
    .option(
      "--insist-helpers <keys...>",
      "take part only with helpers of these identities, but for as many as may collude",
    )
    .option(
      "--insist-min <n>",
      "take part only if sums are of so many clients or more",
      wholeNumber(1, 1_000_000),
    )
    .option(
      "--insist-epsilon <number>",
      "take part only if the task promises differential privacy of at most this ε",
      positiveNumber,
    );
}

/** What the flags insist on; empty without any. */
export function insistenceOf(flags: InsistFlags): { readonly insist?: Insistence } {
  const { insistMask, insistHelpers, insistMin, insistEpsilon } = flags;
  const insist: Insistence = {
    ...(insistMask === undefined ? {} : { masks: insistMask }),
    ...(insistHelpers === undefined ? {} : { helpers: insistHelpers }),
    ...(insistMin === undefined ? {} : { min: insistMin }),
    ...(insistEpsilon === undefined ? {} : { epsilon: insistEpsilon }),
  };
  return Object.keys(insist).length === 0 ? {} : { insist };
}
