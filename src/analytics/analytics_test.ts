import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Examples } from "../models/mod.ts";
import { simulate } from "../sim/mod.ts";
import { defineTask } from "../task/mod.ts";
import type { Task } from "../wire/task.ts";
import { heavyHitters, heavyHittersOf, histogram, histogramsOf, mean, meansOf } from "./mod.ts";

const rng = seededRng(await deriveSeed(new Uint8Array(32), "analytics"));

/** What a task publishes in the end, over a tree of four regions. */
async function counted(task: Task, clients: readonly Examples[]): Promise<NamedTensors> {
  const { model } = await simulate(task, {
    clients: clients.map((examples) => ({ examples })),
    tree: [2, 2],
  });
  return model;
}

function taskOf(model: Parameters<typeof defineTask>[0]["model"], rounds = 1): Task {
  return defineTask({
    name: "statistics",
    model,
    update: { slotBits: 32 },
    clients: { min: 10, max: 200 },
    stop: { rounds },
  });
}

Deno.test("analytics: means, variances and counts are those of all values together", async () => {
  const ages = Array.from({ length: 120 }, () => 30 + 12 * rng.normal());
  const hours = ages.map((age, at) => at % 3 === 0 ? [] : [age / 10, 20]);
  const task = taskOf(mean({ fields: { age: [0, 100], hours: [0, 24], none: [0, 1] } }));
  const clients = ages.map((age, at) =>
    ({ kind: "values", values: { age: [age], hours: hours[at]! } }) as const
  );
  const found = meansOf(task, await counted(task, clients));
  const centre = (values: readonly number[]) =>
    values.reduce((sum, x) => sum + x / values.length, 0);
  const spread = (values: readonly number[]) =>
    centre(values.map((value) => (value - centre(values)) ** 2));
  assert.ok(Math.abs(found.age!.mean - centre(ages)) < 1e-3, `${found.age!.mean}`);
  assert.ok(Math.abs(found.age!.variance - spread(ages)) < 1e-2, `${found.age!.variance}`);
  assert.deepEqual([found.age!.count, found.age!.clipped], [120, 0]);
  const own = hours.flat();
  assert.ok(Math.abs(found.hours!.mean - centre(own)) < 1e-3);
  assert.ok(Math.abs(found.hours!.variance - spread(own)) < 1e-2);
  assert.equal(found.hours!.count, 80);
  assert.deepEqual([found.none!.count, found.none!.mean], [0, NaN]);
});

Deno.test("analytics: with a cap, those with more values weigh more, and bounds that are too narrow show", async () => {
  const task = taskOf(mean({ fields: { age: [0, 50] }, cap: 4 }));
  const clients = Array.from(
    { length: 20 },
    (_, at) => ({ kind: "values", values: { age: at < 10 ? [10] : [20, 20, 90, 90] } }) as const,
  );
  const { age } = meansOf(task, await counted(task, clients));
  assert.equal(age!.count, 50);
  // Ten of 10, twenty of 20, twenty of 50.
  assert.ok(Math.abs(age!.mean - 30) < 1e-4, `${age!.mean}`);
  assert.ok(Math.abs(age!.clipped - 0.4) < 1e-6);
});

Deno.test("analytics: a histogram counts each client once, exactly, and what is out of range", async () => {
  const edges = [0, 20, 40, 60];
  const task = taskOf(histogram({ fields: { age: edges } }));
  const ages = Array.from({ length: 150 }, () => Math.round(40 + 25 * rng.normal()));
  const clients = ages.map((age) => ({ kind: "values", values: { age: [age] } }) as const);
  const { age } = histogramsOf(task, await counted(task, clients));
  const between = (low: number, high: number) => ages.filter((x) => x >= low && x < high).length;
  assert.deepEqual(age, {
    edges,
    counts: [between(0, 20), between(20, 40), between(40, 60)],
    below: between(-Infinity, 0),
    above: between(60, Infinity),
    total: 150,
    stddev: 0,
  });
});

Deno.test("analytics: with local responses a histogram is an estimate, as good as it says", async () => {
  const task = taskOf(histogram({ fields: { age: [0, 20, 40] }, local: 2 }));
  assert.deepEqual(task.update.tensors, [{ name: "age", shape: [5], range: 1 }]);
  const clients = Array.from(
    { length: 200 },
    (_, at) => ({ kind: "values", values: at < 40 ? {} : { age: [at < 100 ? 10 : 30] } }) as const,
  );
  const { age } = histogramsOf(task, await counted(task, clients));
  // 5 choices at e^2 = 7.39: kept with chance 0.65, deviation of an empty bin √(200·0.088·0.912)/0.56.
  assert.ok(Math.abs(age!.stddev - 7.13) < 0.05, `${age!.stddev}`);
  const want = [60, 100, 0, 0, 160];
  [...age!.counts, age!.below, age!.above, age!.total].forEach((count, at) =>
    assert.ok(Math.abs(count - want[at]!) < 5 * 2 * age!.stddev, `${count}, expected ${want[at]}`)
  );
  assert.notEqual(age!.counts[0], 60);
});

Deno.test("analytics: with a promise of privacy counts have the noise that they say, and no more", async () => {
  const task = defineTask({
    name: "ages",
    model: histogram({ fields: { age: [0, 20, 40], hours: [8] } }),
    update: { slotBits: 30 },
    clients: { min: 100, max: 200 },
    privacy: { epsilon: 2, delta: 1e-6 },
    stop: { rounds: 1 },
  });
  // Both fields together have a norm of √2.
  assert.equal(task.privacy!.clip, Math.SQRT2);
  const clients = Array.from(
    { length: 200 },
    (_, at) =>
      ({ kind: "values", values: { age: [at < 60 ? 10 : 30], hours: [at % 16] } }) as const,
  );
  const { age, hours } = histogramsOf(task, await counted(task, clients));
  // A Gaussian of ε = 2 at δ = 1e-6 has 2.23 times the norm; clients beyond the fewest add theirs.
  assert.ok(age!.stddev > 3.15 && age!.stddev < 3.6, `${age!.stddev}`);
  const want = [60, 140, 0, 0, 100, 100];
  const found = [...age!.counts, age!.below, age!.above, hours!.below, hours!.above];
  found.forEach((count, at) =>
    assert.ok(Math.abs(count - want[at]!) < 6 * Math.SQRT2 * age!.stddev, `${found}`)
  );
  assert.notDeepEqual(found.map(Math.round), want);
});

Deno.test("analytics: heavy hitters survive the noise of a private task, and chance does not", async () => {
  const words = ["sun", "moon", "star"];
  const model = heavyHitters({ alphabet: "amnorstu", length: 4, width: 8, threshold: 60 });
  const task = defineTask({
    name: "words",
    model,
    update: { slotBits: 30 },
    clients: { min: 300, max: 300 },
    privacy: { epsilon: 8, delta: 1e-6 },
    stop: { rounds: model.rounds },
  });
  assert.equal(task.privacy!.clip, 1);
  const clients = Array.from(
    { length: 300 },
    (_, at) => ({ kind: "items", items: [words[at < 150 ? 0 : at < 280 ? 1 : 2]!] }) as const,
  );
  const found = heavyHittersOf(task, await counted(task, clients));
  assert.deepEqual(found.map(({ item }) => item), ["sun", "moon"]);
  assert.ok(Math.abs(found[0]!.count - 150) < 10, `${found[0]!.count}`);
});

Deno.test("analytics: heavy hitters are found letter by letter, with their counts", async () => {
  const words = ["sun", "sunday", "moon", "star", "comet", "x"];
  const have = (at: number) =>
    words[at < 60 ? 0 : at < 100 ? 1 : at < 130 ? 2 : at < 139 ? 3 : at < 142 ? 4 : 5]!;
  const model = heavyHitters({
    alphabet: "abcdefghijklmnopqrstuvwxyz",
    length: 6,
    width: 8,
    threshold: 9,
  });
  const task = taskOf(model, model.rounds);
  const clients = Array.from(
    { length: 150 },
    (_, at) => ({ kind: "items", items: [have(at)] }) as const,
  );
  assert.deepEqual(heavyHittersOf(task, await counted(task, clients)), [
    { item: "sun", count: 60, isWhole: true },
    { item: "sunday", count: 40, isWhole: true },
    { item: "moon", count: 30, isWhole: true },
    { item: "star", count: 9, isWhole: true },
  ]);
  const half = taskOf(model, 3);
  assert.deepEqual(heavyHittersOf(half, await counted(half, clients)), [
    { item: "sun", count: 100, isWhole: false },
    { item: "moo", count: 30, isWhole: false },
    { item: "sta", count: 9, isWhole: false },
  ]);
});

Deno.test("analytics: heavy hitters of any text are found by the bits of its UTF-8", async () => {
  const model = heavyHitters({ length: 6, width: 16, threshold: 20, step: 8 });
  const task = taskOf(model, model.rounds);
  const clients = Array.from(
    { length: 100 },
    (_, at) => ({ kind: "items", items: [at < 50 ? "żółw" : at < 90 ? "🦊" : "rare"] }) as const,
  );
  assert.deepEqual(heavyHittersOf(task, await counted(task, clients)), [
    { item: "🦊", count: 40, isWhole: true },
  ]);
  const longer = heavyHitters({ ...model.options, length: 7 });
  const wide = taskOf(longer, longer.rounds);
  assert.deepEqual(heavyHittersOf(wide, await counted(wide, clients)), [
    { item: "żółw", count: 50, isWhole: true },
    { item: "🦊", count: 40, isWhole: true },
  ]);
});

Deno.test("analytics: a statistic of another task is not read", () => {
  const task = taskOf(mean({ fields: { age: [0, 1] } }));
  assert.throws(() => histogramsOf(task, {}), /^TypeError: Cannot read histograms of a mean task$/);
  assert.throws(() => heavyHittersOf(task, {}), /Cannot read heavy hitters of a mean task/);
  const other = taskOf(histogram({ fields: { age: [0, 1] } }));
  assert.throws(() => meansOf(other, {}), /Cannot read means of a histogram task/);
});
