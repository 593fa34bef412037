/**
 * What is now: gauges, read off an aggregator or helper whenever somebody asks.
 *
 * @module
 */
import { taskSpend } from "../../src/update/private_plan.ts";
import type { Observed, ObservedTask } from "../observer.ts";
import type { Measurement } from "./instruments.ts";

/** Reads the gauges. Tasks are told apart by their digests; nothing is told of single members. */
export type GaugeReader = (observed: Observed) => Measurement[];

/** A reader; it remembers what privacy costs, which takes a while to work out. */
export function createGaugeReader(): GaugeReader {
  const costs = new Map<string, Cost>();

  function costOf({ id, offer, look }: ObservedTask): number | undefined {
    const { sums } = look();
    const known = costs.get(id);
    if (known?.sums === sums) return known.epsilon;
    const epsilon = sums === 0 ? 0 : taskSpend(offer.task)?.after(sums);
    if (epsilon !== undefined) costs.set(id, { sums, epsilon });
    return epsilon;
  }

  return ({ world, tasks, isReady }) => [
    { name: "tributary.ready", value: isReady ? 1 : 0 },
    { name: "tributary.budget.used", value: world.budget.used },
    ...[...tasks.values()].flatMap((task) => [...taskGauges(task), ...privacyGauges(task, costOf)]),
  ];
}

/** What so many opened sums have spent. */
interface Cost {
  readonly sums: number;
  readonly epsilon: number;
}

function taskGauges(task: ObservedTask): Measurement[] {
  const { round, phase, model, members, size, updates, clients, bytesIn } = task.status();
  const labels = { task: task.id };
  return [
    { name: "tributary.polls.waiting", value: task.waiting, labels },
    { name: "tributary.round", value: round, labels },
    { name: "tributary.round.phase", value: 1, labels: { ...labels, phase } },
    { name: "tributary.round.updates", value: updates, labels },
    { name: "tributary.round.clients", value: clients, labels },
    { name: "tributary.round.size", value: bytesIn, labels },
    ...(model ? [{ name: "tributary.model.version", value: model.version, labels } as const] : []),
    { name: "tributary.members", value: members, labels },
    { name: "tributary.clients", value: size, labels },
  ];
}

/** A root's; regions open no sums. */
function privacyGauges(
  task: ObservedTask,
  costOf: (task: ObservedTask) => number | undefined,
): Measurement[] {
  const { privacy } = task.offer.task;
  if (privacy === undefined || task.look().role !== "root") return [];
  const labels = { task: task.id };
  return [
    { name: "tributary.privacy.spent", value: costOf(task) ?? 0, labels },
    { name: "tributary.privacy.budget", value: privacy.epsilon, labels },
  ];
}
