/**
 * The report of a run: one self-contained HTML page, drawn by Observable Plot, no script inside.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { html, raw } from "hono/html";
import { parseHTML } from "linkedom";
import { formatBytes, formatRate } from "./format.ts";
import type { RunRecord } from "./run_record.ts";

const WIDTH = 720;
const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1d2430, #e6e9ef); --soft: light-dark(#5b6675, #9aa5b5);
  --line: light-dark(#dfe4ea, #323a46); --ground: light-dark(#ffffff, #14181f); --plot-background: transparent; }
body { margin: 2.5rem auto; max-width: 760px; padding: 0 1rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, figcaption { color: var(--soft); } figure { margin: 0; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
th { text-align: left; font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.own td { font-weight: 650; } code { font-size: .85em; overflow-wrap: anywhere; }
`;

/**
 * Writes the report of `run` as an HTML page that needs nothing else.
 *
 * It shows the results table, the curves of quality by round, bytes and seconds by round, the tree,
 * the recommendations for one person, and the digests that name task and model.
 */
export function renderReport(run: RunRecord): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
    document: Document;
  };
  const draw = (options: Plot.PlotOptions) =>
    raw(Plot.plot({ document, width: WIDTH, ...options }).outerHTML);
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Tributary: ${run.task.name}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
    <h1>${run.task.name}</h1>
    <p>${run.data.people} people, ${run.data.items} items, ${run.data.ratings} ratings (${run.data
      .name}).
    Each person is a client that trained alone; ${run.tree.length -
      1} regions summed their updates; the root saw the sum.
    ${run.rounds.length} rounds in ${run.seconds.toFixed(1)} s.</p>
    <h2>Quality</h2>
    ${resultsTable(run)}
    <p>Leave-one-out by time: the last item of each person among 99 that the person has not seen; recall over all unseen items.</p>
    <figure>${draw(
      qualityPlot(run),
    )}<figcaption>Means of the clients' own measurements, round by round. Reported only: nothing was chosen by them.</figcaption></figure>
    <h2>Traffic</h2>
    <figure>${draw(
      bytesPlot(run),
    )}<figcaption>Bytes between clients and regions a round.</figcaption></figure>
    <figure>${draw(
      secondsPlot(run),
    )}<figcaption>Seconds from opening a round to publishing its model.</figcaption></figure>
    <h2>Tree</h2>
    <figure>${draw(treePlot(run))}</figure>
    <h2>Ten recommendations for person ${run.example.person}</h2>
    <ol>${run.example.items.map((item) => html`<li>${item.title}</li>`)}</ol>
    <h2>Digests</h2>
    <table><tr><th>Task</th><td><code>${run.taskId}</code></td></tr>
    <tr><th>Model, version ${run.model.version}</th><td><code>${run.model.digest}</code></td></tr>
    <tr><th>Seed</th><td><code>${run.seed}</code></td></tr>
    <tr><th>Started</th><td><code>${run.started}</code>, Tributary ${run
      .tributary}</td></tr></table>
      </body>
    </html>
  `;
  return String(page);
}

function resultsTable(run: RunRecord) {
  return html`<table><tr><th>Method</th>${
    ["HR@10", "NDCG@10", "recall@10", "coverage@10"].map((name) =>
      html`<th class="number">${name}</th>`
    )
  }</tr>${
    run.results.map((row) =>
      html`<tr class="${row.method === "federated" ? "own" : ""}"><td>${row.method}</td>${
        [row.hitRate, row.ndcg, row.recall, row.coverage].map((value) =>
          html`<td class="number">${formatRate(value)}</td>`
        )
      }</tr>`
    )
  }</table>`;
}

function qualityPlot(run: RunRecord): Plot.PlotOptions {
  const points = run.rounds.filter((round) => round.clients > 0).flatMap((round) =>
    [["HR@10", round.metrics["hr@10"]], ["NDCG@10", round.metrics["ndcg@10"]]].flatMap((
      [metric, value],
    ) => value === undefined ? [] : [{ round: round.round, metric, value }])
  );
  const anchors = run.results.filter((row) =>
    row.method === "popularity" || row.method === "central"
  )
    .flatMap((row) => [
      { label: `${row.method} HR@10`, metric: "HR@10", value: row.hitRate },
      { label: `${row.method} NDCG@10`, metric: "NDCG@10", value: row.ndcg },
    ]);
  const first = points[0]?.round ?? 1;
  return {
    height: 320,
    marginRight: 120,
    x: { label: "round", tickFormat: "d", interval: 1 },
    y: { label: "mean over clients", domain: [0, 1], grid: true },
    color: { legend: false, domain: ["HR@10", "NDCG@10"], range: ["#2f7ed8", "#e07b39"] },
    marks: [
      Plot.ruleY(anchors, {
        y: "value",
        stroke: "metric",
        strokeDasharray: "3,4",
        strokeOpacity: 0.7,
      }),
      Plot.text(anchors, {
        x: first,
        y: "value",
        text: "label",
        fill: "metric",
        textAnchor: "start",
        dy: -6,
        fontSize: 11,
      }),
      Plot.line(points, { x: "round", y: "value", stroke: "metric", strokeWidth: 2 }),
      Plot.dot(points, { x: "round", y: "value", fill: "metric", r: 3 }),
      Plot.text(
        points,
        Plot.selectLast({
          x: "round",
          y: "value",
          z: "metric",
          fill: "metric",
          text: (point: { metric: string; value: number }) =>
            `${point.metric} ${formatRate(point.value)}`,
          textAnchor: "start",
          dx: 8,
        }),
      ),
    ],
  };
}

function bytesPlot(run: RunRecord): Plot.PlotOptions {
  const bars = run.rounds.flatMap((round) => [
    { round: round.round, direction: "updates up", megabytes: round.bytesUp / 1e6 },
    { round: round.round, direction: "models down", megabytes: round.bytesDown / 1e6 },
  ]);
  return {
    height: 220,
    marginLeft: 56,
    x: { label: "round", tickFormat: "d" },
    y: { label: "megabytes", grid: true },
    color: { legend: false, range: ["#2f7ed8", "#8bb8a8"] },
    marks: [
      Plot.barY(bars, { x: "round", y: "megabytes", fill: "direction", tip: false }),
      Plot.ruleY([0]),
      Plot.text([
        `up ${formatBytes(total(run, "bytesUp"))}, down ${
          formatBytes(total(run, "bytesDown"))
        } in all`,
      ], {
        frameAnchor: "top-right",
        dy: -14,
      }),
    ],
  };
}

function secondsPlot(run: RunRecord): Plot.PlotOptions {
  return {
    height: 180,
    marginLeft: 56,
    x: { label: "round", tickFormat: "d" },
    y: { label: "seconds", grid: true },
    marks: [
      Plot.barY(run.rounds, { x: "round", y: "seconds", fill: "#9b8bc4" }),
      Plot.ruleY([0]),
    ],
  };
}

function treePlot(run: RunRecord): Plot.PlotOptions {
  const [root, ...regions] = run.tree;
  const paths = regions.map((region) =>
    `${root?.name ?? "root"}/${region.name}: ${region.clients} clients`
  );
  return {
    axis: null,
    height: 60 + 32 * regions.length,
    insetTop: 16,
    insetBottom: 16,
    marginLeft: 60,
    marginRight: 220,
    marks: [Plot.tree(paths, { textStroke: "none", fill: "#2f7ed8", stroke: "currentColor" })],
  };
}

function total(run: RunRecord, field: "bytesUp" | "bytesDown"): number {
  return run.rounds.reduce((sum, round) => sum + round[field], 0);
}
