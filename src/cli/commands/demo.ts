/**
 * `tributary demo`: a whole federation on this machine, from ratings to recommendations.
 *
 * @module
 */
import { Command, Option } from "commander";
import { MASK_KINDS } from "../../wire/mask_plan.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { wholeNumber } from "../arguments.ts";
import { type DemoOptions, runDemo } from "../demo/run_demo.ts";
import { type Promised, promiseOf, promiseOptions } from "../promise.ts";
import { type Reading, readingOf, readingOptions } from "../reading.ts";
import type { Terminal } from "../terminal.ts";

type Options = Omit<DemoOptions, "reading" | "privacy"> & Reading & Promised;

/** The command. It prints rounds as they go, the table, ten recommendations, and writes the files. */
export function demoCommand(terminal: Terminal): Command {
  const command = new Command("demo")
    .description("Train a recommender through a root and regions on loopback HTTP, and compare")
    .option("--data <path>", "ratings: a folder or file; invented ones by default");
  return promiseOptions(readingOptions(command))
    .addOption(
      new Option("--model <kind>", "what the clients train").choices(["ials", "mf"]).default(
        "ials",
      ),
    )
    .option(
      "--dim <n>",
      "values of an item's vector (default: 8 below 300 people, else 32)",
      wholeNumber(1, 256),
    )
    .addOption(
      new Option("--mask <kind>", "how updates are masked").choices(MASK_KINDS).default("kahe1"),
    )
    .option("--rounds <n>", "rounds to train", wholeNumber(1, 10_000), 10)
    .option("--regions <n>", "regions below the root", wholeNumber(1, 32), 3)
    .option("--seed <n>", "seed of everything that is drawn", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--user <id>", "whose recommendations to print; the first person's by default")
    .option("--out <folder>", "where files are written", "out")
    .option("--fresh", "begin anew, even if an interrupted run could go on", false)
    .action(async (options: Options) => {
      using interrupt = listenForInterrupt("Stopped; the same command goes on from here");
      try {
        const privacy = promiseOf(options);
        const chosen = { ...options, reading: readingOf(options), ...(privacy && { privacy }) };
        await runDemo(chosen, terminal, interrupt.signal);
      } catch (error) {
        // Whatever an interrupted run stumbled over, the interruption is the reason.
        interrupt.signal.throwIfAborted();
        throw error;
      }
    });
}
