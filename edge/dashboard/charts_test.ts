import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { barChart, type ChartPoint, lineChart } from "./charts.ts";

const OPTIONS = { label: `a "label" & <more>`, format: String };
const point = (round: number, value: number, isLost = false): ChartPoint => ({
  ...{ round, value, isLost, note: `round ${round}: <b>${value}</b>` },
});

function drawn(markup: unknown) {
  const { document } = parseHTML(`<body>${markup}</body>`) as unknown as { document: Document };
  return document;
}

/** Ends of a path's lines. */
const ends = (path: string) =>
  path.split(/[ML]/).slice(1).map((pair) => pair.split(" ").map(Number) as [number, number]);

Deno.test("line chart: values go up as they grow, rounds to the right, and lost rounds are crosses", () => {
  const page = drawn(lineChart([point(1, 0.9), point(2, 0, true), point(3, 0.5)], OPTIONS));
  const path = page.querySelector("path.line")!.getAttribute("d")!;
  const [[x1, y1], [x3, y3]] = ends(path) as [[number, number], [number, number]];
  assert.ok(x3 > x1 && y3 > y1, path);
  assert.equal(page.querySelectorAll("circle").length, 2);
  assert.equal(page.querySelectorAll(".cross").length, 1);
  assert.equal(page.querySelector("svg")!.getAttribute("aria-label"), OPTIONS.label);
  // Notes are text, whatever they hold.
  assert.equal(page.querySelector("circle title")!.textContent, "round 1: <b>0.9</b>");
  assert.equal(page.querySelectorAll("b").length, 0);
});

Deno.test("line chart: a single round is a point, many rounds are a line alone, none are nothing", () => {
  const one = drawn(lineChart([point(4, 0.5)], OPTIONS));
  const circle = one.querySelector("circle")!;
  for (const at of ["cx", "cy"]) assert.ok(Number.isFinite(Number(circle.getAttribute(at))), at);
  const many = Array.from({ length: 200 }, (_, at) => point(at + 1, at));
  assert.equal(drawn(lineChart(many, OPTIONS)).querySelectorAll("circle").length, 0);
  assert.equal(String(lineChart([point(1, 0, true)], OPTIONS)), "");
});

Deno.test("bar chart: bars stand on zero, each as high as its value, and an empty round is a mark", () => {
  const page = drawn(barChart([point(1, 10), point(2, 5), point(3, 0, true)], OPTIONS));
  const bars = [...page.querySelectorAll("rect")];
  const heights = bars.map((bar) => Number(bar.getAttribute("height")));
  assert.ok(Math.abs(heights[0]! - 2 * heights[1]!) < 0.2, `${heights}`);
  assert.equal(heights[2], 1.5);
  const feet = bars.map((bar) =>
    Number(bar.getAttribute("y")) + Number(bar.getAttribute("height"))
  );
  for (const foot of feet) assert.ok(Math.abs(foot - feet[0]!) < 0.11, `${feet}`);
  assert.deepEqual(bars.map((bar) => bar.getAttribute("class")), ["bar", "bar", "bar lost"]);
});
