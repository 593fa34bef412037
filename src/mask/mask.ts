/**
 * What a masking scheme is to those who use it.
 *
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { RandomSource } from "../core/random.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import type { ShareSum } from "./key_shares.ts";
import type { ParcelRing } from "./ring.ts";
import type { PhasedMask } from "./secagg_plus.ts";

/** Name of a scheme, as tasks write it. */
export type MaskName = MaskPlan["kind"];

/** What one client's masked parcel is bound to, and made with. */
export interface MaskContext {
  /** The sid of the round's group, 32 bytes. */
  readonly sid: Uint8Array;
  /** Who sends it: an identity's id. */
  readonly client: string;
  /** SHA-256. */
  readonly digest: Digest;
  /** Fresh unpredictable bytes, such as `systemRandom`. Every call draws its own secrets from it. */
  readonly random: RandomSource;
}

/**
 * A parcel that may travel. To send it again means to send these bytes again: a second call makes
 * another one, with other secrets, and both must never be seen by one party.
 */
export interface MaskedParcel {
  /** {@link Mask.parcelBytes}, in slices of `ring.sliceBytes`. */
  readonly parcel: Uint8Array<ArrayBuffer>;
  /** SHA-256 of each slice, in order. */
  readonly slices: readonly Uint8Array[];
  /** Its tree digest, which envelopes are bound to. */
  readonly digest: Uint8Array;
  /** One for each helper, in their order; none where a scheme has no helpers. */
  readonly envelopes: readonly Uint8Array<ArrayBuffer>[];
}

/** What a helper says for a set of clients. */
export interface HelperAnswer {
  /** Which helper, from 1. */
  readonly helper: number;
  /** The sum of its shares. */
  readonly share: Uint8Array;
}

/** What a sum is opened with. */
export interface OpenContext {
  /** The sid that the parcels were masked under, 32 bytes. */
  readonly sid: Uint8Array;
  /** How many parcels the sum holds. */
  readonly clients: number;
  /** What the helpers said for exactly those clients; unused where a scheme has none. */
  readonly answers: readonly HelperAnswer[];
}

/** What helpers do for a scheme; which they do is all that they know of it. */
export interface Helping {
  /** Raw X25519 public keys; helper `j`, from 1, has the `j`-th. */
  readonly keys: readonly Uint8Array[];
  /** How many of them must answer. */
  readonly threshold: number;
  /** Length of an answer's sum of shares. */
  readonly answerBytes: number;
  /** Length of the shares of one helper. */
  shareBytes(helper: number): number;
  /** A helper's empty sum of shares; `core` is the sum's until that is disposed. */
  createShareSum(core: AggregateCore, helper: number): ShareSum;
}

/**
 * A scheme by which the root learns a sum of parcels and nobody learns a parcel. Aggregators know only
 * its ring.
 */
export interface Mask {
  /** Which scheme. */
  readonly name: MaskName;
  /** What masked parcels are added in. */
  readonly ring: ParcelRing;
  /** Length of a masked parcel, and of every sum of them. */
  readonly parcelBytes: number;
  /** What helpers do; absent where a scheme has none. */
  readonly helping?: Helping;
  /** How clients and root speak in phases; absent where one message of each client is all. */
  readonly phases?: PhasedMask;
  /**
   * Masks a client's quantised values.
   *
   * @param parcel Little-endian words, one a value, as `encodeUpdate` gives them.
   * @throws {TributaryError} `update-misshapen` for another number of values, `update-out-of-range` for
   * one that the plan's grid has not.
   */
  mask(core: AggregateCore, parcel: Uint8Array, context: MaskContext): Promise<MaskedParcel>;
  /**
   * Opens a sum of masked parcels: little-endian words, each the sum of the clients' values.
   *
   * @throws {TributaryError} `length-mismatch` for a sum of another length; further codes are the
   * scheme's.
   */
  open(
    core: AggregateCore,
    sum: Uint8Array,
    context: OpenContext,
  ): Promise<Uint8Array<ArrayBuffer>>;
}
