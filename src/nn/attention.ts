/**
 * Attention of a sequence to itself.
 *
 * @module
 */
import { attention } from "../tensor/mod.ts";
import { bindPart, type Layer, partParameters } from "./layer.ts";
import { linear } from "./linear.ts";

/** What {@link multiHeadAttention} takes. */
export interface AttentionLayerOptions {
  /** Values of a position; a multiple of `heads`. */
  readonly width: number;
  /** Parts that attend each by itself. */
  readonly heads: number;
  /** Whether a position sees only itself and those before it; default false. */
  readonly causal?: boolean;
}

/**
 * Multi-head self-attention (Vaswani et al., NeurIPS 2017): `[batch, length, width]` to the same.
 * Positions at and beyond a sequence's length, where the pass says lengths, are not attended to.
 *
 * Parts: `query`, `key`, `value` and `out`, each a linear layer with a bias. A head has consecutive
 * columns.
 *
 * @throws {RangeError} If the heads do not divide the width.
 */
export function multiHeadAttention(options: AttentionLayerOptions): Layer {
  const { width, heads, causal = false } = options;
  if (!(Number.isInteger(width / heads) && width >= heads && heads >= 1)) {
    throw new RangeError(
      `Cannot divide ${width} values by ${heads} heads: expected a whole number for each`,
    );
  }
  const projection = linear({ inputs: width, outputs: width });
  const parts = { query: projection, key: projection, value: projection, out: projection };
  return {
    parameters: partParameters(parts),
    bind(parameter) {
      const [query, key, value, out] = [
        bindPart(projection, "query", parameter),
        bindPart(projection, "key", parameter),
        bindPart(projection, "value", parameter),
        bindPart(projection, "out", parameter),
      ];
      return (pass, x) => {
        const { tape, lengths } = pass;
        const mixed = attention(tape, {
          query: query(pass, x),
          key: key(pass, x),
          value: value(pass, x),
        }, { heads, causal, ...(lengths === undefined ? {} : { lengths }) });
        return out(pass, mixed);
      };
    },
  };
}
