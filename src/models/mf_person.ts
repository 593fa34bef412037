/**
 * A person's own part of matrix factorisation, which never leaves the device.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";

/** Where a person is kept in the device's state. */
const KEY = "mf/person";

/**
 * A person nobody knows anything about.
 *
 * @returns Vector, Adam's first and second moment (`dim` float32 values each), then the number of
 * steps so far.
 */
export function newPerson(dim: number): Float32Array<ArrayBuffer> {
  return new Float32Array(3 * dim + 1);
}

/** Whether any step was ever taken. */
export function isFitted(person: Float32Array): boolean {
  return (person.at(-1) ?? 0) > 0;
}

/**
 * The person that this device keeps; a new one if it keeps none.
 *
 * @throws {TributaryError} `bad-data` if what it keeps is of another size.
 */
export async function loadPerson(
  state: DeviceState,
  dim: number,
): Promise<Float32Array<ArrayBuffer>> {
  const person = newPerson(dim);
  const bytes = await state.get(KEY);
  if (bytes === undefined) return person;
  if (bytes.length !== person.byteLength) {
    throw new TributaryError(
      "bad-data",
      `Cannot use the person kept on this device: ${bytes.length} bytes, expected ${person.byteLength} for dim ${dim}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return person.map((_, i) => view.getFloat32(4 * i, true));
}

/** Keeps a person on this device, as little-endian float32. */
export async function savePerson(state: DeviceState, person: Float32Array): Promise<void> {
  const bytes = new Uint8Array(person.byteLength);
  const view = new DataView(bytes.buffer);
  person.forEach((value, i) => view.setFloat32(4 * i, value, true));
  await state.set(KEY, bytes);
}
