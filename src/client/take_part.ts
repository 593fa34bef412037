/**
 * One round on one device: fetch the model, train, encode, send.
 *
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import type { TensorSpec } from "../core/tensor.ts";
import type { Trainer } from "../core/trainer.ts";
import type { Mask } from "../mask/mask.ts";
import type { ClientHalf } from "../strategy/client_half.ts";
import type { PrivateSender, UpdateChain } from "../update/chain.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { isRetryable } from "../wire/peer.ts";
import type { OpenRound } from "../wire/round_info.ts";
import { groupSession } from "../wire/session_id.ts";
import { type FetchedModel, fetchModel } from "./fetch_model.ts";
import { makeUpdate, type RoundSeeds } from "./make_update.ts";
import { maskUpdate } from "./mask_update.ts";
import { beginPhases, type PhaseSession } from "./phases.ts";
import type { MissedReason, RoundReport } from "./round_report.ts";
import { findPlace, type Place, placeOf, sendOnce, type SendOptions } from "./send_once.ts";

/** What a device takes part with. */
export interface Part extends SendOptions {
  /** Names and shapes of what the task's rounds publish: the model, and what its strategy sends along. */
  readonly tensors: readonly TensorSpec[];
  /** Trains on the device's examples. */
  readonly trainer: Trainer;
  /** The client's half of the task's strategy, where it has one. */
  readonly half: ClientHalf | undefined;
  /** Turns a contribution into a parcel. */
  readonly chain: UpdateChain;
  /** Who the device is. */
  readonly identity: Identity;
  /** How the task's parcels are masked. */
  readonly mask: Mask;
  /** Masks in its memory. */
  readonly aggregate: AggregateCore;
  /** Fresh secrets of each parcel. */
  readonly random: RandomSource;
  /** Seeds that only this client and this round have, 32 bytes each. */
  readonly seeds: RoundSeeds;
  /** What an update of a private task is blurred with; others need none. */
  readonly blur?: Omit<PrivateSender, "clip">;
  /** SHA-256. */
  readonly digest: Digest;
  /** Raw key of whoever runs the task's root, base64url. */
  readonly rootKey: string;
  /** Runs training when it is this device's turn; waiting for others is nobody's turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
}

const MISSED: ReadonlySet<string> = new Set<MissedReason>([
  "round-closed",
  "round-full",
  "round-unknown",
  "sid-mismatch",
  "region-changed",
  "model-unknown",
  "update-conflict",
  "not-asked",
  "nothing-to-send",
  "phase-closed",
  "phase-conflict",
  "survivors-missing",
]);

/** After these the region still waits, unless it is told not to. */
const ABSTAINS: ReadonlySet<string | undefined> = new Set<MissedReason | undefined>([
  undefined,
  "nothing-to-send",
  "not-asked",
  "phase-closed",
  "phase-conflict",
  "survivors-missing",
]);

/**
 * Takes part in `round`. Its deadline ends the training; once a parcel is on its way, the region's
 * answer is waited for.
 *
 * @throws {TributaryError} What stays wrong: a model of another digest or of other tensors than the
 * task's, an update that is not finite or not of the plan's shape, a region that refuses this member.
 * @throws What the trainer throws, or the signal's reason.
 */
export async function takePart(round: OpenRound, part: Part): Promise<RoundReport> {
  const { clock, deadlineMs } = part;
  part.signal.throwIfAborted();
  const leftMs = deadlineMs - clock.now();
  if (leftMs <= 0) return { kind: "missed", round: round.round, reason: "deadline" };
  const over = new AbortController();
  const done = new AbortController();
  clock.sleep(leftMs, { signal: done.signal }).then(
    () => over.abort(new DOMException("The round is over", "TimeoutError")),
    () => {},
  );
  try {
    return await contribute(round, part, AbortSignal.any([part.signal, over.signal]));
  } catch (error) {
    part.signal.throwIfAborted();
    const reason = over.signal.aborted && isAbort(error, over.signal)
      ? "deadline"
      : missedReason(error);
    if (ABSTAINS.has(reason)) await abstain(round, part);
    if (reason === undefined) throw error;
    return { kind: "missed", round: round.round, reason };
  } finally {
    done.abort();
  }
}

async function contribute(
  round: OpenRound,
  part: Part,
  signal: AbortSignal,
): Promise<RoundReport> {
  const { round: number } = round;
  const { version } = round.model;
  let place = placeOf(round, part);
  const phases = sharedKeys(round, { place, part, signal });
  const { fetched, update } = await part.turn(async () => {
    const fetched = await fetchAnywhere();
    const received = { version, tensors: fetched.tensors };
    return { fetched, update: await makeUpdate(received, { ...part, round: number, signal }) };
  });
  const { contribution } = update;
  const session = await phases;
  place = await findPlace(round, place, { ...part, signal });
  const { group } = place;
  // Once a round: whatever is tried again sends these bytes again.
  const masked = await maskUpdate(update.parcel, { round, group, part, session });
  const receipt = await sendOnce(round, { place, parcel: masked }, part);
  if (receipt === undefined) return { kind: "missed", round: number, reason: "unconfirmed" };
  await update.accepted();
  const withheld = session && await finished(session, part);
  return {
    ...(withheld && { withheld }),
    kind: "sent",
    round: number,
    metrics: contribution.metrics ?? {},
    receipt,
    bytesSent: masked.parcel.length + (masked.evidence?.bytes ?? 0),
    bytesReceived: fetched.bytes,
  };

  /** From the region, or from a sibling where the device goes as that is away: it has the same model. */
  async function fetchAnywhere(): Promise<FetchedModel> {
    const { task, tensors, regions } = part;
    const from = { task, info: round.model, tensors, signal };
    if (!regions.hasOthers) return await fetchModel({ ...from, peer: place.home.patient });
    try {
      return await fetchModel({ ...from, peer: place.home.peer });
    } catch (error) {
      if (!isRetryable(error)) throw error;
      place = await findPlace(round, place, { ...part, signal });
      return await fetchModel({ ...from, peer: place.home.patient });
    }
  }
}

/** Shares keys while the device trains; undefined where masks need none shared. */
function sharedKeys(
  { round, sid }: OpenRound,
  { place: { home, group }, part, signal }: {
    readonly place: Place;
    readonly part: Part;
    readonly signal: AbortSignal;
  },
): Promise<PhaseSession> | undefined {
  const { mask: { phases: phased }, aggregate: core } = part;
  const { phasePeer: peer, region } = home;
  if (phased === undefined) return undefined;
  const { task, rootKey: owner, identity, random, digest } = part;
  const shared = groupSession(sid, group, digest).then((sid) =>
    beginPhases(
      { peer, region, task, owner, round, sid, identity, phased, core, random, digest },
      signal,
    )
  );
  // Met where the parcel is masked, if it comes to that.
  shared.catch(() => {});
  return shared;
}

/** Helps to open the sum; why not, if it did not come to that. */
async function finished(
  session: PhaseSession,
  { clock, deadlineMs, roundMs, signal }: Part,
): Promise<ErrorCode | "deadline" | undefined> {
  const late = new AbortController();
  const done = new AbortController();
  // The sum is sealed at the deadline at the latest, and what follows takes a quarter of the round.
  const leftMs = Math.max(0, deadlineMs - clock.now()) + roundMs / 2;
  clock.sleep(leftMs, { signal: done.signal }).then(() => late.abort(), () => {});
  try {
    await session.finish(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) return "deadline";
    if (!isTributaryError(error)) throw error;
    // The root had enough without this client, or gave the round up.
    return error.code === "round-closed" || error.code === "round-unknown" ? undefined : error.code;
  } finally {
    done.abort();
  }
}

/** Spares the region waiting; one that cannot be told waits until its deadline. */
async function abstain({ round, sid }: OpenRound, part: Part): Promise<void> {
  const { task, regions: { home: { once, region } }, signal } = part;
  try {
    await once.abstain(task, { round, sid, region, signal });
  } catch {
    signal.throwIfAborted();
  }
}

function missedReason(error: unknown): MissedReason | undefined {
  return isTributaryError(error) && MISSED.has(error.code) ? error.code as MissedReason : undefined;
}

/** Whether work ended because it was told to: with the signal's reason, or an error of its own. */
function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  return error === reason || (error instanceof DOMException && error.name === "AbortError");
}
