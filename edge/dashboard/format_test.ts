import assert from "node:assert/strict";
import {
  formatBytes,
  formatCount,
  formatOf,
  formatSpan,
  formatValue,
  shortOf,
  withoutZeros,
} from "./format.ts";

Deno.test("format: bytes, counts, values and times as people read them", () => {
  assert.deepEqual([0, 999, 1000, 3_145_728, 12_345_678_901].map(formatBytes), [
    ...["0 B", "999 B", "1.00 kB", "3.15 MB", "12.3 GB"],
  ]);
  assert.deepEqual([7, 1000, 1234567].map(formatCount), ["7", "1\u202f000", "1\u202f234\u202f567"]);
  assert.deepEqual([0, 0.6842, 12.345, 123.4, -0.05, 0.00001234, 2e7].map(formatValue), [
    ...["0", "0.684", "12.3", "123", "-0.0500", "1.2e-5", "2.0e+7"],
  ]);
  assert.deepEqual([-5, 1, 61_000, 3_723_000].map(formatSpan), [
    ...["0:00", "0:01", "1:01", "1 h 02 min"],
  ]);
  assert.deepEqual(["60.0 kB", "0.600", "1.50", "100", "0 B"].map(withoutZeros), [
    ...["60 kB", "0.6", "1.5", "100", "0 B"],
  ]);
  assert.deepEqual([formatOf(1, "client"), formatOf(2, "client")], ["1 client", "2 clients"]);
  assert.deepEqual([shortOf("abc"), shortOf("abcdefghijkl", 4)], ["abc", "abcd…"]);
});
