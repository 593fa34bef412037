/**
 * What only a region does: follows its parent's rounds, and forwards its own sums.
 *
 * @module
 */
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { retry } from "../../src/core/retry.ts";
import { type RoundFacts, rulesOf } from "../../src/round/record.ts";
import { drawSample, type Sample } from "../../src/round/sample.ts";
import { beginRegion } from "../../src/round/begin.ts";
import { onlyTask } from "../../src/wire/only_task.ts";
import type { Party } from "../../src/wire/party.ts";
import {
  type Asker,
  createPeer,
  isRetryable,
  type Peer,
  retryAfterMs,
  type RetryPolicy,
} from "../../src/wire/peer.ts";
import {
  groupOf,
  type ModelInfo,
  type OpenRound,
  type RoundInfo,
} from "../../src/wire/round_info.ts";
import { MAX_WAIT_S } from "../../src/wire/routes.ts";
import type { Share } from "../../src/wire/sampling.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { bundleOf } from "./bundle.ts";
import { candidatesOf } from "../task/candidates.ts";
import type { Perform } from "../task/duty.ts";
import { storeFirst } from "../task/first_write.ts";
import { modelName } from "../task/models.ts";
import { readSuccession } from "./stored_succession.ts";
import { readSealedSum } from "../sum/sealed_sum.ts";
import { inGroup } from "../task/shares.ts";
import { MAX_SLICE_BYTES } from "../store.ts";
import { formOf } from "../task/task_form.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { World } from "../world.ts";

/** Which aggregator a region sums for. */
export interface ParentOptions {
  /** Its address. */
  readonly url: string;
  /** Digest of the task to take part in; may be left out where the parent has just one. */
  readonly task?: string;
  /** Token of a parent that asks for one. */
  readonly token?: string;
}

/** Tries without end: a region that has lost its parent has nothing else to do. */
const FOREVER = { attempts: Infinity, minMs: 200, maxMs: 10_000 };
/** For a loop that has tries of its own. */
const ONCE = { ...FOREVER, attempts: 1 };

/** The parent as this region speaks to it. */
function parentPeer(world: World, { url }: ParentOptions, retry: RetryPolicy = FOREVER): Peer {
  const { fetch, identity, clock, random, digest } = world;
  return createPeer({ url, fetch, identity, clock, random, digest, retry });
}

/**
 * Takes up the parent's task in the store, when it is not there already.
 *
 * @returns The task's digest.
 * @throws {TributaryError} `task-unknown` if the parent has no such task, or not just one;
 * `task-refused` if its sums do not fit, masked or not.
 */
export async function storeParentTask(
  world: World,
  parent: ParentOptions,
  signal: AbortSignal,
): Promise<string> {
  const known = await world.store.tasks();
  if (parent.task !== undefined && known.includes(parent.task)) return parent.task;
  // One store, one task: a restart needs no word from the parent.
  if (parent.task === undefined && known[0] !== undefined) return known[0];
  const peer = parentPeer(world, parent);
  const id = parent.task ?? await onlyTask(peer, { signal });
  const { region, ...signed } = await peer.task(id, { signal });
  formOf(signed.task);
  const first = beginRegion({ task: id, rules: rulesOf(signed.task), parent: region.id });
  await storeFirst(world, signed, { first, parent: region, models: [], slices: [] });
  return id;
}

/** A region's side of its parent: whom it is for, and how to reach it. */
interface Upward {
  readonly world: World;
  readonly life: TaskLife;
  readonly parent: ParentOptions;
  readonly peer: Peer;
}

async function enrol(
  { world, life, parent, peer }: Upward,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const { token } = parent;
  const region = parentOf(life);
  const stored = await readSuccession(world.store, life.id);
  await peer.enrol(life.id, {
    ...{ kind: "region", size, region, signal },
    ...(token === undefined ? {} : { token }),
    ...(stored && { succeeds: { publicKey: stored.publicKey, signature: stored.signature } }),
  });
}

/** Enrols at a parent that has forgotten this region. */
async function enrolAgain(upward: Upward, signal: AbortSignal): Promise<void> {
  const { record } = await upward.life.committer.state();
  await enrol(upward, record.round.roster.clients, signal);
}

/** Sends a sealed sum, and notes that the parent has it. Doing so twice does no harm. */
async function forward(upward: Upward, facts: RoundFacts, signal: AbortSignal): Promise<void> {
  const { world, life, peer } = upward;
  const { committer } = life;
  const { round, sid, clients, group = 0 } = facts;
  const sealed = await readSealedSum(world, life, group);
  const { parcel, slices, digest: sum, members } = sealed;
  const isMasked = life.form.evidence !== undefined;
  const evidence = isMasked ? await bundleOf(world, life, { facts, sum: sealed }) : undefined;
  const upload = {
    ...{ round, sid, clients, members, parcel, slices, signal },
    ...(evidence && { evidence }),
    region: parentOf(life),
  };
  try {
    await peer.putUpdate(life.id, upload);
  } catch (error) {
    // The parent may have lost its roster.
    if (!isTributaryError(error, "member-unknown")) throw error;
    await enrolAgain(upward, signal);
    await peer.putUpdate(life.id, upload);
  }
  await committer.run((draft) => draft.step({ kind: "forward", round, sum, members }));
}

/** Sends the sum of a round that is sealed; one that is so no more has been dealt with. */
async function forwardSealed(upward: Upward, round: number, signal: AbortSignal): Promise<void> {
  const { phase } = (await upward.life.committer.state()).record.round;
  if (phase.kind !== "sealed" || phase.facts.round !== round) return;
  await forwardTimed(upward, phase.facts, signal);
}

/** Forwards, and says how long that took. */
async function forwardTimed(
  upward: Upward,
  facts: RoundFacts,
  signal: AbortSignal,
): Promise<void> {
  const { world: { clock, logger, trace }, life } = upward;
  const { round, clients } = facts;
  const sum = { kind: "forward", task: life.id, round, clients } as const;
  const beganMs = clock.now();
  await trace(sum, () => forward(upward, facts, signal));
  logger({ ...sum, bytes: life.form.parcelBytes, ms: clock.now() - beganMs });
}

/** Has the parent wait no longer for a round to which nobody here had anything to add. */
async function abstain(
  { life, peer }: Upward,
  { round, sid }: Pick<RoundFacts, "round" | "sid">,
  signal: AbortSignal,
): Promise<void> {
  try {
    await peer.abstain(life.id, { round, sid, region: parentOf(life), signal });
  } catch (error) {
    // Whatever else the parent says, it waits no more: the round is over, or does not ask this region.
    if (isRetryable(error) || signal.aborted) throw error;
  }
  await life.committer.run((draft) =>
    draft.step({ kind: "fail", round, reason: "nothing-to-send" })
  );
}

/** The duties of a region. */
export function regionDuties(world: World, life: TaskLife, parent: ParentOptions): Perform {
  const upward = { world, life, parent, peer: parentPeer(world, parent) };
  const { committer } = life;

  return async (duty, signal) => {
    switch (duty.kind) {
      case "report":
        // It has left its parent, or is about to.
        if (life.draining.signal.aborted) return;
        return await enrol(upward, duty.clients, signal);
      case "forward":
        try {
          return await forwardSealed(upward, duty.round, signal);
        } catch (error) {
          if (isRetryable(error) || signal.aborted) throw error;
          const { round } = duty;
          world.logger({ kind: "failure", doing: `forwarding round ${round}`, error });
          await committer.run((draft) =>
            draft.step({ kind: "fail", round, reason: "parent-refused" })
          );
          return;
        }
      case "abstain":
        return await abstain(upward, duty, signal);
      case "fetch":
        // Came with the round itself: a round is not told to children before its model is here.
        return;
      case "open":
      case "unmask":
      case "publish":
        throw new TypeError(`Cannot ${duty.kind}: a region does not own its task`);
      default:
        throw duty satisfies never;
    }
  };
}

/** What a region gathers in a round, and of whom. */
interface Drawing {
  readonly share: Share;
  readonly sample: Sample;
  readonly group: number;
}

/**
 * Waits for the parent's rounds and takes them up, until the task ends or the region stops.
 *
 * @throws The reason of `signal` when that aborts.
 */
export async function followParent(
  world: World,
  life: TaskLife,
  { parent, signal }: { readonly parent: ParentOptions; readonly signal: AbortSignal },
): Promise<void> {
  const peer = parentPeer(world, parent);
  const once = parentPeer(world, parent, ONCE);
  const upward = { world, life, parent, peer };
  const { sampling } = life.signed.task;
  const plan = await planDigest(life.signed.task, world.digest);
  const { committer, presence } = life;
  const { clock, random, logger, digest, identity, limits, store } = world;

  async function next(): Promise<void> {
    const { record } = await committer.state();
    const info = await ask(record.round.round);
    if (info === undefined || life.draining.signal.aborted) return;
    const heardMs = clock.now();
    await settle();
    const drawn = info.kind === "open" ? await draw(info) : undefined;
    const isNeeded = info.kind === "finished" || drawn !== undefined;
    const isKept = record.models.some((model) => model.version === info.model.version);
    const isNew = isNeeded && !isKept;
    const bytes = isNew ? await fetchModel(info.model) : undefined;
    await committer.run((draft) => {
      if (isNew) draft.keepModel(info.model, bytes);
      // The parent's clock went on meanwhile.
      const event = { kind: "parent", info: later(info, draft.nowMs - heardMs) } as const;
      if (drawn === undefined) return draft.step(event);
      const { share, sample, group } = drawn;
      const shares = inGroup(sample.shares, group);
      draft.open({ ...event, drawn: { share, sample: sample.facts } }, shares);
    });
  }

  /** A model's bytes; those of one that is too large to hold are in the store when it resolves. */
  async function fetchModel(info: ModelInfo): Promise<Uint8Array | undefined> {
    if (info.bytes <= limits.heldBytes) return await once.model(life.id, info, { signal });
    const name = modelName(info.version);
    await once.modelSlices(life.id, info, {
      sliceBytes: MAX_SLICE_BYTES,
      take: (index, bytes) => store.put(life.id, [{ name, index, bytes }]),
      signal,
    });
    return undefined;
  }

  /** Waits for a round; undefined when it is to ask again. */
  async function ask(after: number): Promise<RoundInfo | undefined> {
    const { record } = await committer.state();
    const asker = { region: parentOf(life), size: record.round.roster.clients };
    // One that is ending takes up no more rounds.
    const going = AbortSignal.any([signal, life.draining.signal]);
    const isCounted = sampling.kind === "available";
    const available = presence.count();
    // The parent draws by what it was told: it is told again once there are an eighth more.
    const stale = new AbortController();
    const over = AbortSignal.any([going, stale.signal]);
    const done = new AbortController();
    const more = available + Math.max(1, Math.ceil(available / 8));
    if (isCounted) {
      presence.reach(more, AbortSignal.any([signal, done.signal])).then(
        () => stale.abort(),
        () => {},
      );
    }
    try {
      return await poll(after, isCounted ? { ...asker, available } : asker, over);
    } catch (error) {
      if (over.aborted && !signal.aborted) return undefined;
      throw error;
    } finally {
      done.abort();
    }
  }

  async function poll(
    after: number,
    as: Asker,
    signal: AbortSignal,
  ): Promise<RoundInfo | undefined> {
    try {
      return await once.round(life.id, { after, waitS: MAX_WAIT_S, plan, as, signal });
    } catch (error) {
      // It is not enrolled yet, or the parent has lost its roster.
      if (!isTributaryError(error, "member-unknown")) throw error;
      await enrolAgain({ ...upward, peer: once }, signal);
      return undefined;
    }
  }

  /** Whom of the members a round asks; undefined when nobody here is asked. */
  async function draw(info: OpenRound): Promise<Drawing | undefined> {
    const { share, sid, threshold: rate } = info;
    const group = groupOf(info, life.signed.task.mask);
    if (share === undefined || share.clients === 0) return undefined;
    if (sampling.kind === "poisson" && rate > sampling.rate) {
      throw new TributaryError(
        "peer-invalid",
        `Cannot follow round ${info.round}: its rate is ${rate}, expected at most ${sampling.rate}`,
      );
    }
    const members = candidatesOf(life, (await committer.state()).members.values());
    const drawer = identity.id;
    const sample = await drawSample({ sampling, sid, drawer, members, share, rate, digest });
    return { share, sample, group };
  }

  /** The parent may have gone on with this region's sum before its word of it arrived here. */
  async function settle(): Promise<void> {
    // The duty forwards it as well. Once that is done the sum is gone, and no try here could send it.
    const tryOnce = async () => {
      const { phase } = (await committer.state()).record.round;
      if (phase.kind !== "sealed" || phase.facts.clients === 0) return;
      await forwardTimed({ ...upward, peer: once }, phase.facts, signal);
    };
    try {
      const policy = { ...FOREVER, retryable: isRetryable, retryAfterMs };
      await retry(tryOnce, { clock, random, signal, ...policy });
    } catch (error) {
      logger({ kind: "failure", doing: "forwarding the round before", error });
    }
  }

  while (committer.latest.record.round.phase.kind !== "finished") {
    if (life.draining.signal.aborted) await handOn(world, upward);
    await retry(next, {
      clock,
      random,
      signal,
      ...FOREVER,
      // Whatever the parent answers, a later version of it may answer better.
      retryable(error) {
        if (!isOvertaken(error)) {
          logger({ kind: "failure", doing: `following ${parent.url}`, error });
        }
        // It may come back without its roster, and would then wait for nobody.
        if (isTributaryError(error, "peer-unreachable")) life.redo("report");
        return true;
      },
      retryAfterMs,
    });
  }
}

/** How often one that is ending looks whether it has sent what it had. */
const HAND_ON_MS = 250;

/** Ends gracefully: sends what the open round has taken in, then leaves the parent. */
async function handOn({ clock }: World, upward: Upward): Promise<void> {
  const { life, peer } = upward;
  const { signal, draining } = life;
  const isOn = () => draining.signal.aborted;
  // The parent waits for this region until it has left.
  while (isOn()) {
    const { phase } = (await life.committer.state()).record.round;
    if (phase.kind !== "open" && phase.kind !== "sealed") break;
    await clock.sleep(HAND_ON_MS, { signal });
  }
  if (isOn()) {
    try {
      await peer.leave(life.id, { region: parentOf(life), signal });
    } catch (error) {
      // A first try may have gone through.
      if (!isTributaryError(error, "member-unknown")) throw error;
    }
    // It may have been taken back meanwhile.
    if (isOn()) draining.finish();
  }
  while (isOn()) await clock.sleep(HAND_ON_MS, { signal });
  await enrolAgain(upward, signal);
}

/** Whether a parent that has just restarted takes only what is signed from the next second on. */
function isOvertaken(error: unknown): boolean {
  return isTributaryError(error, "signature-expired") && error.retryAfterS !== undefined;
}

function later(info: RoundInfo, ms: number): RoundInfo {
  return info.kind === "open" ? { ...info, nowMs: info.nowMs + ms } satisfies OpenRound : info;
}

function parentOf(life: TaskLife): Party {
  const { parent } = life.committer.latest.record;
  if (parent === null) throw new TypeError("Cannot forward: the task has no parent");
  return parent;
}
