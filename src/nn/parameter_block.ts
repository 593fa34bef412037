/**
 * Parameters on a backend: all values in one slot and all gradients in another, so that an optimiser
 * steps and clips them by one kernel each.
 *
 * @module
 */
import { sizeOf } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import type { Slot, Tape, Variable } from "../tensor/mod.ts";
import { checkParameters } from "./parameters.ts";

/** Bytes of a float32. */
const VALUE_BYTES = 4;

/** Parameters on a backend, made by {@link placeParameters}. */
export interface ParameterBlock {
  /** Names and shapes, in the order in which they lie in the slots. */
  readonly parameters: readonly TensorSpec[];
  /** Values of all of them together. */
  readonly size: number;
  /** Their values. */
  readonly values: Slot;
  /** Their gradients. */
  readonly gradients: Slot;
  /** What the slots belong to. */
  readonly tape: Tape;
  /**
   * The parameter called `name`, as layers bind it.
   *
   * @throws {RangeError} If there is none.
   */
  variable(name: string): Variable;
  /** Sets all gradients to zero. */
  clearGradients(): void;
  /** The values as they are now. */
  read(): Promise<NamedTensors>;
  /** The gradients as they are now. */
  readGradients(): Promise<NamedTensors>;
}

/**
 * Places parameters in a tape's backend, outside of any step, where they stay until the backend's
 * arena is released.
 *
 * @param values Exactly the parameters, such as `initialParameters` gives them.
 * @throws {TributaryError} `bad-tensors` if they are not.
 */
export function placeParameters(
  tape: Tape,
  { parameters, values }: {
    readonly parameters: readonly TensorSpec[];
    readonly values: NamedTensors;
  },
): ParameterBlock {
  checkParameters(parameters, values, "place");
  const { backend } = tape;
  const flat = flatten(parameters, values);
  const slots = {
    values: backend.alloc(flat.byteLength),
    gradients: backend.alloc(flat.byteLength),
  };
  backend.write(slots.values, flat);
  const variables = new Map<string, Variable>();
  let offset = 0;
  for (const { name, shape } of parameters) {
    const part = { offset, bytes: VALUE_BYTES * sizeOf(shape) };
    variables.set(
      name,
      tape.parameter(shape, {
        values: backend.slice(slots.values, part),
        gradient: backend.slice(slots.gradients, part),
      }),
    );
    offset += part.bytes;
  }
  const clearGradients = (): void => backend.run("fill", [slots.gradients], [flat.length, 0]);
  clearGradients();
  return {
    ...slots,
    parameters,
    size: flat.length,
    tape,
    variable(name) {
      const variable = variables.get(name);
      if (variable === undefined) {
        const known = [...variables.keys()].join(", ") || "none";
        throw new RangeError(`Cannot find parameter "${name}": there are ${known}`);
      }
      return variable;
    },
    clearGradients,
    read: async () => unflatten(parameters, await backend.read(slots.values)),
    readGradients: async () => unflatten(parameters, await backend.read(slots.gradients)),
  };
}

/** The values of all parameters one after the other. */
export function flatten(
  parameters: readonly TensorSpec[],
  values: NamedTensors,
): Float32Array<ArrayBuffer> {
  const size = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const flat = new Float32Array(size);
  let at = 0;
  for (const { name } of parameters) {
    const data = values[name]?.data ?? new Float32Array();
    flat.set(data, at);
    at += data.length;
  }
  return flat;
}

/** Parameters out of their values one after the other. */
export function unflatten(
  parameters: readonly TensorSpec[],
  flat: Float32Array<ArrayBuffer>,
): NamedTensors {
  let at = 0;
  const entries = parameters.map(({ name, shape }) =>
    [name, { shape, data: flat.slice(at, at += sizeOf(shape)) }] as const
  );
  return Object.fromEntries(entries);
}
