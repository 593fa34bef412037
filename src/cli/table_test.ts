import assert from "node:assert/strict";
import { renderResults } from "./table.ts";

Deno.test("table: a line a method, rates to the right, unknown ones as a dash", () => {
  const lines = renderResults([
    { method: "popularity", hitRate: 0.595, ndcg: 0.34, recall: 0.05, coverage: 0.01 },
    { method: "central", hitRate: 1, ndcg: NaN, recall: 0, coverage: 0.5 },
  ]).split("\n").filter((line) => /[a-z]/.test(line));
  assert.deepEqual(lines, [
    "│ method     │ HR@10 │ NDCG@10 │ recall@10 │ coverage@10 │",
    "│ popularity │  .595 │    .340 │      .050 │        .010 │",
    "│ central    │ 1.000 │       – │      .000 │        .500 │",
  ]);
});
