import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRng } from "../core/random.ts";
import type { History, Interactions } from "./interactions.ts";
import { drawEvaluationNegatives, drawTrainingNegatives, heldOutCases } from "./negatives.ts";
import { leaveOneOut } from "./split.ts";

const SEED = Uint8Array.from({ length: 32 }, (_, at) => at + 1);

function historyOf(items: readonly number[]): History {
  return {
    items: Uint32Array.from(items),
    ratings: new Float32Array(items.length).fill(1),
    times: Float64Array.from(items, (_, at) => at),
  };
}

const seenAndItems = fc.integer({ min: 1, max: 40 }).chain((items) =>
  fc.record({
    items: fc.constant(items),
    seen: fc.uniqueArray(fc.nat({ max: items - 1 }), { maxLength: items - 1 }),
  })
);

Deno.test("negatives: training negatives are never in train, and are as many as asked", () => {
  fc.assert(fc.property(seenAndItems, fc.nat({ max: 100 }), ({ items, seen }, count) => {
    const drawn = drawTrainingNegatives(Uint32Array.from(seen), {
      items,
      count,
      rng: seededRng(SEED),
    });
    assert.equal(drawn.length, count);
    assert.ok(drawn.every((item) => item < items && !seen.includes(item)));
  }));
});

Deno.test("negatives: a held-out item is drawn in training as often as any unseen one", () => {
  // Items 0 to 4 are train, 5 is held out; the sampler is told of train alone.
  const drawn = drawTrainingNegatives(Uint32Array.of(0, 1, 2, 3, 4), {
    items: 10,
    count: 50_000,
    rng: seededRng(SEED),
  });
  const counts = new Map<number, number>();
  for (const item of drawn) counts.set(item, (counts.get(item) ?? 0) + 1);
  assert.deepEqual([...counts.keys()].sort(), [5, 6, 7, 8, 9]);
  // 10 000 each expected, standard deviation 89.
  for (const count of counts.values()) assert.ok(Math.abs(count - 10_000) < 450, `${count}`);
});

Deno.test("negatives: somebody who has seen everything has none", () => {
  assert.throws(
    () => drawTrainingNegatives(Uint32Array.of(0, 1), { items: 2, count: 1, rng: seededRng(SEED) }),
    {
      code: "bad-data",
      message:
        "Cannot draw negatives: the person has seen all 2 items, expected at least one unseen",
    },
  );
});

Deno.test("negatives: an item beyond the catalogue is a mistake of the caller", () => {
  assert.throws(
    () => drawTrainingNegatives(Uint32Array.of(2), { items: 2, count: 1, rng: seededRng(SEED) }),
    new RangeError("Cannot draw negatives: item 2, expected one below 2"),
  );
});

Deno.test("negatives: evaluation negatives are different, unseen, and not the held-out item", () => {
  fc.assert(fc.property(seenAndItems, fc.nat({ max: 60 }), ({ items, seen }, count) => {
    const heldOut = Array.from({ length: items }, (_, item) => item)
      .find((item) => !seen.includes(item))!;
    const drawn = drawEvaluationNegatives(Uint32Array.from(seen), {
      heldOut,
      items,
      count,
      rng: seededRng(SEED),
    });
    assert.equal(drawn.length, Math.min(count, items - seen.length - 1));
    assert.equal(new Set(drawn).size, drawn.length);
    assert.ok(drawn.every((item) => item < items && item !== heldOut && !seen.includes(item)));
  }));
});

Deno.test("negatives: evaluation negatives hit every candidate equally often", () => {
  const rng = seededRng(SEED);
  const counts = new Uint32Array(12);
  for (let draw = 0; draw < 9000; draw++) {
    const drawn = drawEvaluationNegatives(Uint32Array.of(0, 11), {
      heldOut: 5,
      items: 12,
      count: 3,
      rng,
    });
    for (const item of drawn) counts[item]!++;
  }
  assert.deepEqual([counts[0], counts[5], counts[11]], [0, 0, 0]);
  // 3000 each expected, standard deviation 45.
  for (const item of [1, 2, 3, 4, 6, 7, 8, 9, 10]) {
    assert.ok(Math.abs(counts[item]! - 3000) < 225, `${counts}`);
  }
});

Deno.test("negatives: cases depend on the seed and the person's id, not on the others", async () => {
  const items = Array.from({ length: 300 }, (_, item) => String(item));
  const data = (people: readonly string[]): Interactions => ({
    people,
    items,
    titles: items,
    histories: people.map((id) => historyOf([Number(id), Number(id) + 1, Number(id) + 2])),
  });
  const cases = await heldOutCases(leaveOneOut(data(["10", "20", "30"])), { seed: SEED });
  const turned = await heldOutCases(leaveOneOut(data(["30", "10"])), { seed: SEED });
  assert.deepEqual(
    cases.map(({ person, train, test, negatives }) => [person, [...train], test, negatives.length]),
    [[0, [10, 11], 12, 99], [1, [20, 21], 22, 99], [2, [30, 31], 32, 99]],
  );
  assert.deepEqual(turned[0]!.negatives, cases[2]!.negatives);
  assert.deepEqual(turned[1]!.negatives, cases[0]!.negatives);
  assert.notDeepEqual(cases[0]!.negatives, cases[1]!.negatives);

  const other = await heldOutCases(leaveOneOut(data(["10"])), { seed: SEED.map((b) => b ^ 1) });
  assert.notDeepEqual(other[0]!.negatives, cases[0]!.negatives);
});

Deno.test("negatives: people without a held-out item have no case", async () => {
  const split = leaveOneOut({
    people: ["a", "b", "c"],
    items: ["0", "1", "2"],
    titles: ["0", "1", "2"],
    histories: [historyOf([0]), historyOf([0, 1, 2]), historyOf([2, 1])],
  }, { validation: true });
  const test = await heldOutCases(split, { seed: SEED });
  assert.deepEqual(test.map(({ person, test }) => [person, test]), [[1, 2], [2, 1]]);
  const validation = await heldOutCases(split, { seed: SEED, of: "validation" });
  assert.deepEqual(validation.map(({ person, test }) => [person, test]), [[1, 1]]);
  // The test item is as unseen as any other, so the validation may draw it.
  assert.deepEqual(validation.map(({ negatives }) => [...negatives]), [[2]]);
});
