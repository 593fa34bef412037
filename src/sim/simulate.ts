/**
 * A whole task in one process: thousands of clients, a tree, virtual time.
 *
 * @module
 */
import {
  beginModel,
  type HeldModel,
  stepModel,
  type SteppedModel,
} from "../../edge/root/step_model.ts";
import { formOf } from "../../edge/task/task_form.ts";
import { inlineCores } from "../client/cores.ts";
import { fromHex, toHex } from "../core/bytes.ts";
import { systemClock } from "../core/clock.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import { deriveSeed } from "../core/random.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { rotationSeed } from "../privacy/rotation.ts";
import { rulesOf } from "../round/record.ts";
import { splitPublished } from "../strategy/published.ts";
import { strategyFrom } from "../strategy/registry.ts";
import { checkTask } from "../task/check_task.ts";
import { createUpdateChain } from "../update/chain.ts";
import { taskSpend } from "../update/private_plan.ts";
import { rootHalf } from "../update/root_half.ts";
import { submissionBytes } from "../wire/evidence.ts";
import type { Spent } from "../wire/log.ts";
import type { ModelInfo } from "../wire/round_info.ts";
import { type Task, taskId } from "../wire/task.ts";
import { attendances } from "./attendance.ts";
import { startCrews } from "./crews.ts";
import { drawFates, type RoundFates } from "./faults.ts";
import type { SimulateOptions } from "./options.ts";
import { type PlayedRound, playRound } from "./play_round.ts";
import type { SimulatedRound, Simulation } from "./result.ts";
import { openSimulation } from "./saved.ts";
import { clientSeeds, seedBytes } from "./seeds.ts";
import { sampleTree, treeIds, type TreeSample } from "./sample_tree.ts";
import { leafOf, treeShape } from "./tree_shape.ts";
import { answered, newTree, readTree, rootOf, type TreeState } from "./virtual_tree.ts";

/** Rounds in a row without a model, after which a simulation gives up. */
const PATIENCE = 20;

/**
 * Runs a task until it is finished, over the code of live clients, rounds and roots: the same clients
 * with the same seeds learn the same model, bit for bit, whatever the tree and the number of threads.
 *
 * Left out, as it changes no sum: HTTP, identities and signatures, digests of parcels, receipts, the
 * signed round log. Regions add up in one place, as sums of integers know no order; which updates
 * each of them takes, and by when, is played by the live round machine.
 *
 * @throws {TributaryError} `task-refused` if the task cannot be carried out, `bad-data` for examples
 * that are not the model's or a checkpoint that is damaged or of another simulation; what a client's
 * update is refused for.
 * @throws {RangeError} If there are fewer clients than a round opens with, two have one id, or an
 * option is out of range.
 * @throws What a trainer or the checkpoint throws, or the signal's reason.
 *
 * @example Three people, two of whom are in a round on average
 * ```ts
 * import { ials } from "../models/mod.ts";
 * import { defineTask } from "../task/mod.ts";
 * import { simulate } from "./mod.ts";
 *
 * const task = defineTask({
 *   name: "films",
 *   model: ials({ items: 6, dim: 4 }),
 *   clients: { min: 1, max: 3 },
 *   stop: { rounds: 5 },
 * });
 * const people = [[0, 1, 2], [1, 2, 3], [0, 2, 3]];
 * const clients = people.map((seen) => ({ examples: { items: Uint32Array.from(seen) } }));
 * const run = await simulate(task, { clients, tree: [2], faults: { dropout: 0.33 }, seed: 7 });
 * if (run.info.version !== 5) throw new Error("unfinished");
 * ```
 */
export async function simulate(task: Task, options: SimulateOptions): Promise<Simulation> {
  const { clients, faults = {}, onProgress = () => {}, checkpoint, patience = PATIENCE } = options;
  const { digest = webDigest, clock = systemClock() } = options;
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  checkOptions(task, options);
  const { model: definition, plan } = checkTask(task);
  const shape = treeShape(options.tree ?? [], clients.length);
  const id = await taskId(task);
  const seed = await seedBytes(options.seed ?? 0);
  // Masks change no sum, so none is made here; but what devices send is as long as with them.
  const { parcelBytes: masked, evidence } = formOf(task);
  const parcelBytes = masked + (evidence === undefined ? 0 : submissionBytes(evidence));
  const ids = await treeIds(seed, { clients: clients.length, nodes: shape.parents.length });

  const cores = await inlineCores();
  using train = cores.train;
  using aggregate = cores.aggregate;
  const strategy = strategyFrom(task.strategy, train);
  const chain = createUpdateChain(aggregate, plan);
  const { privacy } = plan;
  const half = privacy && rootHalf(aggregate, { ...plan, privacy });
  const spend = taskSpend(task);
  const first = await beginModel(definition.initial(fromHex(task.seed)), {
    ...{ strategy, digest },
    ...(half && { privacy: half }),
  });
  const { saved, key } = await openSimulation(task, { ...options, seed });
  let model: HeldModel = first;
  let tree: TreeState = newTree({ shape, task: id, rules: rulesOf(task), model: first.info });
  const rounds: SimulatedRound[] = [];
  if (saved !== undefined) {
    rounds.push(...saved.rounds);
    tree = readTree(saved.tree);
    const info = rootOf(tree).model ?? first.info;
    await expectModel(saved.model, { info, digest });
    model = {
      info,
      model: decodeSafetensors(saved.model).tensors,
      bytes: saved.model,
      state: decodeSafetensors(saved.strategy).tensors,
    };
  }
  const fatesOf = await drawFates({
    ...{ faults, seed, clients: clients.length, nodes: shape.parents.length },
    bytes: { down: first.bytes.length, up: parcelBytes },
  });
  const attending = attendances(
    privacy?.mechanism.kind === "ftrl" ? privacy.mechanism : undefined,
    saved?.kept ?? [],
  );
  await using crews = await startCrews({
    ...{ task, clock, signal, workers: options.workers ?? 0 },
    clients: await clientSeeds(seed, clients),
    kept: saved?.kept ?? [],
    tellsChanges: checkpoint !== undefined,
  });

  while (rootOf(tree).phase.kind !== "finished" && abandonedInARow(rounds) < patience) {
    const fates = attending.fates(await fatesOf(rootOf(tree).round + 1), model.info.version);
    const sample = await sampleOf(fates);
    const { state, played } = playRound(tree, { shape, fates, sample, parcelBytes });
    tree = state;
    if (played === undefined) break;
    const { round, trainings } = played;
    attending.note(trainings, model.info.version);
    onProgress({ kind: "open", round, trainings: trainings.length });
    let trained = 0;
    const { sum, changes } = await crews.work({
      round,
      version: model.info.version,
      model: model.bytes,
      parts: trainings,
    }, {
      signal,
      onTrained(count) {
        trained += count;
        onProgress({ kind: "trained", round, clients: trained });
      },
    });
    const before = model;
    let metrics: SteppedModel["metrics"] = {};
    let spent: Spent | undefined;
    if (played.outcome === "sealed") {
      const next = await stepped(sum, { round, count: included(played) });
      const sums = rootOf(tree).progress.sums ?? 0;
      spent = next === undefined ? spend?.failed(sums) : spend?.next(sums);
      if (next === undefined) {
        const failure = { kind: "fail", round, reason: "sum-refused" } as const;
        tree = answered(tree, { ...failure, ...(spent && { spent }) });
      } else {
        const { info, metrics: means } = next;
        const publication = { kind: "publish", round, model: info, metrics: means } as const;
        tree = answered(tree, { ...publication, ...(spent && { spent }) });
        model = next;
        metrics = next.metrics;
      }
    }
    const closed = {
      ...roundOf(played, { before, after: model, metrics, parcelBytes }),
      ...(spent && { spent: { sums: spent.sums, epsilon: spent.epsilon } }),
    };
    rounds.push(closed);
    await checkpoint?.save({
      ...{ key, tree, round: closed, kept: changes },
      model: model.bytes,
      strategy: encodeSafetensors(model.state),
    });
    onProgress({ kind: "closed", round: closed });
  }
  const { phase } = rootOf(tree);
  return {
    task: id,
    reason: phase.kind === "finished" ? phase.reason : "stalled",
    info: model.info,
    model: splitPublished(model.model).rest,
    rounds,
    ms: tree.nowMs,
  };

  async function sampleOf({ devices, down }: RoundFates): Promise<TreeSample> {
    const { nowMs, busyUntilMs } = tree;
    return await sampleTree({
      ...{ shape, ids, sampling: task.sampling, max: task.clients.max, seed },
    }, {
      round: rootOf(tree).round + 1,
      isThere: (client) =>
        devices[client]?.does !== "nothing" && (busyUntilMs[client] ?? 0) <= nowMs &&
        !down[leafOf(shape, client)],
    });
  }

  /** The next model; undefined if the sum admits none. */
  async function stepped(
    sum: Uint8Array,
    { round, count }: { readonly round: number; readonly count: number },
  ): Promise<SteppedModel | undefined> {
    const { model: tensors, state, info } = model;
    const privacy = half && {
      root: half,
      // Repeatable, and so a promise to nobody: these clients are not real.
      seed: await deriveSeed(seed, "root noise", round),
      rotation: await rotationSeed(id, round),
    };
    try {
      return await stepModel({
        ...{ strategy, chain, sum, clients: count, model: tensors, state, digest },
        version: info.version + 1,
        ...(privacy && { privacy }),
      });
    } catch (error) {
      if (isTributaryError(error)) return undefined;
      throw error;
    }
  }
}

function checkOptions({ clients: { min } }: Task, options: SimulateOptions): void {
  const { clients, workers = 0, patience = 1 } = options;
  if (clients.length < min) {
    throw new RangeError(
      `Cannot simulate ${clients.length} clients: a round of the task opens with ${min} or more`,
    );
  }
  if (!Number.isSafeInteger(workers) || workers < 0) {
    throw new RangeError(`Cannot simulate in ${workers} threads: expected a whole number`);
  }
  if (!Number.isSafeInteger(patience) || patience < 1) {
    throw new RangeError(
      `Cannot give up after ${patience} rounds: expected a whole number above 0`,
    );
  }
}

/** Refuses to go on from a model that was damaged: what comes of it would not be told from the rest. */
async function expectModel(
  file: Uint8Array,
  { info, digest }: { readonly info: ModelInfo; readonly digest: Digest },
): Promise<void> {
  const found = toHex(await digest(file));
  if (found === info.digest) return;
  throw new TributaryError(
    "bad-data",
    `Cannot go on from a checkpoint: its model ${info.version} has digest ${found}, ` +
      `expected ${info.digest}`,
  );
}

function included({ trainings }: PlayedRound): number {
  return trainings.reduce((sum, { isIncluded }) => sum + Number(isIncluded), 0);
}

function abandonedInARow(rounds: readonly SimulatedRound[]): number {
  return rounds.length - 1 - rounds.findLastIndex(({ outcome }) => outcome === "published");
}

function roundOf(
  played: PlayedRound,
  { before, after, metrics, parcelBytes }: {
    readonly before: HeldModel;
    readonly after: HeldModel;
    readonly metrics: SteppedModel["metrics"];
    readonly parcelBytes: number;
  },
): SimulatedRound {
  const { round, outcome, trainings, asked, away, lost, late, down, ms } = played;
  const isPublished = after !== before;
  const acknowledged = trainings.filter(({ isAcknowledged }) => isAcknowledged).length;
  return {
    round,
    outcome: isPublished ? "published" : outcome === "sealed" ? "sum-refused" : outcome,
    model: after.info,
    metrics,
    clients: isPublished ? included(played) : 0,
    ...{ asked, away, lost, late, ms },
    regionsDown: down.length,
    bytesUp: acknowledged * parcelBytes,
    bytesDown: trainings.length * before.bytes.length,
  };
}
