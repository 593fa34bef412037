/**
 * What the tests of this folder share.
 *
 * @module
 */
import { isTributaryError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { strategyFrom, strategyPlan } from "./registry.ts";
import type { StrategyOptions } from "./registry.ts";
import type { Strategy } from "./strategy.ts";

const core = createTrainCore(await inlineModule("train"));

/** What a root steps by. */
export function strategyOf(options: StrategyOptions): Strategy {
  return strategyFrom(options, core);
}

/** Whether a task could name these options. */
export function isRefused(options: unknown): boolean {
  try {
    strategyPlan(options);
    return false;
  } catch (error) {
    if (!isTributaryError(error, "task-refused")) throw error;
    return true;
  }
}

/** A tensor of one extent. */
export function tensor(...values: number[]): Tensor {
  return { shape: [values.length], data: Float32Array.from(values) };
}
