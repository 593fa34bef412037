/**
 * What a task promises about the privacy of each of its clients, and the noise that keeps it.
 *
 * @module
 */
import * as v from "valibot";
import { MAX_CLIENTS } from "./party.ts";
import { positiveSchema, wholeSchema } from "./scalars.ts";

/** Who adds the noise, and how that of one round has to do with that of another. */
export type PrivacyMechanism =
  | SkellamPlan
  | GaussianPlan
  | FtrlPlan;

/** Every client adds integer noise before its update is masked, so that nobody is trusted to. */
export interface SkellamPlan {
  /** Tells the mechanisms apart. */
  readonly kind: "skellam";
  /** Honest clients that are counted on in each sum that is opened: each adds so small a part of the noise. */
  readonly shares: number;
}

/** The root adds fresh Gaussian noise to every sum, and is trusted to. */
export interface GaussianPlan {
  /** Tells the mechanisms apart. */
  readonly kind: "gaussian";
}

/**
 * The root adds Gaussian noise to every sum of which later rounds take a part back, so that their
 * total has less: for clients that come in no random order.
 */
export interface FtrlPlan {
  /** Tells the mechanisms apart. */
  readonly kind: "ftrl";
  /** How much of a buffer is left after a round, one number in [0, 1) a buffer. */
  readonly decay: readonly number[];
  /** How much of a buffer is taken back in a round, one number a buffer. */
  readonly weight: readonly number[];
  /** Rounds from one in which a client takes part to its next, at least. */
  readonly separation: number;
  /** Rounds that a client takes part in, at most. */
  readonly participations: number;
}

/** The bound on updates follows a quantile of their lengths. */
export interface AdaptiveClip {
  /** Share of the clients whose update is to be no longer than the bound. */
  readonly quantile: number;
  /** Step of the bound's logarithm. */
  readonly rate: number;
  /** Standard deviation of the noise on how many were within the bound. */
  readonly countNoise: number;
}

/**
 * A budget, and how it is kept. Neighbouring runs differ in all that one client sends, in all of its
 * rounds: in one of them it sends zeros.
 */
export interface PrivacyPlan {
  /** `ε` that all rounds together keep. */
  readonly epsilon: number;
  /** `δ` that goes with it. */
  readonly delta: number;
  /** Bound `C` on the L2 norm of what a client adds to the sums; the first one where it adapts. */
  readonly clip: number;
  /** Standard deviation of the noise in each value of a round's sum, over `clip`. */
  readonly noise: number;
  /** Norm of an update's weight and metrics together, over `clip`. */
  readonly extras: number;
  /** Steps of the grid in a norm of `clip`. */
  readonly scale: number;
  /** Who adds the noise. */
  readonly mechanism: PrivacyMechanism;
  /** How the bound adapts; it does not where left out. */
  readonly adaptiveClip?: AdaptiveClip;
}

const shareSchema = (description: string): v.GenericSchema<number> =>
  v.pipe(v.number(), v.gtValue(0), v.ltValue(1), v.description(description));

/** Most buffers of a mechanism whose noise is taken back. */
const MAX_BUFFERS = 16;

/** Schema of {@link PrivacyPlan}. */
export const privacyPlanSchema: v.GenericSchema<PrivacyPlan> = v.pipe(
  v.strictObject({
    epsilon: positiveSchema(1e6, "Privacy budget of all rounds together"),
    delta: shareSchema("Probability with which the budget need not hold"),
    clip: positiveSchema(1e9, "Bound on the L2 norm of what a client adds to the sums"),
    noise: positiveSchema(1e9, "Standard deviation of a sum's noise, over clip"),
    extras: positiveSchema(1e3, "Norm of an update's weight and metrics together, over clip"),
    scale: positiveSchema(2 ** 31, "Steps of the grid in a norm of clip"),
    mechanism: v.variant("kind", [
      v.strictObject({
        kind: v.literal("skellam"),
        shares: wholeSchema(1, MAX_CLIENTS, "Honest clients counted on in each opened sum"),
      }),
      v.strictObject({ kind: v.literal("gaussian") }),
      v.strictObject({
        kind: v.literal("ftrl"),
        decay: v.pipe(
          v.array(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
          v.minLength(1),
          v.maxLength(MAX_BUFFERS),
        ),
        weight: v.pipe(
          v.array(v.pipe(v.number(), v.minValue(0), v.maxValue(1e3))),
          v.minLength(1),
          v.maxLength(MAX_BUFFERS),
        ),
        separation: wholeSchema(1, 1e6, "Rounds between two of one client, at least"),
        participations: wholeSchema(1, 1e6, "Rounds of one client, at most"),
      }),
    ]),
    adaptiveClip: v.exactOptional(v.strictObject({
      quantile: shareSchema("Share of the clients within the bound"),
      rate: positiveSchema(10, "Step of the bound's logarithm"),
      countNoise: positiveSchema(1e9, "Standard deviation of the noise on how many are within"),
    })),
  }),
  v.description("What a task promises about privacy, and the noise that keeps it"),
);
