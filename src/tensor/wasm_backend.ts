/**
 * A backend over the memory and the kernels of one train core.
 *
 * @module
 */
import type { CoreMemory, Span } from "../wasm/core_memory.ts";
import type { KernelAccess, RawKernel } from "../wasm/train_kernels.ts";
import type { Backend, Slot } from "./backend.ts";
import { checkCall, indexOutside, VALUE_BYTES } from "./check_call.ts";
import type { KernelSpec } from "./kernel_spec.ts";
import { type KernelName, KERNELS } from "./kernels.ts";

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

/** Address of an operand that is left out. */
const LEFT_OUT = 0;

/** A kernel, ready to be called. */
interface Launch {
  readonly spec: KernelSpec;
  readonly start: RawKernel;
  /** Addresses and numbers of the last call; kept, so that a call makes nothing that is thrown away. */
  readonly list: number[];
  /** Tells the bytes of scratch from the first few numbers. */
  readonly scratch?: { readonly bytes: RawKernel; readonly sizes: number };
}

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

  const launches = new Map<KernelName, Launch>();

  function launchOf(kernel: KernelName): Launch {
    const known = launches.get(kernel);
    if (known !== undefined) return known;
    const wanted = SCRATCH[kernel];
    const launch: Launch = {
      spec: KERNELS[kernel],
      start: core.kernel(kernel),
      list: [],
      ...(wanted === undefined
        ? {}
        : { scratch: { bytes: core.kernel(`${kernel}_scratch`), sizes: wanted } }),
    };
    launches.set(kernel, launch);
    return launch;
  }

  /** Lists addresses, and refuses slots that were released, and written ones that overlap another. */
  function listAddresses(
    kernel: KernelName,
    slots: readonly (Slot | null)[],
    { list, spec: { operands } }: Launch,
  ): void {
    const top = memory.mark();
    for (let at = 0; at < slots.length; at++) {
      const slot = slots[at];
      if (slot === null || slot === undefined) {
        list[at] = LEFT_OUT;
        continue;
      }
      const { ptr, bytes } = spanOf(slot);
      if (ptr + bytes > top) {
        throw new RangeError(`Cannot run ${kernel} on ${operands[at]?.name}: it was released`);
      }
      list[at] = ptr;
      const written = operands[at]?.written === true;
      for (let before = 0; before < at; before++) {
        if (!written && operands[before]?.written !== true) continue;
        const other = list[before] ?? LEFT_OUT;
        const apart = other >= ptr + bytes || ptr >= other + (slots[before]?.bytes ?? 0);
        if (apart || (kernel === "scale" && other === ptr)) continue;
        throw new RangeError(
          `Cannot run ${kernel} on ${operands[at]?.name} that overlaps ${
            operands[before]?.name
          }: one of them is written`,
        );
      }
    }
  }

  return {
    isInStep: false,

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
      checkCall(kernel, slots, numbers);
      const launch = launchOf(kernel);
      const { list, scratch, spec: { lookup } } = launch;
      listAddresses(kernel, slots, launch);
      let next = slots.length;
      let mark: number | undefined;
      if (scratch !== undefined) {
        mark = memory.mark();
        list[next++] = memory.alloc(scratch.bytes(numbers.slice(0, scratch.sizes))).ptr;
      }
      for (let at = 0; at < numbers.length; at++) list[next++] = numbers[at] ?? 0;
      const answer = launch.start(list);
      if (mark !== undefined) memory.release(mark);
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
