/**
 * The report of a run: one self-contained HTML page, drawn by Observable Plot, no script inside.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { html, raw } from "hono/html";
import { parseHTML } from "linkedom";
import { formatBytes, formatDuration, formatRate } from "./format.ts";
import {
  bytesChart,
  CHART_WIDTH,
  COLOURS,
  qualityChart,
  secondsChart,
  treeChart,
} from "./report_charts.ts";
import type { RunRecord } from "./run_record.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1d2430, #e6e9ef); --soft: light-dark(#5b6675, #9aa5b5);
  --line: light-dark(#dfe4ea, #323a46); --ground: light-dark(#ffffff, #14181f); --plot-background: transparent; }
body { margin: 2.5rem auto; max-width: 760px; padding: 0 1rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, figcaption { color: var(--soft); } figure { margin: 0; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
th { text-align: left; font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.own td { font-weight: 650; } table + p { margin-top: .6rem; } figure + figure { margin-top: 1.4rem; } code { font-size: .85em; overflow-wrap: anywhere; }
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
    raw(Plot.plot({ document, width: CHART_WIDTH, ...options }).outerHTML);
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
        <p>${run.data.people} people, ${run.data.items} items, ${run.data.ratings} ratings
          (${run.data.name}). Each person is a client that trained alone; ${run.tree.length - 1}
          regions summed their updates; the root saw only the sum.
          ${run.rounds.length} rounds, ${formatDuration(run.seconds * 1000)} in all.</p>
        <h2>Quality</h2>
        ${resultsTable(run)}
        <p>Leave-one-out by time: the last item of each person among 99 that the person has not
          seen; recall among all items not seen.</p>
        <figure>${draw(qualityChart(run))}<figcaption>The model after so many rounds: means of the
          clients' own measurements, and at the end the evaluation above. Reported only; nothing was
          chosen by them.</figcaption></figure>
        <h2>Traffic</h2>
        <figure>${draw(bytesChart(run))}<figcaption>Between clients and regions:
          ${key(0)} ${formatBytes(total(run, "bytesUp"))} of updates sent up,
          ${key(1)} ${formatBytes(total(run, "bytesDown"))} of models fetched.</figcaption></figure>
        <figure>${draw(secondsChart(run))}<figcaption>From opening a round to publishing its model.
          </figcaption></figure>
        <h2>Tree</h2>
        <figure>${draw(treeChart(run))}<figcaption>Every line is HTTP: clients send updates to their
          region, regions send sums to the root.</figcaption></figure>
        <h2>Recommendations for person ${run.example.person}</h2>
        <ol>${run.example.items.map((item) => html`<li>${item.title}</li>`)}</ol>
        <h2>Digests</h2>
        <table>
          <tr><th>Task</th><td><code>${run.taskId}</code></td></tr>
          <tr><th>Ratings</th><td><code>${run.data.digest}</code></td></tr>
          <tr><th>Model, version ${run.model.version}</th><td><code>${run.model
            .digest}</code></td></tr>
          <tr><th>Seed</th><td><code>${run.seed}</code></td></tr>
          <tr><th>Started</th><td><code>${run.started}</code>, Tributary ${run.tributary}</td></tr>
        </table>
      </body>
    </html>
  `;
  return String(page).trimStart();
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

/** A spot of a chart's colour. */
function key(at: 0 | 1) {
  return raw(`<span style="color:${COLOURS[at]}">■</span>`);
}

function total(run: RunRecord, field: "bytesUp" | "bytesDown"): number {
  return run.rounds.reduce((sum, round) => sum + round[field], 0);
}
