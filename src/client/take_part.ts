/**
 * One round on one device: fetch the model, train, encode, send.
 *
 * @module
 */
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/digest.ts";
import { isTributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import type { TensorSpec } from "../core/tensor.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import type { Mask } from "../mask/mask.ts";
import type { ClientHalf } from "../strategy/client_half.ts";
import type { UpdateChain } from "../update/chain.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import type { Party } from "../wire/party.ts";
import type { Peer, UpdateUpload } from "../wire/peer.ts";
import type { Receipt } from "../wire/receipt.ts";
import { groupOf, type OpenRound } from "../wire/round_info.ts";
import { fetchModel } from "./fetch_model.ts";
import { makeUpdate, type RoundSeeds } from "./make_update.ts";
import { maskUpdate } from "./mask_update.ts";
import type { MissedReason, RoundReport } from "./round_report.ts";

/** What a device takes part with. */
export interface Part {
  /** The region, tried until a signal aborts. */
  readonly peer: Peer;
  /** The region, tried once. */
  readonly once: Peer;
  /** Who signs the region's receipts. */
  readonly region: Party;
  /** Digest of the task. */
  readonly task: string;
  /** Names and shapes of what the task's rounds publish: the model, and what its strategy sends along. */
  readonly tensors: readonly TensorSpec[];
  /** Trains on the device's examples. */
  readonly trainer: Trainer;
  /** The client's half of the task's strategy, where it has one. */
  readonly half: ClientHalf | undefined;
  /** What the device keeps from round to round. */
  readonly state: DeviceState;
  /** Turns a contribution into a parcel. */
  readonly chain: UpdateChain;
  /** Who the device is. */
  readonly identity: Identity;
  /** How the task's parcels are masked. */
  readonly mask: Mask;
  /** The same, as the task says it. */
  readonly maskPlan: MaskPlan;
  /** Masks in its memory. */
  readonly aggregate: AggregateCore;
  /** Fresh secrets of each parcel. */
  readonly random: RandomSource;
  /** Seeds that only this client and this round have, 32 bytes each. */
  readonly seeds: RoundSeeds;
  /** When the region closes the round, on the device's own clock. */
  readonly deadlineMs: number;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** SHA-256. */
  readonly digest: Digest;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Enrols again at a region that has forgotten this member. */
  enrol(signal: AbortSignal): Promise<void>;
}

const MISSED: ReadonlySet<string> = new Set<MissedReason>([
  "round-closed",
  "round-full",
  "round-unknown",
  "sid-mismatch",
  "model-unknown",
  "update-conflict",
  "not-asked",
  "nothing-to-send",
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
    if (reason === undefined || reason === "nothing-to-send") await abstain(round, part);
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
  const { peer, region, task, tensors } = part;
  const { round: number, sid } = round;
  const group = groupOf(round, part.maskPlan);
  const { version } = round.model;
  const fetched = await fetchModel({ peer, task, info: round.model, tensors, signal });
  const received = { version, tensors: fetched.tensors };
  const update = await makeUpdate(received, { ...part, round: number, signal });
  const { contribution } = update;
  // Once a round: whatever is tried again sends these bytes again.
  const masked = await maskUpdate(update.parcel, { round, group, part });
  const receipt = await send(part, { round: number, sid, clients: 1, ...masked, region });
  await update.accepted();
  return {
    kind: "sent",
    round: number,
    metrics: contribution.metrics ?? {},
    receipt,
    bytesSent: masked.parcel.length + (masked.evidence?.bytes ?? 0),
    bytesReceived: fetched.bytes,
  };
}

/** Goes on beyond the deadline: only the region knows whether a parcel that was sent is in the sum. */
async function send(part: Part, parcel: UpdateUpload): Promise<Receipt> {
  const { peer, task, signal } = part;
  const upload = { ...parcel, signal };
  try {
    return await peer.putUpdate(task, upload);
  } catch (error) {
    // A region that lost its roster knows nobody; it may still take a new member's update.
    if (!isTributaryError(error, "member-unknown")) throw error;
    await part.enrol(signal);
    return await peer.putUpdate(task, upload);
  }
}

/** Spares the region waiting; one that cannot be told waits until its deadline. */
async function abstain({ round, sid }: OpenRound, part: Part): Promise<void> {
  const { once, task, region, signal } = part;
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
