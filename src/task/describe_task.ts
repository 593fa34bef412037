/**
 * A task in a few lines, for whoever is asked to take part.
 *
 * @module
 */
import { sizeOf, type TensorSpec } from "../core/tensor.ts";
import type { Mask } from "../mask/mask.ts";
import { bitsPerValue, updateWords } from "../update/mod.ts";
import { taskSpend } from "../update/private_plan.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import { rootShare, type Sampling } from "../wire/sampling.ts";
import type { StopRules, Task, UpdateTensor } from "../wire/task.ts";
import { checkTask } from "./check_task.ts";

const GROUPED = new Intl.NumberFormat("en-US");

/**
 * What is learned and by which strategy, what a client sends and how precisely, who takes part, and when it ends.
 *
 * @returns Lines without a closing line break.
 * @throws {TributaryError} `task-refused` if the task cannot be carried out.
 */
export function describeTask(task: Task): string {
  const { model, strategy, published, plan, mask } = checkTask(task);
  const { clients, sampling, update, metrics } = task;
  const tensors = model.tensors.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
  const values = valuesOf(model.tensors);
  const along = valuesOf(published) - values;
  const { kind, ...settings } = strategy.options;
  const needs = strategy.client?.needs ?? [];
  const bytes = mask.parcelBytes;
  const slices = Math.ceil(bytes / mask.ring.sliceBytes);
  return [
    `${task.name}: ${model.options.kind}, stepped by ${kind}`,
    `  strategy ${Object.entries(settings).map(([name, value]) => `${name} ${value}`).join(", ")}`,
    ...(needs.length === 0 ? [] : [`  trainers give ${needs.join(", ")}`]),
    `  model    ${tensors.join(", ")}: ${GROUPED.format(values)} values, ${size(4 * values)}` +
    (along === 0 ? "" : `, and ${GROUPED.format(along)} values of ${kind}'s`),
    `  sums     ${sumsText(strategy.sums(model.tensors))}`,
    `  update   ${GROUPED.format(updateWords(plan))} values of ${bitsPerValue(plan)} bits ` +
    `in ${update.slotBits}-bit slots, ${size(bytes)} in ${slices} ${
      slices === 1 ? "slice" : "slices"
    }`,
    `  mask     ${maskText(task.mask, mask)}`,
    ...privacyLines(task),
    ...(update.clip === null ? [] : [`  clip     to an L2 norm of ${update.clip}`]),
    ...(update.weightCap === null ? [] : [`  weight   by up to ${update.weightCap} examples`]),
    `  clients  ${clients.min} to ${clients.max} a round, which lasts up to ${
      task.roundMs / 1000
    } s`,
    `  sampling ${samplingText(sampling)}`,
    `  metrics  ${metrics.join(", ") || "none"}`,
    `  stop     ${stopText(task.stop)}`,
  ].join("\n");
}

function samplingText(sampling: Sampling): string {
  switch (sampling.kind) {
    case "all":
      return "all of them";
    case "poisson":
      return `each with probability ${sampling.rate}`;
    case "uniform":
    case "available": {
      const { kind, count, overSelect } = sampling;
      const asked = rootShare(sampling, { max: count }).clients;
      const of = kind === "uniform" ? "of all" : "of those that are there";
      return `${asked} ${of}, ${overSelect === 1 ? "all needed" : `${count} needed`}`;
    }
    default:
      throw sampling satisfies never;
  }
}

function maskText(plan: MaskPlan, { helping }: Mask): string {
  switch (plan.kind) {
    case "none":
      return "none: regions can read what their members send";
    case "kahe1":
    case "two_helper": {
      const needed = `${helping?.threshold} of ${plan.helpers.length} helpers`;
      const groups = plan.groups === 1 ? "" : `, in up to ${plan.groups} groups`;
      return `${plan.kind}, opened by ${needed} for ${plan.min} clients or more${groups}`;
    }
    case "secagg_plus":
      return `secagg_plus among ${plan.neighbours} neighbours, ${plan.threshold} of whom give a ` +
        `key back, opened for ${plan.min} clients or more`;
    default:
      throw plan satisfies never;
  }
}

/** What is promised about privacy, to whom, and by whose noise. */
function privacyLines(task: Task): string[] {
  const { privacy, stop: { rounds }, sampling } = task;
  const spend = taskSpend(task);
  if (privacy === undefined || spend === undefined) return [];
  const { epsilon, delta, clip, noise } = privacy;
  const all = sampling.kind === "poisson"
    ? `, ${figure(taskSpend({ ...task, sampling: { kind: "all" } })?.after(rounds) ?? 0)} ` +
      "for whoever knows who was asked"
    : "";
  return [
    `  privacy  ε = ${epsilon} at δ = ${delta}: ${rounds} rounds spend ${
      figure(spend.after(rounds))
    }${all}`,
    `  noise    ${figure(noise)} times a bound of ${clip} in each value of a sum, ${
      noiseText(privacy)
    }`,
  ];
}

function noiseText({ mechanism, adaptiveClip }: PrivacyPlan): string {
  const moves = adaptiveClip === undefined ? "" : "; the bound adapts";
  switch (mechanism.kind) {
    case "skellam":
      return `of which each client adds its share, counting on ${mechanism.shares}${moves}`;
    case "gaussian":
      return `added by the root, who is trusted to${moves}`;
    case "ftrl":
      return `added by the root, who is trusted to, and taken back in part; clients take part ` +
        `${mechanism.participations} times, ${mechanism.separation} rounds apart`;
    default:
      throw mechanism satisfies never;
  }
}

/** Four digits. */
function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function valuesOf(tensors: readonly TensorSpec[]): number {
  return tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Names of what is summed, those of one range together. */
function sumsText(sums: readonly UpdateTensor[]): string {
  const byRange = Map.groupBy(sums, ({ range }) => range);
  return [...byRange].map(([range, group]) =>
    `${group.map(({ name }) => name).join(", ")} within ±${range}`
  ).join("; ");
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
