/**
 * The report of a run: one self-contained HTML page, drawn by Observable Plot, no script inside.
 *
 * @module
 */
import { html } from "hono/html";
import { formatBytes, formatDuration, formatRate } from "./format.ts";
import { bytesChart, qualityChart, secondsChart, treeChart } from "./report_charts.ts";
import {
  colourKey,
  createDrawer,
  digestsTable,
  figuresTable,
  type Markup,
  renderPage,
} from "./report_page.ts";
import { privacySection } from "./report_privacy.ts";
import type { RunRecord } from "./run_record.ts";

/**
 * Writes the report of `run` as an HTML page that needs nothing else.
 *
 * It shows the results table, the curves of quality by round, bytes and seconds by round, who can learn what, the tree,
 * the recommendations for one person, and the digests that name task and model.
 */
export function renderReport(run: RunRecord): string {
  const draw = createDrawer();
  const body = html`
    <p>${run.data.people} people, ${run.data.items} items, ${run.data.ratings} ratings
      (${run.data.name}). Each person is a client that trained alone; ${run.tree.length - 1}
      regions summed their updates.
      ${run.rounds.length} rounds, ${formatDuration(run.seconds * 1000)} in all.</p>
    <h2>Quality</h2>
    ${resultsTable(run)}
    <p>Leave-one-out by time: the last item of each person among 99 that the person has not
      seen; recall among all items not seen.</p>
    <figure>${draw(qualityChart(run))}<figcaption>The model after so many rounds: means of the
      clients' own measurements, and at the end the evaluation above. Reported only; nothing was
      chosen by them.</figcaption></figure>
    ${privacySection(run, draw)}
    <p>All of this ran on one machine, which shows the protocol and protects from nobody: helpers
      protect where others run them.</p>
    <h2>Traffic</h2>
    <figure>${draw(bytesChart(run))}<figcaption>Between clients and regions:
      ${colourKey(0)} ${formatBytes(total(run, "bytesUp"))} of updates sent up,
      ${colourKey(1)} ${formatBytes(
        total(run, "bytesDown"),
      )} of models fetched.</figcaption></figure>
    <figure>${draw(secondsChart(run))}<figcaption>From opening a round to publishing its model.
      </figcaption></figure>
    <h2>Tree</h2>
    <figure>${draw(treeChart(run))}<figcaption>Every line is HTTP: clients send updates to their
      region, regions send sums to the root.</figcaption></figure>
    <h2>Recommendations for person ${run.example.person}</h2>
    <ol>${run.example.items.map((item) => html`<li>${item.title}</li>`)}</ol>
    <h2>Digests</h2>
    ${digestsTable(run)}
  `;
  return renderPage(run.task.name, body);
}

function resultsTable(run: RunRecord): Markup {
  return figuresTable(
    ["Method", "HR@10", "NDCG@10", "recall@10", "coverage@10"],
    run.results.map((row) => ({
      isOwn: row.method === "federated",
      cells: [
        row.method,
        ...[row.hitRate, row.ndcg, row.recall, row.coverage].map(formatRate),
      ],
    })),
  );
}

function total(run: RunRecord, field: "bytesUp" | "bytesDown"): number {
  return run.rounds.reduce((sum, round) => sum + round[field], 0);
}
