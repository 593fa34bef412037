/**
 * Losses that go value by value.
 *
 * @module
 */
import type { KernelName } from "./kernels.ts";
import { reduceLosses, type Reduction, slopeOf } from "./loss.ts";
import { expectSameShape } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What every loss may be told. */
export interface LossOptions {
  /** Default `mean`, over all values. */
  readonly reduction?: Reduction;
}

/** What {@link huber} may be told. */
export interface HuberOptions extends LossOptions {
  /** Where the square turns into a line, finite and > 0; default 1. */
  readonly delta?: number;
}

/**
 * Log loss of a yes or no: `softplus(logit) − target·logit`.
 *
 * @param targets Same shape, values in `[0, 1]`; no gradient flows to them.
 * @throws {RangeError} If the shapes differ.
 */
export function bceWithLogits(
  tape: Tape,
  logits: Variable,
  targets: Variable,
  options: LossOptions = {},
): Variable {
  return againstTargets(tape, { kernel: "bce", x: logits, targets, scalars: [], ...options });
}

/**
 * `(x − target)²`.
 *
 * @param targets Same shape; no gradient flows to them.
 * @throws {RangeError} If the shapes differ.
 */
export function mse(
  tape: Tape,
  x: Variable,
  targets: Variable,
  options: LossOptions = {},
): Variable {
  return againstTargets(tape, { kernel: "mse", x, targets, scalars: [], ...options });
}

/**
 * `e²/2` up to `|e| = delta`, `delta·(|e| − delta/2)` beyond, where `e = x − target` (Huber, 1964).
 *
 * @param targets Same shape; no gradient flows to them.
 * @throws {RangeError} If the shapes differ, or `delta` is not finite and > 0.
 */
export function huber(
  tape: Tape,
  x: Variable,
  targets: Variable,
  { delta = 1, ...options }: HuberOptions = {},
): Variable {
  if (!(delta > 0 && delta < Infinity)) {
    throw new RangeError(`Cannot bend a loss at ${delta}: expected a finite number above 0`);
  }
  return againstTargets(tape, { kernel: "huber", x, targets, scalars: [delta], ...options });
}

/**
 * Bayesian personalised ranking: `−log sigmoid(positive − negative)` (Rendle et al., UAI 2009).
 *
 * @param positive Scores of what should rank above.
 * @param negative Scores of what should rank below, same shape.
 * @throws {RangeError} If the shapes differ.
 */
export function bpr(
  tape: Tape,
  positive: Variable,
  negative: Variable,
  { reduction = "mean" }: LossOptions = {},
): Variable {
  expectSameShape("rank", positive, negative);
  const losses = tape.output(positive.shape, positive.differentiable || negative.differentiable);
  // The kernel gives both slopes or none.
  const [up, down] = losses.differentiable
    ? [tape.scratch(positive.size), tape.scratch(negative.size)]
    : [null, null];
  tape.backend.run("bpr", [positive.slot, negative.slot, losses.slot, up, down], [positive.size]);
  const slopes = [{ input: positive, slope: up }, { input: negative, slope: down }];
  return reduceLosses(tape, losses, {
    slopes: slopes.filter(({ input }) => input.differentiable),
    reduction,
  });
}

/** What the losses against targets have in common. */
interface AgainstTargets extends LossOptions {
  readonly kernel: "bce" | "mse" | "huber";
  readonly x: Variable;
  readonly targets: Variable;
  readonly scalars: readonly number[];
}

const VERBS = {
  bce: "take the log loss of",
  mse: "take the squared error of",
  huber: "take the Huber loss of",
} as const satisfies Partial<Record<KernelName, string>>;

function againstTargets(
  tape: Tape,
  { kernel, x, targets, scalars, reduction = "mean" }: AgainstTargets,
): Variable {
  expectSameShape(VERBS[kernel], x, targets);
  if (targets.differentiable) {
    throw new TypeError(`Cannot ${VERBS[kernel]} variable targets: no gradient flows to targets`);
  }
  const losses = tape.output(x.shape, x.differentiable);
  const slope = slopeOf(tape, losses, x);
  tape.backend.run(
    kernel,
    [x.slot, targets.slot, losses.slot, slope.slope],
    [x.size, ...scalars],
  );
  return reduceLosses(tape, losses, { slopes: [slope], reduction });
}
