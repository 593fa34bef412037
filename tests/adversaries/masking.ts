/**
 * A committee and clients that mask for it, for tests of what each party holds: the library itself,
 * without a network.
 *
 * @module
 */
import { toBase64Url } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import { systemRandom } from "../../src/core/random.ts";
import { type Committee, committeeOf } from "../../src/mask/committee.ts";
import { openShare } from "../../src/mask/envelope.ts";
import { generateHelperKey, type HelperKey } from "../../src/mask/helper_key.ts";
import { kahe1 } from "../../src/mask/kahe1.ts";
import { kahe1Shape } from "../../src/mask/kahe1_shape.ts";
import { createShareSum, shareBytes } from "../../src/mask/key_shares.ts";
import type { HelperAnswer, Mask, MaskedParcel } from "../../src/mask/mask.ts";
import type { AggregateCore } from "../../src/wasm/aggregate.ts";

/** A scheme with five helpers, of which four open a sum and two may collude. */
export interface Masking {
  readonly core: AggregateCore;
  readonly mask: Mask;
  readonly committee: Committee;
  /** The helpers' own keys. */
  readonly keys: readonly HelperKey[];
  /** Coefficients of a key. */
  readonly degree: number;
  /** Largest value. */
  readonly largest: number;
  readonly values: number;
}

/** A client's masked parcel. */
export interface Sent extends MaskedParcel {
  readonly client: string;
  readonly sid: Uint8Array;
}

/** A scheme for one polynomial of P2, four slots of 19 bits, unless told otherwise. */
export async function maskingOf(
  core: AggregateCore,
  { slotBits = 19, values = 16_384 }: { slotBits?: number; values?: number } = {},
): Promise<Masking> {
  const keys = await Promise.all(Array.from({ length: 5 }, () => generateHelperKey()));
  const committee = committeeOf(keys.map(({ publicKey }) => publicKey));
  const largest = 510;
  const mask = kahe1({ values, slotBits, maxClients: 1000, largest, committee });
  const { degree } = kahe1Shape(slotBits).ring;
  return { core, mask, committee, keys, degree, largest, values };
}

/** What a client sends that has one and the same value everywhere, or these. */
export async function send(
  { core, mask, values }: Masking,
  value: number | ArrayLike<number>,
  { sid = systemRandom(32), client = toBase64Url(systemRandom(32)) }: {
    sid?: Uint8Array;
    client?: string;
  } = {},
): Promise<Sent> {
  const words = new Uint32Array(values);
  if (typeof value === "number") words.fill(value);
  else words.set(value);
  const context = { sid, client, digest: webDigest, random: systemRandom };
  return { ...await mask.mask(core, new Uint8Array(words.buffer), context), client, sid };
}

/** A sum of parcels, as every aggregator adds them. */
export function sumOf(
  { core, mask }: Pick<Masking, "core" | "mask">,
  parcels: readonly Uint8Array[],
): Uint8Array {
  const { memory } = core;
  const mark = memory.mark();
  const [acc, slice] = [memory.alloc(mask.parcelBytes), memory.alloc(mask.parcelBytes)];
  memory.u8(acc).fill(0);
  for (const parcel of parcels) {
    memory.u8(slice).set(parcel);
    mask.ring.add(core, acc, slice);
  }
  const sum = memory.u8(acc).slice();
  memory.release(mark);
  return sum;
}

/** The share that helper `helper` finds in its envelope of a client. */
export async function shareOf(
  { committee, keys, degree }: Masking,
  { client, sid, digest, envelopes }: Sent,
  helper: number,
): Promise<Uint8Array> {
  return await openShare(envelopes[helper - 1]!, {
    ...{ sid, client, helper, parcel: digest, key: keys[helper - 1]! },
    shareBytes: shareBytes(helper, { threshold: committee.threshold, degree }),
  });
}

/** What some helpers answer for some clients. */
export async function answersOf(
  masking: Masking,
  sent: readonly Sent[],
  helpers: readonly number[] = [1, 2, 3, 4],
): Promise<HelperAnswer[]> {
  const answers: HelperAnswer[] = [];
  for (const helper of helpers) {
    // Opened before the sum takes its memory: others may use the core meanwhile.
    const shares = await Promise.all(sent.map((one) => shareOf(masking, one, helper)));
    using sum = createShareSum(masking.core, masking.degree);
    for (const share of shares) sum.add(share);
    answers.push({ helper, share: sum.share() });
  }
  return answers;
}

/** Little-endian words of bytes. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}
