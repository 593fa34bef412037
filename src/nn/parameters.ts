/**
 * Parameters as plain data: names, shapes and first values, before any backend holds them.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { seededRng } from "../core/random.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { sameShape, sizeOf } from "../core/tensor.ts";
import type { NamedTensors, TensorSpec } from "../core/tensor.ts";
import { drawInitial, type Initialiser } from "./initial.ts";

/** A parameter: what it is called, its shape, and what it holds before the first step. */
export interface ParameterSpec extends TensorSpec {
  /** How its first values are drawn. */
  readonly initial: Initialiser;
}

/** The parameters of a part, under the part's name: `weight` becomes `layer.weight`. */
export function prefixed(part: string, parameters: readonly ParameterSpec[]): ParameterSpec[] {
  return parameters.map((parameter) => ({ ...parameter, name: `${part}.${parameter.name}` }));
}

/**
 * The first values of all parameters, drawn one after the other in their order.
 *
 * @param seed At least 16 bytes; the same seed gives the same bits.
 */
export function initialParameters(
  parameters: readonly ParameterSpec[],
  seed: Uint8Array,
): NamedTensors {
  const rng = seededRng(seed);
  const entries = parameters.map(({ name, shape, initial }) =>
    [name, { shape, data: drawInitial(initial, { shape, rng }) }] as const
  );
  return Object.fromEntries(entries);
}

/**
 * The safetensors file of some parameters.
 *
 * @throws {TributaryError} `bad-tensors` if they are not exactly those of `parameters`.
 */
export function saveParameters(
  parameters: readonly TensorSpec[],
  values: NamedTensors,
): Uint8Array<ArrayBuffer> {
  checkParameters(parameters, values, "save");
  return encodeSafetensors(values);
}

/**
 * Parameters out of a safetensors file.
 *
 * @param parameters What the file must hold, in any order, and nothing else.
 * @throws {TributaryError} `bad-tensors` if the file is malformed, of another dtype, or holds other
 * names or shapes.
 *
 * @example There and back
 * ```ts
 * import { initialParameters, loadParameters, saveParameters, ZEROS } from "./mod.ts";
 *
 * const parameters = [{ name: "weight", shape: [2, 3], initial: ZEROS }];
 * const file = saveParameters(parameters, initialParameters(parameters, new Uint8Array(32)));
 * if (loadParameters(parameters, file).weight?.data.length !== 6) throw new Error("lost values");
 * ```
 */
export function loadParameters(parameters: readonly TensorSpec[], file: Uint8Array): NamedTensors {
  const { tensors } = decodeSafetensors(file);
  checkParameters(parameters, tensors, "load");
  return tensors;
}

/**
 * Checks that tensors are exactly those of `parameters`.
 *
 * @param doing What cannot be done with others, such as `load`.
 * @throws {TributaryError} `bad-tensors`, naming the first that is missing, misshapen or unknown.
 */
export function checkParameters(
  parameters: readonly TensorSpec[],
  tensors: NamedTensors,
  doing: string,
): void {
  const refuse = (found: string): never => {
    throw new TributaryError("bad-tensors", `Cannot ${doing} parameters: ${found}`);
  };
  for (const { name, shape } of parameters) {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor === undefined) {
      return refuse(`"${name}" is missing, found ${Object.keys(tensors).join(", ") || "none"}`);
    }
    if (!sameShape(tensor.shape, shape) || tensor.data.length !== sizeOf(shape)) {
      refuse(
        `"${name}" has ${tensor.data.length} values of shape [${tensor.shape.join(", ")}], ` +
          `expected [${shape.join(", ")}]`,
      );
    }
  }
  const known = new Set(parameters.map(({ name }) => name));
  const stranger = Object.keys(tensors).find((name) => !known.has(name));
  if (stranger !== undefined) {
    refuse(`"${stranger}" is unknown, expected ${[...known].join(", ")}`);
  }
}
