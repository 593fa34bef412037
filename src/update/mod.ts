/**
 * What a client contributes, from float32 tensors to the parcel that travels, and back from its sum.
 *
 * @module
 */

export * from "./chain.ts";
export * from "./clip.ts";
export * from "./decode.ts";
export * from "./encode.ts";
export * from "./metrics.ts";
export * from "./plan.ts";
export * from "./step.ts";
export * from "./weight.ts";
