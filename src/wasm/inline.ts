/**
 * The cores as they travel inside the JavaScript, for runtimes that may compile bytes (Deno, Node,
 * browsers). Workers import the `.wasm` files statically instead and need nothing of this.
 *
 * @module
 */

import { fromBase64 } from "../core/bytes.ts";
import { fastestSimd, type Simd } from "./simd.ts";

/** Name of a core: `aggregate` adds and quantises, `train` trains. */
export type CoreName = "aggregate" | "train";

/** Which build of a core. */
export interface InlineOptions {
  /**
   * Build of the `train` core; the fastest that the runtime has if not given. Ask for `"baseline"`
   * where training must give the same bits on another kind of machine or in another runtime; two
   * machines need not agree on `"relaxed"`. The `aggregate` core has one build, which is exact.
   */
  readonly simd?: Simd;
}

/** Only the build that is asked for is loaded. */
async function inlined(core: CoreName, simd: Simd): Promise<string> {
  switch (core) {
    case "aggregate":
      return (await import("../../wasm/aggregate/pkg/inline.ts")).base64;
    case "train":
      return simd === "relaxed"
        ? (await import("../../wasm/train/pkg/relaxed/inline.ts")).base64
        : (await import("../../wasm/train/pkg/inline.ts")).base64;
    default:
      return core satisfies never;
  }
}

/**
 * Compiles a core from its inlined bytes. Compiling takes milliseconds: keep the module and make
 * as many instances of it as there are owners.
 *
 * @throws {WebAssembly.CompileError} If the runtime lacks WebAssembly SIMD, or the relaxed one that
 * was asked for.
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
 *
 * @example The same bits on every machine
 * ```ts
 * import { createTrainCore, inlineModule } from "./mod.ts";
 *
 * using core = createTrainCore(await inlineModule("train", { simd: "baseline" }));
 * ```
 */
export async function inlineModule(
  core: CoreName,
  { simd = fastestSimd() }: InlineOptions = {},
): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(fromBase64(await inlined(core, simd)));
}
