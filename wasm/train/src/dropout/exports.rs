//! What JavaScript calls: spans come as a byte address and a number of values, the seed as two
//! words.

use crate::dropout::{self, Mask};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// Leaves values out at `rate`.
#[wasm_bindgen]
pub fn dropout(x: usize, out: usize, len: usize, rate: f32, seed_low: u32, seed_high: u32) {
    let mask = Mask::new(rate, [seed_low, seed_high]);
    dropout::dropout(span(x, len), span_mut(out, len), mask);
}

/// Adds to `dx` what [`dropout`] of the same rate and seed owes its input.
#[wasm_bindgen]
pub fn dropout_backward(
    dy: usize,
    dx: usize,
    len: usize,
    rate: f32,
    seed_low: u32,
    seed_high: u32,
) {
    let mask = Mask::new(rate, [seed_low, seed_high]);
    dropout::dropout_backward(span(dy, len), span_mut(dx, len), mask);
}
