import assert from "node:assert/strict";
import { deriveSeed, seededRng } from "../src/core/random.ts";
import { askEverybody, inventPeople } from "./screen_time.ts";

Deno.test("screen time: thirty phones answer three questions through two regions and two helpers", async () => {
  const rng = seededRng(await deriveSeed(new Uint8Array(32), "screen time"));
  const people = inventPeople(30, () => rng.uniform());
  const lines: string[] = [];
  const { minutes, age, apps } = await askEverybody(people, (line) => lines.push(line));

  const means = people.map(({ minutes }) =>
    minutes.reduce((sum, value) => sum + value / minutes.length, 0)
  );
  const mean = means.reduce((sum, value) => sum + value / means.length, 0);
  assert.ok(Math.abs(minutes.mean - mean) < 1e-3, `${minutes.mean}, expected ${mean}`);
  assert.deepEqual([minutes.count, minutes.clipped], [30, 0]);

  const between = (low: number) => people.filter(({ age }) => age >= low && age < low + 20).length;
  assert.deepEqual(age.counts, [10, 30, 50, 70].map(between));
  assert.deepEqual([age.below, age.above, age.total], [0, 0, 30]);

  const counts = Map.groupBy(people, ({ app }) => app);
  const shared = [...counts].map(([item, { length }]) => ({ item, count: length, isWhole: true }))
    .filter(({ count }) => count >= 4);
  assert.ok(shared.length >= 2);
  const sorted = <T extends { readonly item: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => a.item < b.item ? -1 : 1);
  assert.deepEqual(sorted(apps), sorted(shared));
  assert.ok(lines.includes("  round 10: 2085 bytes from each of 30"), lines.join("\n"));
});
