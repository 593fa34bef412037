/**
 * A statistic in lines of text.
 *
 * @module
 */
import { heavyHittersOf, histogramsOf, meansOf } from "../analytics/mod.ts";
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import type { Task } from "../wire/task.ts";
import { renderFigures } from "./table.ts";

/** Digits that are shown of a figure which is no count. */
const DIGITS = 6;

/**
 * What a task has published, as a table.
 *
 * @throws {TributaryError} `task-refused` if it is no statistic.
 */
export function statisticsText(task: Task, tensors: NamedTensors): string {
  switch (task.model.kind) {
    case "mean":
      return renderFigures(
        ["field", "mean", "deviation", "values", "out of bounds"],
        Object.entries(meansOf(task, tensors)).map(([name, { mean, variance, count, clipped }]) => [
          name,
          ...[mean, Math.sqrt(variance), count, clipped].map(figure),
        ]),
      );
    case "histogram":
      return Object.entries(histogramsOf(task, tensors)).map(([name, field]) => {
        const { edges, counts, below, above, stddev } = field;
        const rows: [string, number][] = [
          [`below ${edges[0]}`, below],
          ...counts.map((
            count,
            at,
          ): [string, number] => [`${edges[at]} to ${edges[at + 1]}`, count]),
          [`${edges.at(-1)} or more`, above],
        ];
        const noise = stddev === 0 ? "clients" : `clients, ± ${figure(stddev)}`;
        return renderFigures([name, noise], rows.map(([bin, count]) => [bin, figure(count)]));
      }).join("\n");
    case "heavy-hitters":
      return renderFigures(
        ["item", "votes"],
        heavyHittersOf(task, tensors).map(({ item, count, isWhole }) => [
          printable(isWhole ? item : `${item}…`),
          figure(count),
        ]),
      );
    default:
      throw new TributaryError(
        "task-refused",
        `Cannot show a statistic: the task trains ${task.model.kind}, expected mean, histogram or heavy-hitters`,
      );
  }
}

/** Clients wrote these texts: what a terminal would take for a command is shown by its number. */
function printable(text: string): string {
  return text.replaceAll(
    /\p{C}/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

function figure(value: number): string {
  return Number.isNaN(value) ? "–" : String(Number(value.toPrecision(DIGITS)));
}
