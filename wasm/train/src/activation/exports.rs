//! What JavaScript calls: spans come as a byte address and a number of values, an activation by its
//! number in [`Activation::ALL`].

use super::{Activation, activate as apply, activate_backward as apply_backward};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

fn known(number: u32) -> Activation {
    match Activation::from_number(number) {
        Some(activation) => activation,
        None => core::arch::wasm32::unreachable(),
    }
}

/// `out[i] = y(x[i])`.
#[wasm_bindgen]
pub fn activate(x: usize, out: usize, len: usize, activation: u32) {
    apply(known(activation), span(x, len), span_mut(out, len));
}

/// `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
#[wasm_bindgen]
pub fn activate_backward(x: usize, y: usize, dy: usize, dx: usize, len: usize, activation: u32) {
    let activation = known(activation);
    let (dy, dx) = (span(dy, len), span_mut(dx, len));
    let x = if activation.needs_input() { span(x, len) } else { dy };
    let y = if activation.needs_output() { span(y, len) } else { dy };
    apply_backward(activation, x, y, dy, dx);
}
