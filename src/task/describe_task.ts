/**
 * A task in a few lines, for whoever is asked to take part.
 *
 * @module
 */
import { sizeOf } from "../core/tensor.ts";
import { bitsPerValue, sliceCount, updateBytes, updateWords } from "../update/mod.ts";
import type { StopRules, Task } from "../wire/task.ts";
import { checkTask } from "./check_task.ts";

const GROUPED = new Intl.NumberFormat("en-US");

/**
 * What is learned, what a client sends and how precisely, who takes part, and when it ends.
 *
 * @returns Lines without a closing line break.
 * @throws {TributaryError} `task-refused` if the task cannot be carried out.
 */
export function describeTask(task: Task): string {
  const { model, plan } = checkTask(task);
  const { clients, update, strategy, metrics } = task;
  const tensors = model.tensors.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
  const values = model.tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const bytes = updateBytes(plan);
  const slices = sliceCount(bytes);
  return [
    `${task.name}: ${model.options.kind}, stepped by ${strategy.kind}`,
    `  model    ${tensors.join(", ")}: ${GROUPED.format(values)} values, ${size(4 * values)}`,
    `  update   ${GROUPED.format(updateWords(plan))} values of ${bitsPerValue(plan)} bits ` +
    `in ${update.slotBits}-bit slots, ${size(bytes)} in ${slices} ${
      slices === 1 ? "slice" : "slices"
    }`,
    `  clients  ${clients.min} to ${clients.max} a round, which lasts up to ${
      task.roundMs / 1000
    } s`,
    `  metrics  ${metrics.join(", ") || "none"}`,
    `  stop     ${stopText(task.stop)}`,
  ].join("\n");
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(2)} MiB`;
}

function stopText({ rounds, target, patience, minutes }: StopRules): string {
  const rules = [`after ${rounds} rounds`];
  if (target) rules.push(`when ${target.metric} reaches ${target.value}`);
  if (patience) rules.push(`after ${patience.rounds} rounds without a better ${patience.metric}`);
  if (minutes !== undefined) rules.push(`after ${minutes} minutes`);
  return rules.join(", or ");
}
