/**
 * The one table that the ALS steps solve for, and arithmetic on packed triangles.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { TensorSpec } from "../core/tensor.ts";

/** An item table: `[items, dim]`. */
export interface AlsTable {
  /** The tensor's name. */
  readonly name: string;
  /** Its rows. */
  readonly items: number;
  /** Values of a row. */
  readonly dim: number;
}

/**
 * The table of a model that consists of one.
 *
 * @throws {TributaryError} `task-refused` if the model is anything else.
 */
export function alsTable(model: readonly TensorSpec[]): AlsTable {
  const [table, ...rest] = model;
  const [items, dim, ...more] = table?.shape ?? [];
  if (!table || !items || !dim || rest.length + more.length > 0) {
    const found = model.map(({ name, shape }) => `${name} [${shape}]`).join(", ") || "none";
    throw new TributaryError(
      "task-refused",
      `Cannot take an ALS step on tensors ${found}: expected one of shape [items, dim]`,
    );
  }
  return { name: table.name, items, dim };
}

/** Sum of the diagonal of a packed triangle. */
export function trace(triangle: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0, at = 0; at < triangle.length; i++, at += i + 1) sum += triangle[at] ?? 0;
  return sum;
}
