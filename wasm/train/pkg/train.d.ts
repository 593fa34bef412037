/* tslint:disable */
/* eslint-disable */

/**
 * `out[i] = y(x[i])`.
 */
export function activate(x: number, out: number, len: number, activation: number): void;

/**
 * `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
 */
export function activate_backward(x: number, y: number, dy: number, dx: number, len: number, activation: number): void;

/**
 * A step of Adagrad with squares `v`.
 */
export function adagrad(w: number, g: number, v: number, len: number, rate: number, epsilon: number): void;

/**
 * Step number `step` of Adam with moments `m` and `v`; `decay` goes into the gradient.
 */
export function adam(w: number, g: number, m: number, v: number, len: number, rate: number, beta1: number, beta2: number, epsilon: number, step: number, decay: number): void;

/**
 * The same with `decay` beside the step.
 */
export function adamw(w: number, g: number, m: number, v: number, len: number, rate: number, beta1: number, beta2: number, epsilon: number, step: number, decay: number): void;

/**
 * `out[i] = a[i] + b[i]`.
 */
export function add(a: number, b: number, out: number, len: number): void;

/**
 * `out[i][out_offset + j] += x[i][x_offset + j]` for `j` below `cols`. Traps where these are not
 * columns of both.
 */
export function add_block(x: number, out: number, rows: number, cols: number, x_cols: number, x_offset: number, out_cols: number, out_offset: number): void;

/**
 * `out[i][j] += factor·column[i]`.
 */
export function add_columns(column: number, out: number, rows: number, cols: number, factor: number): void;

/**
 * Adds one row of `cols` values to each of `rows`.
 */
export function add_rows(x: number, row: number, out: number, rows: number, cols: number): void;

/**
 * `out[i] += factor·x[i]`.
 */
export function add_scaled(x: number, out: number, len: number, factor: number): void;

/**
 * `out[i][j] += factors[i]·x[i][j]`.
 */
export function add_scaled_rows(x: number, factors: number, out: number, rows: number, cols: number): void;

/**
 * The exact server step over `items` items. Returns `items`, or the first item whose matrix is
 * not positive definite; the rows before it are then written already.
 */
export function als_exact(items: number, dim: number, outer: number, linear: number, counts: number, base: number, each: number, all: number, out: number, scratch: number): number;

/**
 * The quasi-Newton server step over `items` items; returns as [`als_exact`] does.
 */
export function als_newton(items: number, dim: number, table: number, gradients: number, strengths: number, base: number, curvature: number, each: number, all: number, rate: number, out: number, scratch: number): number;

/**
 * Whether a value of `x` is infinite or NaN.
 */
export function any_not_finite(x: number, len: number): boolean;

/**
 * Attention of every head. `key_lengths` may be 0.
 */
export function attention(q: number, k: number, v: number, out: number, key_lengths: number, stats: number, scratch: number, batch: number, heads: number, queries: number, keys: number, head_dim: number, causal: boolean): void;

/**
 * Adds to `dq`, `dk` and `dv` what [`attention`] owes its inputs.
 */
export function attention_backward(q: number, k: number, v: number, out: number, key_lengths: number, stats: number, dout: number, dq: number, dk: number, dv: number, scratch: number, batch: number, heads: number, queries: number, keys: number, head_dim: number, causal: boolean): void;

/**
 * Bytes of scratch that [`attention_backward`] needs.
 */
export function attention_backward_scratch(_batch: number, _heads: number, _queries: number, keys: number, head_dim: number): number;

/**
 * Bytes of scratch that [`attention`] needs.
 */
export function attention_scratch(_batch: number, _heads: number, _queries: number, keys: number, head_dim: number): number;

/**
 * Logistic loss of each logit against its target.
 */
export function bce(logits: number, targets: number, losses: number, dlogits: number, len: number): void;

/**
 * Pairwise ranking loss; both gradients or none.
 */
export function bpr(positive: number, negative: number, losses: number, dpositive: number, dnegative: number, len: number): void;

/**
 * Writes the L2 norm of `g` to `norm`, and shrinks `g` to `most` where it is longer. A norm that
 * is NaN leaves `g` as it is.
 */
export function clip_norm(g: number, norm: number, len: number, most: number): void;

/**
 * `out[j] += Σ x[i][j]`.
 */
export function column_sum(x: number, out: number, rows: number, cols: number): void;

/**
 * Sum of `count` rows of `dim` values, in float64.
 */
export function column_sums(rows: number, count: number, dim: number, out: number): void;

/**
 * Loss of each row, and the gradient of their sum unless its address is 0. Returns `rows`, or the
 * position of the first label outside; nothing has been written then.
 */
export function cross_entropy(logits: number, labels: number, losses: number, dlogits: number, rows: number, cols: number, smoothing: number): number;

/**
 * `out[i] = a[i] / b[i]`.
 */
export function divide(a: number, b: number, out: number, len: number): void;

/**
 * For `y = a / b`: `da[i] += dy[i] / b[i]` and `db[i] −= dy[i]·y[i] / b[i]`, each unless its
 * address is 0.
 */
export function divide_backward(b: number, y: number, dy: number, da: number, db: number, len: number): void;

/**
 * `Σ a[i]·b[i]` over `len` values.
 */
export function dot(a: number, b: number, len: number): number;

/**
 * Leaves values out at `rate`.
 */
export function dropout(x: number, out: number, len: number, rate: number, seed_low: number, seed_high: number): void;

/**
 * Adds to `dx` what [`dropout`] of the same rate and seed owes its input.
 */
export function dropout_backward(dy: number, dx: number, len: number, rate: number, seed_low: number, seed_high: number): void;

/**
 * `out[i] = value`.
 */
export function fill(out: number, len: number, value: number): void;

/**
 * Copies `count` rows of a table of `rows` rows to `out`.
 */
export function gather(table: number, indices: number, out: number, rows: number, dim: number, count: number): number;

/**
 * `C = alpha·A·B + beta·C` with A `m × k`, B `k × n`, and the distance of two rows and of two
 * columns of each.
 */
export function gemm(a: number, b: number, c: number, scratch: number, m: number, n: number, k: number, a_row: number, a_col: number, b_row: number, b_col: number, c_row: number, c_col: number, alpha: number, beta: number): void;

/**
 * How many bytes of scratch [`gemm`] needs.
 */
export function gemm_scratch(m: number, n: number, k: number): number;

/**
 * `XᵀX` of `count` rows of `dim` values, as a packed triangle of float64.
 */
export function gram(rows: number, count: number, dim: number, out: number): void;

/**
 * Huber's loss of each value.
 */
export function huber(x: number, targets: number, losses: number, dx: number, len: number, delta: number): void;

/**
 * `(A + ridge·I)⁻¹` in place of `A`, a packed triangle of float32. Returns `dim`, or the first row
 * whose pivot is lost; `A` is then as it was.
 */
export function invert(matrix: number, dim: number, ridge: number, scratch: number): number;

/**
 * Bytes of scratch that [`invert`] needs for a matrix of `dim` rows.
 */
export function invert_scratch(dim: number): number;

/**
 * Normalises each row; `stats` gets its mean and the inverse of its standard deviation.
 */
export function layer_norm(x: number, gain: number, shift: number, out: number, stats: number, rows: number, cols: number, epsilon: number): void;

/**
 * Adds to `dx`, `dgain` and `dshift` what [`layer_norm`] owes them.
 */
export function layer_norm_backward(x: number, gain: number, stats: number, dy: number, dx: number, dgain: number, dshift: number, rows: number, cols: number): void;

/**
 * `z = x·w + bias`, `y = f(z)`; `bias` and `z` may be 0.
 */
export function linear(x: number, w: number, bias: number, z: number, y: number, scratch: number, rows: number, inputs: number, outputs: number, activation: number): void;

/**
 * `dx += dz·wᵀ`, `dw += xᵀ·dz`, `dbias += Σ dz`, each unless it is 0. Of `z` and `y`, what the
 * slope of the activation does not need may be 0.
 */
export function linear_backward(x: number, w: number, z: number, y: number, dy: number, dx: number, dw: number, dbias: number, scratch: number, rows: number, inputs: number, outputs: number, activation: number): void;

/**
 * How many bytes of scratch [`linear_backward`] needs.
 */
export function linear_backward_scratch(rows: number, inputs: number, outputs: number): number;

/**
 * How many bytes of scratch [`linear`] needs.
 */
export function linear_scratch(rows: number, inputs: number, outputs: number): number;

/**
 * Logarithms of each row as a distribution.
 */
export function log_softmax(x: number, out: number, rows: number, cols: number): void;

/**
 * Adds to `dx` what [`log_softmax`] owes its input.
 */
export function log_softmax_backward(y: number, dy: number, dx: number, rows: number, cols: number): void;

/**
 * `out[0]` is the largest value of `x`.
 */
export function max(x: number, out: number, len: number): void;

/**
 * `out[0]` is the mean of `x`, NaN of none.
 */
export function mean(x: number, out: number, len: number): void;

/**
 * [`fit_person`]: `rows` holds `count` rows of `dim` values, `biases`, `scores` and
 * `coefficients` one value for each, `state` `3 * dim + 1` values and `scratch` `dim`.
 */
export function mf_fit_person(rows: number, biases: number, count: number, dim: number, positives: number, positive_count: number, negatives: number, negative_count: number, pairwise: boolean, steps: number, learning_rate: number, decay: number, state: number, scores: number, coefficients: number, scratch: number): number;

/**
 * [`step_rows`]: `person` holds `dim` values, `coefficients` and `bias_changes` `count`, and
 * `row_changes` `count` rows of `dim` values.
 */
export function mf_step_rows(person: number, dim: number, coefficients: number, count: number, rate: number, clip: number, row_changes: number, bias_changes: number): void;

/**
 * A step with momentum `m`.
 */
export function momentum(w: number, g: number, m: number, len: number, rate: number, momentum: number, decay: number, nesterov: boolean): void;

/**
 * Squared error of each value.
 */
export function mse(x: number, targets: number, losses: number, dx: number, len: number): void;

/**
 * `out[i] = a[i]·b[i]`.
 */
export function multiply(a: number, b: number, out: number, len: number): void;

/**
 * `out[i] += a[i]·b[i]`.
 */
export function multiply_add(a: number, b: number, out: number, len: number): void;

/**
 * Normalises each row; `stats` gets the inverse of its root mean square.
 */
export function rms_norm(x: number, gain: number, out: number, stats: number, rows: number, cols: number, epsilon: number): void;

/**
 * Adds to `dx` and `dgain` what [`rms_norm`] owes them.
 */
export function rms_norm_backward(x: number, gain: number, stats: number, dy: number, dx: number, dgain: number, rows: number, cols: number): void;

/**
 * A step of RMSProp with mean squares `v`.
 */
export function rmsprop(w: number, g: number, v: number, len: number, rate: number, rho: number, epsilon: number): void;

/**
 * One row-wise Adagrad step for `count` rows of a table with `rows` values of state.
 */
export function row_adagrad(table: number, squares: number, indices: number, gradients: number, rows: number, dim: number, count: number, rate: number, epsilon: number): number;

/**
 * `out[i] = Σ a[i][j]·b[i][j]`.
 */
export function row_dot(a: number, b: number, out: number, rows: number, cols: number): void;

/**
 * One gradient step for `count` rows of a table.
 */
export function row_sgd(table: number, indices: number, gradients: number, rows: number, dim: number, count: number, rate: number): number;

/**
 * `out[i] = Σ x[i][j]`.
 */
export function row_sum(x: number, out: number, rows: number, cols: number): void;

/**
 * `out[i] = factor·x[i]`; `x` may be `out`.
 */
export function scale(x: number, out: number, len: number, factor: number): void;

/**
 * Adds `count` rows of `values` to rows of a table.
 */
export function scatter_add(table: number, indices: number, values: number, rows: number, dim: number, count: number): number;

/**
 * `out[i] = table[i] · vector` for `rows` rows of `dim` values.
 */
export function scores(table: number, rows: number, dim: number, vector: number, out: number): void;

/**
 * A step down the gradient.
 */
export function sgd(w: number, g: number, len: number, rate: number, decay: number): void;

/**
 * Each row as a distribution.
 */
export function softmax(x: number, out: number, rows: number, cols: number): void;

/**
 * Adds to `dx` what [`softmax`] owes its input.
 */
export function softmax_backward(y: number, dy: number, dx: number, rows: number, cols: number): void;

/**
 * Solves `A x = b` in place of `b`, `A` a packed triangle of float64. False, and `b` as it was,
 * if `A` is not positive definite.
 */
export function solve(matrix: number, right: number, dim: number, scratch: number): boolean;

/**
 * How many float64 values of scratch the kernels below need.
 */
export function solve_scratch(dim: number): number;

/**
 * `Σ x[i]²` in float64.
 */
export function squared_norm(x: number, len: number): number;

/**
 * `out[i] = a[i] − b[i]`.
 */
export function subtract(a: number, b: number, out: number, len: number): void;

/**
 * `out[0] = Σ x[i]`.
 */
export function sum(x: number, out: number, len: number): void;

/**
 * Turns a matrix of `rows` rows of `cols` values over.
 */
export function transpose(x: number, out: number, rows: number, cols: number): void;

/**
 * `out[i] = y(x[i])`.
 */
export function unary(x: number, out: number, len: number, op: number): void;

/**
 * `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
 */
export function unary_backward(x: number, y: number, dy: number, dx: number, len: number, op: number): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly activate: (a: number, b: number, c: number, d: number) => void;
    readonly activate_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly adagrad: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly adam: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => void;
    readonly adamw: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => void;
    readonly add: (a: number, b: number, c: number, d: number) => void;
    readonly add_block: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly add_columns: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly add_rows: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly add_scaled: (a: number, b: number, c: number, d: number) => void;
    readonly add_scaled_rows: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly als_exact: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => number;
    readonly als_newton: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => number;
    readonly any_not_finite: (a: number, b: number) => number;
    readonly attention: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number) => void;
    readonly attention_backward: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number, n: number, o: number, p: number, q: number) => void;
    readonly attention_backward_scratch: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly attention_scratch: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly bce: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly bpr: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly clip_norm: (a: number, b: number, c: number, d: number) => void;
    readonly column_sum: (a: number, b: number, c: number, d: number) => void;
    readonly column_sums: (a: number, b: number, c: number, d: number) => void;
    readonly cross_entropy: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly divide: (a: number, b: number, c: number, d: number) => void;
    readonly divide_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly dot: (a: number, b: number, c: number) => number;
    readonly dropout: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly dropout_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly fill: (a: number, b: number, c: number) => void;
    readonly gather: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gemm: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number, n: number, o: number) => void;
    readonly gemm_scratch: (a: number, b: number, c: number) => number;
    readonly gram: (a: number, b: number, c: number, d: number) => void;
    readonly huber: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly invert: (a: number, b: number, c: number, d: number) => number;
    readonly invert_scratch: (a: number) => number;
    readonly layer_norm: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly layer_norm_backward: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => void;
    readonly linear: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => void;
    readonly linear_backward: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number) => void;
    readonly linear_backward_scratch: (a: number, b: number, c: number) => number;
    readonly linear_scratch: (a: number, b: number, c: number) => number;
    readonly log_softmax: (a: number, b: number, c: number, d: number) => void;
    readonly log_softmax_backward: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly max: (a: number, b: number, c: number) => void;
    readonly mean: (a: number, b: number, c: number) => void;
    readonly mf_fit_person: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number, n: number, o: number, p: number) => number;
    readonly mf_step_rows: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly momentum: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly mse: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly multiply: (a: number, b: number, c: number, d: number) => void;
    readonly multiply_add: (a: number, b: number, c: number, d: number) => void;
    readonly rms_norm: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => void;
    readonly rms_norm_backward: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly rmsprop: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => void;
    readonly row_adagrad: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => number;
    readonly row_dot: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly row_sgd: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly row_sum: (a: number, b: number, c: number, d: number) => void;
    readonly scale: (a: number, b: number, c: number, d: number) => void;
    readonly scatter_add: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly scores: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly sgd: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly softmax: (a: number, b: number, c: number, d: number) => void;
    readonly softmax_backward: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly solve: (a: number, b: number, c: number, d: number) => number;
    readonly solve_scratch: (a: number) => number;
    readonly squared_norm: (a: number, b: number) => number;
    readonly subtract: (a: number, b: number, c: number, d: number) => void;
    readonly sum: (a: number, b: number, c: number) => void;
    readonly transpose: (a: number, b: number, c: number, d: number) => void;
    readonly unary: (a: number, b: number, c: number, d: number) => void;
    readonly unary_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
