import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toBase64Url, toHex } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import { type RandomSource, systemRandom } from "../core/random.ts";
import { type AggregateCore, createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import { openShare } from "./envelope.ts";
import { generateHelperKey } from "./helper_key.ts";
import type { HelperAnswer, Mask, MaskedParcel } from "./mask.ts";
import {
  checkTwoHelperPlan,
  createPadSum,
  MOST_TWO_HELPER_VALUES,
  twoHelper,
  type TwoHelperPlan,
} from "./two_helper.ts";
import frozen from "./two_helper_vectors.json" with { type: "json" };
import { padSeed, padValues, padVectors } from "./two_helper_vectors_testing.ts";

const module = await inlineModule("aggregate");
const keys = [await generateHelperKey(), await generateHelperKey()];
const helpers = keys.map(({ publicKey }) => publicKey);
const SID = systemRandom(32);

function planOf(over: Partial<TwoHelperPlan> = {}): TwoHelperPlan {
  return { values: 40, slotBits: 20, maxClients: 50, largest: 1000, helpers, ...over };
}

function idOf(client: number): string {
  return toBase64Url(new Uint8Array(32).fill(client));
}

function bytesOf(words: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

interface Sent {
  readonly client: number;
  readonly masked: MaskedParcel;
}

async function send(
  core: AggregateCore,
  mask: Mask,
  { client, words, random = systemRandom }: {
    client: number;
    words: ArrayLike<number>;
    random?: RandomSource;
  },
): Promise<Sent> {
  const context = { sid: SID, client: idOf(client), digest: webDigest, random };
  return { client, masked: await mask.mask(core, bytesOf(words), context) };
}

async function answersOf(
  core: AggregateCore,
  values: number,
  sent: readonly Sent[],
): Promise<HelperAnswer[]> {
  const answers: HelperAnswer[] = [];
  for (const helper of [1, 2]) {
    using sum = createPadSum(core, values);
    for (const { client, masked } of sent) {
      sum.add(
        await openShare(masked.envelopes[helper - 1]!, {
          sid: SID,
          client: idOf(client),
          helper,
          parcel: masked.digest,
          key: keys[helper - 1]!,
          shareBytes: 32,
        }),
      );
    }
    assert.equal(sum.count, sent.length);
    answers.push({ helper, share: sum.share() });
  }
  return answers;
}

function added(parcels: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return bytesOf(parcels.map(wordsOf).reduce((sum, words) => sum.map((it, i) => it + words[i]!)));
}

function refusal(code: ErrorCode, sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isTributaryError(error, code), String(error));
    assert.match(error.message, sentence);
    return true;
  };
}

Deno.test("two_helper: the frozen vectors are what the slow reference computes", () => {
  for (const wanted of frozen.cases) {
    assert.deepEqual(padVectors(wanted.values, wanted.largest), wanted);
  }
});

for (const wanted of frozen.cases) {
  const { values, largest } = wanted;
  Deno.test(`two_helper: parcels, answers and what they open to, ${values} values`, async () => {
    using core = createAggregateCore(module);
    const mask = twoHelper(planOf({ values, largest, maxClients: 3, slotBits: 32 }));
    const sent = await Promise.all([0, 1, 2].map((client) => {
      const seeds = [1, 2].map((helper) => padSeed(client, helper));
      const words = padValues(client, wanted);
      return send(core, mask, { client, words, random: () => seeds.shift()! });
    }));
    const parcels = sent.map(({ masked }) => masked.parcel);
    assert.deepEqual(parcels.map(toHex), wanted.parcels);
    const answers = await answersOf(core, values, sent);
    assert.deepEqual(answers.map(({ share }) => toHex(share)), wanted.answers);
    assert.equal(toHex(added(parcels)), wanted.sum);
    const opened = await mask.open(core, fromHex(wanted.sum), { sid: SID, clients: 3, answers });
    assert.equal(toHex(opened), wanted.opened);
  });
}

Deno.test("two_helper: the sum of masked parcels opens to their sum, whoever drops out", async () => {
  using core = createAggregateCore(module);
  const scene = fc.record({
    values: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(MOST_TWO_HELPER_VALUES)),
    kept: fc.integer({ min: 1, max: 6 }),
    lost: fc.integer({ min: 0, max: 4 }),
    slotBits: fc.integer({ min: 4, max: 32 }),
    seed: fc.nat(1e6),
  });
  await fc.assert(
    fc.asyncProperty(scene, async ({ values, kept, lost, slotBits, seed }) => {
      const largest = Math.floor((2 ** slotBits - 1) / 6);
      const mask = twoHelper(planOf({ values, largest, maxClients: 6, slotBits }));
      const parcels = Array.from(
        { length: kept + lost },
        (_, client) =>
          Uint32Array.from(
            { length: values },
            (_, i) =>
              i % 5 === 0 ? largest : Math.imul(i + seed, 40503 + client) % (largest + 1) >>> 0,
          ),
      );
      parcels.forEach((words) => words.forEach((word, i) => words[i] = word % (largest + 1)));
      const all = await Promise.all(
        parcels.map((words, client) => send(core, mask, { client, words })),
      );
      const sent = all.slice(0, kept);
      const sum = added(sent.map(({ masked }) => masked.parcel));
      const answers = await answersOf(core, values, sent);
      const opened = await mask.open(core, sum, { sid: SID, clients: kept, answers });
      assert.deepEqual(opened, added(parcels.slice(0, kept).map(bytesOf)));
    }),
    { numRuns: 30 },
  );
});

Deno.test("two_helper: what a region and one helper hold of a parcel is uniform, whatever is in it", async () => {
  using core = createAggregateCore(module);
  const [values, cells, runs] = [2048, 64, 20];
  for (const fill of [0, 1000]) {
    const mask = twoHelper(planOf({ values }));
    for (const [at, helper] of [undefined, 1, 2].entries()) {
      const counts = new Float64Array(cells);
      for (let run = 0; run < runs; run++) {
        const drawn: Uint8Array<ArrayBuffer>[] = [];
        const random: RandomSource = (length) => {
          const seed = systemRandom(length);
          drawn.push(seed.slice());
          return seed;
        };
        const words = Array(values).fill(fill);
        const { masked } = await send(core, mask, { client: 1, words, random });
        const mark = core.memory.mark();
        const left = core.memory.alloc(4 * values);
        core.memory.u8(left).set(masked.parcel);
        if (helper !== undefined) core.subPad(drawn[helper - 1]!, left);
        core.memory.u32(left).forEach((word) => counts[Math.floor(word / 2 ** 32 * cells)]!++);
        core.memory.release(mark);
      }
      const want = runs * values / cells;
      const chi = counts.reduce((sum, count) => sum + (count - want) ** 2 / want, 0);
      // Mean 63, standard deviation 11.2.
      assert.ok(chi < 63 + 6 * 11.3, `case ${at}: chi-square ${chi} of 63 degrees of freedom`);
    }
  }
});

Deno.test("two_helper: what was drawn is forgotten, in the core's memory and outside", async () => {
  using core = createAggregateCore(module);
  const mask = twoHelper(planOf());
  const drawn: Uint8Array[] = [];
  const random: RandomSource = (length) => {
    const bytes = systemRandom(length);
    drawn.push(bytes);
    return bytes;
  };
  const mark = core.memory.mark();
  const sent = await send(core, mask, { client: 1, words: Array(40).fill(7), random });
  assert.equal(drawn.length, 2);
  assert.ok(drawn.every((bytes) => bytes.every((byte) => byte === 0)));
  const answers = await answersOf(core, 40, [sent]);
  await mask.open(core, sent.masked.parcel, { sid: SID, clients: 1, answers });
  assert.equal(core.memory.mark(), mark);
  const after = core.memory.u32(core.memory.alloc(65536));
  // The helpers' answers may stay: pads without the parcel tell nothing.
  assert.equal(after.includes(7), false);
});

Deno.test("two_helper: a client that was not added, or a pad of another, makes the root refuse the sum", async () => {
  using core = createAggregateCore(module);
  const mask = twoHelper(planOf());
  const sent = await Promise.all(
    [1, 2, 3].map((client) => send(core, mask, { client, words: Array(40).fill(client) })),
  );
  const sum = added(sent.map(({ masked }) => masked.parcel));
  const [first, second] = await answersOf(core, 40, sent);
  const [, fewer] = await answersOf(core, 40, sent.slice(1));
  const inconsistent = refusal(
    "shares-inconsistent",
    /value \d+ is more than its clients can give/,
  );
  const context = { sid: SID, clients: 3 };
  await mask.open(core, sum, { ...context, answers: [second!, first!] });
  for (const answers of [[first!, fewer!], [first!, { helper: 2, share: first!.share }]]) {
    await assert.rejects(
      async () => await mask.open(core, sum, { ...context, answers }),
      inconsistent,
    );
  }
});

Deno.test("two_helper: sums, answers and seeds that are none are refused by their codes", async () => {
  using core = createAggregateCore(module);
  const mask = twoHelper(planOf());
  const sent = await send(core, mask, { client: 1, words: Array(40).fill(1) });
  const [first, second] = await answersOf(core, 40, [sent]);
  const right = { sid: SID, clients: 1, answers: [first!, second!] };
  const mark = core.memory.mark();
  const short = { helper: 2, share: second!.share.slice(4) };
  const cases = [
    [sent.masked.parcel.subarray(4), {}, "length-mismatch", /a sum of 156 bytes: expected 160/],
    [sent.masked.parcel, { answers: [first!] }, "shares-missing", /1 helpers answered, 2 must/],
    [
      sent.masked.parcel,
      { answers: [first!, short] },
      "length-mismatch",
      /a share of 156 bytes: expected 160/,
    ],
  ] as const;
  for (const [sum, over, code, sentence] of cases) {
    await assert.rejects(
      async () => await mask.open(core, sum, { ...right, ...over }),
      refusal(code, sentence),
    );
    assert.equal(core.memory.mark(), mark);
  }
  for (const answers of [[first!, first!], [first!, { ...second!, helper: 3 }]]) {
    await assert.rejects(
      async () => await mask.open(core, sent.masked.parcel, { ...right, answers }),
      RangeError,
    );
  }
  using pads = createPadSum(core, 40);
  assert.throws(
    () => pads.add(new Uint8Array(31)),
    refusal("length-mismatch", /a seed of 31 bytes: expected 32/),
  );
  assert.equal(pads.count, 0);
  assert.ok(pads.share().every((byte) => byte === 0));
});

Deno.test("two_helper: plans of other committees and of large vectors are refused with the numbers", () => {
  checkTwoHelperPlan(planOf({ values: MOST_TWO_HELPER_VALUES }));
  const cases: [Partial<TwoHelperPlan>, RegExp][] = [
    [{ values: 65_537 }, /^Cannot mask 65537 values by two helpers: at most 65536/],
    [{ helpers: [helpers[0]!] }, /by two helpers with 1: expected 2/],
    [{ helpers: [...helpers, new Uint8Array(32)] }, /by two helpers with 3: expected 2/],
    [{ helpers: [helpers[0]!, helpers[0]!] }, /two have one key/],
    [{ helpers: [helpers[0]!, new Uint8Array(31)] }, /the key of helper 2: 31 bytes/],
    [{ maxClients: 2000 }, /Cannot fit values up to 1000 of 2000 clients in 20-bit slots/],
  ];
  for (const [over, sentence] of cases) {
    assert.throws(() => twoHelper(planOf(over)), refusal("task-refused", sentence));
  }
});

Deno.test("two_helper: values that the plan has not are not masked", async () => {
  using core = createAggregateCore(module);
  const mask = twoHelper(planOf());
  const words = Array<number>(40).fill(1000).with(3, 1001);
  await assert.rejects(
    send(core, mask, { client: 1, words }),
    refusal("update-out-of-range", /Cannot mask value 3: it is above 1000/),
  );
  await assert.rejects(
    send(core, mask, { client: 1, words: [1, 2] }),
    refusal("update-misshapen", /a parcel of 8 bytes: expected 160/),
  );
});
