/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const fill_zero: (a: number, b: number) => void;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
