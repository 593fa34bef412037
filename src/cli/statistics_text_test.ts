import assert from "node:assert/strict";
import { heavyHitters, histogram, mean } from "../analytics/mod.ts";
import type { Tensor } from "../core/tensor.ts";
import { mf } from "../models/mod.ts";
import { defineTask } from "../task/mod.ts";
import type { Task } from "../wire/task.ts";
import { statisticsText } from "./statistics_text.ts";

function taskOf(model: Parameters<typeof defineTask>[0]["model"]): Task {
  return defineTask({ name: "t", model, clients: { min: 2, max: 9 }, stop: { rounds: 1 } });
}

function tensor(...values: number[]): Tensor {
  return { shape: [values.length], data: Float32Array.from(values) };
}

/** The cells of a drawn table, line by line. */
function cells(text: string): string[][] {
  return text.split("\n").filter((line) => line.startsWith("│"))
    .map((line) => line.split("│").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("statistics text: means by field, and none where nobody has a value", () => {
  const task = taskOf(mean({ fields: { age: [0, 100], hours: [0, 24] } }));
  const sums = { shape: [4, 2], data: Float32Array.of(4, 0, 1, 0, 0.5, 0, 1, 0) };
  assert.deepEqual(cells(statisticsText(task, { sums })), [
    ["field", "mean", "deviation", "values", "out of bounds"],
    ["age", "62.5", "12.5", "4", "0.25"],
    ["hours", "–", "–", "0", "–"],
  ]);
});

Deno.test("statistics text: a table of bins for each field", () => {
  const task = taskOf(histogram({ fields: { age: [18, 65], hours: [8] } }));
  const text = statisticsText(task, { age: tensor(1, 20, 3), hours: tensor(5, 0) });
  assert.deepEqual(cells(text), [
    ["age", "clients"],
    ["below 18", "1"],
    ["18 to 65", "20"],
    ["65 or more", "3"],
    ["hours", "clients"],
    ["below 8", "5"],
    ["8 or more", "0"],
  ]);
  const local = taskOf(histogram({ fields: { age: [18] }, local: 1 }));
  assert.match(statisticsText(local, { age: tensor(50, 50, 100) }), /clients, ± /);
});

Deno.test("statistics text: items by their votes, and what a terminal would obey by its number", () => {
  const model = heavyHitters({ length: 2, width: 2, threshold: 1, step: 8 });
  const bits = (byte: number) => Array.from({ length: 8 }, (_, at) => (byte >> (7 - at)) & 1);
  const prefixes = {
    shape: [2, 16],
    data: Float32Array.from([...bits(0x41), ...bits(0x1b), ...bits(0x42), ...bits(0)]),
  };
  const published = { prefixes, counts: tensor(3, 7), depth: tensor(16) };
  const task = taskOf(model);
  assert.deepEqual(cells(statisticsText(task, published)), [
    ["item", "votes"],
    ["B", "7"],
    ["A\\u{1b}", "3"],
  ]);
  const half = { ...published, depth: tensor(8) };
  assert.deepEqual(cells(statisticsText(task, half)).slice(1), [["B…", "7"], ["A…", "3"]]);
});

Deno.test("statistics text: a task that trains is no statistic", () => {
  assert.throws(
    () => statisticsText(taskOf(mf({ items: 5, dim: 2 })), {}),
    /Cannot show a statistic: the task trains mf, expected mean, histogram or heavy-hitters/,
  );
});
