/**
 * How far predicted numbers are from the true ones.
 *
 * @module
 */

/** Figures of a regression. */
export interface RegressionReport {
  /** Mean squared error. */
  readonly mse: number;
  /** Its root, in the unit of the targets. */
  readonly rmse: number;
  /** Mean absolute error, in the unit of the targets. */
  readonly mae: number;
  /** Share of the variance explained, at most 1; 0 where the targets do not vary. */
  readonly r2: number;
}

/**
 * Compares predictions with targets.
 *
 * @throws {RangeError} If the lengths differ or there are no rows.
 */
export function regressionReport(
  targets: ArrayLike<number>,
  predictions: ArrayLike<number>,
): RegressionReport {
  const rows = targets.length;
  if (rows !== predictions.length || rows === 0) {
    throw new RangeError(
      `Cannot compare ${predictions.length} predictions with ${rows} targets: ` +
        "expected as many of each, at least one",
    );
  }
  const values = Array.from(targets);
  const errors = values.map((target, row) => target - (predictions[row] ?? NaN));
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  const squared = errors.reduce((sum, error) => sum + error ** 2, 0);
  const variation = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mse: squared / rows,
    rmse: Math.sqrt(squared / rows),
    mae: errors.reduce((sum, error) => sum + Math.abs(error), 0) / rows,
    r2: variation === 0 ? 0 : 1 - squared / variation,
  };
}
