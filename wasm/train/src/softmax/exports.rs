//! What JavaScript calls: spans come as a byte address; matrices have `rows` rows of `cols` values.

use crate::softmax;
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// Each row as a distribution.
#[wasm_bindgen]
pub fn softmax(x: usize, out: usize, rows: usize, cols: usize) {
    let len = rows * cols;
    softmax::softmax(span(x, len), span_mut(out, len), cols);
}

/// Adds to `dx` what [`softmax`] owes its input.
#[wasm_bindgen]
pub fn softmax_backward(y: usize, dy: usize, dx: usize, rows: usize, cols: usize) {
    let len = rows * cols;
    softmax::softmax_backward(span(y, len), span(dy, len), span_mut(dx, len), cols);
}

/// Logarithms of each row as a distribution.
#[wasm_bindgen]
pub fn log_softmax(x: usize, out: usize, rows: usize, cols: usize) {
    let len = rows * cols;
    softmax::log_softmax(span(x, len), span_mut(out, len), cols);
}

/// Adds to `dx` what [`log_softmax`] owes its input.
#[wasm_bindgen]
pub fn log_softmax_backward(y: usize, dy: usize, dx: usize, rows: usize, cols: usize) {
    let len = rows * cols;
    softmax::log_softmax_backward(span(y, len), span(dy, len), span_mut(dx, len), cols);
}
