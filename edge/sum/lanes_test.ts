import assert from "node:assert/strict";
import { groupSums, laneOf, type LaneSums, ONLY_LANE, sumNames, withLane } from "./lanes.ts";

const SUMS: LaneSums = { 0: { 0: "a", 2: "b" }, 3: { 2: "c" } };

Deno.test("lanes: a lane's own sums are read by group", () => {
  assert.deepEqual(laneOf(SUMS, ONLY_LANE), { 0: "a" });
  assert.deepEqual(laneOf(SUMS, 2), { 0: "b", 3: "c" });
  assert.deepEqual(laneOf(SUMS, 1), {});
});

Deno.test("lanes: new sums of one lane leave the others as they are", () => {
  const next = withLane(SUMS, 2, { 0: "b2", 3: "c", 5: "d" });
  assert.deepEqual(next, { 0: { 0: "a", 2: "b2" }, 3: { 2: "c" }, 5: { 2: "d" } });
  assert.deepEqual(SUMS, { 0: { 0: "a", 2: "b" }, 3: { 2: "c" } });
});

Deno.test("lanes: all names, and those of a group by lane", () => {
  assert.deepEqual(sumNames(SUMS), ["a", "b", "c"]);
  assert.deepEqual(groupSums({ 1: { 10: "last", 2: "first" } }, 1), ["first", "last"]);
  assert.deepEqual(groupSums(SUMS, 7), []);
});
