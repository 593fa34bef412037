/**
 * The train core: what models and server steps compute with. The same bits in every runtime.
 *
 * @module
 */
import type { InitOutput } from "../../wasm/train/pkg/train.js";
import { instantiateCore } from "./core_instance.ts";
import type { CoreMemory } from "./core_memory.ts";
import { type AlsKernels, alsKernels } from "./train_als.ts";
import { type KernelAccess, kernelAccess } from "./train_kernels.ts";
import { type LinearKernels, linearKernels } from "./train_linear.ts";
import { type MfKernels, mfKernels } from "./train_mf.ts";
import { type RowKernels, rowKernels } from "./train_rows.ts";

/** A core over memory of its own. Spans come from its `memory`; those of one call never overlap. */
export interface TrainCore
  extends RowKernels, LinearKernels, AlsKernels, MfKernels, KernelAccess, Disposable {
  /** The arena that spans are taken from. */
  readonly memory: CoreMemory;
}

/**
 * Makes a core with memory of its own; `using`, or dropping it, gives the memory back.
 *
 * @param module The compiled core, from {@link inlineModule} or a static import of the `.wasm`.
 *
 * @example Scores of two items for one person
 * ```ts
 * import { createTrainCore, inlineModule } from "./mod.ts";
 *
 * using core = createTrainCore(await inlineModule("train"));
 * const { memory } = core;
 * const [table, vector, out] = [memory.alloc(16), memory.alloc(8), memory.alloc(8)];
 * memory.f32(table).set([1, 2, 3, 4]);
 * memory.f32(vector).set([1, 10]);
 * core.scores({ table, vector, out });
 * if (memory.f32(out).join() !== "21,43") throw new Error("unexpected scores");
 * ```
 */
export function createTrainCore(module: WebAssembly.Module): TrainCore {
  const instance = instantiateCore<InitOutput>(module);
  return {
    memory: instance.memory,
    ...rowKernels(instance),
    ...linearKernels(instance),
    ...alsKernels(instance),
    ...mfKernels(instance),
    ...kernelAccess(instance),
    [Symbol.dispose]: () => instance[Symbol.dispose](),
  };
}
