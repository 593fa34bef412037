import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import { type RandomSource, systemRandom } from "../core/random.ts";
import { type AggregateCore, createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import { type Committee, committeeOf } from "./committee.ts";
import { openShare } from "./envelope.ts";
import { generateHelperKey } from "./helper_key.ts";
import { checkKahe1Plan, kahe1, type Kahe1Plan } from "./kahe1.ts";
import { kahe1Bounds, kahe1Shape } from "./kahe1_shape.ts";
import { checkNoise } from "./kahe1_work.ts";
import { createShareSum, shareBytes } from "./key_shares.ts";
import type { HelperAnswer, Mask, MaskedParcel } from "./mask.ts";
import { none } from "./none.ts";

const module = await inlineModule("aggregate");
const keys = await Promise.all(Array.from({ length: 5 }, () => generateHelperKey()));
const committee = committeeOf(keys.map(({ publicKey }) => publicKey));
const SID = systemRandom(32);

function planOf(over: Partial<Kahe1Plan> = {}): Kahe1Plan {
  return { values: 100, slotBits: 20, maxClients: 50, largest: 1000, committee, ...over };
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

async function maskOf(
  core: AggregateCore,
  mask: Mask,
  { client, words, sid = SID, random = systemRandom }: {
    client: number;
    words: ArrayLike<number>;
    sid?: Uint8Array;
    random?: RandomSource;
  },
): Promise<MaskedParcel> {
  const context = { sid, client: idOf(client), digest: webDigest, random };
  return await mask.mask(core, bytesOf(words), context);
}

/** Parcels added as every aggregator adds them. */
function added(core: AggregateCore, mask: Mask, parcels: readonly Uint8Array[]): Uint8Array {
  const mark = core.memory.mark();
  const [acc, slice] = [0, 1].map(() => core.memory.alloc(mask.parcelBytes));
  core.memory.u8(acc!).fill(0);
  for (const parcel of parcels) {
    core.memory.u8(slice!).set(parcel);
    mask.ring.add(core, acc!, slice!);
  }
  const sum = core.memory.u8(acc!).slice();
  core.memory.release(mark);
  return sum;
}

/** What helpers answer for some clients. */
async function answersOf(
  core: AggregateCore,
  degree: number,
  { helpers, sent, sid = SID }: {
    helpers: readonly number[];
    sent: readonly { client: number; masked: MaskedParcel }[];
    sid?: Uint8Array;
  },
): Promise<HelperAnswer[]> {
  const answers: HelperAnswer[] = [];
  for (const helper of helpers) {
    using sum = createShareSum(core, degree);
    for (const { client, masked } of sent) {
      sum.add(
        await openShare(masked.envelopes[helper - 1]!, {
          sid,
          client: idOf(client),
          helper,
          parcel: masked.digest,
          key: keys[helper - 1]!,
          shareBytes: shareBytes(helper, { threshold: committee.threshold, degree }),
        }),
      );
    }
    answers.push({ helper, share: sum.share() });
  }
  return answers;
}

async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode,
  sentence: RegExp,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isTributaryError(error, code), String(error));
    assert.match(error.message, sentence);
    return true;
  });
}

const scene = fc.constantFrom(15, 19, 20, 25).chain((slotBits) =>
  fc.record({
    slotBits: fc.constant(slotBits),
    values: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 4000, max: 21000 })),
    clients: fc.integer({ min: 1, max: 6 }),
    lost: fc.integer({ min: 0, max: 5 }),
    lostHelper: fc.option(fc.integer({ min: 1, max: 5 })),
    seed: fc.nat(1e6),
  })
);

Deno.test("kahe1: the sum of masked parcels opens to their sum, bit for bit, whoever drops out", async () => {
  using core = createAggregateCore(module);
  await fc.assert(
    fc.asyncProperty(scene, async ({ slotBits, values, clients, lost, lostHelper, seed }) => {
      const largest = Math.floor((2 ** slotBits - 1) / 6);
      const plan = planOf({ slotBits, values, maxClients: 6, largest });
      const mask = kahe1(plan);
      const plain = none(plan);
      const sent = await Promise.all(
        Array.from({ length: clients + lost }, async (_, client) => {
          const words = Array.from(
            { length: values },
            (_, i) => i % 9 === 0 ? largest : (Math.imul(i + seed, 40503) >>> 3) % (largest + 1),
          );
          const masked = await maskOf(core, mask, { client, words });
          return { client, words: bytesOf(words), masked };
        }),
      );
      // Those who are lost sent something that was never added.
      const kept = sent.slice(0, clients);
      const helpers = [1, 2, 3, 4, 5].filter((helper) => helper !== lostHelper);
      const { degree } = kahe1Shape(slotBits).ring;
      const answers = await answersOf(core, degree, { helpers, sent: kept });
      const sum = added(core, mask, kept.map(({ masked }) => masked.parcel));
      const opened = await mask.open(core, sum, { sid: SID, clients, answers });
      const want = added(core, plain, kept.map(({ words }) => words));
      assert.deepEqual(opened, want);
    }),
    { numRuns: 12 },
  );
});

Deno.test("kahe1: sums of sums open as well, in any order of addition", async () => {
  using core = createAggregateCore(module);
  const mask = kahe1(planOf());
  const sent = await Promise.all([1, 2, 3, 4, 5].map(async (client) => ({
    client,
    masked: await maskOf(core, mask, { client, words: Array(100).fill(client) }),
  })));
  const [a, b, c, d, e] = sent.map(({ masked }) => masked.parcel);
  const tree = added(core, mask, [
    added(core, mask, [e!, b!]),
    added(core, mask, [d!, added(core, mask, [c!, a!])]),
  ]);
  assert.deepEqual(tree, added(core, mask, [a!, b!, c!, d!, e!]));
  const answers = await answersOf(core, 2048, { helpers: [2, 3, 4, 5], sent });
  const opened = await mask.open(core, tree, { sid: SID, clients: 5, answers });
  assert.deepEqual([...wordsOf(opened)], Array(100).fill(15));
});

Deno.test("kahe1: two calls for the same parcel share no secret", async () => {
  using core = createAggregateCore(module);
  const mask = kahe1(planOf({ values: 8192 }));
  const words = new Uint32Array(8192);
  const [one, two] = [
    await maskOf(core, mask, { client: 1, words }),
    await maskOf(core, mask, { client: 1, words }),
  ];
  const [a, b] = [wordsOf(one.parcel), wordsOf(two.parcel)];
  assert.ok(a.filter((word, i) => word === b[i]).length < 3);
  // Under one key their difference would be t·(e1 − e2): small multiples of t.
  const t = 2 ** 40 % 134176769;
  let small = 0;
  for (let i = 0; i < 2048; i++) {
    const difference = ((a[i]! - b[i]!) % 134176769 + 134176769) % 134176769;
    for (let e = -60; e <= 60; e++) {
      small += Number((e * t % 134176769 + 134176769) % 134176769 === difference);
    }
  }
  assert.ok(small < 5, `${small} differences are multiples of t`);
});

Deno.test("kahe1: what was drawn is forgotten, in the core's memory and outside", async () => {
  using core = createAggregateCore(module);
  const mask = kahe1(planOf());
  const drawn: Uint8Array[] = [];
  const random: RandomSource = (length) => {
    const bytes = systemRandom(length);
    drawn.push(bytes);
    return bytes;
  };
  const mark = core.memory.mark();
  const masked = await maskOf(core, mask, { client: 1, words: Array(100).fill(7), random });
  assert.equal(drawn.length, 5);
  assert.ok(drawn.every((bytes) => bytes.every((byte) => byte === 0)));
  assert.equal(core.memory.mark(), mark);
  const answers = await answersOf(core, 2048, {
    helpers: [1, 2, 3, 4],
    sent: [{ client: 1, masked }],
  });
  await mask.open(core, masked.parcel, { sid: SID, clients: 1, answers });
  // All but the ring's tables, which are public.
  core.memory.alloc(4 * 4 * 2 * 2048);
  assert.ok(core.memory.u8(core.memory.alloc(65536)).every((byte) => byte === 0));
});

Deno.test("kahe1: what an aggregator sees of a parcel is uniform, whatever is in it", async () => {
  using core = createAggregateCore(module);
  const [cells, runs] = [64, 20];
  for (const fill of [0, 1000]) {
    const mask = kahe1(planOf({ values: 4096 }));
    const counts = [new Float64Array(cells), new Float64Array(cells)];
    for (let run = 0; run < runs; run++) {
      const { parcel } = await maskOf(core, mask, { client: 1, words: Array(4096).fill(fill) });
      wordsOf(parcel).forEach((word, i) => {
        const row = Math.floor(i / 2048);
        const prime = row === 0 ? 134176769 : 134111233;
        counts[row]![Math.floor(word / prime * cells)]!++;
      });
    }
    for (const found of counts) {
      const want = runs * 2048 / cells;
      const chi = found.reduce((sum, count) => sum + (count - want) ** 2 / want, 0);
      // Mean 63, standard deviation 11.2.
      assert.ok(chi < 63 + 6 * 11.3, `chi-square ${chi} of 63 degrees of freedom`);
    }
  }
});

Deno.test("kahe1: under another sid, or without one client's shares, a sum does not open", async () => {
  using core = createAggregateCore(module);
  const mask = kahe1(planOf());
  const sent = await Promise.all([1, 2, 3].map(async (client) => ({
    client,
    masked: await maskOf(core, mask, { client, words: Array(100).fill(client) }),
  })));
  const sum = added(core, mask, sent.map(({ masked }) => masked.parcel));
  const helpers = [1, 2, 3, 4];
  const answers = await answersOf(core, 2048, { helpers, sent });
  const right = { sid: SID, clients: 3, answers };
  await mask.open(core, sum, right);
  const noise = /^Cannot open a sum of 3 parcels: its errors reach \d+ with a variance of/;
  const missing = await answersOf(core, 2048, { helpers, sent: sent.slice(1) });
  await rejects(
    mask.open(core, sum, { ...right, sid: systemRandom(32) }),
    "noise-excessive",
    noise,
  );
  await rejects(mask.open(core, sum, { ...right, answers: missing }), "noise-excessive", noise);
});

Deno.test("kahe1: one parcel of garbage makes the root refuse the sum", async () => {
  using core = createAggregateCore(module);
  const mask = kahe1(planOf());
  const sent = await Promise.all([1, 2].map(async (client) => ({
    client,
    masked: await maskOf(core, mask, { client, words: Array(100).fill(client) }),
  })));
  const garbage = wordsOf(systemRandom(mask.parcelBytes)).map((word) => word % 134111233);
  const sum = added(core, mask, [sent[0]!.masked.parcel, bytesOf(garbage)]);
  const answers = await answersOf(core, 2048, { helpers: [1, 2, 3, 4], sent });
  const opened = mask.open(core, sum, { sid: SID, clients: 2, answers });
  await rejects(opened, "noise-excessive", /a key or a parcel in it is not what it should be/);
});

Deno.test("kahe1: the alarm tells garbage from errors also where the largest error cannot", () => {
  for (const bits of [15, 19, 20, 25]) {
    const shape = kahe1Shape(bits);
    const clients = kahe1Bounds(shape).maxClients;
    const coefficients = shape.ring.degree;
    const q = shape.ring.primes.map(BigInt).reduce((a, b) => a * b);
    const most = Number(q >> BigInt(1 + shape.slots.count * bits));
    // Uniform over ±most.
    const squares = coefficients * most ** 2 / 3;
    const honest = 6.4 ** 2 * clients * coefficients;
    checkNoise({ most: Math.floor(64 * Math.sqrt(clients)), squares: honest * 1.3 }, {
      clients,
      coefficients,
    });
    assert.throws(
      () => checkNoise({ most: most - 3, squares }, { clients, coefficients }),
      (error) => isTributaryError(error, "noise-excessive"),
    );
  }
});

Deno.test("kahe1: sums and answers that are none are refused by their codes", async () => {
  using core = createAggregateCore(module);
  const mask = kahe1(planOf());
  const masked = await maskOf(core, mask, { client: 1, words: Array(100).fill(1) });
  const sent = [{ client: 1, masked }];
  const answers = await answersOf(core, 2048, { helpers: [1, 2, 3, 4, 5], sent });
  const right = { sid: SID, clients: 1, answers };
  const large = wordsOf(masked.parcel);
  large[2048] = 134111233;
  const forged = answers.with(4, { helper: 5, share: answers[0]!.share });
  const three = answers.slice(0, 3);
  const short = answers.with(1, { helper: 2, share: new Uint8Array(32) });
  const mark = core.memory.mark();
  const cases = [
    [masked.parcel.subarray(4), {}, "length-mismatch", /a sum of 16380 bytes: expected 16384/],
    [bytesOf(large), {}, "residue-out-of-range", /its word 2048 is 134111233/],
    [masked.parcel, { answers: three }, "shares-missing", /3 helpers answered, 4 must/],
    [masked.parcel, { answers: forged }, "shares-inconsistent", /the share of helper 5/],
    [masked.parcel, { answers: short }, "length-mismatch", /a share of 32 bytes: expected 8192/],
  ] as const;
  for (const [sum, over, code, sentence] of cases) {
    await rejects(mask.open(core, sum, { ...right, ...over }), code, sentence);
    assert.equal(core.memory.mark(), mark);
  }
  for (const clients of [0, 51, 1.5]) {
    await assert.rejects(mask.open(core, masked.parcel, { ...right, clients }), RangeError);
  }
  await mask.open(core, masked.parcel, right);
});

Deno.test("kahe1: values that the plan has not are not masked", async () => {
  using core = createAggregateCore(module);
  for (const mask of [kahe1(planOf()), none(planOf())]) {
    const words = Array<number>(100).fill(1000);
    await maskOf(core, mask, { client: 1, words });
    const above = maskOf(core, mask, { client: 1, words: words.with(99, 1001) });
    await rejects(above, "update-out-of-range", /Cannot mask value 99: it is above 1000/);
    const few = maskOf(core, mask, { client: 1, words: words.slice(1) });
    await rejects(few, "update-misshapen", /a parcel of 396 bytes: expected 400/);
  }
});

Deno.test("kahe1: plans whose sums could overflow, or whose helpers do not fit, are refused", () => {
  const cases: [Partial<Kahe1Plan>, RegExp][] = [
    [{ slotBits: 16 }, /Cannot mask in 16-bit slots/],
    [
      { slotBits: 19, maxClients: 16374, largest: 1 },
      /16374 clients in 4 slots .* more than 16373/,
    ],
    [{ largest: 20972 }, /their sum reaches 1048600, at most 1048575 fits/],
    [{ values: 0 }, /Cannot mask 0 values/],
    [{ values: 1.5 }, /Cannot mask 1.5 values/],
    [{ maxClients: 0 }, /of 0 clients/],
    [{ largest: NaN }, /up to NaN/],
    [{ slotBits: 33 }, /33-bit slots/],
    [{ committee: { ...committee, threshold: 2 } satisfies Committee }, /a threshold of 2/],
  ];
  for (const [over, sentence] of cases) {
    for (const check of [checkKahe1Plan, kahe1]) {
      assert.throws(() => check(planOf(over)), (error) => {
        assert.ok(isTributaryError(error, "task-refused"), String(error));
        assert.match(error.message, sentence);
        return true;
      });
    }
  }
  checkKahe1Plan(planOf({ slotBits: 19, maxClients: 16373, largest: 32 }));
});

Deno.test("none: parcels travel as they are, and their sum is what was added", async () => {
  using core = createAggregateCore(module);
  const mask = none(planOf());
  const words = Array.from({ length: 100 }, (_, i) => i);
  const masked = await maskOf(core, mask, { client: 1, words });
  assert.deepEqual(masked.parcel, bytesOf(words));
  assert.deepEqual(masked.envelopes, []);
  const single = await webDigest(masked.parcel);
  assert.deepEqual(masked.digest, await webDigest(single));
  const sum = added(core, mask, [masked.parcel, masked.parcel]);
  const opened = await mask.open(core, sum, { sid: SID, clients: 2, answers: [] });
  assert.deepEqual([...wordsOf(opened)], words.map((word) => 2 * word));
  assert.throws(() => none(planOf({ largest: 2 ** 20 })), /task|Cannot fit/);
  const short = { sid: SID, clients: 2, answers: [] };
  assert.throws(
    () => mask.open(core, sum.subarray(4), short),
    (error) => isTributaryError(error, "length-mismatch"),
  );
});
