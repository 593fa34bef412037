//! What JavaScript calls: spans come as a byte address; matrices have `rows` rows of `cols` values.

use crate::layer_norm;
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// Normalises each row; `stats` gets its mean and the inverse of its standard deviation.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn layer_norm(
    x: usize,
    gain: usize,
    shift: usize,
    out: usize,
    stats: usize,
    rows: usize,
    cols: usize,
    epsilon: f32,
) {
    layer_norm::layer_norm(
        span(x, rows * cols),
        span(gain, cols),
        span(shift, cols),
        span_mut(out, rows * cols),
        span_mut(stats, rows * 2).as_chunks_mut().0,
        epsilon,
    );
}

/// Adds to `dx`, `dgain` and `dshift` what [`layer_norm`] owes them.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn layer_norm_backward(
    x: usize,
    gain: usize,
    stats: usize,
    dy: usize,
    dx: usize,
    dgain: usize,
    dshift: usize,
    rows: usize,
    cols: usize,
) {
    layer_norm::layer_norm_backward(
        [span(x, rows * cols), span(dy, rows * cols)],
        span(gain, cols),
        span(stats, rows * 2).as_chunks().0,
        span_mut(dx, rows * cols),
        span_mut(dgain, cols),
        span_mut(dshift, cols),
    );
}
