import assert from "node:assert/strict";
import fc from "fast-check";
import { cutBytes, toBase64Url } from "../src/core/bytes.ts";
import { webDigest } from "../src/core/digest.ts";
import { deriveSeed, seededRng, systemRandom } from "../src/core/random.ts";
import { openShare } from "../src/mask/envelope.ts";
import { generateHelperKey } from "../src/mask/helper_key.ts";
import type { HelperAnswer, Mask, MaskedParcel } from "../src/mask/mask.ts";
import type { ParcelPlan } from "../src/mask/parcel.ts";
import { maskOf } from "../src/mask/registry.ts";
import { type AggregateCore, createAggregateCore } from "../src/wasm/aggregate.ts";
import { inlineModule } from "../src/wasm/inline.ts";
import type { MaskPlan } from "../src/wire/mask_plan.ts";

const module = await inlineModule("aggregate");
const keys = await Promise.all(Array.from({ length: 7 }, () => generateHelperKey()));
const helpers = keys.map(({ publicKey }, at) => ({
  url: `http://helper${at}.test`,
  key: toBase64Url(publicKey),
  identity: toBase64Url(new Uint8Array(32).fill(at)),
}));

/** A client: its values, and what it sends. */
interface Sent {
  readonly client: string;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly masked: MaskedParcel;
}

/** A scheme, a tree and what goes wrong. */
interface Scene {
  readonly plan: MaskPlan;
  readonly parcels: ParcelPlan;
  /** How many clients are in the sum. */
  readonly kept: number;
  /** How many more send something that never gets there. */
  readonly dropped: number;
  /** How many helpers are lost, as far as enough are left. */
  readonly lost: number;
  readonly seed: number;
}

/** Every committee of up to seven that keeps its promises. */
const committees = fc.integer({ min: 1, max: 7 }).chain((size) =>
  fc.integer({ min: 0, max: size - 1 }).chain((colluding) =>
    fc.integer({ min: Math.floor((size + colluding) / 2) + 1, max: size }).map((threshold) => ({
      helpers: helpers.slice(0, size),
      colluding,
      threshold,
    }))
  )
);
const schemes: fc.Arbitrary<{ readonly plan: MaskPlan; readonly slotBits: number }> = fc.oneof(
  fc.record({
    plan: fc.constant<MaskPlan>({ kind: "none" }),
    slotBits: fc.integer({ min: 4, max: 32 }),
  }),
  fc.record({
    plan: committees.map((it): MaskPlan => ({ kind: "kahe1", ...it, min: 2, groups: 1 })),
    slotBits: fc.constantFrom(15, 19, 20, 25),
  }),
  fc.record({
    plan: fc.constant<MaskPlan>({
      kind: "two_helper",
      helpers: helpers.slice(0, 2),
      min: 2,
      groups: 1,
    }),
    slotBits: fc.integer({ min: 4, max: 32 }),
  }),
);
const MOST = 6;
const scenes: fc.Arbitrary<Scene> = schemes.chain(({ plan, slotBits }) =>
  fc.record({
    plan: fc.constant(plan),
    parcels: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 8000, max: 30_000 }))
      .map((values) => ({
        values,
        slotBits,
        maxClients: MOST,
        largest: Math.floor((2 ** slotBits - 1) / MOST),
      })),
    kept: fc.integer({ min: 1, max: MOST }),
    dropped: fc.integer({ min: 0, max: 3 }),
    lost: fc.nat(6),
    seed: fc.nat(1e9),
  })
);

/** What the aggregators of a tree of any shape make of parcels, slice by slice and in any order. */
function treeSum(
  core: AggregateCore,
  mask: Mask,
  { parcels, below }: {
    readonly parcels: readonly Uint8Array[];
    readonly below: (bound: number) => number;
  },
): Uint8Array {
  if (parcels.length === 1) return parcels[0]!;
  const left = [...parcels];
  const children: Uint8Array[] = [];
  while (left.length > 0) {
    // A child is a client, or a region with fewer of them than there are here.
    const size = 1 + below(Math.min(left.length, parcels.length - 1));
    const own = Array.from({ length: size }, () => left.splice(below(left.length), 1)[0]!);
    children.push(treeSum(core, mask, { parcels: own, below }));
  }
  const { memory } = core;
  return new Uint8Array(
    children.map((parcel) => cutBytes(parcel, mask.ring.sliceBytes)).reduce((sum, slices) =>
      sum.map((before, at) => {
        const mark = memory.mark();
        const [acc, slice] = [memory.alloc(before.length), memory.alloc(before.length)];
        memory.u8(acc).set(before);
        memory.u8(slice).set(slices[at]!);
        mask.ring.add(core, acc, slice);
        const after = memory.u8(acc).slice();
        memory.release(mark);
        return after;
      })
    ).flatMap((slice) => [...slice]),
  );
}

/** What the helpers answer for some clients, all but those that are lost. */
async function answersOf(
  core: AggregateCore,
  { helping }: Mask,
  { sid, sent, kept }: {
    readonly sid: Uint8Array;
    readonly sent: readonly Sent[];
    readonly kept: readonly number[];
  },
): Promise<HelperAnswer[]> {
  const answers: HelperAnswer[] = [];
  for (const helper of kept) {
    using sum = helping!.createShareSum(core, helper);
    for (const { client, masked } of sent) {
      sum.add(
        await openShare(masked.envelopes[helper - 1]!, {
          sid,
          client,
          helper,
          parcel: masked.digest,
          key: keys[helper - 1]!,
          shareBytes: helping!.shareBytes(helper),
        }),
      );
    }
    answers.push({ helper, share: sum.share() });
  }
  return answers;
}

/** Masks, adds and opens; gives the opened words and the plain sum. */
async function play({ plan, parcels, kept, dropped, lost, seed }: Scene): Promise<{
  readonly opened: Uint8Array;
  readonly plain: Uint8Array;
}> {
  using core = createAggregateCore(module);
  const { below } = seededRng(await deriveSeed(new Uint8Array(32), seed));
  const mask = maskOf(plan, parcels);
  const sid = systemRandom(32);
  const all = await Promise.all(Array.from({ length: kept + dropped }, async (_, at) => {
    const client = toBase64Url(systemRandom(32));
    const words = Uint32Array.from(
      { length: parcels.values },
      () => below(4) === 0 ? parcels.largest : below(parcels.largest + 1),
    );
    const context = { sid, client, digest: webDigest, random: systemRandom };
    const masked = await mask.mask(core, new Uint8Array(words.buffer), context);
    return { at, client, words, masked };
  }));
  const sent = all.toSorted(() => below(2) - 0.5).slice(0, kept);
  const sum = treeSum(core, mask, { parcels: sent.map(({ masked }) => masked.parcel), below });
  const committee = mask.helping?.keys.map((_, at) => at + 1) ?? [];
  const least = mask.helping?.threshold ?? 0;
  for (let i = 0; i < lost && committee.length > least; i++) {
    committee.splice(below(committee.length), 1);
  }
  const answers = await answersOf(core, mask, { sid, sent, kept: committee });
  const plain = new Uint32Array(parcels.values);
  for (const { words } of sent) words.forEach((word, i) => plain[i]! += word);
  return {
    opened: await mask.open(core, sum, { sid, clients: kept, answers }),
    plain: new Uint8Array(plain.buffer),
  };
}

Deno.test("masking: for every scheme, committee, tree, dropout and lost helper the opened sum is the plain one, bit for bit", async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const { opened, plain } = await play(scene);
      assert.deepEqual(opened, plain);
    }),
    { numRuns: 100 },
  );
});

for (const slotBits of [15, 19, 20, 25]) {
  Deno.test(`masking: parcels of several slices open to their plain sum, bit for bit, in ${slotBits}-bit slots`, async () => {
    const values = 450_000;
    const plan: MaskPlan = {
      kind: "kahe1",
      helpers: helpers.slice(0, 5),
      threshold: 4,
      colluding: 2,
      min: 2,
      groups: 1,
    };
    const largest = Math.floor((2 ** slotBits - 1) / 3);
    const parcels = { values, slotBits, maxClients: 3, largest };
    const scene = { plan, parcels, kept: 3, dropped: 1, lost: 1, seed: slotBits };
    assert.ok(maskOf(plan, parcels).parcelBytes > maskOf(plan, parcels).ring.sliceBytes);
    const { opened, plain } = await play(scene);
    assert.ok(opened.every((byte, at) => byte === plain[at]));
  });
}
