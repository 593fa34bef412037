/**
 * The kernels that a backend has, and what each takes. The list is closed.
 *
 * Values are float32 in row-major order without gaps; indices, labels and key lengths are u32. Which
 * arithmetic a kernel does is said beside the operators that run it.
 *
 * @module
 */
import { type KernelSpec, type Lookup, strided, takes } from "./kernel_spec.ts";

/** Kernels that go value by value. */
export type ElementwiseKernel =
  | "fill"
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "divide_backward"
  | "add_scaled"
  | "scale"
  | "multiply_add"
  | "activate"
  | "activate_backward"
  | "unary"
  | "unary_backward"
  | "dropout"
  | "dropout_backward";

/** Kernels of matrices. */
export type MatrixKernel =
  | "gemm"
  | "linear"
  | "linear_backward"
  | "transpose"
  | "add_block";

/** Kernels that go row by row. */
export type RowKernel =
  | "sum"
  | "mean"
  | "row_sum"
  | "column_sum"
  | "row_dot"
  | "add_rows"
  | "add_columns"
  | "add_scaled_rows"
  | "softmax"
  | "softmax_backward"
  | "log_softmax"
  | "log_softmax_backward"
  | "layer_norm"
  | "layer_norm_backward"
  | "rms_norm"
  | "rms_norm_backward"
  | "gather"
  | "scatter_add";

/** Kernels that give the loss of each example, and the gradients of the sum of losses. */
export type LossKernel = "cross_entropy" | "bce" | "bpr" | "mse" | "huber";

/** Kernels over sequences. */
export type SequenceKernel = "attention" | "attention_backward";

/** Kernels that change parameters. */
export type OptimiserKernel =
  | "clip_norm"
  | "sgd"
  | "momentum"
  | "adam"
  | "adamw"
  | "adagrad"
  | "rmsprop"
  | "row_sgd"
  | "row_adagrad";

/** Name of a kernel. */
export type KernelName =
  | ElementwiseKernel
  | MatrixKernel
  | RowKernel
  | LossKernel
  | SequenceKernel
  | OptimiserKernel;

/** Numbers of the activations that `activate`, `linear` and their backward kernels take. */
export const ACTIVATIONS = {
  none: 0,
  relu: 1,
  gelu: 2,
  gelu_erf: 3,
  sigmoid: 4,
  tanh: 5,
  silu: 6,
} as const;

/** Numbers of the functions that `unary` and `unary_backward` take. */
export const UNARY_FUNCTIONS = { exp: 0, log: 1, sqrt: 2, softplus: 3 } as const;

const PAIR = ["a: len", "b: len", "out=: len"];
const MATRIX = "x: rows cols";
const STEP = "rate beta1 beta2 epsilon step decay";
const SEQUENCES = [
  "q: batch queries heads dim",
  "k: batch keys heads dim",
  "v: batch keys heads dim",
];
const SEQUENCE_SIZES = "batch heads queries keys dim causal";
const STATS = "stats: batch heads queries";

const ROW_LOOKUP = { indices: 1, count: 2, bound: 0 } as const satisfies Lookup;

/** What each kernel takes. */
export const KERNELS: Readonly<Record<KernelName, KernelSpec>> = {
  fill: takes(["out=: len"], "len", "value"),
  add: takes(PAIR, "len"),
  subtract: takes(PAIR, "len"),
  multiply: takes(PAIR, "len"),
  divide: takes(PAIR, "len"),
  divide_backward: takes(["b: len", "y: len", "dy: len", "da?=: len", "db?=: len"], "len"),
  add_scaled: takes(["x: len", "out=: len"], "len", "factor"),
  scale: takes(["x: len", "out=: len"], "len", "factor"),
  multiply_add: takes(PAIR, "len"),
  activate: takes(["x: len", "out=: len"], "len activation"),
  activate_backward: takes(["x?: len", "y?: len", "dy: len", "dx=: len"], "len activation"),
  unary: takes(["x: len", "out=: len"], "len function"),
  unary_backward: takes(["x?: len", "y?: len", "dy: len", "dx=: len"], "len function"),
  dropout: takes(["x: len", "out=: len"], "len", "rate seed_low seed_high"),
  dropout_backward: takes(["dy: len", "dx=: len"], "len", "rate seed_low seed_high"),

  gemm: {
    operands: [
      strided("a", { written: false, size: [0, 2], steps: [3, 4] }),
      strided("b", { written: false, size: [2, 1], steps: [5, 6] }),
      strided("c", { written: true, size: [0, 1], steps: [7, 8] }),
    ],
    numbers: "m n k a_row a_col b_row b_col c_row c_col alpha beta".split(" "),
    whole: 9,
  },
  linear: takes(
    [
      "x: rows inputs",
      "w: inputs outputs",
      "bias?: outputs",
      "z?=: rows outputs",
      "y=: rows outputs",
    ],
    "rows inputs outputs activation",
  ),
  linear_backward: takes(
    [
      ...["x: rows inputs", "w: inputs outputs", "z?: rows outputs", "y: rows outputs"],
      ...["dy: rows outputs", "dx?=: rows inputs", "dw?=: inputs outputs", "dbias?=: outputs"],
    ],
    "rows inputs outputs activation",
  ),
  transpose: takes([MATRIX, "out=: rows cols"], "rows cols"),
  add_block: takes(
    ["x: rows x_cols", "out=: rows out_cols"],
    "rows cols x_cols x_offset out_cols out_offset",
  ),

  sum: takes(["x: len", "out=: 1"], "len"),
  mean: takes(["x: len", "out=: 1"], "len"),
  row_sum: takes([MATRIX, "out=: rows"], "rows cols"),
  column_sum: takes([MATRIX, "out=: cols"], "rows cols"),
  row_dot: takes(["a: rows cols", "b: rows cols", "out=: rows"], "rows cols"),
  add_rows: takes([MATRIX, "row: cols", "out=: rows cols"], "rows cols"),
  add_columns: takes(["column: rows", "out=: rows cols"], "rows cols", "factor"),
  add_scaled_rows: takes([MATRIX, "factors: rows", "out=: rows cols"], "rows cols"),
  softmax: takes([MATRIX, "out=: rows cols"], "rows cols"),
  softmax_backward: takes(["y: rows cols", "dy: rows cols", "dx=: rows cols"], "rows cols"),
  log_softmax: takes([MATRIX, "out=: rows cols"], "rows cols"),
  log_softmax_backward: takes(["y: rows cols", "dy: rows cols", "dx=: rows cols"], "rows cols"),
  layer_norm: takes(
    [MATRIX, "gain: cols", "shift: cols", "out=: rows cols", "stats=: rows 2"],
    "rows cols",
    "epsilon",
  ),
  layer_norm_backward: takes(
    [
      ...[MATRIX, "gain: cols", "stats: rows 2", "dy: rows cols"],
      ...["dx=: rows cols", "dgain=: cols", "dshift=: cols"],
    ],
    "rows cols",
  ),
  rms_norm: takes(
    [MATRIX, "gain: cols", "out=: rows cols", "stats=: rows"],
    "rows cols",
    "epsilon",
  ),
  rms_norm_backward: takes(
    [MATRIX, "gain: cols", "stats: rows", "dy: rows cols", "dx=: rows cols", "dgain=: cols"],
    "rows cols",
  ),
  gather: {
    ...takes(["table: rows dim", "indices: count", "out=: count dim"], "rows dim count"),
    lookup: ROW_LOOKUP,
  },
  scatter_add: {
    ...takes(["table=: rows dim", "indices: count", "values: count dim"], "rows dim count"),
    lookup: ROW_LOOKUP,
  },

  cross_entropy: {
    ...takes(
      ["logits: rows cols", "labels: rows", "losses=: rows", "dlogits?=: rows cols"],
      "rows cols",
      "smoothing",
    ),
    lookup: { indices: 1, count: 0, bound: 1 },
  },
  bce: takes(["logits: len", "targets: len", "losses=: len", "dlogits?=: len"], "len"),
  bpr: takes(
    ["positive: len", "negative: len", "losses=: len", "dpositive?=: len", "dnegative?=: len"],
    "len",
  ),
  mse: takes(["x: len", "target: len", "losses=: len", "dx?=: len"], "len"),
  huber: takes(["x: len", "target: len", "losses=: len", "dx?=: len"], "len", "delta"),

  attention: takes(
    [
      ...SEQUENCES,
      "out=: batch queries heads dim",
      "key_lengths?: batch",
      "stats=: batch heads queries",
    ],
    SEQUENCE_SIZES,
  ),
  attention_backward: takes(
    [
      ...[...SEQUENCES, "out: batch queries heads dim", "key_lengths?: batch", STATS],
      ...["dout: batch queries heads dim", "dq=: batch queries heads dim"],
      ...["dk=: batch keys heads dim", "dv=: batch keys heads dim"],
    ],
    SEQUENCE_SIZES,
  ),

  clip_norm: takes(["g=: len", "norm=: 1"], "len", "max"),
  sgd: takes(["w=: len", "g: len"], "len", "rate decay"),
  momentum: takes(["w=: len", "g: len", "m=: len"], "len", "rate momentum decay nesterov"),
  adam: takes(["w=: len", "g: len", "m=: len", "v=: len"], "len", STEP),
  adamw: takes(["w=: len", "g: len", "m=: len", "v=: len"], "len", STEP),
  adagrad: takes(["w=: len", "g: len", "v=: len"], "len", "rate epsilon"),
  rmsprop: takes(["w=: len", "g: len", "v=: len"], "len", "rate rho epsilon"),
  row_sgd: {
    ...takes(
      ["table=: rows dim", "indices: count", "gradients: count dim"],
      "rows dim count",
      "rate",
    ),
    lookup: ROW_LOOKUP,
  },
  row_adagrad: {
    ...takes(
      ["table=: rows dim", "squares=: rows", "indices: count", "gradients: count dim"],
      "rows dim count",
      "rate epsilon",
    ),
    lookup: { ...ROW_LOOKUP, indices: 2 },
  },
};
