import assert from "node:assert/strict";
import { systemRandom } from "../../src/core/random.ts";
import { kahe1Shape } from "../../src/mask/kahe1_shape.ts";
import { openSum } from "../../src/mask/kahe1_work.ts";
import { publicSeed } from "../../src/mask/public_seed.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { answersOf, type Masking, maskingOf, send, sumOf, wordsOf } from "./masking.ts";
import {
  assertSame,
  assertUniform,
  countCells,
  countLowBits,
  distanceFromUniform,
  LIMIT,
  unseenBias,
} from "./uniformity.ts";

const module = await inlineModule("aggregate");
const RUNS = 50;

/** What a root finds in the first of two parcels under the sum of both keys, counted. */
async function rootViews(masking: Masking, [first, second]: readonly [number, number]) {
  const { core, mask, values } = masking;
  const cells = new Float64Array(256);
  const low = new Float64Array(256);
  for (let run = 0; run < RUNS; run++) {
    const sid = systemRandom(32);
    const sent = [await send(masking, first, { sid }), await send(masking, second, { sid })];
    const answers = await answersOf(masking, sent);
    const sum = sumOf(masking, sent.map(({ parcel }) => parcel));
    const opened = wordsOf(await mask.open(core, sum, { sid, clients: 2, answers }));
    assert.ok(opened.every((word) => word === first + second));
    const [{ parcel = new Uint8Array() } = {}] = sent;
    const shares = { answers, helpers: 5, threshold: 4 };
    const seed = await publicSeed(sid);
    const { words } = openSum(core, kahe1Shape(19), { sum: parcel, values, seed, shares });
    countCells(wordsOf(words), { modulus: 2 ** 19, cells: 256 })
      .forEach((n, i) => cells[i]! += n);
    countLowBits(wordsOf(words), 8).forEach((n, i) => low[i]! += n);
  }
  return { cells, low };
}

Deno.test("a curious root: with the sum of two keys it opens their sum; either parcel under it stays uniform, whoever of the two had which values", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core);
  const [one, other] = [
    await rootViews(masking, [0, masking.largest]),
    await rootViews(masking, [masking.largest, 0]),
  ];
  for (const { cells, low } of [one, other]) {
    assertUniform(cells, "values of one parcel");
    assertUniform(low, "their low bytes");
  }
  assertSame(one.cells, other.cells, "values of one parcel");
  assertSame(one.low, other.low, "their low bytes");
  assert.ok(unseenBias(one.cells) < 0.025, `${unseenBias(one.cells)}`);
});

Deno.test("a curious root: what it opens is no more than the sum, and with one client in it that is the client's", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core);
  const sid = systemRandom(32);
  const alone = await send(masking, 7, { sid });
  const answers = await answersOf(masking, [alone]);
  const { mask } = masking;
  const opened = wordsOf(await mask.open(core, alone.parcel, { sid, clients: 1, answers }));
  assert.ok(opened.every((word) => word === 7));
  assert.ok(distanceFromUniform(countLowBits(opened, 8)) > 100 * LIMIT);
  // Which is why helpers answer for nobody alone: see asking_root_test.ts.
});

Deno.test("a curious root: the sum of keys of one set opens no other set, nor one with a client more or less", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core, { values: 100 });
  const { mask } = masking;
  const sid = systemRandom(32);
  const sent = await Promise.all([1, 2, 3, 4].map((value) => send(masking, value, { sid })));
  const answers = await answersOf(masking, sent.slice(0, 3));
  for (const set of [[0], [0, 1], [1, 2], [0, 1, 2, 3], [1, 2, 3]]) {
    const sum = sumOf(masking, set.map((at) => sent[at]!.parcel));
    await assert.rejects(
      mask.open(core, sum, { sid, clients: set.length, answers }),
      { code: "noise-excessive" },
      `clients ${set}`,
    );
  }
});

Deno.test("a root that shows two models: their parcels neither open together nor count as one round's", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core, { values: 100 });
  const { mask } = masking;
  // The sid holds the model's digest (session_id_test.ts): who was shown another has another.
  const [shown, other] = [systemRandom(32), systemRandom(32)];
  const [a, b] = [
    await send(masking, 1, { sid: shown }),
    await send(masking, 2, { sid: other }),
  ];
  // A helper opens no envelope of the other sid for this one …
  await assert.rejects(answersOf(masking, [a, { ...b, sid: shown }]), { code: "sid-mismatch" });
  // … and even all of their shares, each opened for its own sid, give no key of the sum: the
  // parcels lie under two public polynomials.
  const answers = await answersOf(masking, [a, b]);
  const sum = sumOf(masking, [a.parcel, b.parcel]);
  for (const sid of [shown, other]) {
    await assert.rejects(
      mask.open(core, sum, { sid, clients: 2, answers }),
      { code: "noise-excessive" },
    );
  }
});
