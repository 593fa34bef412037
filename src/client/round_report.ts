/**
 * What came of a round, for the application on the device.
 *
 * @module
 */
import type { ErrorCode } from "../core/errors.ts";
import type { Receipt } from "../wire/receipt.ts";

/** Why a client's update is not in a round's sum by this call. */
export type MissedReason =
  /** The round's deadline came first. */
  | "deadline"
  /** The round does not ask this client: it is not in the sample. */
  | "not-asked"
  /** Its region went away while the update was on its way, and nobody can tell whether it has it. */
  | "unconfirmed"
  /** Its own trainer had nothing to send, and the region was told so. */
  | "nothing-to-send"
  /** The region answered so: the round is over, full, or another; or an earlier update is in it. */
  | Extract<
    ErrorCode,
    | "round-closed"
    | "round-full"
    | "round-unknown"
    | "sid-mismatch"
    | "region-changed"
    | "model-unknown"
    | "update-conflict"
    | "phase-closed"
    | "phase-conflict"
    | "survivors-missing"
  >;

/** What came of a round. */
export type RoundReport =
  /** The update is in the region's sum, and durable: the receipt says so. */
  | {
    readonly kind: "sent";
    /** Number of the round. */
    readonly round: number;
    /** What the trainer measured, on the model as it was received. */
    readonly metrics: Readonly<Record<string, number>>;
    /** The region's signed word. */
    readonly receipt: Receipt;
    /** Bytes of the parcel. */
    readonly bytesSent: number;
    /** Bytes of the model. */
    readonly bytesReceived: number;
    /**
     * Why it did not help to open the sum, where masks ask that of clients: what it refused to answer,
     * or `deadline` if nobody asked in time.
     */
    readonly withheld?: ErrorCode | "deadline";
  }
  /** No update went in; the next round may do better. */
  | {
    readonly kind: "missed";
    /** Number of the round. */
    readonly round: number;
    /** What came between. */
    readonly reason: MissedReason;
  };
