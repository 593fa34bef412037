/**
 * What is promised to each client, as commands that define a task take it.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { sizeOf } from "../core/tensor.ts";
import { gainKept, noiseShare } from "../privacy/mod.ts";
import type { PrivacyOptions } from "../task/mod.ts";
import type { Task } from "../wire/task.ts";
import { numberUpTo, positiveNumber } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** The options, as they were given. */
export interface Promised {
  /** `ε` of the whole run. */
  readonly epsilon?: number;
  /** `δ` that goes with it. */
  readonly delta: number;
  /** Who adds the noise. */
  readonly noise: "skellam" | "gaussian";
  /** Bound on what a client sends. */
  readonly clip: number;
}

/** Adds the options to a command. */
export function promiseOptions(command: Command): Command {
  return command
    .option(
      "--epsilon <number>",
      "promise each client ε over the whole run (default: no promise; see privacy)",
      numberUpTo(0, 1e6),
    )
    .option("--delta <number>", "δ that goes with --epsilon", numberUpTo(0, 0.1), 1e-6)
    .addOption(
      new Option("--noise <kind>", "who adds the noise of --epsilon: all clients, or the root")
        .choices(["skellam", "gaussian"]).default("skellam"),
    )
    .option("--clip <number>", "bound on updates under --epsilon", positiveNumber, 1);
}

/** What a task promises; undefined without `--epsilon`. */
export function promiseOf(
  { epsilon, delta, noise: kind, clip }: Promised,
): (PrivacyOptions & { readonly clip: number }) | undefined {
  return epsilon === undefined ? undefined : { epsilon, delta, clip, mechanism: { kind } };
}

/** Part of what learning gains over popularity, below which a run is useless. */
export const USELESS = 0.2;

/** Warns before a run whose noise drowns what its clients send. */
export function warnOfNoise(
  { privacy, update, clients, sampling }: Task,
  terminal: Terminal,
): void {
  if (privacy === undefined) return;
  const inRound = sampling.kind === "poisson" ? sampling.rate * clients.max : clients.max;
  const share = noiseShare({
    noise: privacy.noise,
    dim: update.tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    clients: inRound,
  });
  if (gainKept(share) >= USELESS) return;
  terminal.warn(
    `tributary: noise for ε = ${privacy.epsilon} is ${
      share.toPrecision(2)
    } times as long as what ` +
      `${clients.max} clients send: nothing of use will be learned; see tributary privacy`,
  );
}
