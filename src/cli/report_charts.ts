/**
 * The charts of a report, as what Observable Plot is to draw.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { formatRate } from "./format.ts";
import type { RoundFigures, RunRecord, TreeNode } from "./run_record.ts";

/** Pixels from side to side. */
export const CHART_WIDTH = 720;

/** Colours of what is drawn in two kinds, in their order; they stand out on light and dark. */
export const COLOURS: readonly [string, string] = ["#3d85d9", "#e07b39"];

const METRICS = [
  { label: "HR@10", metric: "hr@10", result: "hitRate", colour: COLOURS[0] },
  { label: "NDCG@10", metric: "ndcg@10", result: "ndcg", colour: COLOURS[1] },
] as const;

/** Methods that the clients' curves are compared to. */
const ANCHORS = ["popularity", "central"];

/** Pixels between two lines of labels. */
const LABEL_GAP = 15;

/**
 * Quality by rounds trained: the clients' own means, then the evaluation of the final model, with
 * popularity and central as dashed lines.
 *
 * What clients measure in a round is of the model that the round began with.
 */
export function qualityChart(run: RunRecord): Plot.PlotOptions {
  const published = run.rounds.filter(({ clients }) => clients > 0);
  const last = published.length;
  const points = METRICS.flatMap(({ label, metric, result }) => [
    ...published.flatMap(({ metrics }, at) => {
      const value = metrics[metric];
      return value === undefined ? [] : [{ trained: at, label, value }];
    }),
    ...run.results.filter(({ method }) => method === "federated")
      .map((row) => ({ trained: last, label, value: row[result] })),
  ]).filter(({ value }) => Number.isFinite(value));
  const anchors = METRICS.flatMap(({ label, result, colour }) =>
    run.results.filter(({ method }) => ANCHORS.includes(method))
      .map(({ method, [result]: value }) => ({ label, value, colour, text: method }))
  ).filter(({ value }) => Number.isFinite(value));
  const ends = METRICS.flatMap(({ label, colour }) =>
    points.filter((point) => point.label === label).slice(-1)
      .map(({ value }) => ({ label, value, colour, text: "federated" }))
  );
  const [height, top, bottom] = [340, 24, 40];
  const most = Math.max(0.1, ...points.map(({ value }) => value), ...anchors.map((a) => a.value));
  const domain = [0, Math.min(1, most * 1.08)] as const;
  const labels = spread([...anchors, ...ends], (LABEL_GAP * domain[1]) / (height - top - bottom));
  return {
    height,
    marginTop: top,
    marginBottom: bottom,
    marginRight: 170,
    x: { label: "rounds trained", domain: [0, Math.max(last, 1)], ...ticksTo(last, 0) },
    y: { label: "mean over people", domain, grid: true },
    color: { domain: METRICS.map(({ label }) => label), range: METRICS.map((one) => one.colour) },
    marks: [
      Plot.ruleY(anchors, { y: "value", stroke: "label", strokeDasharray: "3,4" }),
      Plot.line(points, { x: "trained", y: "value", stroke: "label", strokeWidth: 2.25 }),
      Plot.dot(points, { x: "trained", y: "value", fill: "label", r: last > 40 ? 1.5 : 3 }),
      Plot.text(labels, {
        y: "at",
        text: ({ label, text, value }: Label) => `${label} ${text} ${formatRate(value)}`,
        fill: "label",
        frameAnchor: "right",
        textAnchor: "start",
        dx: 10,
        fontSize: 12,
      }),
    ],
  };
}

interface Label {
  readonly label: string;
  readonly text: string;
  readonly value: number;
}

/** Places labels beside their values, moved apart to at least `gap`. */
function spread<T extends Label>(labels: readonly T[], gap: number): (T & { at: number })[] {
  const placed = labels.map((label) => ({ ...label, at: label.value }))
    .sort((one, other) => one.value - other.value);
  // Each pass pushes neighbours half of what they lack; a few settle any handful of labels.
  for (let pass = 0; pass < 60; pass++) {
    for (const [index, upper] of placed.entries()) {
      const lower = placed[index - 1];
      if (lower === undefined) continue;
      const missing = gap - (upper.at - lower.at);
      if (missing <= 0) continue;
      lower.at -= missing / 2;
      upper.at += missing / 2;
    }
  }
  return placed;
}

/** Bytes a round between clients and regions. */
export function bytesChart(
  run: { readonly rounds: readonly Pick<RoundFigures, "round" | "bytesUp" | "bytesDown">[] },
): Plot.PlotOptions {
  const most = run.rounds.reduce(
    (most, { bytesUp, bytesDown }) => Math.max(most, bytesUp + bytesDown),
    1,
  );
  const unit = most >= 1e6 ? { name: "megabytes", bytes: 1e6 } : { name: "kilobytes", bytes: 1e3 };
  const bars = run.rounds.flatMap(({ round, bytesUp, bytesDown }) => [
    { round, direction: "up", amount: bytesUp / unit.bytes },
    { round, direction: "down", amount: bytesDown / unit.bytes },
  ]);
  return {
    height: 220,
    marginLeft: 56,
    x: { label: "round", ...ticksTo(run.rounds.at(-1)?.round ?? 1, 1) },
    y: { label: unit.name, grid: true },
    color: { domain: ["up", "down"], range: [...COLOURS] },
    marks: [
      Plot.barY(bars, { x: "round", y: "amount", fill: "direction" }),
      Plot.ruleY([0]),
    ],
  };
}

/** Seconds a round took. */
export function secondsChart(
  run: { readonly rounds: readonly Pick<RoundFigures, "round" | "seconds">[] },
): Plot.PlotOptions {
  return {
    height: 180,
    marginLeft: 56,
    x: { label: "round", ...ticksTo(run.rounds.at(-1)?.round ?? 1, 1) },
    y: { label: "seconds", grid: true },
    marks: [
      Plot.barY(run.rounds, { x: "round", y: "seconds", fill: "#8f7fc0" }),
      Plot.ruleY([0]),
    ],
  };
}

/** Ticks at whole numbers, at most a dozen of them. */
export function ticksTo(
  last: number,
  first: number,
): { readonly ticks: number[]; readonly tickFormat: string } {
  const step = Math.max(1, Math.ceil((last - first + 1) / 12));
  const ticks: number[] = [];
  for (let at = first; at <= last; at += step) ticks.push(at);
  return { ticks, tickFormat: "d" };
}

/** Rows of dots beside a region. */
const ROWS = 8;
/** Pixels between two of those dots. */
const PITCH = 8;
/** More would not fit beside their region. */
const MOST_DOTS = 280;
const AT = { root: 60, region: 250, clients: 420 };

/** The tree: the root, its regions, and a dot for each client. */
export function treeChart(
  { tree: [root, ...regions] }: {
    readonly tree: readonly Pick<TreeNode, "name" | "clients">[];
  },
): Plot.PlotOptions {
  const band = ROWS * PITCH + 24;
  const height = Math.max(1, regions.length) * band;
  const nodes = regions.map(({ name, clients }, at) => ({
    name,
    clients,
    y: (at + 0.5) * band,
    dots: Math.min(clients, MOST_DOTS),
  }));
  const dots = nodes.flatMap(({ y, dots }) =>
    Array.from({ length: dots }, (_, at) => ({
      x: AT.clients + PITCH * Math.floor(at / ROWS),
      y: y + PITCH * ((at % ROWS) - (ROWS - 1) / 2),
    }))
  );
  const middle = height / 2;
  const node = { r: 7, fill: COLOURS[0], stroke: "currentColor" };
  const name = { dy: -18, fontSize: 13, fontWeight: "bold" };
  return {
    axis: null,
    height,
    margin: 0,
    x: { domain: [0, CHART_WIDTH] },
    y: { domain: [height, 0] },
    marks: [
      Plot.link(nodes, {
        x1: AT.root,
        x2: AT.region,
        y1: middle,
        y2: "y",
        curve: "bump-x",
        strokeOpacity: 0.6,
        strokeWidth: 1.5,
      }),
      Plot.link(nodes, {
        x1: AT.region,
        x2: AT.clients - 10,
        y1: "y",
        y2: "y",
        strokeOpacity: 0.35,
        strokeDasharray: "2,3",
      }),
      Plot.dot(dots, { x: "x", y: "y", r: 2.4, fill: COLOURS[1] }),
      Plot.dot([root], { ...node, x: AT.root, y: middle }),
      Plot.text([root?.name ?? "root"], { ...name, x: AT.root, y: middle }),
      Plot.dot(nodes, { ...node, x: AT.region, y: "y" }),
      Plot.text(nodes, { ...name, x: AT.region, y: "y", text: "name" }),
      Plot.text(nodes, {
        x: AT.region,
        y: "y",
        dy: 20,
        fontSize: 12,
        text: ({ clients }: { clients: number }) =>
          clients === 1 ? "1 client" : `${clients} clients`,
      }),
    ],
  };
}
