/**
 * What only the root does: opens rounds, decodes their sums, steps the strategy, publishes models.
 *
 * @module
 */
import { toBase64Url } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/core/safetensors.ts";
import { type NamedTensors, sameShape, type TensorSpec } from "../../src/core/tensor.ts";
import { WEIGHT_TENSOR } from "../../src/core/trainer.ts";
import type { RootPrivacy } from "../../src/privacy/root_privacy.ts";
import { rotationSeed } from "../../src/privacy/rotation.ts";
import { type RoundRecord, rulesOf } from "../../src/round/record.ts";
import { beginRoot } from "../../src/round/begin.ts";
import { refusePublishedNames } from "../../src/strategy/published.ts";
import type { Strategy } from "../../src/strategy/strategy.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { checkPrivacy } from "../../src/update/check_privacy.ts";
import { taskSpend } from "../../src/update/private_plan.ts";
import { rootHalf } from "../../src/update/root_half.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import type { Spent } from "../../src/wire/log.ts";
import { isOpened } from "../../src/wire/log_groups.ts";
import { isRetryable } from "../../src/wire/peer.ts";
import type { ModelInfo } from "../../src/wire/round_info.ts";
import {
  rootKeyOf,
  type SignedTask,
  type Task,
  updatePlan,
  verifyTask,
} from "../../src/wire/task.ts";
import type { Duty, Perform } from "../task/duty.ts";
import { storeFirst } from "../task/first_write.ts";
import { modelName, readSlices, sliceRows } from "../task/models.ts";
import { type OpenedRound, openGroups, type OpeningPhase, sealGroups } from "./open_groups.ts";
import { openRound } from "./open_round.ts";
import { readSealedSum, readWholeSum } from "../sum/sealed_sum.ts";
import { beginModel, stepModel, type SteppedModel } from "./step_model.ts";
import { formOf } from "../task/task_form.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { World } from "../world.ts";

/** Gives the strategy that a task asks for. */
export type StrategyOf = (task: Task) => Strategy;

/** A task to begin with. */
export interface NewTask {
  /** The task, signed by the identity of this root. */
  readonly signed: SignedTask;
  /** Its initial model. */
  readonly model: NamedTensors;
}

/**
 * Stores a new task with its initial model; one that is stored already stays as it is.
 *
 * @returns The task's digest.
 * @throws {TributaryError} `task-refused` if another one owns it, if its sums do not fit, masked or not,
 * if it spends more privacy than it promises, or the strategy, the model and the update plan do not fit
 * together.
 */
export async function storeTask(
  world: World,
  { signed, model }: NewTask,
  strategyOf: StrategyOf,
): Promise<string> {
  const { identity, digest } = world;
  const { id } = await verifyTask(signed);
  const { task } = signed;
  if (rootKeyOf(signed) !== toBase64Url(identity.publicKey)) {
    refuse(`${rootKeyOf(signed)} runs it, expected this root's own key, as it signs the round log`);
  }
  const strategy = strategyOf(task);
  formOf(task);
  checkPrivacy(task);
  checkSums(task, strategy, model);
  using core = createAggregateCore(world.module);
  const half = halfOf(core, task);
  const { info, bytes, state } = await beginModel(model, {
    ...{ strategy, digest },
    ...(half && { privacy: half }),
  });
  const first = beginRoot({ task: id, rules: rulesOf(task), model: info });
  await storeFirst(world, signed, {
    first,
    parent: null,
    models: [info],
    slices: [
      ...sliceRows(modelName(0), bytes),
      ...sliceRows(stateName(0), encodeSafetensors(state)),
    ],
  });
  return id;
}

/** The duties of a root. */
export function rootDuties(world: World, life: TaskLife, strategyOf: StrategyOf): Perform {
  const { digest } = world;
  const { task } = life.signed;
  const { committer } = life;
  const plan = updatePlan(task);
  const isMasked = task.mask.kind !== "none";
  const spend = taskSpend(task);

  /** What a sum costs that was opened, and gave no model. */
  function failedSpend(record: RoundRecord): { readonly spent?: Spent } {
    return spend === undefined ? {} : { spent: spend.failed(sumsOf(record)) };
  }

  async function unmask(round: number): Promise<void> {
    const sealed = await seal();
    await committer.run((draft) => draft.step({ kind: "unmask", round, ...sealed }));
  }

  async function seal(): Promise<{ readonly sum: string; readonly members: string }> {
    if (isMasked) return await sealGroups(world, life);
    const { digest: sum, members } = await readSealedSum(world, life, 0);
    return { sum, members };
  }

  async function publish(round: number, signal: AbortSignal): Promise<void> {
    const { record } = await committer.state();
    const { phase, model: base } = record.round;
    if (phase.kind !== "unmasking" || phase.facts.round !== round || base === undefined) return;
    const { words, clients, opened } = isMasked
      ? await openGroups(world, life, { phase, signal })
      : await readPlain(phase);
    if (clients < task.clients.min) {
      const groups = opened?.groups;
      await committer.run((draft) =>
        draft.step({
          ...{ kind: "fail", round, reason: "too-few-opened" },
          ...(groups && { groups }),
          ...(isOpened(groups) && failedSpend(draft.round)),
        })
      );
      return;
    }
    const next = await stepped(base, words, { round, clients });
    await committer.run((draft) => {
      const now = draft.round.phase;
      // Another answer came first: nothing of this one may be kept.
      if (now.kind !== "unmasking" || now.facts.round !== round) return;
      draft.keepModel(next.info, next.bytes);
      draft.slices.push(
        ...sliceRows(stateName(next.info.version), encodeSafetensors(next.state)),
      );
      draft.dropped.push(stateName(base.version));
      const { info: model, metrics } = next;
      draft.step({
        ...{ kind: "publish", round, model, metrics },
        ...(opened && { opened }),
        ...(spend && { spent: spend.next(sumsOf(draft.round)) }),
      });
    });
  }

  /** The sum of a round that is not masked. */
  async function readPlain({ facts, sum: expected }: OpeningPhase): Promise<
    Omit<OpenedRound, "opened"> & { readonly opened?: undefined }
  > {
    const sum = await readWholeSum(world, life, 0);
    if (sum.digest === expected) return { words: sum.bytes, clients: facts.clients };
    throw new TributaryError(
      "digest-mismatch",
      `Cannot open the sum of round ${facts.round}: its digest is ${sum.digest}, ` +
        `expected ${expected}`,
    );
  }

  async function stepped(
    base: ModelInfo,
    sum: Uint8Array,
    { round, clients }: { readonly round: number; readonly clients: number },
  ): Promise<SteppedModel> {
    using core = createAggregateCore(world.module);
    const root = halfOf(core, task);
    return await stepModel({
      strategy: strategyOf(task),
      chain: createUpdateChain(core, plan),
      sum,
      clients,
      model: await stored(modelName(base.version)),
      state: await stored(stateName(base.version)),
      version: base.version + 1,
      digest,
      ...(root && {
        // Noise for this sum alone; a step that is done again draws anew, as nobody saw the first.
        privacy: { root, seed: world.random(32), rotation: await rotationSeed(life.id, round) },
      }),
    });
  }

  async function stored(name: string): Promise<NamedTensors> {
    const bytes = await readSlices(world.store, life.id, name);
    if (bytes === undefined) {
      throw new TributaryError("store-failed", `Cannot step: the store has no ${name}`);
    }
    return decodeSafetensors(bytes).tensors;
  }

  /** Gives a round up whose sum cannot be used: tried again, it would fail again. */
  async function orFail(round: number, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (isRetryable(error) || life.signal.aborted) throw error;
      world.logger({ kind: "failure", doing: `round ${round}`, error });
      await committer.run((draft) =>
        draft.step({
          ...{ kind: "fail", round, reason: "sum-refused" },
          ...(draft.round.phase.kind === "unmasking" && failedSpend(draft.round)),
        })
      );
    }
  }

  return async (duty: Duty, signal) => {
    switch (duty.kind) {
      case "open":
        return await openRound(world, life, { round: duty.round, signal });
      case "unmask":
        return await orFail(duty.round, unmask(duty.round));
      case "publish":
        return await orFail(duty.round, publish(duty.round, signal));
      case "abstain":
      case "fetch":
      case "forward":
      case "report":
        throw new TypeError(`Cannot ${duty.kind}: a root has no parent`);
      default:
        throw duty satisfies never;
    }
  };
}

/** The root's half of a task's privacy; undefined where it promises none. */
function halfOf(core: AggregateCore, task: Task): RootPrivacy | undefined {
  const { privacy, ...plan } = updatePlan(task);
  return privacy && rootHalf(core, { ...plan, privacy });
}

/** Sums of a private task that were opened so far. */
function sumsOf({ progress }: RoundRecord): number {
  return progress.sums ?? 0;
}

function stateName(version: number): string {
  return `state/${version}`;
}

function specsOf(model: NamedTensors): TensorSpec[] {
  return Object.entries(model).map(([name, { shape }]) => ({ name, shape }));
}

/** Checks that clients send what the strategy asks for. */
function checkSums(task: Task, strategy: Strategy, model: NamedTensors): void {
  refusePublishedNames(specsOf(model));
  for (const { name, shape, range } of strategy.sums(specsOf(model))) {
    const sent = task.update.tensors.find((tensor) => tensor.name === name);
    if (sent === undefined && name === WEIGHT_TENSOR && isCounted(task)) continue;
    if (sent === undefined) refuse(`its updates have no "${name}", which its strategy asks for`);
    if (!sameShape(sent.shape, shape) || sent.range !== range) {
      refuse(
        `its updates have "${name}" of shape [${sent.shape}] and range ${sent.range}, ` +
          `expected [${shape}] and ${range}`,
      );
    }
  }
}

/** Whether the number of clients is what they weigh, so that nobody has to send it. */
function isCounted({ privacy, update }: Task): boolean {
  return privacy !== undefined && update.weightCap === null;
}

function refuse(found: string): never {
  throw new TributaryError("task-refused", `Cannot own a task: ${found}`);
}
