//! What JavaScript calls: spans come as a byte address and a number of values.

use crate::reduction;
use memory::{norm, span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// `out[0] = Σ x[i]`.
#[wasm_bindgen]
pub fn sum(x: usize, out: usize, len: usize) {
    span_mut(out, 1).fill(reduction::sum(span(x, len)) as f32);
}

/// `out[0]` is the mean of `x`, NaN of none.
#[wasm_bindgen]
pub fn mean(x: usize, out: usize, len: usize) {
    span_mut(out, 1).fill((reduction::sum(span(x, len)) / len as f64) as f32);
}

/// `out[0]` is the largest value of `x`.
#[wasm_bindgen]
pub fn max(x: usize, out: usize, len: usize) {
    span_mut(out, 1).fill(reduction::max(span(x, len)));
}

/// `out[i] = Σ x[i][j]`.
#[wasm_bindgen]
pub fn row_sum(x: usize, out: usize, rows: usize, cols: usize) {
    reduction::row_sum(span(x, rows * cols), span_mut(out, rows));
}

/// `out[j] += Σ x[i][j]`.
#[wasm_bindgen]
pub fn column_sum(x: usize, out: usize, rows: usize, cols: usize) {
    reduction::column_sum(span(x, rows * cols), span_mut(out, cols));
}

/// `out[i] = Σ a[i][j]·b[i][j]`.
#[wasm_bindgen]
pub fn row_dot(a: usize, b: usize, out: usize, rows: usize, cols: usize) {
    reduction::row_dot(span(a, rows * cols), span(b, rows * cols), span_mut(out, rows));
}

/// `Σ x[i]²` in float64.
#[wasm_bindgen]
#[must_use]
pub fn squared_norm(x: usize, len: usize) -> f64 {
    norm::squared(span(x, len))
}

/// Writes the L2 norm of `g` to `norm`, and shrinks `g` to `most` where it is longer. A norm that
/// is NaN leaves `g` as it is.
#[wasm_bindgen]
pub fn clip_norm(g: usize, norm: usize, len: usize, most: f64) {
    let g = span_mut(g, len);
    let length = norm::squared(g).sqrt();
    span_mut(norm, 1).fill(length as f32);
    if length > most {
        norm::scale(g, (most / length) as f32);
    }
}

/// Whether a value of `x` is infinite or NaN.
#[wasm_bindgen]
#[must_use]
pub fn any_not_finite(x: usize, len: usize) -> bool {
    reduction::any_not_finite(span(x, len))
}
