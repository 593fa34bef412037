import assert from "node:assert/strict";
import { toBase64Url } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import { systemRandom } from "../../src/core/random.ts";
import { openShare } from "../../src/mask/envelope.ts";
import { generateHelperKey } from "../../src/mask/helper_key.ts";
import { createPadSum, twoHelper } from "../../src/mask/two_helper.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { sumOf, wordsOf } from "./masking.ts";
import { assertSame, assertUniform, countCells, countLowBits, unseenBias } from "./uniformity.ts";

const module = await inlineModule("aggregate");
const VALUES = 8192;
const WORDS = { modulus: 2 ** 32, cells: 256 };

/** What a region holds, and what it and one helper hold together, of many parcels of one value. */
async function viewsOf(core: AggregateCore, value: number) {
  const keys = [await generateHelperKey(), await generateHelperKey()];
  const helpers = keys.map(({ publicKey }) => publicKey);
  const plan = { values: VALUES, slotBits: 20, maxClients: 100, largest: 1000, helpers };
  const mask = twoHelper(plan);
  const views = { parcel: counts(), low: counts(), withOne: counts(), withOther: counts() };
  for (let run = 0; run < 100; run++) {
    const [sid, client] = [systemRandom(32), toBase64Url(systemRandom(32))];
    const words = new Uint8Array(new Uint32Array(VALUES).fill(value).buffer);
    const context = { sid, client, digest: webDigest, random: systemRandom };
    const { parcel, digest, envelopes } = await mask.mask(core, words, context);
    add(views.parcel, countCells(wordsOf(parcel), WORDS));
    add(views.low, countLowBits(wordsOf(parcel), 8));
    for (const [at, view] of [views.withOne, views.withOther].entries()) {
      const helper = at + 1;
      const binding = { sid, client, helper, parcel: digest, key: keys[at]!, shareBytes: 32 };
      const seed = await openShare(envelopes[at]!, binding);
      using pads = createPadSum(core, VALUES);
      pads.add(seed);
      const pad = wordsOf(pads.share());
      add(view, countCells(wordsOf(parcel).map((word, i) => word - pad[i]!), WORDS));
    }
  }
  return views;
}

function counts(): Float64Array {
  return new Float64Array(256);
}

function add(to: Float64Array, more: Float64Array): void {
  more.forEach((count, i) => to[i]! += count);
}

Deno.test("two_helper: a region, and a region with either helper, hold words that look uniform, whatever is in them", async () => {
  using core = createAggregateCore(module);
  const [zeros, most] = [await viewsOf(core, 0), await viewsOf(core, 1000)];
  for (const view of ["parcel", "low", "withOne", "withOther"] as const) {
    for (const views of [zeros, most]) assertUniform(views[view], view);
    assertSame(zeros[view], most[view], view);
    assert.ok(unseenBias(zeros[view]) < 0.025);
  }
});

Deno.test("two_helper: the root opens the sum with both answers; both helpers with a region open each update; a wrong answer spoils the sum and is noticed", async () => {
  using core = createAggregateCore(module);
  const keys = [await generateHelperKey(), await generateHelperKey()];
  const helpers = keys.map(({ publicKey }) => publicKey);
  const mask = twoHelper({ values: 64, slotBits: 20, maxClients: 100, largest: 1000, helpers });
  const sid = systemRandom(32);
  const sent = await Promise.all([7, 11].map(async (value) => {
    const client = toBase64Url(systemRandom(32));
    const words = new Uint8Array(new Uint32Array(64).fill(value).buffer);
    const context = { sid, client, digest: webDigest, random: systemRandom };
    const masked = await mask.mask(core, words, context);
    const seeds = await Promise.all([1, 2].map((helper) => {
      const binding = { sid, client, helper, parcel: masked.digest, shareBytes: 32 };
      return openShare(masked.envelopes[helper - 1]!, { ...binding, key: keys[helper - 1]! });
    }));
    return { parcel: masked.parcel, seeds };
  }));
  const answersFor = (of: typeof sent) =>
    [1, 2].map((helper) => {
      using pads = createPadSum(core, 64);
      for (const { seeds } of of) pads.add(seeds[helper - 1]!);
      return { helper, share: pads.share() };
    });
  const sum = sumOf({ core, mask }, sent.map(({ parcel }) => parcel));
  const answers = answersFor(sent);
  const open = async (sum: Uint8Array, clients: number, answers: ReturnType<typeof answersFor>) =>
    await mask.open(core, sum, { sid, clients, answers });
  assert.ok(wordsOf(await open(sum, 2, answers)).every((word) => word === 18));
  // What trusting two operators means.
  for (const [at, value] of [7, 11].entries()) {
    const one = [sent[at]!];
    const opened = wordsOf(await open(one[0]!.parcel, 1, answersFor(one)));
    assert.ok(opened.every((word) => word === value));
  }
  for (const liar of [0, 1]) {
    const share = answers[liar]!.share.map((byte) => byte ^ 0x55);
    const bent = answers.with(liar, { ...answers[liar]!, share });
    await assert.rejects(open(sum, 2, bent), { code: "shares-inconsistent" });
    await assert.rejects(open(sum, 2, [answers[liar]!]), { code: "shares-missing" });
  }
});
