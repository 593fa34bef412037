//! What JavaScript calls: spans come as a byte address and a number of values, 0 for a gradient that
//! is not asked for.

use crate::loss;
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

fn wanted<'a>(ptr: usize, len: usize) -> Option<&'a mut [f32]> {
    (ptr != 0).then(|| span_mut(ptr, len))
}

/// Logistic loss of each logit against its target.
#[wasm_bindgen]
pub fn bce(logits: usize, targets: usize, losses: usize, dlogits: usize, len: usize) {
    let losses = span_mut(losses, len);
    loss::bce(span(logits, len), span(targets, len), losses, wanted(dlogits, len));
}

/// Pairwise ranking loss; both gradients or none.
#[wasm_bindgen]
pub fn bpr(
    positive: usize,
    negative: usize,
    losses: usize,
    dpositive: usize,
    dnegative: usize,
    len: usize,
) {
    let gradients = wanted(dpositive, len).zip(wanted(dnegative, len)).map(|(p, n)| [p, n]);
    loss::bpr(span(positive, len), span(negative, len), span_mut(losses, len), gradients);
}

/// Squared error of each value.
#[wasm_bindgen]
pub fn mse(x: usize, targets: usize, losses: usize, dx: usize, len: usize) {
    loss::mse(span(x, len), span(targets, len), span_mut(losses, len), wanted(dx, len));
}

/// Huber's loss of each value.
#[wasm_bindgen]
pub fn huber(x: usize, targets: usize, losses: usize, dx: usize, len: usize, delta: f32) {
    let losses = span_mut(losses, len);
    loss::huber(span(x, len), span(targets, len), losses, wanted(dx, len), delta);
}
