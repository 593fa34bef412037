//! What JavaScript calls: spans come as a byte address and a number of values, a function by its
//! number in [`Unary::ALL`].

use super::{Unary, unary as apply, unary_backward as apply_backward};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

fn known(number: u32) -> Unary {
    match Unary::from_number(number) {
        Some(function) => function,
        None => core::arch::wasm32::unreachable(),
    }
}

/// `out[i] = y(x[i])`.
#[wasm_bindgen]
pub fn unary(x: usize, out: usize, len: usize, op: u32) {
    apply(known(op), span(x, len), span_mut(out, len));
}

/// `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
#[wasm_bindgen]
pub fn unary_backward(x: usize, y: usize, dy: usize, dx: usize, len: usize, op: u32) {
    let function = known(op);
    let given = span(if function.needs_input() { x } else { y }, len);
    apply_backward(function, given, span(dy, len), span_mut(dx, len));
}
