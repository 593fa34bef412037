//! What JavaScript calls: spans come as a byte address and a number of values.

use crate::optimiser::{self, Adam, Momentum};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// A step down the gradient.
#[wasm_bindgen]
pub fn sgd(w: usize, g: usize, len: usize, rate: f64, decay: f64) {
    optimiser::sgd(span_mut(w, len), span(g, len), rate, decay);
}

/// A step with momentum `m`.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn momentum(
    w: usize,
    g: usize,
    m: usize,
    len: usize,
    rate: f64,
    momentum: f64,
    decay: f64,
    nesterov: bool,
) {
    let step = Momentum { rate, momentum, decay, nesterov };
    optimiser::momentum(span_mut(w, len), span(g, len), span_mut(m, len), &step);
}

/// Step number `step` of Adam with moments `m` and `v`; `decay` goes into the gradient.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn adam(
    w: usize,
    g: usize,
    m: usize,
    v: usize,
    len: usize,
    rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    step: u32,
    decay: f64,
) {
    let adam = Adam { rate, beta1, beta2, epsilon, step, decay, decoupled_decay: 0.0 };
    let (w, g) = (span_mut(w, len), span(g, len));
    optimiser::adam(w, g, span_mut(m, len), span_mut(v, len), &adam);
}

/// The same with `decay` beside the step.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn adamw(
    w: usize,
    g: usize,
    m: usize,
    v: usize,
    len: usize,
    rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    step: u32,
    decay: f64,
) {
    let adam = Adam { rate, beta1, beta2, epsilon, step, decay: 0.0, decoupled_decay: decay };
    let (w, g) = (span_mut(w, len), span(g, len));
    optimiser::adam(w, g, span_mut(m, len), span_mut(v, len), &adam);
}

/// A step of Adagrad with squares `v`.
#[wasm_bindgen]
pub fn adagrad(w: usize, g: usize, v: usize, len: usize, rate: f64, epsilon: f64) {
    optimiser::adagrad(span_mut(w, len), span(g, len), span_mut(v, len), rate, epsilon);
}

/// A step of RMSProp with mean squares `v`.
#[wasm_bindgen]
pub fn rmsprop(w: usize, g: usize, v: usize, len: usize, rate: f64, rho: f64, epsilon: f64) {
    optimiser::rmsprop(span_mut(w, len), span(g, len), span_mut(v, len), rate, rho, epsilon);
}
