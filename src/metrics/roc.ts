/**
 * How well scores separate two classes, over all thresholds.
 *
 * Labels are 0 or 1; a higher score means 1, and NaN is refused with a `RangeError`. Equal scores form
 * one threshold.
 *
 * @module
 */

/** Counts above one threshold, of each class. */
interface Threshold {
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting one
 * half (Mann–Whitney).
 *
 * @returns A value in `[0, 1]`, or `undefined` where one class is missing.
 */
export function auc(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): number | undefined {
  const { fpr, tpr } = rocCurve(labels, scores);
  let area = 0;
  for (let at = 1; at < fpr.length; at++) {
    const width = (fpr[at] ?? 0) - (fpr[at - 1] ?? 0);
    area += width * ((tpr[at] ?? 0) + (tpr[at - 1] ?? 0)) / 2;
  }
  return fpr.length > 1 && !Number.isNaN(area) ? area : undefined;
}

/** Points of a ROC curve, from (0, 0) to (1, 1). */
export interface RocCurve {
  /** False positive rate at each threshold; NaN where there are no negatives. */
  readonly fpr: readonly number[];
  /** True positive rate at each threshold; NaN where there are no positives. */
  readonly tpr: readonly number[];
}

/** The ROC curve, with one point for each different score and one before them. */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): RocCurve {
  const points = thresholds(labels, scores);
  const all = points[points.length - 1] ?? { positives: 0, negatives: 0 };
  return {
    fpr: points.map(({ negatives }) => negatives / all.negatives),
    tpr: points.map(({ positives }) => positives / all.positives),
  };
}

/**
 * Average precision: the mean of the precision over the positives, taken at their thresholds
 * (step-wise, without interpolation, as in scikit-learn).
 *
 * @returns A value in `[0, 1]`, or `undefined` where there are no positives.
 */
export function averagePrecision(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): number | undefined {
  const points = thresholds(labels, scores);
  const all = points[points.length - 1]?.positives ?? 0;
  if (all === 0) return undefined;
  let sum = 0;
  points.forEach(({ positives, negatives }, at) => {
    const found = positives - (points[at - 1]?.positives ?? 0);
    if (found > 0) sum += found * positives / (positives + negatives);
  });
  return sum / all;
}

function thresholds(labels: ArrayLike<number>, scores: ArrayLike<number>): Threshold[] {
  if (labels.length !== scores.length) {
    throw new RangeError(
      `Cannot compare ${scores.length} scores with ${labels.length} labels: expected one score a label`,
    );
  }
  const order = Array.from(scores, (score, row) => ({ score, row }))
    .sort((a, b) => a.score === b.score ? 0 : b.score > a.score ? 1 : -1);
  const lost = order.find(({ score }) => Number.isNaN(score));
  if (lost !== undefined) {
    throw new RangeError(`Cannot order scores: number ${lost.row} is NaN, expected numbers`);
  }
  const points: Threshold[] = [{ positives: 0, negatives: 0 }];
  let positives = 0;
  let negatives = 0;
  order.forEach(({ score, row }, at) => {
    if (labels[row] === 1) positives++;
    else negatives++;
    if (order[at + 1]?.score !== score) points.push({ positives, negatives });
  });
  return points;
}
