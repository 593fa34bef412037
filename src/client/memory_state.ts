/**
 * Device state that lasts as long as the process.
 *
 * @module
 */
import type { DeviceState } from "../core/trainer.ts";

/** A {@link DeviceState} in memory. */
export function memoryState(): DeviceState {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)?.slice()),
    set(key, value) {
      values.set(key, value.slice());
      return Promise.resolve();
    },
  };
}
