/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const activate: (a: number, b: number, c: number, d: number) => void;
export const activate_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
export const als_exact: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => number;
export const als_newton: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => number;
export const axpy: (a: number, b: number, c: number, d: number) => void;
export const column_sums: (a: number, b: number, c: number, d: number) => void;
export const dot: (a: number, b: number, c: number) => number;
export const gather: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
export const gram: (a: number, b: number, c: number, d: number) => void;
export const mf_fit_person: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number, n: number, o: number, p: number) => number;
export const mf_step_rows: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
export const row_adagrad: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => number;
export const row_sgd: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
export const scatter_add: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
export const scores: (a: number, b: number, c: number, d: number, e: number) => void;
export const solve: (a: number, b: number, c: number, d: number) => number;
export const solve_scratch: (a: number) => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
