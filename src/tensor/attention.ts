/**
 * Attention over sequences.
 *
 * @module
 */
import { addAllGradients } from "./gradients.ts";
import { shown } from "./shapes.ts";
import type { Tape } from "./tape.ts";
import type { Indices, Variable } from "./variable.ts";

/** What {@link attention} attends with. */
export interface AttentionInputs {
  /** `[batch, queries, width]`. */
  readonly query: Variable;
  /** `[batch, keys, width]`. */
  readonly key: Variable;
  /** `[batch, keys, width]`. */
  readonly value: Variable;
}

/** What {@link attention} may be told. */
export interface AttentionOptions {
  /** Parts that attend each by itself; `width` is a multiple of it. */
  readonly heads: number;
  /** Whether a query sees no key that comes after it; default false. */
  readonly causal?: boolean;
  /** How many keys of each sequence are there, `[batch]`; those from there on are not seen. */
  readonly lengths?: Indices;
}

/**
 * Scaled dot-product attention of several heads (Vaswani et al., NeurIPS 2017), each over its own
 * `width/heads` values: `softmax(q·kᵀ/√(width/heads))·v`, without keeping the scores. A query that
 * sees no key gets zeros.
 *
 * @returns `[batch, queries, width]`.
 * @throws {RangeError} If the shapes do not fit each other or the heads.
 *
 * @example The first position of a causal sequence sees itself alone
 * ```ts
 * import { createTrainCore, inlineModule } from "../wasm/mod.ts";
 * import { attention, createWasmBackend, Tape } from "./mod.ts";
 *
 * const tape = new Tape(createWasmBackend(createTrainCore(await inlineModule("train"))));
 * const mixed = await tape.evaluate(() => {
 *   const x = tape.constant(Float32Array.of(1, 2, 3, 4), [1, 2, 2]);
 *   return tape.read(attention(tape, { query: x, key: x, value: x }, { heads: 1, causal: true }));
 * });
 * if (mixed[0] !== 1 || mixed[1] !== 2) throw new Error(`${mixed}`);
 * ```
 */
export function attention(
  tape: Tape,
  { query, key, value }: AttentionInputs,
  { heads, causal = false, lengths }: AttentionOptions,
): Variable {
  const [batch = 0, queries = 0, width = 0] = query.shape;
  const [, keys = 0] = key.shape;
  const fits = query.shape.length === 3 && matches(key, [batch, keys, width]) &&
    matches(value, [batch, keys, width]);
  if (!fits) {
    throw new RangeError(
      `Cannot attend ${shown(query)} to ${shown(key)} and ${
        shown(value)
      }: expected [batch, queries, width] and twice [batch, keys, width]`,
    );
  }
  const dim = width / heads;
  if (!(Number.isInteger(heads) && heads >= 1 && Number.isInteger(dim))) {
    throw new RangeError(
      `Cannot attend ${shown(query)} with ${heads} heads: expected heads that divide ${width}`,
    );
  }
  if (lengths !== undefined && lengths.size !== batch) {
    throw new RangeError(
      `Cannot attend ${shown(query)} with lengths ${shown(lengths)}: expected [${batch}]`,
    );
  }
  const { backend } = tape;
  const inputs = [query, key, value];
  const numbers = [batch, heads, queries, keys, dim, causal ? 1 : 0];
  const out = tape.output(query.shape, inputs.some(({ differentiable }) => differentiable));
  const stats = tape.scratch(batch * heads * queries);
  const operands = [query.slot, key.slot, value.slot, out.slot, lengths?.slot ?? null, stats];
  backend.run("attention", operands, numbers);
  tape.record(out, (dout) => {
    addAllGradients(tape, inputs, (gradients) => {
      backend.run("attention_backward", [...operands, dout, ...gradients], numbers);
    });
  });
  return out;
}

function matches({ shape }: Variable, wanted: readonly number[]): boolean {
  return shape.length === wanted.length && shape.every((extent, axis) => extent === wanted[axis]);
}
