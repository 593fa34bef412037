/**
 * `tributary simulate`: a whole federation in one process, with a virtual clock and seeded faults.
 *
 * @module
 */
import { Command, Option } from "commander";
import { availableParallelism } from "node:os";
import { chance, levels, positiveNumber, wholeNumber } from "../arguments.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { type Promised, promiseOf, promiseOptions, warnOfNoise } from "../promise.ts";
import { type Reading, readingOf, readingOptions } from "../reading.ts";
import { type Partition, partitionWay } from "../simulate/partition.ts";
import { openRatingsScene } from "../simulate/ratings_scene.ts";
import { runSimulation } from "../simulate/run_simulation.ts";
import type { Scene, SceneOptions } from "../simulate/scene.ts";
import { openTableScene } from "../simulate/table_scene.ts";
import { taskKind } from "../task_file.ts";
import type { Terminal } from "../terminal.ts";
import type { Faults, Pace } from "../../sim/mod.ts";

type Kind = "ials" | "mf" | "ease" | "logistic" | "mlp";

interface Options extends Reading, Promised {
  readonly data?: string;
  readonly schema?: string;
  readonly test?: string;
  readonly partition?: Partition;
  readonly clients?: number;
  readonly task?: string;
  readonly model?: Kind;
  readonly dim?: number;
  readonly rounds?: number;
  readonly deadline?: number;
  readonly regions?: number;
  readonly tree?: readonly number[];
  readonly dropout?: number;
  readonly lost?: number;
  readonly regionDropout?: number;
  readonly slow?: number;
  readonly bandwidth?: number;
  readonly workers: number;
  readonly seed: number;
  readonly out: string;
  readonly checkpoint?: string;
  readonly fresh: boolean;
}

const DEFAULTS = { model: "ials", rounds: 10, regions: 3, clients: 100 } as const;
/** Part of the clients that is enough for a round where some of them go missing. */
const ENOUGH = 0.1;

/** The command. It prints rounds as they go and the table, and writes the files. */
export function simulateCommand(terminal: Terminal): Command {
  const command = new Command("simulate")
    .description("Train with all clients in one process, in virtual time, and compare")
    .option("--data <path>", "ratings: a folder or file (invented ones by default); or a table");
  readingOptions(command)
    .option("--schema <file>", "table: what its columns mean, as JSON")
    .option("--test <file>", "table: rows for the test; a fifth of the rows by default")
    .option("--partition <way>", "table: iid, dirichlet:0.3 or column:NAME", partitionWay)
    .option("--clients <n>", "table: how many clients (default: 100)", wholeNumber(1, 1_000_000))
    .addOption(
      new Option("--task <file>", "the task as JSON").conflicts(["model", "dim", "rounds"])
        .conflicts(["deadline", "epsilon"]),
    )
    .addOption(
      new Option("--model <kind>", "what clients train (default: ials)")
        .choices(["ials", "mf", "ease", "logistic", "mlp"]),
    )
    .option("--dim <n>", "ials, mf: values of an item's vector", wholeNumber(1, 256))
    .option("--rounds <n>", "rounds to train (default: 10; ease: 1)", wholeNumber(1, 1_000_000))
    .option("--deadline <s>", "virtual seconds of a round at most", positiveNumber)
    .option("--regions <n>", "regions below the root (default: 3)", wholeNumber(0, 10_000))
    .addOption(
      new Option("--tree <levels>", "regions level by level, such as 3,4").argParser(levels)
        .conflicts("regions"),
    )
    .option("--dropout <rate>", "share of clients away in a round", chance)
    .option("--lost <rate>", "share of clients that train and do not send", chance)
    .option("--region-dropout <rate>", "share of regions away in a round", chance)
    .option("--slow <s>", "median of the virtual seconds that training takes", positiveNumber)
    .option("--bandwidth <kB>", "median of a client's kilobytes a second", positiveNumber)
    .option("--workers <n>", "threads", wholeNumber(0, 1024), availableParallelism())
    .option("--seed <n>", "seed of everything that is drawn", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--out <folder>", "where files are written", "out")
    .option("--checkpoint <folder>", "what an interrupted run goes on from (default: in --out)")
    .option("--fresh", "begin anew, even if an interrupted run could go on", false);
  promiseOptions(command);
  return command.action(async (options: Options) => {
    using interrupt = listenForInterrupt("Stopped; the same command goes on from here");
    try {
      const { tree = treeOf(options.regions), seed, out, workers, fresh, checkpoint } = options;
      const faults = faultsOf(options);
      const scene = await sceneOf(command, options, faults);
      warnOfNoise(scene.task, terminal);
      await runSimulation(scene, {
        ...{ tree, faults, seed, out, workers, fresh },
        ...(checkpoint === undefined ? {} : { checkpoint }),
      }, { terminal, signal: interrupt.signal });
    } catch (error) {
      // Whatever an interrupted run stumbled over, the interruption is the reason.
      interrupt.signal.throwIfAborted();
      throw error;
    }
  });
}

function treeOf(regions: number = DEFAULTS.regions): number[] {
  return regions === 0 ? [] : [regions];
}

function faultsOf({ dropout, lost, regionDropout, slow, bandwidth }: Options): Faults {
  const pace: Pace = {
    trainMs: 1000 * (slow ?? 0),
    // A tenth of the devices take 3.6 times as long as the median.
    spread: 1,
    ...(bandwidth === undefined ? {} : { bytesPerSecond: 1000 * bandwidth }),
  };
  return {
    ...(dropout === undefined ? {} : { dropout }),
    ...(lost === undefined ? {} : { lost }),
    ...(regionDropout === undefined ? {} : { regionDropout }),
    ...(slow === undefined && bandwidth === undefined ? {} : { pace }),
  };
}

/** Of the kind of model that is trained: ratings, or a table. */
async function sceneOf(command: Command, options: Options, faults: Faults): Promise<Scene> {
  const { task, data, deadline } = options;
  const model = options.model ?? (task === undefined ? DEFAULTS.model : await taskKind(task));
  const privacy = promiseOf(options);
  const common: SceneOptions = {
    // One round is all that EASE needs.
    rounds: options.rounds ?? (model === "ease" ? 1 : DEFAULTS.rounds),
    seed: options.seed,
    ...(task === undefined ? {} : { task }),
    ...(privacy === undefined ? {} : { privacy }),
    ...(deadline === undefined ? {} : { roundMs: Math.ceil(1000 * deadline) }),
    ...(Object.keys(faults).length === 0
      ? {}
      : { fewest: (clients: number) => Math.max(1, Math.ceil(ENOUGH * clients)) }),
  };
  if (model === "logistic" || model === "mlp") {
    refuse(command, options, { of: model, flags: ["columns", "events", "popular", "dim"] });
    const { schema, test, partition, clients = DEFAULTS.clients } = options;
    if (data === undefined || schema === undefined) {
      return command.error(`error: a table of ${model} needs --data and --schema`);
    }
    return await openTableScene({
      ...{ ...common, model, data, schema, clients },
      partition: partition ?? { kind: "iid" },
      ...(test === undefined ? {} : { test }),
    });
  }
  const ofTables = ["schema", "test", "partition", "clients"] as const;
  refuse(command, options, {
    of: model,
    flags: model === "ease" ? [...ofTables, "dim"] : ofTables,
  });
  const { dim } = options;
  return await openRatingsScene({
    // A task file's own model takes its place.
    ...{ ...common, model: model === "mf" || model === "ease" ? model : DEFAULTS.model },
    ...(dim === undefined ? {} : { dim }),
    ...(data === undefined ? {} : { data }),
    reading: readingOf(options),
  });
}

function refuse(
  command: Command,
  options: Options,
  { of, flags }: { readonly of: string; readonly flags: readonly (keyof Options)[] },
): void {
  const given = flags.find((flag) => options[flag] !== undefined);
  if (given !== undefined) {
    command.error(`error: --${given} has no meaning for ${of}`);
  }
}
