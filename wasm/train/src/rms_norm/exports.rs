//! What JavaScript calls: spans come as a byte address; matrices have `rows` rows of `cols` values.

use crate::rms_norm;
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// Normalises each row; `stats` gets the inverse of its root mean square.
#[wasm_bindgen]
pub fn rms_norm(
    x: usize,
    gain: usize,
    out: usize,
    stats: usize,
    rows: usize,
    cols: usize,
    epsilon: f32,
) {
    rms_norm::rms_norm(
        span(x, rows * cols),
        span(gain, cols),
        span_mut(out, rows * cols),
        span_mut(stats, rows),
        epsilon,
    );
}

/// Adds to `dx` and `dgain` what [`rms_norm`] owes them.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn rms_norm_backward(
    x: usize,
    gain: usize,
    stats: usize,
    dy: usize,
    dx: usize,
    dgain: usize,
    rows: usize,
    cols: usize,
) {
    rms_norm::rms_norm_backward(
        [span(x, rows * cols), span(dy, rows * cols)],
        span(gain, cols),
        span(stats, rows),
        span_mut(dx, rows * cols),
        span_mut(dgain, cols),
    );
}
