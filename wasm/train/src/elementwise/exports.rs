//! What JavaScript calls: spans come as a byte address and a number of values.

use crate::{elementwise, vector};
use memory::{norm, span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// `out[i] = value`.
#[wasm_bindgen]
pub fn fill(out: usize, len: usize, value: f32) {
    span_mut(out, len).fill(value);
}

/// `out[i] = a[i] + b[i]`.
#[wasm_bindgen]
pub fn add(a: usize, b: usize, out: usize, len: usize) {
    elementwise::add(span(a, len), span(b, len), span_mut(out, len));
}

/// `out[i] = a[i] − b[i]`.
#[wasm_bindgen]
pub fn subtract(a: usize, b: usize, out: usize, len: usize) {
    elementwise::subtract(span(a, len), span(b, len), span_mut(out, len));
}

/// `out[i] = a[i]·b[i]`.
#[wasm_bindgen]
pub fn multiply(a: usize, b: usize, out: usize, len: usize) {
    elementwise::multiply(span(a, len), span(b, len), span_mut(out, len));
}

/// `out[i] += a[i]·b[i]`.
#[wasm_bindgen]
pub fn multiply_add(a: usize, b: usize, out: usize, len: usize) {
    elementwise::multiply_add(span(a, len), span(b, len), span_mut(out, len));
}

/// `out[i] = a[i] / b[i]`.
#[wasm_bindgen]
pub fn divide(a: usize, b: usize, out: usize, len: usize) {
    elementwise::divide(span(a, len), span(b, len), span_mut(out, len));
}

/// For `y = a / b`: `da[i] += dy[i] / b[i]` and `db[i] −= dy[i]·y[i] / b[i]`, each unless its
/// address is 0.
#[wasm_bindgen]
pub fn divide_backward(b: usize, y: usize, dy: usize, da: usize, db: usize, len: usize) {
    let (b, dy) = (span(b, len), span(dy, len));
    if da != 0 {
        elementwise::divide_add(dy, b, span_mut(da, len));
    }
    if db != 0 {
        elementwise::divide_backward(b, span(y, len), dy, span_mut(db, len));
    }
}

/// `out[i] += factor·x[i]`.
#[wasm_bindgen]
pub fn add_scaled(x: usize, out: usize, len: usize, factor: f32) {
    vector::axpy(factor, span(x, len), span_mut(out, len));
}

/// `out[i] = factor·x[i]`; `x` may be `out`.
#[wasm_bindgen]
pub fn scale(x: usize, out: usize, len: usize, factor: f32) {
    if x == out {
        norm::scale(span_mut(out, len), factor);
    } else {
        elementwise::scale(span(x, len), span_mut(out, len), factor);
    }
}

/// Adds one row of `cols` values to each of `rows`.
#[wasm_bindgen]
pub fn add_rows(x: usize, row: usize, out: usize, rows: usize, cols: usize) {
    elementwise::add_rows(span(x, rows * cols), span(row, cols), span_mut(out, rows * cols));
}

/// `out[i][j] += factors[i]·x[i][j]`.
#[wasm_bindgen]
pub fn add_scaled_rows(x: usize, factors: usize, out: usize, rows: usize, cols: usize) {
    let (x, out) = (span(x, rows * cols), span_mut(out, rows * cols));
    elementwise::add_scaled_rows(x, span(factors, rows), out);
}

/// `out[i][j] += factor·column[i]`.
#[wasm_bindgen]
pub fn add_columns(column: usize, out: usize, rows: usize, cols: usize, factor: f32) {
    elementwise::add_columns(span(column, rows), span_mut(out, rows * cols), factor);
}
