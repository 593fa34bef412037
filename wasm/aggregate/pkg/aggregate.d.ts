/* tslint:disable */
/* eslint-disable */

/**
 * Adds a sample and `offset` to each of `len` words; the table has `entries` of four words, `scratch`
 * `steps` of two.
 */
export function add_noise(words: number, len: number, table: number, entries: number, scratch: number, steps: number, seed: number, stream: number, offset: number): void;

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
 * Turns over signs of `len` float32 values by the keystream of the 32 bytes at `seed`, from block
 * `counter`.
 */
export function flip_signs(x: number, len: number, seed: number, counter: number): void;

/**
 * Transforms `len` float32 values block by block.
 */
export function hadamard(x: number, len: number, block: number): void;

/**
 * Adds `len` words of whole polynomials. Returns the number of rows, or, having changed nothing, the
 * index of the first row with a word that is no residue.
 */
export function kahe_add(ring_index: number, acc: number, x: number, len: number): number;

/**
 * Draws `len` samples of the key's distribution as residues mod the share prime, by the keystream of
 * the 32 bytes at `seed`.
 */
export function kahe_draw_key(out: number, len: number, seed: number): void;

/**
 * Encrypts `polys` polynomials of values, the first of which is number `first`. `scratch` is `N` words
 * and as many for each prime.
 */
export function kahe_mask(ring_index: number, tables: number, transform: number, public_key: number, error_key: number, slots: number, width: number, first: number, polys: number, values: number, out: number, scratch: number): void;

/**
 * Fills the tables of a ring: 4 words for each coefficient and prime.
 */
export function kahe_tables(ring_index: number, tables: number): void;

/**
 * Transforms a key, or a sum of keys, of `N` residues mod the share prime: 2 words for each
 * coefficient and prime.
 */
export function kahe_transform_key(ring_index: number, tables: number, secret: number, out: number): void;

/**
 * Opens the sum of `polys` polynomials, the first of which is number `first`; `sum` is used up. Writes
 * the largest magnitude of the summed errors and the sum of their squares to `noise`. `scratch` is
 * `N` words.
 */
export function kahe_unmask(ring_index: number, tables: number, transform: number, public_key: number, slots: number, width: number, first: number, polys: number, sum: number, values: number, noise: number, scratch: number): void;

/**
 * Adds the uniform key that the 32 bytes at `seed` stand for to a sum of transformed ones, one word for
 * each coefficient and prime, or takes it away. `scratch` is `N` words.
 */
export function key_add_seed(ring_index: number, sum: number, seed: number, minus: boolean, scratch: number): void;

/**
 * Makes of a sum of transformed keys what [`kahe_transform_key`] makes of a key.
 */
export function key_ready(ring_index: number, sum: number, out: number): void;

/**
 * Adds the keystream of the 32 bytes at `seed` to `len` words mod 2^32.
 */
export function pad_add(acc: number, len: number, seed: number): void;

/**
 * Takes the keystream of the 32 bytes at `seed` away from `len` words mod 2^32.
 */
export function pad_sub(acc: number, len: number, seed: number): void;

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
 * Adds `len` residues mod the share prime. Returns whether all of `x` were; if not, nothing changed.
 */
export function share_add(acc: number, x: number, len: number): boolean;

/**
 * Expands the 32 bytes at `seed` to `len` residues mod the share prime.
 */
export function share_expand(out: number, len: number, seed: number): void;

/**
 * Value at `target` of the polynomials through `count` rows of `len` residues at `places`.
 */
export function share_interpolate(places: number, count: number, rows: number, len: number, target: number, out: number): void;

/**
 * Sum of the squares of `len` float32 values, not finite exactly when one of them is not.
 */
export function squared_norm(x: number, len: number): number;

/**
 * Sum of the squares of `len` words less `offset`, as signed words.
 */
export function squared_words(x: number, len: number, offset: number): number;

/**
 * `acc[i] -= x[i]` mod 2^32 for `len` words.
 */
export function sub_u32(acc: number, x: number, len: number): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly add_noise: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => void;
    readonly add_u32: (a: number, b: number, c: number) => void;
    readonly dequantise: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly first_above_u32: (a: number, b: number, c: number) => number;
    readonly flip_signs: (a: number, b: number, c: number, d: number) => void;
    readonly hadamard: (a: number, b: number, c: number) => void;
    readonly kahe_add: (a: number, b: number, c: number, d: number) => number;
    readonly kahe_draw_key: (a: number, b: number, c: number) => void;
    readonly kahe_mask: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => void;
    readonly kahe_tables: (a: number, b: number) => void;
    readonly kahe_transform_key: (a: number, b: number, c: number, d: number) => void;
    readonly kahe_unmask: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => void;
    readonly key_add_seed: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly key_ready: (a: number, b: number, c: number) => void;
    readonly pad_add: (a: number, b: number, c: number) => void;
    readonly pad_sub: (a: number, b: number, c: number) => void;
    readonly quantise: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly scale: (a: number, b: number, c: number) => void;
    readonly share_add: (a: number, b: number, c: number) => number;
    readonly share_expand: (a: number, b: number, c: number) => void;
    readonly share_interpolate: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly squared_norm: (a: number, b: number) => number;
    readonly squared_words: (a: number, b: number, c: number) => number;
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
