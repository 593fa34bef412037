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
 * The exact server step over `items` items. Returns `items`, or the first item whose matrix is
 * not positive definite; the rows before it are then written already.
 */
export function als_exact(items: number, dim: number, outer: number, linear: number, counts: number, base: number, each: number, all: number, out: number, scratch: number): number;

/**
 * The quasi-Newton server step over `items` items; returns as [`als_exact`] does.
 */
export function als_newton(items: number, dim: number, table: number, gradients: number, strengths: number, base: number, curvature: number, each: number, all: number, rate: number, out: number, scratch: number): number;

/**
 * `y[i] += factor·x[i]` over `len` values.
 */
export function axpy(factor: number, x: number, y: number, len: number): void;

/**
 * Sum of `count` rows of `dim` values, in float64.
 */
export function column_sums(rows: number, count: number, dim: number, out: number): void;

/**
 * `Σ a[i]·b[i]` over `len` values.
 */
export function dot(a: number, b: number, len: number): number;

/**
 * Copies `count` rows of a table of `rows` rows to `out`.
 */
export function gather(table: number, rows: number, dim: number, indices: number, count: number, out: number): number;

/**
 * `XᵀX` of `count` rows of `dim` values, as a packed triangle of float64.
 */
export function gram(rows: number, count: number, dim: number, out: number): void;

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
 * One row-wise Adagrad step for `count` rows of a table with `rows` values of state.
 */
export function row_adagrad(table: number, squares: number, rows: number, dim: number, indices: number, count: number, gradients: number, rate: number, epsilon: number): number;

/**
 * One gradient step for `count` rows of a table.
 */
export function row_sgd(table: number, rows: number, dim: number, indices: number, count: number, gradients: number, rate: number): number;

/**
 * Adds `count` rows of `values` to rows of a table.
 */
export function scatter_add(table: number, rows: number, dim: number, indices: number, count: number, values: number): number;

/**
 * `out[i] = table[i] · vector` for `rows` rows of `dim` values.
 */
export function scores(table: number, rows: number, dim: number, vector: number, out: number): void;

/**
 * Solves `A x = b` in place of `b`, `A` a packed triangle of float64. False, and `b` as it was,
 * if `A` is not positive definite.
 */
export function solve(matrix: number, right: number, dim: number, scratch: number): boolean;

/**
 * How many float64 values of scratch the kernels below need.
 */
export function solve_scratch(dim: number): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly activate: (a: number, b: number, c: number, d: number) => void;
    readonly activate_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly als_exact: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => number;
    readonly als_newton: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => number;
    readonly axpy: (a: number, b: number, c: number, d: number) => void;
    readonly column_sums: (a: number, b: number, c: number, d: number) => void;
    readonly dot: (a: number, b: number, c: number) => number;
    readonly gather: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly gram: (a: number, b: number, c: number, d: number) => void;
    readonly mf_fit_person: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number, n: number, o: number, p: number) => number;
    readonly mf_step_rows: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly row_adagrad: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => number;
    readonly row_sgd: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly scatter_add: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly scores: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly solve: (a: number, b: number, c: number, d: number) => number;
    readonly solve_scratch: (a: number) => number;
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
