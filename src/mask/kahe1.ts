/**
 * kahe1: one message from each client, and nobody but the root learns the sum.
 *
 * A client encrypts its parcel under a key that it draws for this one message, `c = a·k + t·e + m`, and
 * cuts the key in shares for helpers. Ciphertexts add up under the sums of their keys: aggregators add
 * ciphertexts, helpers add shares, and `t` helpers' sums give the root the one key that opens the sum
 * of exactly those clients. Without it a ciphertext is as good as uniform noise (Ring-LWE).
 *
 * @module
 */
import { slicesDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { polynomialBytes } from "../wasm/kahe.ts";
import { checkCommittee, type Committee } from "./committee.ts";
import { sealShare } from "./envelope.ts";
import { kahe1Bounds, kahe1Shape, polynomialCount } from "./kahe1_shape.ts";
import { checkNoise, type KeptTables, maskParcel, openSum } from "./kahe1_work.ts";
import { createShareSum, shareBytes } from "./key_shares.ts";
import type { Mask } from "./mask.ts";
import { checkParcel, checkParcelPlan, checkSum, type ParcelPlan } from "./parcel.ts";
import { publicSeed } from "./public_seed.ts";
import { ringOf } from "./ring.ts";

/** Parcels of a task, and who holds the shares of their keys. */
export interface Kahe1Plan extends ParcelPlan {
  /** The helpers. */
  readonly committee: Committee;
}

/**
 * Checks that sums of these parcels fit their slots and open rightly: when a task is made, and again by
 * every client.
 *
 * @throws {TributaryError} `task-refused` with the numbers if not.
 */
export function checkKahe1Plan(plan: Kahe1Plan): void {
  checkParcelPlan(plan);
  const shape = kahe1Shape(plan.slotBits);
  const { maxClients } = kahe1Bounds(shape);
  if (plan.maxClients > maxClients) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask for ${plan.maxClients} clients in ${shape.slots.count} slots of ${plan.slotBits} bits: the errors of more than ${maxClients} could overflow`,
    );
  }
  checkCommittee(plan.committee);
}

/**
 * The scheme of a plan.
 *
 * @throws {TributaryError} `task-refused` for a plan that {@link checkKahe1Plan} refuses.
 *
 * @example Three clients, five helpers, one sum
 * ```ts
 * import {
 *   committeeOf,
 *   createAggregateCore,
 *   createShareSum,
 *   generateHelperKey,
 *   generateIdentity,
 *   inlineModule,
 *   kahe1,
 *   openShare,
 *   systemRandom,
 *   webDigest,
 * } from "./mod.ts";
 *
 * using core = createAggregateCore(await inlineModule("aggregate"));
 * const keys = await Promise.all([1, 2, 3, 4, 5].map(() => generateHelperKey()));
 * const committee = committeeOf(keys.map(({ publicKey }) => publicKey));
 * const mask = kahe1({ values: 2, slotBits: 20, maxClients: 10, largest: 100, committee });
 *
 * // Each client sends one masked parcel, and an envelope for each helper.
 * const sid = systemRandom(32);
 * const sum = core.memory.alloc(mask.parcelBytes);
 * const slice = core.memory.alloc(mask.parcelBytes);
 * const sent = [];
 * for (const values of [[1, 100], [2, 50], [3, 7]]) {
 *   const { id: client } = await generateIdentity();
 *   const parcel = new Uint8Array(Uint32Array.from(values).buffer);
 *   const context = { sid, client, digest: webDigest, random: systemRandom };
 *   const masked = await mask.mask(core, parcel, context);
 *   core.memory.u8(slice).set(masked.parcel);
 *   mask.ring.add(core, sum, slice);
 *   sent.push({ client, ...masked });
 * }
 *
 * // Helpers 1 to 4 open their envelopes and add what is in them; the fifth is lost.
 * const answers = [];
 * for (const helper of [1, 2, 3, 4]) {
 *   const shareBytes = helper < committee.threshold ? 32 : 4 * 2048;
 *   using shares = createShareSum(core, 2048);
 *   for (const { client, digest: parcel, envelopes } of sent) {
 *     const binding = { sid, client, helper, parcel, key: keys[helper - 1]!, shareBytes };
 *     shares.add(await openShare(envelopes[helper - 1]!, binding));
 *   }
 *   answers.push({ helper, share: shares.share() });
 * }
 *
 * // The root opens the sum, and nothing else.
 * const opened = await mask.open(core, core.memory.u8(sum).slice(), { sid, clients: 3, answers });
 * if (new Uint32Array(opened.buffer).join() !== "6,157") throw new Error("unexpected sum");
 * ```
 */
export function kahe1(plan: Kahe1Plan): Mask {
  checkKahe1Plan(plan);
  const shape = kahe1Shape(plan.slotBits);
  const ring = ringOf(shape.ringName);
  const { helpers, threshold } = plan.committee;
  const polys = polynomialCount(shape, plan.values);
  const parcelBytes = polys * polynomialBytes(shape.ring);

  const { degree } = shape.ring;
  const kept: KeptTables = {};

  return {
    name: "kahe1",
    ring,
    parcelBytes,
    helping: {
      keys: helpers,
      threshold,
      answerBytes: 4 * degree,
      shareBytes: (helper) => shareBytes(helper, { threshold, degree }),
      createShareSum: (core) => createShareSum(core, degree),
    },

    async mask(core, parcel, { sid, client, digest, random }) {
      checkParcel(core, plan, parcel);
      const seed = await publicSeed(sid);
      const split = { helpers: helpers.length, threshold };
      const work = { parcel, parcelBytes, seed, random, kept, ...split };
      const masked = maskParcel(core, shape, work);
      const { sliceBytes } = ring;
      const { slices, tree } = await slicesDigest(masked.parcel, { sliceBytes, digest });
      const envelopes = await Promise.all(helpers.map((publicKey, at) => {
        const share = masked.shares[at] ?? new Uint8Array();
        return sealShare(share, publicKey, { sid, client, helper: at + 1, parcel: tree });
      }));
      for (const share of masked.shares) share.fill(0);
      return { parcel: masked.parcel, slices, digest: tree, envelopes };
    },

    async open(core, sum, { sid, clients, answers }) {
      checkSum(plan, { sum, clients, bytes: parcelBytes });
      const seed = await publicSeed(sid);
      const shares = { answers, helpers: helpers.length, threshold };
      const { words, noise } = openSum(core, shape, { sum, values: plan.values, seed, shares });
      checkNoise(noise, { clients, coefficients: polys * degree });
      return words;
    },
  };
}
