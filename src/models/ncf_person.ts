/**
 * A person's own vectors of neural collaborative filtering, which never leave the device.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { DeviceState } from "../core/trainer.ts";
import { initialParameters, loadParameters, saveParameters } from "../nn/parameters.ts";
import { newPersonSpecs } from "./ncf_network.ts";

/** Where a person is kept in the device's state, as a safetensors file. */
const KEY = "ncf/person";

/** A person on their device. */
export interface NcfPerson {
  /** Their vectors: zeros of a person nobody knows anything about. */
  readonly vectors: NamedTensors;
  /** Whether they were ever trained. */
  readonly isKnown: boolean;
}

/**
 * The person that this device keeps; a new one if it keeps none.
 *
 * @throws {TributaryError} `bad-tensors` if what it keeps is of another size.
 */
export async function loadNcfPerson(state: DeviceState, dim: number): Promise<NcfPerson> {
  const specs = newPersonSpecs(dim);
  const file = await state.get(KEY);
  return file === undefined
    ? { vectors: initialParameters(specs, new Uint8Array(32)), isKnown: false }
    : { vectors: loadParameters(specs, file), isKnown: true };
}

/** Keeps a person on this device. */
export async function saveNcfPerson(
  state: DeviceState,
  { vectors, dim }: { readonly vectors: NamedTensors; readonly dim: number },
): Promise<void> {
  await state.set(KEY, saveParameters(newPersonSpecs(dim), vectors));
}
