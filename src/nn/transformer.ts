/**
 * The Transformer block.
 *
 * @module
 */
import { type Activation, add } from "../tensor/mod.ts";
import { multiHeadAttention } from "./attention.ts";
import { dropout } from "./dropout.ts";
import { bindPart, type Layer, partParameters, sequential } from "./layer.ts";
import { linear } from "./linear.ts";
import { layerNorm } from "./norm.ts";

/** What {@link transformerBlock} takes. */
export interface TransformerBlockOptions {
  /** Values of a position; a multiple of `heads`. */
  readonly width: number;
  /** Parts that attend each by itself. */
  readonly heads: number;
  /** Values between the two layers that follow attention; default four times `width`. */
  readonly hidden?: number;
  /** Between those two layers; default `gelu`. */
  readonly activation?: Activation;
  /** Whether a position sees only itself and those before it; default false. */
  readonly causal?: boolean;
  /** Share of the values of each half that is dropped in training; default none. */
  readonly dropout?: number;
  /**
   * Where each half is normalised: `before` it (Xiong et al., ICML 2020; the default), which trains
   * without a warm-up, or `after` the sum with what came in, as in the first paper.
   */
  readonly norm?: "before" | "after";
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Self-attention, then two layers a position, each added to what came in (Vaswani et al., NeurIPS
 * 2017): `[batch, length, width]` to the same.
 *
 * Parts: `norm1`, `attention`, `norm2`, and `feed` with `expand` and `contract`.
 */
export function transformerBlock(options: TransformerBlockOptions): Layer {
  const { width, hidden = 4 * width, activation = "gelu", norm = "before", epsilon = 1e-5 } =
    options;
  const parts = {
    norm1: layerNorm({ width, epsilon }),
    attention: multiHeadAttention(options),
    norm2: layerNorm({ width, epsilon }),
    feed: sequential({
      expand: linear({ inputs: width, outputs: hidden, activation }),
      contract: linear({ inputs: hidden, outputs: width }),
    }),
  };
  const drop = dropout(options.dropout ?? 0);
  return {
    parameters: partParameters(parts),
    bind(parameter) {
      const norms = [
        bindPart(parts.norm1, "norm1", parameter),
        bindPart(parts.norm2, "norm2", parameter),
      ] as const;
      const halves = [
        bindPart(parts.attention, "attention", parameter),
        bindPart(parts.feed, "feed", parameter),
      ] as const;
      const dropped = drop.bind(parameter);
      return (pass, input) => {
        let x = input;
        for (const at of [0, 1] as const) {
          const before = norm === "before" ? norms[at](pass, x) : x;
          const sum = add(pass.tape, x, dropped(pass, halves[at](pass, before)));
          x = norm === "after" ? norms[at](pass, sum) : sum;
        }
        return x;
      };
    },
  };
}
