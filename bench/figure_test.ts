import assert from "node:assert/strict";
import { type Figure, isMet, meanAndSpread, median, ratioOf } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

const ingest: Figure = {
  name: "ingest",
  value: 450,
  unit: "1/s",
  reference: { name: "bare server", value: 600 },
  goal: { kind: "ratio at least", bound: 0.6 },
};

Deno.test("figure: the ratio is the value by its reference, and nothing without one", () => {
  assert.equal(ratioOf(ingest), 0.75);
  assert.equal(ratioOf({ name: "alone", value: 1, unit: "s" }), undefined);
});

Deno.test("figure: a goal is reached on its bound, and missed beyond it", () => {
  const met = (value: number, goal: NonNullable<Figure["goal"]>) =>
    isMet({ ...ingest, value, goal });
  assert.deepEqual([10, 9.9].map((x) => met(x, { kind: "at least", bound: 10 })), [true, false]);
  assert.deepEqual([1, 1.01].map((x) => met(x, { kind: "at most", bound: 1 })), [true, false]);
  const ratio = { kind: "ratio at least", bound: 0.6 } as const;
  assert.deepEqual([360, 359].map((x) => met(x, ratio)), [true, false]);
  const below = { kind: "ratio at most", bound: 0.6 } as const;
  assert.deepEqual([360, 361].map((x) => met(x, below)), [true, false]);
  const faster = { kind: "faster by", bound: 15 } as const;
  assert.deepEqual([40, 40.1].map((x) => met(x, faster)), [true, false]);
  const within = { kind: "within", bound: 5 } as const;
  assert.deepEqual([595, 605, 594, 606].map((x) => met(x, within)), [true, true, false, false]);
});

Deno.test("figure: what could not be measured reaches no goal", () => {
  const kinds = [
    "at least",
    "at most",
    "ratio at least",
    "ratio at most",
    "faster by",
    "within",
  ] as const;
  for (const kind of kinds) {
    assert.equal(isMet({ ...ingest, value: NaN, goal: { kind, bound: 1 } }), false);
  }
  const { reference: _, ...alone } = ingest;
  assert.equal(isMet(alone), false);
  assert.equal(isMet({ name: "alone", value: 1, unit: "s" }), undefined);
});

Deno.test("figure: median and mean of repetitions", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.deepEqual(meanAndSpread([1, 2, 6]), { value: 3, spread: [1, 6] });
});

Deno.test("figure: a table says what was compared to what, and marks a missed goal", () => {
  const table = renderFigures([
    ingest,
    { ...ingest, name: "ingest, small", value: 90 },
    { ...ingest, name: "its time", unit: "s", goal: { kind: "ratio at most", bound: 2 } },
    { name: "HR@10", value: 0.7384, unit: "", spread: [0.73, 0.745] },
  ]);
  assert.equal(
    table,
    `\
| what          | measured            | compared to          | ratio  | goal    | reached    |
| ------------- | ------------------- | -------------------- | ------ | ------- | ---------- |
| ingest        | 450 1/s             | 600 1/s, bare server | 0.75 × | ≥ 0.6 × | yes        |
| ingest, small | 90.0 1/s            | 600 1/s, bare server | 0.15 × | ≥ 0.6 × | **missed** |
| its time      | 450 s               | 600 s, bare server   | 0.75 × | ≤ 2 ×   | yes        |
| HR@10         | 0.738 (0.730–0.745) |                      |        |         |            |`,
  );
});
