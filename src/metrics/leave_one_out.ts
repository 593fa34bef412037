/**
 * The protocol by which recommenders are compared: leave-one-out with sampled negatives, and the
 * same held-out item among the whole catalogue.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { rankOfTarget, topK, withoutItems } from "./order.ts";
import { coverage, discount } from "./ranking.ts";

/** One person's question: where does a model rank the held-out item? */
export interface LeaveOneOutCase {
  /** Dense index of the person. */
  readonly person: number;
  /** Items in train, which are not ranked again. */
  readonly train: Uint32Array;
  /** The held-out item. */
  readonly test: number;
  /** Items that it is ranked against, neither in `train` nor `test` itself. */
  readonly negatives: Uint32Array;
}

/** The answer for one person. A device may compute it for itself. */
export interface LeaveOneOutResult {
  /** Dense index of the person. */
  readonly person: number;
  /** 1 if the held-out item is among the first `k` of itself and the negatives, else 0. */
  readonly hitRate: number;
  /** 1 / log2(rank + 1) in that case, else 0. */
  readonly ndcg: number;
  /** 1 if it is among the first `k` of all items that are not in train, else 0. */
  readonly recall: number;
  /** The first `k` of all items that are not in train, best first. */
  readonly top: Uint32Array;
}

/** Means over people. */
export interface LeaveOneOutReport {
  /** Number of people with a held-out item. */
  readonly people: number;
  /** Mean hit rate among the negatives. */
  readonly hitRate: number;
  /** Mean NDCG among the negatives. */
  readonly ndcg: number;
  /** Mean recall among the whole catalogue. */
  readonly recall: number;
  /** Share of the catalogue that is in somebody's first `k`. */
  readonly coverage: number;
  /** Standard error of each mean, over people. */
  readonly standardError: {
    readonly hitRate: number;
    readonly ndcg: number;
    readonly recall: number;
  };
}

/** Ranks that count in the protocol. */
const LEAVE_ONE_OUT_K = 10;

/**
 * Ranks one person's held-out item. Ties count against it, and a score of NaN is the worst.
 *
 * @param scores   Score of every item of the catalogue, by dense index.
 * @param heldOut  What is asked.
 * @param options  `k`, default 10.
 */
export function rankHeldOut(
  scores: ArrayLike<number>,
  heldOut: LeaveOneOutCase,
  options: { k?: number } = {},
): LeaveOneOutResult {
  const { k = LEAVE_ONE_OUT_K } = options;
  const { person, train, test, negatives } = heldOut;
  const rank = rankOfTarget(scores, test, { among: negatives });
  const open = withoutItems(scores, train);
  return {
    person,
    hitRate: rank <= k ? 1 : 0,
    ndcg: rank <= k ? discount(rank) : 0,
    recall: rankOfTarget(open, test) <= k ? 1 : 0,
    top: topK(open, { k }),
  };
}

/**
 * Means and standard errors of people's results.
 *
 * @param results One a person.
 * @param options Number of `items` in the catalogue.
 * @throws {TributaryError} `bad-data` if there are no results.
 */
export function summariseLeaveOneOut(
  results: readonly LeaveOneOutResult[],
  options: { items: number },
): LeaveOneOutReport {
  if (results.length === 0) {
    throw new TributaryError(
      "bad-data",
      "Cannot evaluate: nobody has a held-out item, expected somebody with two ratings or more",
    );
  }
  const hitRate = estimate(results.map((result) => result.hitRate));
  const ndcg = estimate(results.map((result) => result.ndcg));
  const recall = estimate(results.map((result) => result.recall));
  return {
    people: results.length,
    hitRate: hitRate.mean,
    ndcg: ndcg.mean,
    recall: recall.mean,
    coverage: coverage(results.map((result) => result.top), options),
    standardError: { hitRate: hitRate.error, ndcg: ndcg.error, recall: recall.error },
  };
}

/**
 * Asks a model every question, and gives the means. Popularity, local, federated and central models
 * are compared by this one function on the same cases.
 *
 * @param score   Scores of every item for one person, by dense index; higher is better. Read at once,
 *   so the same array may be filled anew for the next person.
 * @param options `cases`, number of `items` in the catalogue, and `k` (default 10).
 * @throws {RangeError} If `score` gives another number of scores than `items`.
 * @throws {TributaryError} `bad-data` if there are no cases.
 */
export function evaluateLeaveOneOut(
  score: (person: number) => ArrayLike<number>,
  options: { cases: readonly LeaveOneOutCase[]; items: number; k?: number },
): LeaveOneOutReport {
  const { cases, items, k = LEAVE_ONE_OUT_K } = options;
  const results = cases.map((heldOut) => {
    const scores = score(heldOut.person);
    if (scores.length !== items) {
      throw new RangeError(
        `Cannot evaluate person ${heldOut.person}: ${scores.length} scores, expected ${items}`,
      );
    }
    return rankHeldOut(scores, heldOut, { k });
  });
  return summariseLeaveOneOut(results, { items });
}

function estimate(values: readonly number[]): { mean: number; error: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, error: 0 };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (count - 1) / count) };
}
