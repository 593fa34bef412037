/**
 * How far predicted probabilities are from what happened.
 *
 * @module
 */

/** Probabilities nearer to 0 or 1 than this are moved to it, so that no loss is infinite. */
const EDGE = 2 ** -52;

/**
 * Mean negative log-likelihood of labels 0 and 1, in nats.
 *
 * @param labels        0 or 1.
 * @param probabilities Predicted probability of 1, in `[0, 1]`; moved into `[2^-52, 1 − 2^-52]`.
 * @param options       `weights` of the rows, default 1 each.
 * @throws {RangeError} If a length differs or a probability is outside `[0, 1]`.
 */
export function logLoss(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: { weights?: ArrayLike<number> } = {},
): number {
  return meanOver(labels, {
    of: probabilities,
    weights: options.weights,
    loss: (label, row) => {
      const clipped = clip(probability(probabilities[row]));
      return -Math.log(label === 1 ? clipped : 1 - clipped);
    },
  });
}

/**
 * Brier score: mean squared difference of probability and label (Brier 1950).
 *
 * @param labels        0 or 1.
 * @param probabilities Predicted probability of 1, in `[0, 1]`.
 * @throws {RangeError} If the lengths differ or a probability is outside `[0, 1]`.
 */
export function brierScore(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): number {
  return meanOver(labels, {
    of: probabilities,
    loss: (label, row) => (probability(probabilities[row]) - label) ** 2,
  });
}

/**
 * Mean negative log-likelihood over more than two classes, in nats.
 *
 * @param labels Index of each row's class.
 * @param rows   Predicted probability of each class, a row; each row adds up to 1.
 * @throws {RangeError} If the lengths differ or a probability is outside `[0, 1]`.
 */
export function categoricalLogLoss(
  labels: ArrayLike<number>,
  rows: readonly ArrayLike<number>[],
): number {
  return meanOver(labels, {
    of: rows,
    loss: (label, row) => -Math.log(clip(probability(rows[row]?.[label]))),
  });
}

function meanOver(
  labels: ArrayLike<number>,
  options: {
    of: { readonly length: number };
    weights?: ArrayLike<number> | undefined;
    loss: (label: number, row: number) => number;
  },
): number {
  const { of, weights, loss } = options;
  if (of.length !== labels.length || (weights ?? labels).length !== labels.length) {
    throw new RangeError(
      `Cannot compare ${of.length} probabilities with ${labels.length} labels: ` +
        "expected one probability, and one weight if there are any, a label",
    );
  }
  let sum = 0;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * loss(labels[row] ?? 0, row);
    total += weight;
  }
  return sum / total;
}

function probability(value: number | undefined): number {
  if (value === undefined || !(value >= 0 && value <= 1)) {
    throw new RangeError(`Cannot take ${value} for a probability: expected a value in [0, 1]`);
  }
  return value;
}

function clip(value: number): number {
  return Math.min(Math.max(value, EDGE), 1 - EDGE);
}
