import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { ials } from "../models/mod.ts";
import { defineTask } from "../task/mod.ts";
import { renderReport } from "./report.ts";
import type { RunRecord } from "./run_record.ts";

const HOSTILE = `<script>alert("1")</script><img src=x onerror='y'>&amp;`;

function runWith(change: Partial<RunRecord> = {}): RunRecord {
  const rates = { recall: 0.0625, coverage: 0.25 };
  return {
    tributary: "0.1.0",
    started: "2030-01-02T03:04:05.000Z",
    seconds: 12.5,
    seed: 7,
    taskId: "ab".repeat(32),
    task: defineTask({
      name: "films",
      model: ials({ items: 10, dim: 2 }),
      clients: { min: 3, max: 3 },
      stop: { rounds: 2 },
    }),
    data: {
      ...{ name: "ratings", path: null, reading: {}, digest: "ee".repeat(32) },
      ...{ people: 3, items: 10, ratings: 21 },
    },
    tree: [
      { name: "root", url: "http://127.0.0.1:1", id: "r", clients: 0 },
      { name: "north", url: "http://127.0.0.1:2", id: "n", clients: 2 },
      { name: "east", url: "http://127.0.0.1:3", id: "e", clients: 1 },
    ],
    rounds: [
      { round: 1, clients: 3, seconds: 1, bytesUp: 3000, bytesDown: 1000, metrics: rate(0.1) },
      { round: 2, clients: 0, seconds: 9, bytesUp: 500, bytesDown: 0, metrics: {} },
      { round: 3, clients: 3, seconds: 2, bytesUp: 3000, bytesDown: 1000, metrics: rate(0.5) },
    ],
    privacy: { mask: "none", parties: [] },
    results: [
      { method: "popularity", hitRate: 0.595, ndcg: 0.34, ...rates },
      { method: "local only", hitRate: 0.101, ndcg: 0.05, ...rates },
      { method: "federated", hitRate: 0.734, ndcg: 0.501, ...rates },
      { method: "central", hitRate: 0.736, ndcg: NaN, ...rates },
    ],
    example: { person: "42", items: [{ item: "a", title: "Alien", score: 2 }] },
    model: { version: 2, digest: "cd".repeat(32), bytes: 80 },
    ...change,
  };
}

function rate(value: number): Record<string, number> {
  return { "hr@10": value, "ndcg@10": value / 2 };
}

function pageOf(run: RunRecord): Document {
  return (parseHTML(renderReport(run)) as unknown as { document: Document }).document;
}

Deno.test("report: the table has each method's rates, and a dash where there is none", () => {
  const rows = [...pageOf(runWith()).querySelectorAll("table")][0]!.querySelectorAll("tr");
  assert.deepEqual([...rows].map((row) => [...row.children].map((cell) => cell.textContent)), [
    ["Method", "HR@10", "NDCG@10", "recall@10", "coverage@10"],
    ["popularity", ".595", ".340", ".063", ".250"],
    ["local only", ".101", ".050", ".063", ".250"],
    ["federated", ".734", ".501", ".063", ".250"],
    ["central", ".736", "–", ".063", ".250"],
  ]);
});

Deno.test("report: it says who took part, how much travelled, and what the digests are", () => {
  const text = pageOf(runWith()).body.textContent!.replaceAll(/\s+/g, " ");
  assert.match(text, /3 people, 10 items, 21 ratings/);
  assert.match(text, /2 regions summed their updates/);
  assert.match(text, /6\.50 kB of updates sent up/);
  assert.match(text, /2\.00 kB of models fetched/);
  assert.match(text, /Recommendations for person 42 ?Alien/);
  for (const digest of ["ab", "cd", "ee"]) assert.ok(text.includes(digest.repeat(32)));
});

Deno.test("report: four charts, the curves from the first model to the evaluation of the last", () => {
  const charts = [...pageOf(runWith()).querySelectorAll("svg")];
  assert.equal(charts.length, 4);
  const [quality, bytes, , tree] = charts;
  // Two models were measured by the clients, and the last one by the evaluation.
  assert.equal(quality!.querySelectorAll("circle").length, 6);
  const labels = [...quality!.querySelectorAll("text")].map((text) => text.textContent);
  assert.ok(labels.includes("HR@10 federated .734"), labels.join("; "));
  assert.ok(labels.includes("NDCG@10 popularity .340"));
  assert.ok(!labels.some((label) => label!.startsWith("NDCG@10 central")), "there is none");
  assert.equal(bytes!.querySelectorAll("rect").length, 6);
  assert.equal(tree!.querySelectorAll("circle").length, 3 + 3);
  assert.match(tree!.textContent!, /root.*north.*east.*2 clients.*1 client/s);
});

Deno.test("report: labels of lines that are close together keep apart", () => {
  const close = ["popularity", "federated", "central"].map((method, at) => ({
    ...{ method, hitRate: 0.5 + at / 1000, ndcg: 0.5 - at / 1000 },
    ...{ recall: 0, coverage: 0 },
  }));
  const [quality] = pageOf(runWith({ results: close })).querySelectorAll("svg");
  const heights = [...quality!.querySelectorAll("text")]
    .filter((text) => /^(HR|NDCG)@10 /.test(text.textContent ?? ""))
    .map((text) => Number(text.getAttribute("transform")?.match(/,([\d.]+)\)/)?.[1]))
    .sort((one, other) => one - other);
  assert.equal(heights.length, 6);
  for (const [at, height] of heights.slice(1).entries()) {
    assert.ok(height - heights[at]! > 13, `labels at ${heights}`);
  }
});

Deno.test("report: a single round, and a run without one, are drawn too", () => {
  for (const count of [0, 1]) {
    const run = runWith({ rounds: runWith().rounds.slice(0, count) });
    assert.equal(pageOf(run).querySelectorAll("svg").length, 4);
    assert.ok(!renderReport(run).includes("NaN"));
  }
});

Deno.test("report: hostile names and titles stay text", () => {
  const run = runWith();
  const page = pageOf(runWith({
    task: { ...run.task, name: HOSTILE },
    data: { ...run.data, name: HOSTILE },
    tree: run.tree.map((node) => ({ ...node, name: HOSTILE })),
    results: run.results.map((row) => ({ ...row, method: HOSTILE })),
    example: { person: HOSTILE, items: [{ item: "a", title: HOSTILE, score: 1 }] },
  }));
  assert.equal(page.querySelectorAll("script, img, [onerror]").length, 0);
  assert.equal(page.querySelector("h1")!.textContent, HOSTILE);
  assert.equal(page.querySelector("li")!.textContent, HOSTILE);
});

Deno.test("report: it runs nothing and asks for nothing from elsewhere", () => {
  const text = renderReport(runWith()).replaceAll("http://www.w3.org/", "");
  assert.doesNotMatch(text, /<script|<link|<iframe|\bon\w+=|\bsrc=|url\(|@import|https?:\/\//i);
});
