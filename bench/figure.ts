/**
 * One measured figure, beside what it is compared to and what it should reach.
 *
 * @module
 */

/** A figure, as all benches report it. */
export interface Figure {
  /** What was measured. */
  readonly name: string;
  /** What came out, in {@link Figure.unit}; the mean or median of repetitions. */
  readonly value: number;
  /** Unit of the value and of the reference; empty for rates between 0 and 1. */
  readonly unit: string;
  /** Lowest and highest of the repetitions. */
  readonly spread?: readonly [number, number];
  /** What it is compared to: measured in the same run, or a constant that its name explains. */
  readonly reference?: Reference;
  /** What it should reach, if anything. */
  readonly goal?: Goal;
}

/** What a figure is compared to. */
export interface Reference {
  /** What it is. */
  readonly name: string;
  /** In the unit of the figure. */
  readonly value: number;
}

/** What a figure should reach. */
export type Goal =
  /** The value is no less. */
  | { readonly kind: "at least"; readonly bound: number }
  /** The value is no more. */
  | { readonly kind: "at most"; readonly bound: number }
  /** Value by reference is no less. */
  | { readonly kind: "ratio at least"; readonly bound: number }
  /** Value by reference is no more. */
  | { readonly kind: "ratio at most"; readonly bound: number }
  /** Reference by value, both times, is no less. */
  | { readonly kind: "faster by"; readonly bound: number }
  /** Value and reference are no farther apart. */
  | { readonly kind: "within"; readonly bound: number };

/** The median; NaN of nothing. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The mean, with the lowest and the highest. */
export function meanAndSpread(
  values: readonly number[],
): { value: number; spread: readonly [number, number] } {
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  return { value, spread: [Math.min(...values), Math.max(...values)] };
}

/** Value by reference; undefined where there is nothing to compare to. */
export function ratioOf({ value, reference }: Figure): number | undefined {
  return reference && value / reference.value;
}

/** Whether the figure reaches its goal; undefined if it has none. A value that is no number reaches nothing. */
export function isMet(figure: Figure): boolean | undefined {
  const { value, reference, goal } = figure;
  if (goal === undefined) return undefined;
  switch (goal.kind) {
    case "at least":
      return value >= goal.bound;
    case "at most":
      return value <= goal.bound;
    case "ratio at least":
      return (ratioOf(figure) ?? NaN) >= goal.bound;
    case "ratio at most":
      return (ratioOf(figure) ?? NaN) <= goal.bound;
    case "faster by":
      return 1 / (ratioOf(figure) ?? NaN) >= goal.bound;
    case "within":
      return Math.abs(value - (reference?.value ?? NaN)) <= goal.bound;
    default:
      return goal satisfies never;
  }
}
