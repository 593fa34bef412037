/* tslint:disable */
/* eslint-disable */

/**
 * `acc[i] += x[i]` mod 2^32 for `len` words.
 */
export function add_u32(acc: number, x: number, len: number): void;

/**
 * `out[i] = (sum[i] - offset) * unit` for `len` words, the difference read as signed.
 */
export function dequantise(sum: number, out: number, len: number, offset: number, unit: number): void;

/**
 * Index of the first of `len` words that is above `most`; `len` if none is.
 */
export function first_above_u32(x: number, len: number, most: number): number;

/**
 * Rounds `len` float32 values at `x` to words at `out`; value `i` by word `16 * block + skip + i`
 * of the keystream of the 32 bytes at `key`. Returns `len`, or, having written nothing, the index
 * of the first value that is infinite or NaN.
 */
export function quantise(x: number, out: number, len: number, limit: number, scale: number, key: number, block: number, skip: number): number;

/**
 * `x[i] *= factor` for `len` float32 values.
 */
export function scale(x: number, len: number, factor: number): void;

/**
 * Sum of the squares of `len` float32 values, not finite exactly when one of them is not.
 */
export function squared_norm(x: number, len: number): number;

/**
 * `acc[i] -= x[i]` mod 2^32 for `len` words.
 */
export function sub_u32(acc: number, x: number, len: number): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly add_u32: (a: number, b: number, c: number) => void;
    readonly dequantise: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly first_above_u32: (a: number, b: number, c: number) => number;
    readonly quantise: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly scale: (a: number, b: number, c: number) => void;
    readonly squared_norm: (a: number, b: number) => number;
    readonly sub_u32: (a: number, b: number, c: number) => void;
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
