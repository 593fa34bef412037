/**
 * Figures as a Markdown table, which reads as well in a terminal.
 *
 * @module
 */
import { type Figure, type Goal, isMet, ratioOf } from "./figure.ts";

const HEAD = ["what", "measured", "compared to", "ratio", "goal", "reached"];

/** Draws figures as a table with columns that line up, without a newline at its end. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]))));
  const lines = rows.map((row) => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return cell + " ".repeat(width - lengthOf(cell));
    });
    return `| ${cells.join(" | ")} |`;
  });
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function cellsOf(figure: Figure): string[] {
  const { name, value, unit, spread, reference, goal } = figure;
  const show = (some: number) =>
    Number.isNaN(some) ? "not measured" : withUnit(formatNumber(some, unit), unit);
  const between = spread?.map((some) => formatNumber(some, unit)).join("–");
  const ratio = ratioOf(figure);
  return [
    name,
    show(value) + (between === undefined ? "" : ` (${between})`),
    reference === undefined ? "" : `${show(reference.value)}, ${reference.name}`,
    ratio === undefined ? "" : formatRatio(ratio, goal),
    goal === undefined ? "" : formatGoal(goal, unit),
    formatMet(isMet(figure)),
  ];
}

function lengthOf(cell = ""): number {
  return Array.from(cell).length;
}

/** Rates have three decimals; everything else about three digits. */
function formatNumber(value: number, unit: string): string {
  if (unit === "" || Math.abs(value) < 1) return value.toFixed(3);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function formatRatio(ratio: number, goal?: Goal): string {
  const [times, after] = goal?.kind === "faster by" ? [1 / ratio, "× faster"] : [ratio, "×"];
  return `${times >= 100 ? times.toFixed(0) : times.toFixed(2)} ${after}`;
}

function withUnit(text: string, unit: string): string {
  return unit === "" ? text : `${text} ${unit}`;
}

function formatGoal(goal: Goal, unit: string): string {
  switch (goal.kind) {
    case "at least":
      return `≥ ${withUnit(String(goal.bound), unit)}`;
    case "at most":
      return `≤ ${withUnit(String(goal.bound), unit)}`;
    case "ratio at least":
      return `≥ ${goal.bound} ×`;
    case "ratio at most":
      return `≤ ${goal.bound} ×`;
    case "faster by":
      return `≥ ${goal.bound} × faster`;
    case "within":
      return `± ${withUnit(String(goal.bound), unit)}`;
    default:
      return goal satisfies never;
  }
}

function formatMet(met: boolean | undefined): string {
  if (met === undefined) return "";
  return met ? "yes" : "**missed**";
}
