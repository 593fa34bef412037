//! What JavaScript calls: spans come as a byte address, strides in values.

use super::{Matrix, Output, Product, extent, gemm as multiply, scratch_len};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// `C = alpha·A·B + beta·C` with A `m × k`, B `k × n`, and the distance of two rows and of two
/// columns of each.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn gemm(
    a: usize,
    b: usize,
    c: usize,
    scratch: usize,
    m: usize,
    n: usize,
    k: usize,
    a_row: usize,
    a_col: usize,
    b_row: usize,
    b_col: usize,
    c_row: usize,
    c_col: usize,
    alpha: f32,
    beta: f32,
) {
    let a = Matrix { values: span(a, extent(m, a_row, k, a_col)), row: a_row, col: a_col };
    let b = Matrix { values: span(b, extent(k, b_row, n, b_col)), row: b_row, col: b_col };
    let c = Output { values: span_mut(c, extent(m, c_row, n, c_col)), row: c_row, col: c_col };
    let scratch = span_mut(scratch, scratch_len(m, n, k));
    multiply(&Product { m, n, k, a, b, alpha, beta }, c, scratch);
}

/// How many bytes of scratch [`gemm`] needs.
#[wasm_bindgen]
#[must_use]
pub fn gemm_scratch(m: usize, n: usize, k: usize) -> usize {
    size_of::<f32>() * scratch_len(m, n, k)
}
