/**
 * The demo from start to end: world, tree, clients, rounds, comparison, files.
 *
 * @module
 */
import { join } from "node:path";
import { inlineCores } from "../../client/cores.ts";
import { memoryState } from "../../client/memory_state.ts";
import { systemClock } from "../../core/clock.ts";
import { decodeSafetensors } from "../../core/safetensors.ts";
import { ratingCount } from "../../data/interactions.ts";
import { fromHex } from "../../core/bytes.ts";
import { openFolder } from "../files.ts";
import { describeTask } from "../../task/mod.ts";
import type { HelperInfo } from "../../wire/mask_plan.ts";
import { taskId } from "../../wire/task.ts";
import { openDeviceStore } from "../device_store.ts";
import { personIn } from "../person.ts";
import { privacyLines, privacyRecord } from "../privacy_record.ts";
import { warnOfNoise } from "../promise.ts";
import { recommendFor } from "../recommend_for.ts";
import type { RunRecord } from "../run_record.ts";
import { renderResults } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { VERSION } from "../version.ts";
import { helperNames, startCommittee } from "./committee.ts";
import { compareMethods } from "./compare.ts";
import type { Reading } from "../reading.ts";
import { demoMask, helperCount, type MaskKind, nobody } from "./demo_mask.ts";
import { demoTask, type DemoTaskOptions } from "./demo_task.ts";
import { openRunState } from "./state.ts";
import { trainTogether } from "./train_together.ts";
import { ROOT_NAME } from "./tree.ts";
import { openWorld, runSeed } from "./world.ts";
import { writeRun } from "./write_run.ts";

/** What a user may choose. */
export interface DemoOptions extends Omit<DemoTaskOptions, "mask"> {
  /** A file or folder of ratings; invented ones if absent. */
  readonly data?: string;
  /** How the ratings are read. */
  readonly reading: Reading;
  /** How parcels are masked. */
  readonly mask: MaskKind;
  /** Number of regions. */
  readonly regions: number;
  /** Person whose recommendations are printed. */
  readonly user?: string;
  /** Folder of the files. */
  readonly out: string;
  /** Whether to forget an interrupted run. */
  readonly fresh: boolean;
}

/** Names that regions have in print; a number where there are more. */
const REGION_NAMES = ["north", "east", "south", "west"];

/** Recommendations that are printed. */
const SHOWN = 10;

/**
 * Runs the demo. Interrupted by `signal`, it leaves a state from which the next start goes on.
 *
 * @throws {TributaryError} `bad-data` or `task-refused` before anything is started or written.
 */
export async function runDemo(
  options: DemoOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { print } = terminal;
  const clock = systemClock();
  const startedMs = clock.now();
  const world = await openWorld({
    path: options.data,
    reading: options.reading,
    seed: options.seed,
  });
  const { people, items } = world.train;
  const person = people[personIn(people, options.user ?? people[0])] ?? "";
  const taskWith = (helpers: readonly HelperInfo[]) => {
    const mask = demoMask(options.mask, helpers);
    return demoTask(world, { ...options, mask });
  };
  const helpers = helperNames(helperCount(options.mask));
  const { task: planned, model } = await taskWith(nobody(helpers.length));
  const regions = Array.from(
    { length: options.regions },
    (_, at) => REGION_NAMES[at] ?? `region${at + 1}`,
  );
  print(
    `${people.length} people, ${items.length} items, ${
      ratingCount(world.all)
    } ratings (${world.name})`,
  );
  print(describeTask(planned));
  warnOfNoise(planned, terminal);
  const names = [ROOT_NAME, ...regions, ...people.map((person) => `client/${person}`)];
  const folder = join(
    options.out,
    "state",
    `${(await taskId(planned)).slice(0, 12)}-${world.digest.slice(0, 12)}-${options.regions}`,
  );
  await openFolder(options.out);
  const state = await openRunState(folder, { names, helpers, fresh: options.fresh });
  if (state.resumed) print(`going on with the interrupted run in ${folder} (--fresh begins anew)`);

  await using committee = await startCommittee(state, helpers.length);
  const { task } = await taskWith(committee.helpers);
  const id = await taskId(task);
  const { aggregate, train: core } = await inlineCores();
  using _aggregate = aggregate;
  using _core = core;
  const seed = await runSeed(options.seed);
  const trained = await trainTogether({
    state,
    task,
    id,
    core,
    regions,
    seed,
    fetch: committee.fetch,
    initial: model.initial(fromHex(task.seed)),
    clients: people.map((person, at) => ({
      person,
      key: `client/${person}`,
      region: at % regions.length,
      examples: world.examples[at] ?? { items: new Uint32Array() },
    })),
    terminal,
    clock,
    signal,
  });
  const { tensors } = decodeSafetensors(trained.model);

  using devices = openDeviceStore(state.path("devices.db"));
  const results = await compareMethods({
    core,
    world,
    model,
    seed,
    signal,
    federated: tensors,
    deviceOf: (at) => ({
      core,
      examples: { items: world.train.histories[at]?.items ?? new Uint32Array() },
      state: devices.stateOf(people[at] ?? ""),
    }),
    announce: (method) => print(`evaluating ${method}`),
  });
  const recommended = await recommendFor(person, {
    core,
    model,
    tensors,
    data: world.all,
    // As `recommend` will do it, from the ratings alone.
    state: memoryState(),
    count: SHOWN,
  });
  const run: RunRecord = {
    tributary: VERSION,
    started: new Date(startedMs).toISOString(),
    seconds: (clock.now() - startedMs) / 1000,
    seed: options.seed,
    taskId: id,
    task,
    data: {
      name: world.name,
      path: options.data ?? null,
      reading: options.reading,
      digest: world.digest,
      people: people.length,
      items: items.length,
      ratings: ratingCount(world.all),
    },
    tree: trained.tree,
    rounds: trained.rounds,
    privacy: privacyRecord(task, trained.rounds),
    results,
    example: { person, items: recommended },
    model: trained.info,
  };
  const paths = await writeRun(options.out, {
    run,
    model: trained.model,
    log: trained.log,
    catalogue: world.all,
  });
  await state.remove();

  print("");
  print(renderResults(results));
  privacyLines(run.privacy).forEach(print);
  if (helpers.length > 0) {
    print("privacy: here all helpers are this machine's, which protects nobody");
  }
  print("");
  print(
    recommended.length === 0
      ? `No recommendations for person ${person}, who has rated all ${items.length} items`
      : `${recommended.length} recommendations for person ${person}:`,
  );
  recommended.forEach(({ title }, at) => print(`${String(at + 1).padStart(3)}  ${title}`));
  print("");
  print(`wrote ${paths.join(", ")}`);
}
