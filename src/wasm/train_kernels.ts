/**
 * The train core's exports by name, for callers that know what each takes.
 *
 * @module
 */
import type { InitOutput } from "../../wasm/train/pkg/train.js";
import type { CoreInstance } from "./core_instance.ts";

/** One export: takes plain numbers, addresses among them, and answers with one (0 for none). */
export type RawKernel = (numbers: readonly number[]) => number;

/** Access to exports by name. */
export interface KernelAccess {
  /**
   * An export as a function of one list of numbers: addresses of operands, sizes, scalars, as the
   * core's source says. The list's length is checked; what the numbers mean is the caller's affair,
   * and a span outside of memory traps.
   *
   * @throws {TypeError} If the core has no such export.
   */
  kernel(name: string): RawKernel;
}

/** Any of the exports that are functions. */
type AnyExport = (...numbers: readonly number[]) => number | undefined;

/** The exports of an instance of the train core. */
export function kernelAccess(instance: CoreInstance<InitOutput>): KernelAccess {
  // Found once for all tapes: a client's whole training may take less than looking through the list.
  const kernels = new Map<string, RawKernel>();
  return {
    kernel(name) {
      const known = kernels.get(name);
      if (known !== undefined) return known;
      const kernel = find(instance, name);
      let list: readonly number[] = [];
      // One function for all calls, so that a call makes nothing that is thrown away.
      const start = (): number | undefined => kernel(...list);
      const checked: RawKernel = (numbers) => {
        if (numbers.length !== kernel.length) {
          throw new RangeError(
            `Cannot run ${name} with ${numbers.length} numbers: expected ${kernel.length}`,
          );
        }
        list = numbers;
        return instance.call(start) ?? 0;
      };
      kernels.set(name, checked);
      return checked;
    },
  };
}

function find(instance: CoreInstance<InitOutput>, name: string): AnyExport {
  const found: unknown = instance.call((exports) => Reflect.get(exports, name));
  if (typeof found !== "function") {
    throw new TypeError(`Cannot find kernel ${name}: the train core does not export it`);
  }
  return found as AnyExport;
}
