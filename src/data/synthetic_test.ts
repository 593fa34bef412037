import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../core/random.ts";
import { evaluateLeaveOneOut } from "../metrics/leave_one_out.ts";
import { heldOutCases } from "./negatives.ts";
import { popularityScores } from "./popularity.ts";
import { leaveOneOut } from "./split.ts";
import { generate, SYNTHETIC_SHAPES } from "./synthetic.ts";
import type { SyntheticData } from "./synthetic.ts";

type Preset = keyof typeof SYNTHETIC_SHAPES;

async function seedOf(number: number): Promise<Uint8Array> {
  return await deriveSeed(new Uint8Array(), "synthetic", number);
}

async function world(preset: Preset, seed: number): Promise<SyntheticData> {
  return generate(SYNTHETIC_SHAPES[preset], seededRng(await seedOf(seed)));
}

Deno.test("synthetic: each preset has its people, items, groups, and 25 to 40 ratings a person", async () => {
  for (const preset of ["small", "medium", "large"] as const) {
    const shape = SYNTHETIC_SHAPES[preset];
    const { interactions, groups } = await world(preset, 1);
    assert.equal(interactions.people.length, shape.people);
    assert.equal(interactions.items.length, shape.items);
    assert.deepEqual([...groups.slice(0, shape.groups + 1)], [
      ...Array.from({ length: shape.groups }, (_, group) => group),
      0,
    ]);
    const counts = interactions.histories.map(({ items }) => items.length);
    assert.equal(Math.min(...counts), shape.minItems);
    assert.equal(Math.max(...counts), shape.maxItems);
    for (const { items, times, ratings } of interactions.histories) {
      assert.equal(new Set(items).size, items.length);
      assert.ok(items.every((item) => item < shape.items));
      assert.ok(times.every((time, at) => at === 0 || time > times[at - 1]!));
      assert.ok(ratings.every((rating) => rating === 1));
    }
  }
});

Deno.test("synthetic: titles are readable and different", async () => {
  const { titles } = (await world("large", 1)).interactions;
  assert.equal(new Set(titles).size, 1000);
  assert.ok(titles.every((title) => /^The [A-Z][a-z]+ [A-Z][a-z]+$/.test(title)));
});

Deno.test("synthetic: the same seed gives the same world, another one another", async () => {
  assert.deepEqual(await world("small", 1), await world("small", 1));
  assert.notDeepEqual(await world("small", 1), await world("small", 2));
});

Deno.test("synthetic: everybody follows three others, nine in ten of their own group", async () => {
  const { edges, groups } = await world("large", 1);
  let within = 0;
  edges.forEach((followed, person) => {
    assert.equal(followed.length, 3);
    assert.equal(new Set([...followed, person]).size, 4);
    for (const other of followed) if (groups[other] === groups[person]) within++;
  });
  // 1800 edges: standard deviation .007.
  assert.ok(Math.abs(within / 1800 - 0.9) < 0.025, `${within / 1800}`);
});

Deno.test("synthetic: people of one group choose alike, of two groups do not", async () => {
  const { interactions, groups } = await world("medium", 1);
  const sets = interactions.histories.map(({ items }) => new Set(items));
  const overlap = { within: [0, 0], between: [0, 0] };
  sets.forEach((a, i) =>
    sets.slice(0, i).forEach((b, j) => {
      const sum = groups[i] === groups[j] ? overlap.within : overlap.between;
      sum[0]! += a.intersection(b).size / Math.min(a.size, b.size);
      sum[1]!++;
    })
  );
  const within = overlap.within[0]! / overlap.within[1]!;
  const between = overlap.between[0]! / overlap.between[1]!;
  assert.ok(within > 2 * between, `within ${within}, between ${between}`);
});

Deno.test("synthetic: popularity does as well as was measured for each preset", async () => {
  // Measured by an independent program over 300, 100 and 20 seeds: .334, .311, .444, with standard
  // deviations of .099, .058 and .034 over seeds.
  for (
    const { preset, expected, deviation, seeds } of [
      { preset: "small", expected: 0.334, deviation: 0.099, seeds: 16 },
      { preset: "medium", expected: 0.311, deviation: 0.058, seeds: 9 },
      { preset: "large", expected: 0.444, deviation: 0.034, seeds: 4 },
    ] as const
  ) {
    let sum = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const { interactions } = await world(preset, seed);
      const split = leaveOneOut(interactions);
      const counts = popularityScores(split.train);
      sum += evaluateLeaveOneOut(() => counts, {
        cases: await heldOutCases(split, { seed: await seedOf(seed) }),
        items: interactions.items.length,
      }).hitRate;
    }
    const error = 3 * deviation / Math.sqrt(seeds);
    assert.ok(Math.abs(sum / seeds - expected) < error, `${preset}: ${sum / seeds}`);
  }
});

Deno.test("synthetic: shapes that make no sense are refused", () => {
  const rng = seededRng(new Uint8Array(16));
  const shape = SYNTHETIC_SHAPES.small;
  assert.throws(
    () => generate({ ...shape, groups: 0 }, rng),
    new RangeError("Cannot generate ratings: groups is 0, expected a whole number above 0"),
  );
  assert.throws(
    () => generate({ ...shape, intensity: NaN }, rng),
    new RangeError("Cannot generate ratings: intensity is NaN, expected a finite number"),
  );
  assert.throws(
    () => generate({ ...shape, maxItems: 201 }, rng),
    new RangeError(
      "Cannot generate ratings: 25 to 201 items a person of 200, expected minItems ≤ maxItems ≤ items",
    ),
  );
});

Deno.test("synthetic: a person alone follows nobody, two people each other", () => {
  const shape = { ...SYNTHETIC_SHAPES.small, minItems: 1, maxItems: 2 };
  const edges = (people: number): number[][] =>
    generate({ ...shape, people }, seededRng(new Uint8Array(16))).edges.map((row) => [...row]);
  assert.deepEqual(edges(1), [[]]);
  assert.deepEqual(edges(2), [[1], [0]]);
});
