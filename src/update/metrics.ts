/**
 * What clients measured travels in the update, as one scalar tensor a metric, so that only its sum
 * is ever seen.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { METRIC_PREFIX } from "../core/trainer.ts";
import type { UpdatePlan, UpdateTensorSpec } from "./plan.ts";
import type { UpdateStep } from "./step.ts";

/** Whether a tensor carries a metric, rather than a part of the update. */
export function isMetric(name: string): boolean {
  return name.startsWith(METRIC_PREFIX);
}

/**
 * Metric of whether a client's update was longer than its bound: the mean is the share of those that
 * were clipped. The chain knows it, so no trainer measures it.
 */
export const CLIPPED = "clipped";

/** 1 from a client that measured, 0 from one that did not: the sum is what means divide by. */
const EVALUATED = `${METRIC_PREFIX}evaluated`;

/** The tensors that carry these metrics, each value within ±range: first who measured, then what. */
export function metricTensors(names: readonly string[], range = 1): UpdateTensorSpec[] {
  if (names.length === 0) return [];
  return [
    { name: EVALUATED, shape: [1], range: 1 },
    ...names.map((name) => ({ name: `${METRIC_PREFIX}${name}`, shape: [1], range })),
  ];
}

/** Means over the clients that measured; empty if none did. */
export function metricMeans(sums: NamedTensors): Record<string, number> {
  const evaluated = Object.hasOwn(sums, EVALUATED) ? sums[EVALUATED]?.data[0] ?? 0 : 0;
  if (evaluated <= 0) return {};
  return Object.fromEntries(
    Object.entries(sums)
      .filter(([name]) => isMetric(name) && name !== EVALUATED)
      .map(([name, { data }]) => [name.slice(METRIC_PREFIX.length), (data[0] ?? 0) / evaluated]),
  );
}

/**
 * The step of the chain that adds the metrics a plan asks for. What else a trainer measured stays
 * on the device.
 */
export function metricsStep(plan: UpdatePlan): UpdateStep<NamedTensors, NamedTensors> {
  const specs = plan.tensors.filter(({ name }) => isMetric(name));
  return {
    send(update, { contribution, isClipped }) {
      const metrics = measured(contribution.metrics, { specs, isClipped });
      const scalars = specs.map(({ name, shape }) =>
        [name, { shape, data: Float32Array.of(valueOf(name, metrics)) }] as const
      );
      return { ...update, ...Object.fromEntries(scalars) };
    },
    receive: (sum) => sum,
  };
}

/** What a client tells of itself; nothing where it measured nothing that it was asked for. */
function measured(
  metrics: Readonly<Record<string, number>> | undefined,
  { specs, isClipped }: {
    readonly specs: readonly UpdateTensorSpec[];
    readonly isClipped: boolean | undefined;
  },
): Readonly<Record<string, number>> | undefined {
  if (isClipped === undefined) return metrics;
  const ofChain = [EVALUATED, `${METRIC_PREFIX}${CLIPPED}`];
  if (metrics === undefined && !specs.every(({ name }) => ofChain.includes(name))) return undefined;
  return { ...metrics, [CLIPPED]: isClipped ? 1 : 0 };
}

function valueOf(name: string, metrics: Readonly<Record<string, number>> | undefined): number {
  if (name === EVALUATED) return metrics === undefined ? 0 : 1;
  if (metrics === undefined) return 0;
  const key = name.slice(METRIC_PREFIX.length);
  const value = Object.hasOwn(metrics, key) ? metrics[key] : undefined;
  if (value === undefined) {
    throw new TributaryError(
      "update-misshapen",
      `Cannot send the update: metric "${key}" is missing, measured were ${
        Object.keys(metrics).join(", ") || "none"
      }`,
    );
  }
  return value;
}
