/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const add_noise: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => void;
export const add_u32: (a: number, b: number, c: number) => void;
export const dequantise: (a: number, b: number, c: number, d: number, e: number) => void;
export const first_above_u32: (a: number, b: number, c: number) => number;
export const flip_signs: (a: number, b: number, c: number, d: number) => void;
export const hadamard: (a: number, b: number, c: number) => void;
export const kahe_add: (a: number, b: number, c: number, d: number) => number;
export const kahe_draw_key: (a: number, b: number, c: number) => void;
export const kahe_mask: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => void;
export const kahe_tables: (a: number, b: number) => void;
export const kahe_transform_key: (a: number, b: number, c: number, d: number) => void;
export const kahe_unmask: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => void;
export const key_add_seed: (a: number, b: number, c: number, d: number, e: number) => void;
export const key_ready: (a: number, b: number, c: number) => void;
export const pad_add: (a: number, b: number, c: number) => void;
export const pad_sub: (a: number, b: number, c: number) => void;
export const quantise: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
export const scale: (a: number, b: number, c: number) => void;
export const share_add: (a: number, b: number, c: number) => number;
export const share_expand: (a: number, b: number, c: number) => void;
export const share_interpolate: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
export const squared_norm: (a: number, b: number) => number;
export const squared_words: (a: number, b: number, c: number) => number;
export const sub_u32: (a: number, b: number, c: number) => void;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
