/**
 * The cores as they travel inside the JavaScript, for runtimes that may compile bytes (Deno, Node,
 * browsers). Workers import the `.wasm` files statically instead and need nothing of this.
 *
 * @module
 */

import { fromBase64 } from "../core/bytes.ts";

/** Name of a core: `aggregate` adds and quantises, `train` trains. */
export type CoreName = "aggregate" | "train";

async function inlined(core: CoreName): Promise<string> {
  switch (core) {
    case "aggregate":
      return (await import("../../wasm/aggregate/pkg/inline.ts")).base64;
    case "train":
      return (await import("../../wasm/train/pkg/inline.ts")).base64;
    default:
      return core satisfies never;
  }
}

/**
 * Compiles a core from its inlined bytes. Compiling takes milliseconds: keep the module and make
 * as many instances of it as there are owners.
 *
 * @throws {WebAssembly.CompileError} If the runtime lacks WebAssembly SIMD.
 *
 * @example Load once, use many times
 * ```ts
 * import { createAggregateCore, inlineModule } from "./mod.ts";
 *
 * const module = await inlineModule("aggregate");
 * using core = createAggregateCore(module);
 * const x = core.memory.alloc(8);
 * core.memory.f32(x).set([3, 4]);
 * if (core.squaredNorm(x) !== 25) throw new Error("unexpected norm");
 * ```
 */
export async function inlineModule(core: CoreName): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(fromBase64(await inlined(core)));
}
