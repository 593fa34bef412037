/**
 * How much of everything an aggregator takes on at once.
 *
 * @module
 */
import type { Rate } from "./http/rate_limit.ts";

/** Bounds; each has a default. */
export interface Limits {
  /** Bytes of parcels held in memory at once, over all tasks. */
  readonly inFlightBytes: number;
  /** Uploads that may wait for those bytes; the next one is turned away. */
  readonly waitingUploads: number;
  /** Longest parcel, sum or model that is held whole; longer ones go slice by slice. */
  readonly heldBytes: number;
  /**
   * Most values of a parcel that one accumulator holds; longer parcels are cut among several, where
   * the platform has them.
   */
  readonly shardValues: number;
  /** Bytes of uploads that broke off and are kept, so that their senders can go on. */
  readonly keptBytes: number;
  /**
   * Longest time that a slice of a parcel (1 MiB), or a whole body of JSON, may take to arrive, in
   * milliseconds: a slower sender is not read any further.
   */
  readonly stallMs: number;
  /** Long polls that may wait at once, for each task. */
  readonly waitingPolls: number;
  /** Longest age of a signature in seconds. */
  readonly maxAgeS: number;
  /** How far a sender's clock may be off, in seconds. */
  readonly skewS: number;
  /** Signed requests remembered against replay; some hundred bytes each. */
  readonly nonces: number;
  /** Most updates and other changes that share one write. */
  readonly batchJobs: number;
  /**
   * Milliseconds after which an instance that was not heard of counts as dead, so that another of those
   * that share its store does its duties.
   */
  readonly leaseMs: number;
  /**
   * Signed requests of one client; a region may send as many for each client that it stands for.
   */
  readonly memberRate: Rate;
  /**
   * Requests from one network address, signed or not; no bound by default, as many clients may come from
   * one address where networks translate them. Needs {@link AggregatorAppOptions.addressOf}.
   */
  readonly addressRate: Rate | null;
  /**
   * Longest time in milliseconds that a request is worked on, besides the wait that a long poll asks for,
   * and the bodies of updates, which have {@link Limits.stallMs}.
   */
  readonly requestMs: number;
  /** Seconds after which one that was turned away may come again. */
  readonly retryAfterS: number;
}

/** For a process with 512 MB; a worker of 128 MB halves the bytes. */
export const DEFAULT_LIMITS: Limits = {
  inFlightBytes: 64 << 20,
  waitingUploads: 1000,
  heldBytes: 16 << 20,
  shardValues: Infinity,
  keptBytes: 1 << 30,
  stallMs: 30_000,
  waitingPolls: 20_000,
  maxAgeS: 300,
  skewS: 60,
  nonces: 500_000,
  batchJobs: 256,
  leaseMs: 6000,
  memberRate: { perS: 50, burst: 2000 },
  addressRate: null,
  requestMs: 60_000,
  retryAfterS: 1,
};
