//! What JavaScript calls: spans come as a byte address, 0 for one that is left out.

use super::{Gradients, Known, Layer, linear as forward, linear_backward as backward};
use crate::activation::Activation;
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

fn layer(rows: usize, inputs: usize, outputs: usize, activation: u32) -> Layer {
    match Activation::from_number(activation) {
        Some(activation) => Layer { rows, inputs, outputs, activation },
        None => core::arch::wasm32::unreachable(),
    }
}

fn given<'a>(address: usize, len: usize) -> Option<&'a [f32]> {
    (address != 0).then(|| span(address, len))
}

fn given_mut<'a>(address: usize, len: usize) -> Option<&'a mut [f32]> {
    (address != 0).then(|| span_mut(address, len))
}

/// `z = x·w + bias`, `y = f(z)`; `bias` and `z` may be 0.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn linear(
    x: usize,
    w: usize,
    bias: usize,
    z: usize,
    y: usize,
    scratch: usize,
    rows: usize,
    inputs: usize,
    outputs: usize,
    activation: u32,
) {
    let layer = layer(rows, inputs, outputs, activation);
    forward(
        &layer,
        [span(x, rows * inputs), span(w, inputs * outputs)],
        given(bias, outputs),
        given_mut(z, rows * outputs),
        span_mut(y, rows * outputs),
        span_mut(scratch, layer.scratch_len()),
    );
}

/// How many bytes of scratch [`linear`] needs.
#[wasm_bindgen]
#[must_use]
pub fn linear_scratch(rows: usize, inputs: usize, outputs: usize) -> usize {
    size_of::<f32>() * layer(rows, inputs, outputs, 0).scratch_len()
}

/// `dx += dz·wᵀ`, `dw += xᵀ·dz`, `dbias += Σ dz`, each unless it is 0. Of `z` and `y`, what the
/// slope of the activation does not need may be 0.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn linear_backward(
    x: usize,
    w: usize,
    z: usize,
    y: usize,
    dy: usize,
    dx: usize,
    dw: usize,
    dbias: usize,
    scratch: usize,
    rows: usize,
    inputs: usize,
    outputs: usize,
    activation: u32,
) {
    let layer = layer(rows, inputs, outputs, activation);
    let len = rows * outputs;
    let dy = span(dy, len);
    let known = Known {
        x: span(x, rows * inputs),
        w: span(w, inputs * outputs),
        z: if layer.activation.needs_input() { span(z, len) } else { dy },
        y: if layer.activation.needs_output() { span(y, len) } else { dy },
        dy,
    };
    let gradients = Gradients {
        dx: given_mut(dx, rows * inputs),
        dw: given_mut(dw, inputs * outputs),
        dbias: given_mut(dbias, outputs),
    };
    backward(&layer, &known, gradients, span_mut(scratch, layer.backward_scratch_len()));
}

/// How many bytes of scratch [`linear_backward`] needs.
#[wasm_bindgen]
#[must_use]
pub fn linear_backward_scratch(rows: usize, inputs: usize, outputs: usize) -> usize {
    size_of::<f32>() * layer(rows, inputs, outputs, 0).backward_scratch_len()
}
