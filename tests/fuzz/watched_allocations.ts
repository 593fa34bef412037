/**
 * Sees to it that nothing asks for much memory at once, as decoders do that believe a length before they
 * have seen the bytes: constructors of arrays refuse it, and remember.
 *
 * @module
 */

/** Most elements that cases of 64 KiB can be worth. */
const LIMIT = 1 << 24;

/** What was asked for. */
export const watchedAllocations: {
  /** The most elements that were refused since this was set to 0. */
  most: number;
} = { most: 0 };

/** Watches arrays from here on; for processes that do nothing else. */
export function watchAllocations(): void {
  const scope = globalThis as unknown as Record<string, unknown>;
  for (
    const type of [
      ...[Uint8Array, Uint16Array, Uint32Array, Int32Array, Float32Array, Float64Array],
      ...[ArrayBuffer, Array],
    ]
  ) {
    scope[type.name] = new Proxy(type, {
      construct(target, args: unknown[], self) {
        const [length] = args;
        if (args.length === 1 && typeof length === "number" && length > LIMIT) {
          watchedAllocations.most = Math.max(watchedAllocations.most, length);
          throw new RangeError(`Cannot allocate ${length} elements in a case`);
        }
        return Reflect.construct(target, args, self === scope[type.name] ? target : self);
      },
    });
  }
}
