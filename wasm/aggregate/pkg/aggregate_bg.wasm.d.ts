/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const add_u32: (a: number, b: number, c: number) => void;
export const dequantise: (a: number, b: number, c: number, d: number, e: number) => void;
export const first_above_u32: (a: number, b: number, c: number) => number;
export const quantise: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
export const scale: (a: number, b: number, c: number) => void;
export const squared_norm: (a: number, b: number) => number;
export const sub_u32: (a: number, b: number, c: number) => void;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
