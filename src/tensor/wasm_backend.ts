/**
 * A backend over the memory and the kernels of one train core.
 *
 * @module
 */
import type { CoreMemory, Span } from "../wasm/core_memory.ts";
import type { KernelAccess, RawKernel } from "../wasm/train_kernels.ts";
import type { Backend, Slot } from "./backend.ts";
import { checkCall, indexOutside, VALUE_BYTES } from "./check_call.ts";
import type { KernelName, KernelSpec } from "./kernels.ts";

/** What the backend needs of a core; a `TrainCore` has it. */
export interface KernelCore extends KernelAccess {
  /** The arena that slots are taken from. */
  readonly memory: CoreMemory;
}

/** Kernels that want scratch memory, and how many of their numbers, the first ones, tell its size. */
const SCRATCH: Partial<Record<KernelName, number>> = {
  gemm: 3,
  linear: 3,
  linear_backward: 3,
  attention: 5,
  attention_backward: 5,
};

/** Rust's name of "nothing here". */
const LEFT_OUT = 0;

/** A span, and whose memory it lies in. */
class WasmSlot implements Slot, Span {
  constructor(readonly memory: CoreMemory, readonly ptr: number, readonly bytes: number) {}
}

/**
 * A backend whose slots lie in the core's memory.
 *
 * It allocates as {@link CoreMemory} does: whoever else takes spans from the same core in between
 * gives them back before a step ends. Dropping the core is what gives the memory back.
 *
 * @example Two vectors are added
 * ```ts
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { createWasmBackend } from "./mod.ts";
 *
 * const backend = createWasmBackend(createTrainCore(await inlineModule("train")));
 * const [a, b, out] = [backend.alloc(8), backend.alloc(8), backend.alloc(8)];
 * backend.write(a, Float32Array.of(1, 2));
 * backend.write(b, Float32Array.of(10, 20));
 * backend.run("add", [a, b, out], [2]);
 * if ((await backend.read(out)).join() !== "11,22") throw new Error("unexpected sum");
 * ```
 */
export function createWasmBackend(core: KernelCore): Backend {
  const { memory } = core;

  function spanOf(slot: Slot): WasmSlot {
    if (slot instanceof WasmSlot && slot.memory === memory) return slot;
    throw new TypeError("Cannot use a slot of another backend");
  }

  const kernels = new Map<string, RawKernel>();

  function kernelOf(name: string): RawKernel {
    const known = kernels.get(name);
    if (known !== undefined) return known;
    const kernel = core.kernel(name);
    kernels.set(name, kernel);
    return kernel;
  }

  /** Runs a kernel that answers with a number, over checked operands. */
  function launch(
    kernel: KernelName,
    slots: readonly (Slot | null)[],
    numbers: readonly number[],
  ): number {
    const list: number[] = [];
    for (const slot of slots) list.push(slot === null ? LEFT_OUT : spanOf(slot).ptr);
    const wanted = SCRATCH[kernel];
    if (wanted === undefined) return kernelOf(kernel)([...list, ...numbers]);
    const mark = memory.mark();
    const bytes = kernelOf(`${kernel}_scratch`)(numbers.slice(0, wanted));
    list.push(memory.alloc(bytes).ptr);
    const answer = kernelOf(kernel)([...list, ...numbers]);
    memory.release(mark);
    return answer;
  }

  /** Refuses slots that were released, and written ones that overlap another. */
  function checkPlaces(
    kernel: KernelName,
    slots: readonly (Slot | null)[],
    { operands }: KernelSpec,
  ): void {
    const top = memory.mark();
    for (let at = 0; at < slots.length; at++) {
      const slot = slots[at];
      if (slot === null || slot === undefined) continue;
      const { ptr, bytes } = spanOf(slot);
      if (ptr + bytes > top) {
        throw new RangeError(`Cannot run ${kernel} on ${operands[at]?.name}: it was released`);
      }
      if (operands[at]?.written !== true || bytes === 0) continue;
      for (let other = 0; other < slots.length; other++) {
        const against = slots[other];
        if (other === at || against === null || against === undefined) continue;
        const span = spanOf(against);
        if (ptr < span.ptr + span.bytes && span.ptr < ptr + bytes && span.bytes > 0) {
          if (kernel === "scale" && span.ptr === ptr) continue;
          throw new RangeError(
            `Cannot run ${kernel}: ${operands[at]?.name} is written and overlaps ${
              operands[other]?.name
            }`,
          );
        }
      }
    }
  }

  return {
    alloc(bytes) {
      if (bytes % VALUE_BYTES !== 0) {
        throw new RangeError(`Cannot allocate ${bytes} bytes: expected a multiple of 4, 0 or more`);
      }
      return new WasmSlot(memory, memory.alloc(bytes).ptr, bytes);
    },

    slice(slot, { offset, bytes }) {
      const whole = spanOf(slot);
      const fits = offset >= 0 && bytes >= 0 && offset + bytes <= whole.bytes &&
        offset % VALUE_BYTES === 0 && bytes % VALUE_BYTES === 0;
      if (!fits) {
        throw new RangeError(
          `Cannot slice ${bytes} bytes at ${offset}: the slot holds ${whole.bytes}`,
        );
      }
      return new WasmSlot(memory, whole.ptr + offset, bytes);
    },

    mark: () => memory.mark(),
    release: (mark) => memory.release(mark),

    write(slot, values) {
      if (slot.bytes !== values.byteLength) {
        throw new RangeError(
          `Cannot write ${values.length} values: the slot holds ${slot.bytes / VALUE_BYTES}`,
        );
      }
      const span = spanOf(slot);
      if (values instanceof Float32Array) memory.f32(span).set(values);
      else memory.u32(span).set(values);
    },

    // Not an async function: the values are taken now, not in the next turn.
    read: (slot) => Promise.resolve(memory.f32(spanOf(slot)).slice()),

    run(kernel, slots, numbers) {
      const spec = checkCall(kernel, slots, numbers);
      checkPlaces(kernel, slots, spec);
      const answer = launch(kernel, slots, numbers);
      const { lookup } = spec;
      if (lookup === undefined || answer === numbers[lookup.count]) return;
      const indices = slots[lookup.indices];
      throw indexOutside(kernel, {
        position: answer,
        index: indices ? memory.u32(spanOf(indices))[answer] : undefined,
        bound: numbers[lookup.bound],
      });
    },
  };
}
