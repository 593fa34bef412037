/**
 * A simulation from start to end: scene, rounds, comparison, files.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { nativeDigest } from "../../../edge/deno/mod.ts";
import { inlineCores } from "../../client/cores.ts";
import { toHex, utf8 } from "../../core/bytes.ts";
import { systemClock } from "../../core/clock.ts";
import { deriveSeed } from "../../core/random.ts";
import { encodeSafetensors } from "../../core/safetensors.ts";
import {
  type Faults,
  simulate,
  type SimulatedRound,
  type SimulationProgress,
} from "../../sim/mod.ts";
import { describeTask } from "../../task/mod.ts";
import { taskId } from "../../wire/task.ts";
import { runSeed } from "../demo/world.ts";
import { openFolder, writeFilesWhole } from "../files.ts";
import { formatDuration, formatRate } from "../format.ts";
import { createProgress } from "../progress.ts";
import { renderFigures } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { VERSION } from "../version.ts";
import { openCheckpointFile, removeCheckpointFile } from "./checkpoint_file.ts";
import { faultsText, treeText } from "./describe.ts";
import type { Scene } from "./scene.ts";
import type { SimulationRecord } from "./simulation_record.ts";
import { renderSimulation } from "./simulation_report.ts";

/** What a user may choose of any simulation. */
export interface RunOptions {
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** How many children aggregators have, level by level. */
  readonly tree: readonly number[];
  /** What goes wrong. */
  readonly faults: Faults;
  /** Threads that clients train in. */
  readonly workers: number;
  /** Folder of the files. */
  readonly out: string;
  /** Folder of what an interrupted run goes on from; one of its own in `out` if absent. */
  readonly checkpoint?: string;
  /** Whether to forget an interrupted run. */
  readonly fresh: boolean;
}

/**
 * Runs a scene. Interrupted by `signal`, it leaves a checkpoint from which the next start goes on.
 *
 * @throws {TributaryError} `bad-data` if the checkpoint is of another simulation; what simulating or
 * comparing fails with.
 */
export async function runSimulation(
  scene: Scene,
  options: RunOptions,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<void> {
  const { print } = terminal;
  const { data, task, clients } = scene;
  const { tree, faults, workers } = options;
  const clock = systemClock();
  const startedMs = clock.now();
  const id = await taskId(task);
  const counts = Object.entries(data.counts).map(([name, count]) => `${count} ${name}`);
  print(`${counts.join(", ")} (${data.name})`);
  print(describeTask(task));
  print(`simulating ${clients.length} clients: ${treeText(tree)}; ${faultsText(faults)}`);
  await openFolder(options.out);
  const folder = options.checkpoint ?? join(options.out, "state", await nameOf(id, scene, options));
  const path = join(folder, "simulation.db");
  if (options.fresh) await removeCheckpointFile(path);
  await openFolder(folder);
  {
    using checkpoint = openCheckpointFile(path, data.digest);
    const done = (await checkpoint.load())?.rounds.length ?? 0;
    if (done > 0) {
      print(
        `going on after round ${done} of the interrupted run in ${folder} (--fresh begins anew)`,
      );
    }
    const rounds = task.stop.rounds;
    using progress = createProgress({ ...terminal, rounds, now: () => clock.now() });
    const run = await simulate(task, {
      ...{ clients, tree, faults, workers, checkpoint, signal, digest: nativeDigest },
      seed: await deriveSeed(await runSeed(options.seed), "fleet"),
      onProgress: listener({ progress, rounds, now: () => clock.now() }),
    });
    const { train: core, aggregate } = await inlineCores();
    using _core = core;
    using _aggregate = aggregate;
    const results = await scene.compare({
      ...{ model: run.model, core, signal },
      stateOf: (client) => checkpoint.stateOf(client),
      announce: (method) => print(`evaluating ${method}`),
    });
    const record: SimulationRecord = {
      kind: "simulation",
      tributary: VERSION,
      started: new Date(startedMs).toISOString(),
      seconds: (clock.now() - startedMs) / 1000,
      seed: options.seed,
      taskId: id,
      ...{ task, data, tree, faults, results },
      clients: clients.length,
      reason: run.reason,
      virtualMs: run.ms,
      rounds: run.rounds,
      figures: scene.figures,
      about: scene.about,
      model: run.info,
    };
    const paths = await writeSimulation(options.out, {
      record,
      model: encodeSafetensors(run.model),
      files: scene.files,
    });
    print("");
    print(
      renderFigures(
        ["method", ...scene.figures],
        results.map(({ method, figures }) => [method, ...figures.map(formatRate)]),
      ),
    );
    print("");
    print(`wrote ${paths.join(", ")}`);
  }
  await removeCheckpointFile(path);
  // Others may have interrupted runs of theirs beside this one.
  if (options.checkpoint === undefined) await Deno.remove(dirname(folder)).catch(() => {});
}

/** A folder's name that no other simulation has. */
async function nameOf(id: string, { data }: Scene, options: RunOptions): Promise<string> {
  const { seed, tree, faults } = options;
  const rest = toHex(await nativeDigest(utf8(JSON.stringify({ seed, tree, faults }))));
  return [id, data.digest, rest].map((digest) => digest.slice(0, 12)).join("-");
}

/** Shows rounds as they go; how long the rest takes is told by the rounds so far. */
function listener(
  { progress, rounds, now }: {
    readonly progress: ReturnType<typeof createProgress>;
    readonly rounds: number;
    readonly now: () => number;
  },
): (event: SimulationProgress) => void {
  const began = now();
  let [first, closed] = [0, 0];
  return (event) => {
    switch (event.kind) {
      case "open": {
        first ||= event.round;
        const leftMs = (now() - began) / closed * (rounds - first - closed + 1);
        const note = closed === 0 ? "training" : `training, ${formatDuration(leftMs)} left`;
        return progress.start(event.round, event.trainings, note);
      }
      case "trained":
        return progress.update(event.clients);
      case "closed":
        closed++;
        return progress.finish(event.round.clients, noteOf(event.round));
      default:
        throw event satisfies never;
    }
  };
}

/** What came of a round, such as `hr@10 .612 · 61 away`. */
function noteOf({ outcome, metrics, away, lost, late, regionsDown }: SimulatedRound): string {
  const measured = Object.entries(metrics).map(([name, value]) => `${name} ${formatRate(value)}`);
  const missing = [[away, "away"], [lost, "lost"], [late, "late"], [regionsDown, "regions down"]]
    .filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  return [
    ...(outcome === "published" ? [] : [`abandoned: ${outcome}`]),
    ...(measured.length === 0 ? [] : [measured.join(" ")]),
    ...missing,
  ].join(" · ") || "published";
}

/** Writes all files of a simulation, `run.json` last. */
async function writeSimulation(
  folder: string,
  { record, model, files }: {
    readonly record: SimulationRecord;
    readonly model: Uint8Array;
    readonly files: Scene["files"];
  },
): Promise<string[]> {
  const all: [string, string | Uint8Array][] = [
    ["model.safetensors", model],
    ...Object.entries(files),
    ["report.html", renderSimulation(record)],
    ["run.json", `${JSON.stringify(record, null, 2)}\n`],
  ];
  const placed = all.map(([name, content]) => [join(folder, name), content] as const);
  await writeFilesWhole(placed);
  return placed.map(([path]) => path);
}
