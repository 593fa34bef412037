import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import type { SimulatedRound } from "../../sim/mod.ts";
import { logistic } from "../../models/mod.ts";
import { defineTask } from "../../task/mod.ts";
import type { SimulationRecord } from "./simulation_record.ts";
import { renderSimulation } from "./simulation_report.ts";

const HOSTILE = `<script>alert("1")</script><img src=x onerror='y'>&amp;`;

function round(number: number, change: Partial<SimulatedRound> = {}): SimulatedRound {
  return {
    round: number,
    outcome: "published",
    model: { version: number, digest: "cd".repeat(32), bytes: 80 },
    metrics: { accuracy: 0.5 + number / 10, brier: 0.2, loss: 0.4 },
    ...{ clients: 7, asked: 10, away: 1, lost: 1, late: 1, regionsDown: 0, ms: 2500 },
    ...{ bytesUp: 700, bytesDown: 900 },
    ...change,
  };
}

function recordWith(change: Partial<SimulationRecord> = {}): SimulationRecord {
  return {
    kind: "simulation",
    tributary: "0.1.0",
    started: "2030-01-02T03:04:05.000Z",
    seconds: 12.5,
    seed: 7,
    taskId: "ab".repeat(32),
    task: defineTask({
      name: "rich people",
      model: logistic({ features: 3 }),
      clients: { min: 3, max: 10 },
      stop: { rounds: 3 },
    }),
    data: {
      ...{ name: "people.csv", path: "people.csv", reading: {}, digest: "ee".repeat(32) },
      counts: { rows: 120, features: 3 },
    },
    ...{ clients: 10, tree: [3], faults: { dropout: 0.1 }, reason: "rounds", virtualMs: 7500 },
    rounds: [
      round(1),
      round(2, { outcome: "too-few-clients", clients: 0, metrics: {} }),
      round(3),
    ],
    figures: ["AUC", "accuracy"],
    about: "Of 30 rows.",
    results: [
      { method: "federated", figures: [0.905, 0.85] },
      { method: "central", figures: [0.91, NaN] },
    ],
    model: { version: 2, digest: "cd".repeat(32), bytes: 80 },
    ...change,
  };
}

function pageOf(run: SimulationRecord): Document {
  return (parseHTML(renderSimulation(run)) as unknown as { document: Document }).document;
}

Deno.test("simulation report: the table has each method's figures, and a dash where there is none", () => {
  const [table] = pageOf(recordWith()).querySelectorAll("table");
  const rows = [...table!.querySelectorAll("tr")];
  assert.deepEqual(rows.map((row) => [...row.children].map((cell) => cell.textContent)), [
    ["Method", "AUC", "accuracy"],
    ["federated", ".905", ".850"],
    ["central", ".910", "–"],
  ]);
  assert.equal(rows[1]?.className, "own");
});

Deno.test("simulation report: it says what was simulated, what became of it, and the digests", () => {
  const text = pageOf(recordWith()).body.textContent!.replaceAll(/\s+/g, " ");
  assert.match(text, /120 rows, 3 features \(people.csv\), 10 clients; a root, 3 regions/);
  assert.match(
    text,
    /A simulation: 10 % of the clients away in a round\. 3 rounds, 7\.5 s of virtual/,
  );
  assert.match(text, /2\.10 kB of updates sent up/);
  assert.match(text, /ended by rounds/);
  for (const digest of ["ab", "cd", "ee"]) assert.ok(text.includes(digest.repeat(32)));
});

Deno.test("simulation report: curves for what is measured, bars for what became of clients", () => {
  const charts = [...pageOf(recordWith()).querySelectorAll("svg")];
  assert.equal(charts.length, 5);
  const [metrics, fates, seconds] = charts;
  for (const name of ["accuracy", "brier", "loss"]) assert.ok(metrics?.textContent?.includes(name));
  // Two rounds gave a model; each is a point on each of three curves.
  assert.equal(metrics?.querySelectorAll("circle").length, 6);
  assert.ok((fates?.querySelectorAll("rect").length ?? 0) >= 10);
  assert.match(seconds?.textContent ?? "", /seconds/);
});

Deno.test("simulation report: a loss above 1 is within its chart", () => {
  const high = round(1, { metrics: { accuracy: 0.5, brier: 0.2, loss: 3.4 } });
  const [chart] = pageOf(recordWith({ rounds: [high, round(2)] })).querySelectorAll("svg");
  const height = Number(chart?.getAttribute("height"));
  const places = [...chart?.querySelectorAll("circle") ?? []].map((dot) =>
    Number(dot.getAttribute("cy"))
  );
  assert.equal(places.length, 6);
  for (const place of places) assert.ok(place > 0 && place < height, `${place} of ${height}`);
});

Deno.test("simulation report: a deep or wide tree is told, not drawn", () => {
  for (const tree of [[], [3, 4], [200]]) {
    assert.equal(pageOf(recordWith({ tree })).querySelectorAll("svg").length, 4);
  }
});

Deno.test("simulation report: a run without a round is drawn too", () => {
  const page = pageOf(recordWith({ rounds: [], reason: "stalled" }));
  assert.match(page.body.textContent ?? "", /ended by\s+stalled/);
});

Deno.test("simulation report: hostile names stay text, and nothing runs or loads", () => {
  const { data, task, results } = recordWith();
  const page = pageOf(recordWith({
    data: { ...data, name: HOSTILE },
    task: { ...task, name: HOSTILE },
    results: [...results, { method: HOSTILE, figures: [] }],
    about: HOSTILE,
  }));
  assert.equal(page.querySelectorAll("script, img, link, iframe").length, 0);
  assert.ok(page.querySelector("h1")?.textContent?.includes(HOSTILE));
  assert.equal(page.querySelectorAll("[onerror]").length, 0);
});

Deno.test("simulation report: without virtual time there is a sentence in place of a chart", () => {
  const timed = pageOf(recordWith());
  const still = pageOf(recordWith({ virtualMs: 0, rounds: [round(1, { ms: 0 })] }));
  assert.equal(timed.querySelectorAll("svg").length, still.querySelectorAll("svg").length + 1);
  assert.match(still.body.textContent ?? "", /all rounds took no virtual time/);
});
