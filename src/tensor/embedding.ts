/**
 * Rows of a table.
 *
 * @module
 */
import { shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Indices, Variable } from "./variable.ts";

/**
 * The rows of `table` that `indices` name. The gradient of a row is the sum of those of all places
 * where it was looked up.
 *
 * @param table   `[rows, values]`.
 * @param indices `[…]`, each below `rows`.
 * @returns `[…, values]`.
 * @throws {RangeError} If `table` is no matrix, or an index is outside.
 *
 * @example Two rows out of three
 * ```ts
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { createWasmBackend, embedding, Tape } from "./mod.ts";
 *
 * const tape = new Tape(createWasmBackend(createTrainCore(await inlineModule("train"))));
 * const rows = await tape.evaluate(() => {
 *   const table = tape.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
 *   return tape.read(embedding(tape, table, tape.indices(Uint32Array.of(2, 0))));
 * });
 * if (rows.join() !== "5,6,1,2") throw new Error(`${rows}`);
 * ```
 */
export function embedding(tape: Tape, table: Variable, indices: Indices): Variable {
  const [rows, dim] = table.shape;
  if (table.shape.length !== 2 || rows === undefined || dim === undefined) {
    throw new RangeError(
      `Cannot look up ${shown(indices)} in ${shown(table)}: expected a table of [rows, values]`,
    );
  }
  const numbers = [rows, dim, indices.size];
  const out = tape.output([...indices.shape, dim], table.differentiable);
  tape.backend.run("gather", [table.slot, indices.slot, out.slot], numbers);
  tape.record(out, (dout) => {
    tape.backend.run("scatter_add", [tape.gradient(table), indices.slot, dout], numbers);
  });
  return out;
}
