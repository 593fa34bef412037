/**
 * two_helper: two one-time pads from each client, for small vectors such as counts and histograms.
 *
 * A client draws a seed for each of two helpers and sends `c = m + PRG(s₁) + PRG(s₂) mod 2^32`, beside
 * the sealed seeds. Each helper answers the sum of the pads of the clients it is asked for, and the
 * root takes both sums away. A parcel is uniform to whoever lacks one of its seeds, so that one helper
 * together with regions and root learns the sum and no more; two learn everything.
 *
 * @module
 */
import { slicesDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { SEED_BYTES } from "../wasm/kahe.ts";
import { checkCommittee } from "./committee.ts";
import { sealShare } from "./envelope.ts";
import type { ShareSum } from "./key_shares.ts";
import type { HelperAnswer, Mask } from "./mask.ts";
import { checkParcel, checkParcelPlan, checkSum, type ParcelPlan } from "./parcel.ts";
import { ringOf } from "./ring.ts";

/**
 * Most values of a parcel. A helper expands a pad as long as the parcel for each client and answers
 * with one, where a helper of kahe1 adds and answers 16 KB whatever the parcel's length: above this
 * kahe1 is less work for everyone but the client.
 */
export const MOST_TWO_HELPER_VALUES = 65_536;

/** Parcels of a task, and its two helpers. */
export interface TwoHelperPlan extends ParcelPlan {
  /** X25519 public keys, 32 bytes each, of helpers 1 and 2. */
  readonly helpers: readonly Uint8Array[];
}

/**
 * Checks that sums of these parcels fit, and that there are two helpers: when a task is made, and
 * again by every client.
 *
 * @throws {TributaryError} `task-refused` with the numbers if not.
 */
export function checkTwoHelperPlan(plan: TwoHelperPlan): void {
  checkParcelPlan(plan);
  if (plan.values > MOST_TWO_HELPER_VALUES) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask ${plan.values} values by two helpers: at most ${MOST_TWO_HELPER_VALUES}, as their answers are as long; expected kahe1 for more`,
    );
  }
  if (plan.helpers.length !== 2) {
    throw new TributaryError(
      "task-refused",
      `Cannot mask by two helpers with ${plan.helpers.length}: expected 2`,
    );
  }
  checkCommittee({ helpers: plan.helpers, threshold: 2, colluding: 1 });
}

/**
 * The scheme of a plan.
 *
 * @throws {TributaryError} `task-refused` for a plan that {@link checkTwoHelperPlan} refuses.
 *
 * @example Two clients, two helpers, one sum
 * ```ts
 * import {
 *   createAggregateCore,
 *   createPadSum,
 *   generateHelperKey,
 *   generateIdentity,
 *   inlineModule,
 *   openShare,
 *   systemRandom,
 *   twoHelper,
 *   webDigest,
 * } from "./mod.ts";
 *
 * using core = createAggregateCore(await inlineModule("aggregate"));
 * const keys = [await generateHelperKey(), await generateHelperKey()];
 * const helpers = keys.map(({ publicKey }) => publicKey);
 * const mask = twoHelper({ values: 2, slotBits: 20, maxClients: 10, largest: 100, helpers });
 *
 * const sid = systemRandom(32);
 * const sum = core.memory.alloc(mask.parcelBytes);
 * const slice = core.memory.alloc(mask.parcelBytes);
 * const sent = [];
 * for (const values of [[1, 100], [2, 50]]) {
 *   const { id: client } = await generateIdentity();
 *   const parcel = new Uint8Array(Uint32Array.from(values).buffer);
 *   const context = { sid, client, digest: webDigest, random: systemRandom };
 *   const masked = await mask.mask(core, parcel, context);
 *   core.memory.u8(slice).set(masked.parcel);
 *   mask.ring.add(core, sum, slice);
 *   sent.push({ client, ...masked });
 * }
 *
 * const answers = [];
 * for (const helper of [1, 2]) {
 *   using pads = createPadSum(core, 2);
 *   for (const { client, digest: parcel, envelopes } of sent) {
 *     const binding = { sid, client, helper, parcel, key: keys[helper - 1]!, shareBytes: 32 };
 *     pads.add(await openShare(envelopes[helper - 1]!, binding));
 *   }
 *   answers.push({ helper, share: pads.share() });
 * }
 *
 * const opened = await mask.open(core, core.memory.u8(sum).slice(), { sid, clients: 2, answers });
 * if (new Uint32Array(opened.buffer).join() !== "3,150") throw new Error("unexpected sum");
 * ```
 */
export function twoHelper(plan: TwoHelperPlan): Mask {
  checkTwoHelperPlan(plan);
  const ring = ringOf("u32");
  const parcelBytes = 4 * plan.values;
  return {
    name: "two_helper",
    ring,
    parcelBytes,
    helping: {
      keys: plan.helpers,
      threshold: 2,
      answerBytes: parcelBytes,
      shareBytes: () => SEED_BYTES,
      createShareSum: (core) => createPadSum(core, plan.values),
    },

    async mask(core, parcel, { sid, client, digest, random }) {
      checkParcel(core, plan, parcel);
      const seeds = plan.helpers.map(() => random(SEED_BYTES));
      try {
        const masked = padded(core, parcel, seeds);
        const { sliceBytes } = ring;
        const { slices, tree } = await slicesDigest(masked, { sliceBytes, digest });
        const envelopes = await Promise.all(plan.helpers.map((publicKey, at) => {
          const seed = seeds[at] ?? new Uint8Array();
          return sealShare(seed, publicKey, { sid, client, helper: at + 1, parcel: tree });
        }));
        return { parcel: masked, slices, digest: tree, envelopes };
      } finally {
        for (const seed of seeds) seed.fill(0);
      }
    },

    open(core, sum, { clients, answers }) {
      checkSum(plan, { sum, clients, bytes: parcelBytes });
      checkAnswers(answers, parcelBytes);
      return Promise.resolve(openSum(core, sum, { answers, most: clients * plan.largest }));
    },
  };
}

/** A parcel under the pads of its seeds; the core's memory forgets it. */
function padded(
  core: AggregateCore,
  parcel: Uint8Array,
  seeds: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const mark = memory.mark();
  const words = memory.alloc(parcel.length);
  try {
    memory.u8(words).set(parcel);
    for (const seed of seeds) core.addPad(seed, words);
    return memory.u8(words).slice();
  } finally {
    memory.u8(words).fill(0);
    memory.release(mark);
  }
}

function checkAnswers(answers: readonly HelperAnswer[], bytes: number): void {
  const helpers = answers.map(({ helper }) => helper);
  if (helpers.some((it) => it !== 1 && it !== 2) || new Set(helpers).size !== helpers.length) {
    throw new RangeError(`Cannot join pads of helpers ${helpers}: expected those of 1 and 2`);
  }
  if (answers.length < 2) {
    throw new TributaryError(
      "shares-missing",
      `Cannot open a sum: ${answers.length} helpers answered, 2 must`,
    );
  }
  const wrong = answers.find(({ share }) => share.length !== bytes);
  if (wrong !== undefined) {
    throw new TributaryError(
      "length-mismatch",
      `Cannot join a share of ${wrong.share.length} bytes: expected ${bytes}`,
    );
  }
}

/**
 * Takes the pads away. What is left must be sums that so many clients can give: pads that are not
 * those of the sum leave uniform words, of which one of 2^32 / `most` passes by chance.
 */
function openSum(
  core: AggregateCore,
  sum: Uint8Array,
  { answers, most }: { readonly answers: readonly HelperAnswer[]; readonly most: number },
): Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const mark = memory.mark();
  const [words, pads] = [memory.alloc(sum.length), memory.alloc(sum.length)];
  try {
    memory.u8(words).set(sum);
    for (const { share } of answers) {
      memory.u8(pads).set(share);
      core.subU32(words, pads);
    }
    const at = core.firstAboveU32(words, most);
    if (at >= 0) {
      throw new TributaryError(
        "shares-inconsistent",
        `Cannot open a sum: its value ${at} is more than its clients can give, at most ${most}; a pad or a parcel in it is not what it should be`,
      );
    }
    return memory.u8(words).slice();
  } finally {
    memory.u8(words).fill(0);
    memory.release(mark);
  }
}

/**
 * A helper's empty sum of pads of `values` words, in memory of the core that is wiped when it is
 * disposed. Its `add` takes seeds, and throws `length-mismatch` for anything else.
 *
 * @param core Its memory is the sum's until that is disposed; what is taken from it later must be given
 * back before.
 */
export function createPadSum(core: AggregateCore, values: number): ShareSum {
  const { memory } = core;
  const mark = memory.mark();
  const sum = memory.alloc(4 * values);
  memory.u8(sum).fill(0);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(seed) {
      if (seed.length !== SEED_BYTES) {
        throw new TributaryError(
          "length-mismatch",
          `Cannot add a pad by a seed of ${seed.length} bytes: expected ${SEED_BYTES}`,
        );
      }
      core.addPad(seed, sum);
      count++;
    },
    share: () => memory.u8(sum).slice(),
    [Symbol.dispose]() {
      memory.u8(sum).fill(0);
      memory.release(mark);
    },
  };
}
