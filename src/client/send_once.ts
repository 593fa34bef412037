/**
 * Sending one update of a round to one region, or to a sibling of it, and never to both.
 *
 * A device goes elsewhere with an update only if it knows that the region before has not taken it and
 * never will: nothing was sent there; or, where updates are not masked, that region has acknowledged
 * the device's abstention, after which it refuses whatever is still on its way. If neither can be had,
 * the device stays with the region, and does without the round when that does not answer in time.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import { isRetryable, type UpdateUpload } from "../wire/peer.ts";
import type { Receipt } from "../wire/receipt.ts";
import { groupOf, type OpenRound } from "../wire/round_info.ts";
import type { Home, Regions } from "./regions.ts";
import { readSentNote, writeSentNote } from "./sent_note.ts";

/** What an update is sent with. */
export interface SendOptions {
  /** The device's regions. */
  readonly regions: Regions;
  /** Digest of the task. */
  readonly task: string;
  /** How parcels are masked. */
  readonly maskPlan: MaskPlan;
  /** Digest of the task's plan. */
  readonly plan: string;
  /** Where what was sent is noted. */
  readonly state: DeviceState;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** When the round closes, on the device's own clock. */
  readonly deadlineMs: number;
  /** Time of a round. */
  readonly roundMs: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** Where a device takes part in a round. */
export interface Place {
  /** The region. */
  readonly home: Home;
  /** The device's group there. */
  readonly group: number;
}

/** An update, before it is known where it goes. */
export type Parcel = Pick<UpdateUpload, "parcel" | "slices" | "evidence">;

/** Longest time that a sibling may take to hear of the round, in seconds. */
const HEAR_S = 10;

/** The place where a round was heard of. */
export function placeOf(round: OpenRound, { regions, maskPlan }: SendOptions): Place {
  return { home: regions.home, group: groupOf(round, maskPlan) };
}

/**
 * Where to send a round's update: where it may have been sent before this device was restarted; if none
 * of it was sent, where the round was heard of if that
 * region is there, else at a sibling that has the same round open.
 *
 * @throws {TributaryError} `round-closed` if the sibling has not.
 */
export async function findPlace(
  round: OpenRound,
  place: Place,
  options: SendOptions,
): Promise<Place> {
  const { regions, task, maskPlan, signal } = options;
  // Keys were shared by way of one region.
  if (!regions.hasOthers || maskPlan.kind === "secagg_plus") return place;
  // Before a restart it may have sent the update here.
  const note = await readSentNote(options.state, task);
  if (note !== undefined && note.round >= round.round) return place;
  try {
    await place.home.once.status(task, { signal });
    return place;
  } catch (error) {
    signal.throwIfAborted();
    if (!isTributaryError(error, "peer-unreachable")) return place;
    return await goElsewhere(round, options) ?? place;
  }
}

/** Goes to a sibling that has the same round open for this device; undefined if no other is there. */
async function goElsewhere(round: OpenRound, options: SendOptions): Promise<Place | undefined> {
  const { regions, task, plan, signal, clock, deadlineMs } = options;
  if (!await regions.move(signal)) return undefined;
  const { home } = regions;
  const waitS = Math.max(0, Math.min(HEAR_S, Math.floor((deadlineMs - clock.now()) / 1000)));
  const wait = { after: round.round - 1, waitS, plan, as: { region: home.region }, signal };
  const info = await home.once.round(task, wait).catch((error) => {
    signal.throwIfAborted();
    if (isRetryable(error) || isTributaryError(error, "member-unknown")) return undefined;
    throw error;
  });
  if (info?.kind === "open" && info.sid === round.sid && (info.share?.clients ?? 0) > 0) {
    return placeOf(info, options);
  }
  throw new TributaryError(
    "round-closed",
    `Cannot send an update for round ${round.round}: ${home.url} does not take it in that round`,
  );
}

/**
 * Sends a round's one update.
 *
 * @returns The receipt; undefined if nobody can tell whether it has been taken.
 * @throws {TributaryError} What the region refuses it with, or `round-closed` if no region takes it.
 */
export async function sendOnce(
  round: OpenRound,
  { place, parcel }: { readonly place: Place; readonly parcel: Parcel },
  options: SendOptions,
): Promise<Receipt | undefined> {
  const { regions, task, signal } = options;
  for (let at: Place | undefined = place; at; at = await goElsewhere(round, options)) {
    const { home } = at;
    await writeSentNote(options.state, { task, round: round.round, url: home.url });
    // With nowhere else to go its answer is waited for, however long that takes.
    const by = regions.hasOthers ? "peer" : "patient";
    try {
      return await put(round, { home, by, parcel }, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetryable(error)) throw error;
    }
    if (!await isReleased(round, home, options)) {
      return await confirm(round, { home, parcel }, options);
    }
  }
  throw new TributaryError(
    "round-closed",
    `Cannot send an update for round ${round.round}: no region takes it`,
  );
}

async function put(
  round: OpenRound,
  { home, by, parcel }: {
    readonly home: Home;
    readonly by: "peer" | "patient";
    readonly parcel: Parcel;
  },
  { task, regions, signal }: Pick<SendOptions, "task" | "regions" | "signal">,
): Promise<Receipt> {
  const { sid } = round;
  const upload = { round: round.round, sid, clients: 1, ...parcel, region: home.region, signal };
  try {
    return await home[by].putUpdate(task, upload);
  } catch (error) {
    // A region that lost its roster knows nobody; it may still take a new member's update.
    if (!isTributaryError(error, "member-unknown") || regions.home !== home) throw error;
    await regions.enrol(by, signal);
    return await home[by].putUpdate(task, upload);
  }
}

/** Whether a region has promised, durably, that it will not take this device's update. */
async function isReleased(
  { round, sid }: OpenRound,
  home: Home,
  { task, maskPlan, signal }: SendOptions,
): Promise<boolean> {
  // Whoever has a masked parcel with its evidence can put it in a sum, whatever was promised.
  if (maskPlan.kind !== "none") return false;
  try {
    await home.once.abstain(task, { round, sid, region: home.region, signal });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Asks for the receipt until the root has gone on for sure. */
async function confirm(
  round: OpenRound,
  { home, parcel }: { readonly home: Home; readonly parcel: Parcel },
  options: SendOptions,
): Promise<Receipt | undefined> {
  const { clock, deadlineMs, roundMs, signal } = options;
  const late = new AbortController();
  const done = new AbortController();
  const leftMs = Math.max(0, deadlineMs - clock.now()) + roundMs / 2;
  clock.sleep(leftMs, { signal: done.signal }).then(() => late.abort(), () => {});
  const over = AbortSignal.any([signal, late.signal]);
  try {
    return await put(round, { home, by: "patient", parcel }, { ...options, signal: over });
  } catch (error) {
    if (late.signal.aborted && !signal.aborted) return undefined;
    throw error;
  } finally {
    done.abort();
  }
}
