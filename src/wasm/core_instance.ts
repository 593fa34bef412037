/**
 * One instance of a core for one owner.
 *
 * The glue that wasm-bindgen writes keeps a single instance for the whole program, which could
 * never be given back. The cores' exports take and return plain numbers only, so they need none of
 * that glue: an instance is made from the compiled module directly, and is gone when its owner is.
 *
 * @module
 */

import { CoreMemory } from "./core_memory.ts";
import { CoreTrapError } from "./core_trap.ts";

/** An instance: its memory, and a way to call its exports that notices a trap. */
export interface CoreInstance<Exports> extends Disposable {
  /** The arena over the instance's memory. */
  readonly memory: CoreMemory;
  /**
   * Runs `kernel` over the exports. It only calls exports: whatever it throws counts as a trap.
   *
   * @throws {CoreTrapError} If the kernel traps now, or trapped before.
   * @throws {TypeError} If the instance was disposed.
   */
  call<T>(kernel: (exports: Exports) => T): T;
}

/** No core is given a function to call: what is listed here serves JavaScript values only. */
function stubImports(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => never>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      throw new TypeError(`Cannot call ${name}: a core uses no function of its host`);
    };
  }
  return imports;
}

/**
 * Makes an instance of a compiled core.
 *
 * @typeParam Exports What the module exports, as the built package's `InitOutput` says.
 */
export function instantiateCore<Exports extends { readonly memory: WebAssembly.Memory }>(
  module: WebAssembly.Module,
): CoreInstance<Exports> {
  const instance = new WebAssembly.Instance(module, stubImports(module));
  let exports: Exports | undefined = instance.exports as unknown as Exports;
  let trap: CoreTrapError | undefined;

  function usable(): Exports {
    if (trap !== undefined) throw trap;
    if (exports === undefined) throw new TypeError("Cannot use a core that was disposed");
    return exports;
  }

  return {
    memory: new CoreMemory(() => usable().memory),
    call(kernel) {
      const live = usable();
      try {
        return kernel(live);
      } catch (cause) {
        trap = new CoreTrapError(cause);
        throw trap;
      }
    },
    [Symbol.dispose]() {
      exports = undefined;
    },
  };
}
