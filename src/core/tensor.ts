/**
 * Named float32 tensors as plain data: models and updates before they are encoded.
 *
 * @module
 */

/** Name and shape of a tensor. */
export interface TensorSpec {
  /** Unique within its list; dotted by convention, such as `layer1.weight`. */
  readonly name: string;
  /** Row-major extents; empty for a scalar. */
  readonly shape: readonly number[];
}

/** A row-major float32 tensor. */
export interface Tensor {
  /** Extents; their product is `data.length`. */
  readonly shape: readonly number[];
  /** Values in row-major order. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Number of values in a tensor of `shape`; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/**
 * The tensor called `name`.
 *
 * @throws {RangeError} If there is none; the sentence lists the names there are.
 */
export function tensorOf(tensors: NamedTensors, name: string): Tensor {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (tensor === undefined) {
    throw new RangeError(
      `Cannot find tensor "${name}": there are ${Object.keys(tensors).join(", ") || "none"}`,
    );
  }
  return tensor;
}

/** Whether two shapes have the same extents in the same order. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
