import assert from "node:assert/strict";
import { formatBytes, formatDuration, formatRate } from "./format.ts";

Deno.test("format: bytes have three digits and a decimal unit", () => {
  assert.deepEqual([0, 999, 1000, 1_290_000, 4.5e9].map(formatBytes), [
    "0 bytes",
    "999 bytes",
    "1.00 kB",
    "1.29 MB",
    "4.50 GB",
  ]);
});

Deno.test("format: a rate has three decimals, and a dash where it is not known", () => {
  assert.deepEqual([0, 0.7344, 1, NaN].map(formatRate), [".000", ".734", "1.000", "–"]);
});

Deno.test("format: a duration is in the unit that suits it", () => {
  assert.deepEqual([0.4, 850, 4230, 59_949, 59_951, 185_000].map(formatDuration), [
    "0 ms",
    "850 ms",
    "4.2 s",
    "59.9 s",
    "1 min 00 s",
    "3 min 05 s",
  ]);
});
