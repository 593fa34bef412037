/**
 * A device that is a member of a region.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/digest.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import { retry } from "../core/retry.ts";
import type { TensorSpec } from "../core/tensor.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import type { Mask } from "../mask/mask.ts";
import type { ModelUse } from "../models/on_device.ts";
import type { ClientHalf } from "../strategy/client_half.ts";
import { splitPublished } from "../strategy/published.ts";
import { rotationSeed } from "../privacy/rotation.ts";
import { isAsked } from "../round/asked.ts";
import type { UpdateChain } from "../update/chain.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { DEFAULT_RETRY, isRetryable, retryAfterMs } from "../wire/peer.ts";
import type { RoundInfo } from "../wire/round_info.ts";
import { MAX_WAIT_S } from "../wire/routes.ts";
import type { Task } from "../wire/task.ts";
import { fetchModel } from "./fetch_model.ts";
import { type LocalModel, localModel } from "./local_model.ts";
import type { RoundSeeds } from "./make_update.ts";
import type { Regions } from "./regions.ts";
import type { RoundReport } from "./round_report.ts";
import { readSentNote } from "./sent_note.ts";
import { takePart } from "./take_part.ts";

/** A device that is a member of a region. */
export interface Participant extends AsyncDisposable {
  /** Id of the member. */
  readonly id: string;
  /** Digest of the task. */
  readonly taskId: string;
  /** The task, checked. */
  readonly task: Task;
  /** Address of the region that it is a member of now. */
  readonly url: string;
  /**
   * Takes part in every round from now on, until the task is finished, or the device left or was
   * disposed of.
   *
   * It waits for a round without polling at intervals, rides out a region that is away, and enrols
   * again where it was forgotten. A round that does not ask it costs it neither the model nor any
   * training. One such loop at a time: a client has one update a round.
   *
   * @throws {TributaryError} What stays wrong: a region that refuses this member, a model of another
   * digest or of other tensors than the task's, a contribution that does not fit the plan.
   * @throws What the trainer throws, or the reason of a signal.
   */
  rounds(options?: { readonly signal?: AbortSignal }): AsyncGenerator<RoundReport, void>;
  /**
   * The latest model that the region has.
   *
   * @throws {TributaryError} `model-unknown` before the region's first round, `model-invalid` when it
   * is not the one announced or not the task's.
   */
  model(): Promise<LocalModel>;
  /** Takes the device off the roster, if it is there, and ends its rounds. */
  leave(): Promise<void>;
  /**
   * Ends everything, and waits until it has ended. The device stays on the roster: one that restarts
   * is still a member.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What {@link createParticipant} is given by {@link join}. */
export interface ParticipantOptions {
  /** Who takes part. */
  readonly identity: Identity;
  /** Digest of the task. */
  readonly taskId: string;
  /** The task, checked. */
  readonly task: Task;
  /** Where it takes part. */
  readonly regions: Regions;
  /** Digest of the task's plan. */
  readonly plan: string;
  /** Names and shapes of what the task's rounds publish: the model, and what its strategy sends along. */
  readonly tensors: readonly TensorSpec[];
  /** Trains. */
  readonly trainer: Trainer;
  /** What the model is used for, on a device that joined with examples. */
  readonly use: ModelUse | undefined;
  /** The client's half of the task's strategy, where it has one. */
  readonly half: ClientHalf | undefined;
  /** What the device keeps from round to round. */
  readonly state: DeviceState;
  /** Turns a contribution into a parcel. */
  readonly chain: UpdateChain;
  /** How the task's parcels are masked. */
  readonly mask: Mask;
  /** Masks in its memory. */
  readonly aggregate: AggregateCore;
  /** Raw key of whoever runs the task's root, base64url. */
  readonly rootKey: string;
  /** Seeds of all that is random in a round. */
  seedsOf(round: number): Promise<RoundSeeds>;
  /** Runs work when it is this device's turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Secrets of masked parcels, and jitter. */
  readonly random: RandomSource;
  /** SHA-256. */
  readonly digest: Digest;
  /** Ends everything. */
  readonly signal: AbortSignal | undefined;
}

/** So many failures in a row, and a device looks for another region. */
const MOVES_AFTER = { unreachable: 2, refused: 6 };

/** A device that has enrolled. */
export function createParticipant(options: ParticipantOptions): Participant {
  const { identity, taskId, task, regions, clock } = options;
  const disposed = new AbortController();
  const left = new AbortController();
  const signal = anySignal(disposed.signal, options.signal);
  const underWay = new Set<Promise<unknown>>();
  /** Number of the last round that is dealt with, for a loop that follows another. */
  let last = 0;
  /** Session id of that round, as far as it was heard of. */
  let lastSid: string | undefined;

  /** What dispose waits for. */
  async function tracked<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  }

  /** Waits for a round above `after`; undefined when it is to ask again. */
  async function nextRound(after: number, signal: AbortSignal): Promise<RoundInfo | undefined> {
    let failure: unknown;
    let failures = 0;
    return await retry(async () => {
      if (failure !== undefined) await recover(failure, { failures, signal });
      failure = undefined;
      const { once, region } = regions.home;
      const wait = { after, waitS: MAX_WAIT_S, plan: options.plan, as: { region }, signal };
      return await once.round(taskId, wait);
    }, {
      clock,
      random: options.random,
      ...DEFAULT_RETRY,
      attempts: Infinity,
      signal,
      retryAfterMs: (error) => mayMove(error, 0) ? 0 : retryAfterMs(error),
      retryable(error) {
        failure = error;
        failures++;
        // A region that has forgotten this member takes it back, and one that has another key now too.
        return isRetryable(error) || isTributaryError(error, "member-unknown") ||
          isTributaryError(error, "region-changed");
      },
    });
  }

  /** Whether it is time to look for another region. */
  function mayMove(error: unknown, failures: number): boolean {
    if (!regions.hasOthers) return false;
    return isTributaryError(error, "draining") ||
      (isTributaryError(error, "peer-unreachable") && failures >= MOVES_AFTER.unreachable) ||
      (isRetryable(error) && failures >= MOVES_AFTER.refused);
  }

  /** Becomes a member again, where it was or elsewhere. */
  async function recover(
    failure: unknown,
    { failures, signal }: { readonly failures: number; readonly signal: AbortSignal },
  ): Promise<void> {
    if (mayMove(failure, failures) && await regions.move(signal)) return await sitOut(signal);
    if (isTributaryError(failure, "region-changed")) await regions.meetAgain(signal);
    // It may have come back without its roster, and would then wait for nobody.
    await regions.enrol("once", signal);
  }

  /** Tells a new region not to wait in a round that this device is through with. */
  async function sitOut(signal: AbortSignal): Promise<void> {
    if (lastSid === undefined) return;
    const { once, region } = regions.home;
    try {
      await once.abstain(taskId, { round: last, sid: lastSid, region, signal });
    } catch {
      // It has not that round open.
      signal.throwIfAborted();
    }
  }

  async function attempt(
    info: RoundInfo & { readonly kind: "open" },
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<RoundReport> {
    const seeds = await options.seedsOf(info.round);
    const blur = task.privacy && {
      rotation: await rotationSeed(taskId, info.round),
      // Never of a seed: who knows it could take the noise back.
      noise: options.random(32),
    };
    return await takePart(info, {
      ...options,
      task: taskId,
      maskPlan: task.mask,
      roundMs: task.roundMs,
      // All of a round is one turn, but where clients wait for each other.
      turn: options.mask.phases === undefined ? (work) => work() : options.turn,
      seeds,
      ...(blur && { blur }),
      deadlineMs,
      signal,
    });
  }

  async function* rounds(signal: AbortSignal): AsyncGenerator<RoundReport, void> {
    for (;;) {
      const info = await tracked(nextRound(last, signal));
      if (info === undefined) continue;
      if (info.kind === "finished") return;
      // Counted from when it was heard, on this device's own clock: a turn may be long in coming.
      const deadlineMs = clock.now() + info.deadlineMs - info.nowMs;
      const { sampling } = task;
      if (!await tracked(isAsked(info, { id: identity.id, sampling, digest: options.digest }))) {
        [last, lastSid] = [info.round, info.sid];
        yield { kind: "missed", round: last, reason: "not-asked" };
        continue;
      }
      const note = await tracked(readSentNote(options.state, taskId));
      if (note !== undefined && note.round >= info.round && note.url !== regions.home.url) {
        // Begun before a restart, or by a loop that was ended: what became of it nobody here knows.
        [last, lastSid] = [info.round, info.sid];
        await tracked(sitOut(signal));
        yield { kind: "missed", round: last, reason: "unconfirmed" };
        continue;
      }
      const work = () => attempt(info, deadlineMs, signal);
      const report = await tracked(options.mask.phases === undefined ? options.turn(work) : work());
      [last, lastSid] = [info.round, info.sid];
      if (regions.hasOthers) await tracked(regions.leaveOthers(signal));
      yield report;
    }
  }

  return {
    id: identity.id,
    taskId,
    task,
    get url() {
      return regions.home.url;
    },
    async *rounds(call = {}) {
      try {
        yield* rounds(anySignal(AbortSignal.any([signal, left.signal]), call.signal));
      } catch (error) {
        if (!left.signal.aborted && !disposed.signal.aborted) throw error;
      }
    },
    async model() {
      const { peer } = regions.home;
      const { model: info } = await tracked(peer.status(taskId, { signal }));
      if (info === undefined) {
        throw new TributaryError(
          "model-unknown",
          "Cannot fetch a model: the region has seen none yet",
        );
      }
      const { tensors } = await tracked(
        fetchModel({ peer, task: taskId, info, tensors: options.tensors, signal }),
      );
      return localModel(
        { version: info.version, tensors: splitPublished(tensors).rest },
        options.use,
      );
    },
    async leave() {
      left.abort(new DOMException("The participant left", "AbortError"));
      try {
        const { peer, region } = regions.home;
        await tracked(peer.leave(taskId, { region, signal }));
      } catch (error) {
        // It is gone already: perhaps by a first try, whose answer got lost.
        if (!isTributaryError(error, "member-unknown")) throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      disposed.abort(new DOMException("The participant was disposed of", "AbortError"));
      await Promise.allSettled(underWay);
    },
  };
}

function anySignal(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}
