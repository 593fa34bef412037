/**
 * Differential privacy: what noise costs and what a budget asks for, noise that is taken back, and
 * answers that a device blurs for itself.
 *
 * @module
 */
export type { RandomSource } from "../core/random.ts";
export { type Blt, bltLoss, type Participation, sensitivity } from "./blt.ts";
export { chooseBlt } from "./choose_blt.ts";
export {
  estimateCounts,
  estimateStddev,
  randomisedResponse,
  type ResponseOptions,
} from "./randomised_response.ts";
export { type Budget, noiseFor } from "./calibrate.ts";
export { budgetNoise, type MechanismNoise, type NoiseBudget } from "./budget_noise.ts";
export { gaussianDelta, gaussianEpsilon, gaussianNoise } from "./gaussian.ts";
export { RDP_ORDERS, type RdpBound, type RdpCurve, rdpEpsilon } from "./rdp.ts";
export { roundedNorms, type RoundedVector, type SkellamNoise } from "./skellam.ts";
export {
  type Charge,
  type Mechanism,
  renyiEpsilon,
  type SpendOptions,
  spentEpsilon,
} from "./spend.ts";
export type { SampledNoise } from "./subsampled_gaussian.ts";
export { gainKept, type NoiseShare, noiseShare } from "./noise_share.ts";
