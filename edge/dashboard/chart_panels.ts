/**
 * What the rounds came to: metrics, clients and bytes, a chart each.
 *
 * @module
 */
import { barChart, type ChartPoint, lineChart } from "./charts.ts";
import { formatBytes, formatCount, formatOf, formatValue } from "./format.ts";
import { metricNames, type PastRound } from "./history.ts";
import { html } from "hono/html";
import { type Markup, NOTHING } from "./markup.ts";
import type { TaskView } from "./task_view.ts";

/** Charts of metrics that are shown. */
const METRICS = 4;
/** Bars that can be told apart. */
const BARS = 60;

/** The charts, the loss first. */
export function chartPanels(view: TaskView): Markup {
  const { history } = view.log;
  const { rounds } = history;
  if (rounds.length === 0) {
    return html`
      <section class="card">
        <h2>Rounds</h2>
        <p class="soft">No round is over yet.</p>
      </section>
    `;
  }
  const metrics = metricNames(history).slice(0, METRICS);
  const panels = [
    ...metrics.map((name) => metricPanel(name, rounds)),
    ...[clientsPanel(rounds), bytesPanel(view)],
  ].filter((one) => one !== NOTHING);
  return html`
    <div class="charts n${panels.length}">${panels}</div>
  `;
}

function panel(title: string, last: string, chart: Markup): Markup {
  return html`
    <section class="card">
      <h2>${title} <span class="last">${last}</span></h2>
      ${chart}
    </section>
  `;
}

function metricPanel(name: string, rounds: readonly PastRound[]): Markup {
  const points = rounds.flatMap((round): ChartPoint[] => {
    if (round.outcome === "abandoned") return [lost(round)];
    const value = round.metrics[name];
    if (value === undefined || !Number.isFinite(value)) return [];
    const note = `round ${round.round}: ${name} ${formatValue(value)}`;
    return [{ round: round.round, value, note }];
  });
  const last = points.findLast(({ isLost }) => !isLost);
  const chart = lineChart(points, { label: `${name} by round`, format: formatValue });
  return panel(`${name} by round`, last === undefined ? "" : formatValue(last.value), chart);
}

function lost({ round, reason }: PastRound): ChartPoint {
  return { round, value: 0, note: `round ${round}: abandoned, ${reason}`, isLost: true };
}

function clientsPanel(rounds: readonly PastRound[]): Markup {
  const points = rounds.slice(-BARS).map(({ round, clients, outcome, reason }) => ({
    ...{ round, value: clients, isLost: outcome === "abandoned" },
    note: `round ${round}: ${formatOf(clients, "client")}${reason ? `, ${reason}` : ""}`,
  }));
  const chart = barChart(points, { label: "Clients by round", format: formatCount });
  return panel("Clients by round", formatCount(points.at(-1)?.value ?? 0), chart);
}

function bytesPanel({ bytes, log: { history: { rounds } } }: TaskView): Markup {
  const points = rounds.slice(-BARS).flatMap(({ round, outcome }) => {
    const value = bytes.get(round);
    if (value === undefined) return [];
    const note = `round ${round}: ${formatBytes(value)}`;
    return [{ round, value, note, isLost: outcome === "abandoned" }];
  });
  if (points.length === 0) return NOTHING;
  const chart = barChart(points, { label: "Bytes by round", format: formatBytes });
  return panel("Bytes by round", formatBytes(points.at(-1)?.value ?? 0), chart);
}
