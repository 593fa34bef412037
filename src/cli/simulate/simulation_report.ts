/**
 * The report of a simulation.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { html } from "hono/html";
import { formatBytes, formatDuration, formatRate } from "../format.ts";
import { bytesChart, COLOURS, secondsChart, ticksTo, treeChart } from "../report_charts.ts";
import {
  colourKey,
  createDrawer,
  digestsTable,
  figuresTable,
  type Markup,
  renderPage,
} from "../report_page.ts";
import { privacySection } from "../report_privacy.ts";
import { faultsText, treeText } from "./describe.ts";
import type { SimulationRecord } from "./simulation_record.ts";

/** Regions that are drawn one by one. */
const MOST_REGIONS = 12;
/** More than two, for curves; they stand out on light and dark. */
const CURVES: readonly string[] = [...COLOURS, "#4ba36b", "#b55fb0", "#8f7fc0", "#b0a030"];
/** What becomes of clients that were asked. */
const FATES = [
  { name: "in the sum", colour: COLOURS[0] },
  { name: "away", colour: "#9aa5b5" },
  { name: "lost", colour: COLOURS[1] },
  { name: "late", colour: "#b0a030" },
] as const;

/**
 * Writes the report of a simulation as an HTML page that needs nothing else: the results table, what
 * clients measured by round, what became of them, virtual durations, traffic, and the digests.
 */
export function renderSimulation(run: SimulationRecord): string {
  const draw = createDrawer();
  const counts = Object.entries(run.data.counts).filter(([name]) => name !== "clients").map((
    [name, count],
  ) => `${count} ${name}`);
  const total = (field: "bytesUp" | "bytesDown") =>
    run.rounds.reduce((sum, round) => sum + round[field], 0);
  const regions = run.tree.length === 1 ? run.tree[0] ?? 0 : 0;
  const body = html`
    <p>${counts.join(", ")} (${run.data.name}), ${run.clients} clients; ${treeText(run.tree)}.
      A simulation: ${faultsText(run.faults)}. ${run.rounds.length} rounds,
      ${formatDuration(run.virtualMs)} of virtual time, ${formatDuration(run.seconds * 1000)} in
      all; ended by ${run.reason}.</p>
    <h2>Quality</h2>
    ${figuresTable(
      ["Method", ...run.figures],
      run.results.map(({ method, figures }) => ({
        isOwn: method === "federated",
        cells: [method, ...figures.map(formatRate)],
      })),
    )}
    <p>${run.about}</p>
    <figure>${draw(metricsChart(run))}<figcaption>The model after so many rounds: means of the
      clients' own measurements. Reported only; nothing was chosen by them.</figcaption></figure>
    ${privacySection(run, draw)}
    <h2>Who took part</h2>
    <figure>${draw(fatesChart(run))}<figcaption>${FATES.map(({ name, colour }) =>
      keyed(colour, name)
    )} Clients that were asked in each round.</figcaption></figure>
    <h2>Time and traffic</h2>
    ${run.virtualMs > 0
      ? html`
        <figure>${draw(secondsChart({
          rounds: run.rounds.map(({ round, ms }) => ({ round, seconds: ms / 1000 })),
        }))}<figcaption>Virtual time from opening a round to closing it.</figcaption></figure>
      `
      : html`
        <p>Nobody was slow and nothing failed: all rounds took no virtual time.</p>
      `}
    <figure>${draw(bytesChart(run))}<figcaption>Between clients and regions:
      ${colourKey(0)} ${formatBytes(total("bytesUp"))} of updates sent up,
      ${colourKey(1)} ${formatBytes(total("bytesDown"))} of models fetched.</figcaption></figure>
    ${regions > 0 && regions <= MOST_REGIONS
      ? html`
        <h2>Tree</h2>
        <figure>${draw(treeChart(treeOf(run, regions)))}</figure>
      `
      : ""}
    <h2>Digests</h2>
    ${digestsTable(run)}
  `;
  return renderPage(run.task.name, body);
}

function keyed(colour: string, name: string): Markup {
  return html`
    <span style="color:${colour}">■</span> ${name}
  `;
}

function treeOf({ clients }: SimulationRecord, regions: number) {
  const region = (at: number) => ({
    name: `region ${at + 1}`,
    clients: Math.floor(clients / regions) + Number(at < clients % regions),
  });
  return {
    tree: [{ name: "root", clients: 0 }, ...Array.from({ length: regions }, (_, at) => region(at))],
  };
}

/** Means of what clients measured, by rounds trained; a round is of the model that it began with. */
function metricsChart({ rounds, task }: SimulationRecord): Plot.PlotOptions {
  const published = rounds.filter(({ outcome }) => outcome === "published");
  const points = published.flatMap(({ metrics, model }) =>
    Object.entries(metrics).map(([metric, value]) => ({
      trained: model.version - 1,
      metric,
      value,
    }))
  );
  const last = Math.max(1, published.length - 1);
  const at = { x: "trained", y: "value", z: "metric" } as const;
  // Most metrics are shares; a loss may be above 1.
  const highest = points.reduce((most, { value }) => Math.max(most, value), 1);
  return {
    height: 300,
    marginRight: 90,
    x: { label: "rounds trained", domain: [0, last], ...ticksTo(last, 0) },
    y: { label: "mean over clients", domain: [0, highest], grid: true },
    color: { domain: [...task.metrics], range: [...CURVES] },
    marks: [
      Plot.line(points, { ...at, stroke: "metric", strokeWidth: 2 }),
      Plot.dot(points, { ...at, fill: "metric", r: last > 40 ? 1.5 : 3 }),
      Plot.text(
        points,
        Plot.selectLast({
          ...{ ...at, fill: "metric", text: "metric" },
          ...{ textAnchor: "start", dx: 10 },
        }),
      ),
    ],
  };
}

function fatesChart({ rounds }: SimulationRecord): Plot.PlotOptions {
  const bars = rounds.flatMap(({ round, clients, away, lost, late }) =>
    [clients, away, lost, late].map((count, at) => ({ round, count, fate: FATES[at]?.name }))
  );
  return {
    height: 220,
    marginLeft: 56,
    x: { label: "round", ...ticksTo(rounds.at(-1)?.round ?? 1, 1) },
    y: { label: "clients", grid: true },
    color: { domain: FATES.map(({ name }) => name), range: FATES.map(({ colour }) => colour) },
    marks: [
      Plot.barY(bars, { x: "round", y: "count", fill: "fate" }),
      Plot.ruleY([0]),
    ],
  };
}
