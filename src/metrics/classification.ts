/**
 * How often predicted classes are right.
 *
 * @module
 */

/** Figures of a classifier. A ratio whose denominator is 0 counts as 0. */
export interface ClassificationReport {
  /** Rows of class i (row) that were called class j (column). */
  readonly confusion: readonly (readonly number[])[];
  /** Share of right rows; the same as micro-averaged F1, where each row has one class. */
  readonly accuracy: number;
  /** Of those called a class, the share that is; a class each. */
  readonly precision: readonly number[];
  /** Of those of a class, the share called so; a class each. */
  readonly recall: readonly number[];
  /** Harmonic mean of precision and recall; a class each. */
  readonly f1: readonly number[];
  /** Mean of F1 over classes. */
  readonly macroF1: number;
  /** F1 of the counts of all classes added up. */
  readonly microF1: number;
  /** Mean of F1 over classes, weighted by their rows. */
  readonly weightedF1: number;
  /** Mean of recall over the classes that occur. */
  readonly balancedAccuracy: number;
  /** Matthews correlation coefficient, in `[-1, 1]` (Gorodkin 2004 for more than two classes). */
  readonly matthews: number;
  /** Cohen's kappa: agreement beyond chance, at most 1 (Cohen 1960). */
  readonly cohenKappa: number;
}

/**
 * Compares predicted with true classes.
 *
 * @param labels      Index of the true class of each row, in `[0, classes)`.
 * @param predictions Index of the predicted class of each row, in `[0, classes)`.
 * @param options     Number of `classes`.
 * @throws {RangeError} If the lengths differ, there are no rows, or a class is out of range.
 */
export function classificationReport(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: { classes: number },
): ClassificationReport {
  const confusion = confusionMatrix(labels, predictions, options);
  const rows = labels.length;
  const hits = confusion.map((row, label) => row[label] ?? 0);
  const actual = confusion.map(sum);
  const predicted = confusion.map((_, column) => sum(confusion.map((row) => row[column] ?? 0)));

  const right = sum(hits);
  const recall = hits.map((hit, label) => ratio(hit, actual[label] ?? 0));
  const f1 = hits.map((hit, label) =>
    ratio(2 * hit, (actual[label] ?? 0) + (predicted[label] ?? 0))
  );
  const occurring = recall.filter((_, label) => (actual[label] ?? 0) > 0);
  const chance = dot(actual, predicted);
  const spread = Math.sqrt(
    (rows ** 2 - dot(predicted, predicted)) * (rows ** 2 - dot(actual, actual)),
  );
  return {
    confusion,
    accuracy: right / rows,
    precision: hits.map((hit, label) => ratio(hit, predicted[label] ?? 0)),
    recall,
    f1,
    macroF1: sum(f1) / f1.length,
    microF1: ratio(2 * right, 2 * rows),
    weightedF1: dot(f1, actual) / rows,
    balancedAccuracy: sum(occurring) / occurring.length,
    matthews: ratio(right * rows - chance, spread),
    cohenKappa: ratio(right * rows - chance, rows ** 2 - chance),
  };
}

function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: { classes: number },
): number[][] {
  const { classes } = options;
  if (labels.length !== predictions.length || labels.length === 0) {
    throw new RangeError(
      `Cannot compare ${predictions.length} predictions with ${labels.length} labels: ` +
        "expected as many of each, at least one",
    );
  }
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let at = 0; at < labels.length; at++) {
    const row = confusion[labels[at] ?? -1];
    const column = predictions[at] ?? -1;
    const count = row?.[column];
    if (row === undefined || count === undefined) {
      throw new RangeError(
        `Cannot compare class ${predictions[at]} with ${
          labels[at]
        }: expected classes below ${classes}`,
      );
    }
    row[column] = count + 1;
  }
  return confusion;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, at) => total + value * (b[at] ?? 0), 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
