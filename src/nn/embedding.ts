/**
 * Rows of a table, looked up by number.
 *
 * @module
 */
import { embedding as lookUp, type Indices } from "../tensor/mod.ts";
import type { Initialiser } from "./initial.ts";
import type { Layer } from "./layer.ts";

/** What {@link embedding} takes. */
export interface EmbeddingLayerOptions {
  /** Rows of the table. */
  readonly rows: number;
  /** Values of a row. */
  readonly width: number;
  /** First values; default normal with standard deviation .02. */
  readonly initial?: Initialiser;
}

/**
 * The rows of a table that indices name: `[…]` to `[…, width]`.
 *
 * Parameter: `weight` `[rows, width]`.
 */
export function embedding(options: EmbeddingLayerOptions): Layer<Indices> {
  const { rows, width, initial = { kind: "normal", sd: 0.02 } } = options;
  return {
    parameters: [{ name: "weight", shape: [rows, width], initial }],
    bind(parameter) {
      const weight = parameter("weight");
      return ({ tape }, indices) => lookUp(tape, weight, indices);
    },
  };
}
