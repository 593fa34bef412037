/**
 * Masking: how the root learns a sum of parcels, and nobody learns a parcel.
 *
 * @module
 */
export { type Digest, webDigest } from "../core/digest.ts";
export { generateIdentity, type Identity } from "../core/identity.ts";
export { type RandomSource, systemRandom } from "../core/random.ts";
export type { HelpedPlan, HelperInfo, MaskPlan } from "../wire/mask_plan.ts";
export {
  type AggregateCore,
  createAggregateCore,
  type DequantiseOptions,
  type GridOptions,
  type QuantiseOptions,
} from "../wasm/aggregate.ts";
export type { CoreMemory, Span } from "../wasm/core_memory.ts";
export { type CoreName, inlineModule, type InlineOptions } from "../wasm/inline.ts";
export type {
  KaheKernels,
  KaheNoise,
  KaheRing,
  KaheRingName,
  KaheSlots,
  KaheTables,
  KaheWork,
  SeedKey,
} from "../wasm/kahe.ts";
export type { Simd } from "../wasm/simd.ts";
export { type Committee, committeeOf, MOST_HELPERS } from "./committee.ts";
export {
  type EnvelopeBinding,
  envelopeBytes,
  type OpenEnvelopeOptions,
  openShare,
  sealShare,
} from "./envelope.ts";
export {
  generateHelperKey,
  generateStoredHelperKey,
  type HelperKey,
  importHelperKey,
} from "./helper_key.ts";
export { checkKahe1Plan, kahe1, type Kahe1Plan } from "./kahe1.ts";
export {
  type Kahe1Bounds,
  kahe1Bounds,
  type Kahe1Shape,
  kahe1Shape,
  noiseBound,
} from "./kahe1_shape.ts";
export { createShareSum, shareBytes, type ShareSum } from "./key_shares.ts";
export type {
  HelperAnswer,
  Helping,
  Mask,
  MaskContext,
  MaskedParcel,
  MaskName,
  OpenContext,
} from "./mask.ts";
export { none } from "./none.ts";
export type { ParcelPlan } from "./parcel.ts";
export { maskOf } from "./registry.ts";
export { type ParcelRing, type RingName, ringOf } from "./ring.ts";
export {
  checkTwoHelperPlan,
  createPadSum,
  MOST_TWO_HELPER_VALUES,
  twoHelper,
  type TwoHelperPlan,
} from "./two_helper.ts";
export { checkSecaggPlan, type PhasedMask, secaggPlus } from "./secagg_plus.ts";
export type { SecaggPlan } from "./secagg_plus_round.ts";
export { type SecaggParameters, secaggParameters } from "./secagg_plus_table.ts";
export type { SeedMasks, SeedWork } from "./seed_masks.ts";
