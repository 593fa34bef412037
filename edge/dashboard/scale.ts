/**
 * Axes: ticks at round numbers, and where a value lies between two ends.
 *
 * @module
 */

/** Two ends of an axis, and the values that it names. */
export interface Scale {
  /** Value at the beginning. */
  readonly from: number;
  /** Value at the end, above `from`. */
  readonly to: number;
  /** Round values from one to the other, ascending. */
  readonly ticks: readonly number[];
}

/** An axis that holds all values. One that would begin well above zero does, to show differences. */
export function scaleOf(values: readonly number[], most = 5): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const isNearZero = low >= 0 && low <= high / 2;
  const from = isNearZero ? 0 : low;
  // A single value lies in the middle.
  const span = high - from || Math.abs(high) || 1;
  // Below that ticks could not be told apart.
  const step = roundStep(Math.max(span / most, Math.abs(high) * 1e-9, 1e-12));
  const start = Math.floor(from / step + 1e-9) * step;
  const ticks = [start];
  while ((ticks.at(-1) ?? 0) < high - step * 1e-9) ticks.push(start + ticks.length * step);
  if (ticks.length === 1) ticks.push(start + step);
  return { from: start, to: ticks.at(-1) ?? high, ticks: ticks.map(tidy) };
}

/** Part of the way from one end to the other, 0 to 1. */
export function placeOn({ from, to }: Scale, value: number): number {
  return (value - from) / (to - from);
}

/** Whole numbers from first to last, a few of them. */
export function wholeTicks(first: number, last: number, most = 6): number[] {
  const step = Math.max(1, Math.ceil(roundStep(Math.max(1, last - first) / most)));
  const ticks: number[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) ticks.push(at);
  return ticks;
}

/** The smallest of 1, 2 and 5 times a power of ten that is no smaller. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const part = least / power;
  return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
