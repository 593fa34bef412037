/**
 * Training code of one's own: a logistic regression that takes part as a function over named
 * tensors.
 *
 * @module
 */
import type { Trainer } from "../src/core/trainer.ts";

/** One example: features, and whether it happened. */
export interface Example {
  /** Values that say something about it. */
  readonly features: readonly number[];
  /** 1 if it happened, else 0. */
  readonly label: number;
}

/**
 * One pass of stochastic gradient descent over the examples of one client.
 *
 * The model has two tensors: `slopes`, one a feature, and `intercept`.
 *
 * @param examples What only this client has.
 * @param rate     Learning rate.
 */
export function logisticTrainer(examples: readonly Example[], rate = 0.1): Trainer {
  return ({ slopes, intercept }) => {
    if (!slopes || !intercept) throw new TypeError("Cannot train: expected slopes and intercept");
    let bias = intercept.data[0] ?? 0;
    const w = slopes.data.slice();
    const logit = (x: readonly number[]) => x.reduce((sum, xk, k) => sum + xk * (w[k] ?? 0), bias);
    const right = examples.filter(({ features, label }) => logit(features) > 0 === (label === 1));
    for (const { features, label } of examples) {
      const step = rate * (label - 1 / (1 + Math.exp(-logit(features))));
      features.forEach((x, k) => w[k] = (w[k] ?? 0) + step * x);
      bias += step;
    }
    return Promise.resolve({
      weights: {
        slopes: { ...slopes, data: w },
        intercept: { ...intercept, data: Float32Array.of(bias) },
      },
      examples: examples.length,
      metrics: { accuracy: right.length / examples.length },
    });
  };
}
