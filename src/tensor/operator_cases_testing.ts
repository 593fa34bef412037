/**
 * Operators with inputs of odd sizes: what their gradients are checked on, and what backends are held
 * against each other with.
 *
 * @module
 */
import { add, divide, multiply, negate, scale, subtract } from "./arithmetic.ts";
import { attention } from "./attention.ts";
import { concat, sliceColumns } from "./columns.ts";
import { exp, gelu, geluErf, log, relu, sigmoid, silu, softplus, sqrt, tanh } from "./curves.ts";
import { dropout } from "./dropout.ts";
import { bceWithLogits, bpr, huber, mse } from "./elementwise_losses.ts";
import { embedding } from "./embedding.ts";
import { reshape, sliceRows, transpose } from "./layout.ts";
import { type Activation, linear } from "./linear.ts";
import type { Reduction } from "./loss.ts";
import { matmul } from "./matmul.ts";
import { layerNorm, rmsNorm } from "./norm.ts";
import { mean, rowSum, sum } from "./reduce.ts";
import { rowDot, scaleRows } from "./rows.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { softmaxCrossEntropy } from "./softmax_cross_entropy.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** One use of an operator. */
export interface OperatorCase {
  readonly name: string;
  /** Extents of the inputs, to which gradients flow. */
  readonly shapes: readonly (readonly number[])[];
  /** Range that inputs are drawn from; default −2 to 2. */
  readonly range?: readonly [number, number];
  readonly apply: (tape: Tape, inputs: readonly Variable[]) => Variable;
}

/** Sizes on both sides of what lanes and tiles hold, with tails. */
const LENGTHS = [1, 3, 4, 7, 16, 33, 130];
const MATRICES = [[1, 1], [3, 5], [4, 8], [7, 33], [2, 65]] as const;
const ACTIVATIONS: readonly Activation[] = [
  ...["none", "relu", "gelu", "gelu_erf", "sigmoid", "tanh", "silu"] as const,
];
const REDUCTIONS: readonly Reduction[] = ["mean", "sum", "none"];

/** Numbers that look like any, the same for each place. */
function constantOf(tape: Tape, shape: readonly number[], spread = 1): Variable {
  const size = shape.reduce((size, extent) => size * extent, 1);
  return tape.constant(
    Float32Array.from({ length: size }, (_, i) => spread * ((i * 37) % 19) / 19),
    shape,
  );
}

function rowsBelow(tape: Tape, count: number, bound: number): ReturnType<Tape["indices"]> {
  return tape.indices(Uint32Array.from({ length: count }, (_, i) => (i * 7 + 3) % bound));
}

type Unary = (tape: Tape, x: Variable) => Variable;
type Binary = (tape: Tape, a: Variable, b: Variable) => Variable;

function unaries(
  all: Readonly<Record<string, Unary>>,
  range: readonly [number, number],
): OperatorCase[] {
  return Object.entries(all).flatMap(([name, apply]) =>
    LENGTHS.map((length) => ({
      name: `${name} of ${length}`,
      shapes: [[length]],
      range,
      apply: (tape, [x]) => apply(tape, x!),
    }))
  );
}

function binaries(
  all: Readonly<Record<string, Binary>>,
  range: readonly [number, number],
): OperatorCase[] {
  return Object.entries(all).flatMap(([name, apply]) =>
    LENGTHS.map((length) => ({
      name: `${name} of ${length}`,
      shapes: [[length], [length]],
      range,
      apply: (tape, [a, b]) => apply(tape, a!, b!),
    }))
  );
}

function overMatrices(all: Readonly<Record<string, Unary>>): OperatorCase[] {
  return Object.entries(all).flatMap(([name, apply]) =>
    MATRICES.map((shape) => ({
      name: `${name} of [${shape.join(", ")}]`,
      shapes: [shape],
      apply: (tape, [x]) => apply(tape, x!),
    }))
  );
}

const LOSSES: OperatorCase[] = REDUCTIONS.flatMap((reduction) => [
  ...LENGTHS.flatMap((length): OperatorCase[] => [
    {
      name: `bceWithLogits of ${length}, ${reduction}`,
      shapes: [[length]],
      apply: (tape, [x]) => bceWithLogits(tape, x!, constantOf(tape, [length]), { reduction }),
    },
    {
      name: `mse of ${length}, ${reduction}`,
      shapes: [[length]],
      apply: (tape, [x]) => mse(tape, x!, constantOf(tape, [length]), { reduction }),
    },
    {
      name: `huber of ${length}, ${reduction}`,
      shapes: [[length]],
      apply: (tape, [x]) =>
        huber(tape, x!, constantOf(tape, [length], 3), { reduction, delta: 0.7 }),
    },
    {
      name: `bpr of ${length}, ${reduction}`,
      shapes: [[length], [length]],
      apply: (tape, [a, b]) => bpr(tape, a!, b!, { reduction }),
    },
  ]),
  ...MATRICES.flatMap(([rows, cols]) =>
    [0, 0.1].map((smoothing): OperatorCase => ({
      name: `softmaxCrossEntropy of [${rows}, ${cols}], ${reduction}, smoothed by ${smoothing}`,
      shapes: [[rows, cols]],
      apply: (tape, [x]) =>
        softmaxCrossEntropy(tape, x!, rowsBelow(tape, rows, cols), { smoothing, reduction }),
    }))
  ),
]);

const LINEAR: OperatorCase[] = ACTIVATIONS.flatMap((activation) =>
  ([[1, 1, 1], [5, 3, 2], [7, 33, 9], [9, 16, 20]] as const).flatMap(([rows, inputs, outputs]) => [
    {
      name: `linear of [${rows}, ${inputs}] to ${outputs}, ${activation}`,
      shapes: [[rows, inputs], [inputs, outputs], [outputs]],
      apply: (tape: Tape, [x, weight, bias]: readonly Variable[]) =>
        linear(tape, x!, weight!, { bias: bias!, activation }),
    },
    {
      name: `linear of [${rows}, ${inputs}] to ${outputs}, ${activation}, without a bias`,
      shapes: [[rows, inputs], [inputs, outputs]],
      apply: (tape: Tape, [x, weight]: readonly Variable[]) =>
        linear(tape, x!, weight!, { activation }),
    },
  ])
);

const MATMUL: OperatorCase[] = [[1, 1, 1], [3, 5, 7], [17, 4, 9]].flatMap(([m = 0, n = 0, k = 0]) =>
  [[], [3], [2, 2]].flatMap((outer) =>
    [false, true].flatMap((transposeA) =>
      [false, true].flatMap((transposeB) =>
        [false, true].map((shared): OperatorCase => {
          const a = transposeA ? [k, m] : [m, k];
          const b = transposeB ? [n, k] : [k, n];
          return {
            name: `matmul of [${outer.concat(a)}] by [${shared ? b : outer.concat(b)}], ${
              transposeA ? "a" : ""
            }${transposeB ? "b" : ""} transposed`,
            shapes: [[...outer, ...a], shared ? b : [...outer, ...b]],
            apply: (tape, [a, b]) => matmul(tape, a!, b!, { transposeA, transposeB }),
          };
        })
      )
    )
  )
);

const ATTENTION: OperatorCase[] = [
  { batch: 1, heads: 1, queries: 1, keys: 1, dim: 1 },
  { batch: 2, heads: 3, queries: 5, keys: 5, dim: 4 },
  { batch: 3, heads: 2, queries: 7, keys: 9, dim: 5 },
  { batch: 2, heads: 1, queries: 18, keys: 18, dim: 17 },
].flatMap(({ batch, heads, queries, keys, dim }) =>
  [false, true].flatMap((causal) =>
    [false, true].map((short): OperatorCase => ({
      name: `attention of ${batch} × ${heads} × ${queries} × ${keys} × ${dim}${
        causal ? ", causal" : ""
      }${short ? ", with lengths" : ""}`,
      shapes: [
        [batch, queries, heads * dim],
        [batch, keys, heads * dim],
        [batch, keys, heads * dim],
      ],
      apply: (tape, [query, key, value]) =>
        attention(tape, { query: query!, key: key!, value: value! }, {
          heads,
          causal,
          // The last sequence may be empty.
          ...(short
            ? {
              lengths: tape.indices(
                Uint32Array.from({ length: batch }, (_, b) => Math.max(0, keys - 2 * b)),
              ),
            }
            : {}),
        }),
    }))
  )
);

const NORMS: OperatorCase[] = MATRICES.filter(([, cols]) => cols > 1).flatMap(([rows, cols]) => [
  {
    name: `layerNorm of [${rows}, ${cols}]`,
    shapes: [[rows, cols], [cols], [cols]],
    apply: (tape: Tape, [x, gain, shift]: readonly Variable[]) =>
      layerNorm(tape, x!, { gain: gain!, shift: shift! }),
  },
  {
    name: `rmsNorm of [${rows}, ${cols}]`,
    shapes: [[rows, cols], [cols]],
    apply: (tape: Tape, [x, gain]: readonly Variable[]) => rmsNorm(tape, x!, { gain: gain! }),
  },
]);

/** Every operator, over sizes that meet the tails of kernels. */
export const OPERATOR_CASES: readonly OperatorCase[] = [
  ...binaries({ add, subtract, multiply }, [-2, 2]),
  ...binaries({ divide }, [0.5, 2]),
  ...unaries({ negate, scale: (tape, x) => scale(tape, x, -1.75) }, [-2, 2]),
  ...unaries({ exp, softplus, relu, gelu, geluErf, sigmoid, tanh, silu, sum, mean }, [-3, 3]),
  ...unaries({ log, sqrt }, [0.3, 3]),
  ...unaries({ square: (tape, x) => multiply(tape, x, x), twice: (tape, x) => add(tape, x, x) }, [
    -2,
    2,
  ]),
  ...unaries({ dropout: (tape, x) => dropout(tape, x, { rate: 0.4, seed: [7, 2 ** 32 - 1] }) }, [
    -2,
    2,
  ]),
  ...overMatrices({
    ...{ softmax, logSoftmax, rowSum, transpose },
    reshape: (tape, x) => reshape(tape, multiply(tape, x, x), [x.size]),
    sliceRows: (tape, x) => sliceRows(tape, x, { from: x.shape[0]! >> 1, to: x.shape[0]! }),
    sliceColumns: (tape, x) => sliceColumns(tape, x, { from: x.shape[1]! >> 1, to: x.shape[1]! }),
    embedding: (tape, x) => embedding(tape, x, rowsBelow(tape, 9, x.shape[0]!)),
  }),
  ...MATRICES.flatMap(([rows, cols]): OperatorCase[] => [
    {
      name: `add of a row to [${rows}, ${cols}]`,
      shapes: [[rows, cols], [cols]],
      apply: (tape, [x, row]) => add(tape, x!, row!),
    },
    {
      name: `add of a matrix to [3, ${rows}, ${cols}]`,
      shapes: [[3, rows, cols], [rows, cols]],
      apply: (tape, [x, tail]) => add(tape, x!, tail!),
    },
    {
      name: `rowDot of [${rows}, ${cols}]`,
      shapes: [[rows, cols], [rows, cols]],
      apply: (tape, [a, b]) => rowDot(tape, a!, b!),
    },
    {
      name: `scaleRows of [${rows}, ${cols}]`,
      shapes: [[rows, cols], [rows]],
      apply: (tape, [x, scales]) => scaleRows(tape, x!, scales!),
    },
    {
      name: `concat of ${rows} rows`,
      shapes: [[rows, cols], [rows, 1], [rows, 6]],
      apply: (tape, parts) => concat(tape, parts),
    },
  ]),
  ...LINEAR,
  ...MATMUL,
  ...ATTENTION,
  ...NORMS,
  ...LOSSES,
  {
    name: "attention of a sequence to itself",
    shapes: [[2, 5, 6]],
    apply: (tape, [x]) => attention(tape, { query: x!, key: x!, value: x! }, { heads: 2 }),
  },
  {
    name: "linear of a matrix by itself",
    shapes: [[5, 5]],
    apply: (tape, [x]) => linear(tape, x!, x!, { activation: "gelu" }),
  },
  {
    name: "attention of a sequence to parts of it",
    shapes: [[2, 5, 6]],
    apply: (tape, [x]) => {
      const part = (from: number) => sliceRows(tape, x!, { from, to: from + 1 });
      const value = reshape(tape, part(0), [1, 5, 6]);
      return attention(tape, { query: part(1), key: part(0), value }, { heads: 2 });
    },
  },
  {
    name: "linear of a matrix by a view of it",
    shapes: [[5, 5]],
    apply: (tape, [x]) => linear(tape, reshape(tape, x!, [5, 5]), x!),
  },
  {
    name: "concat of a tensor with itself",
    shapes: [[3, 5]],
    apply: (tape, [x]) => concat(tape, [x!, x!]),
  },
  {
    name: "embedding of two axes of indices",
    shapes: [[6, 5]],
    apply: (tape, [table]) => {
      const places = tape.indices(Uint32Array.of(1, 4, 1, 0, 5, 1), [2, 3]);
      return embedding(tape, table!, places);
    },
  },
];
