//! What JavaScript calls: spans come as a byte address; matrices have `rows` rows of `cols` values.

use crate::cross_entropy;
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// Loss of each row, and the gradient of their sum unless its address is 0. Returns `rows`, or the
/// position of the first label outside; nothing has been written then.
#[wasm_bindgen]
#[must_use]
pub fn cross_entropy(
    logits: usize,
    labels: usize,
    losses: usize,
    dlogits: usize,
    rows: usize,
    cols: usize,
    smoothing: f32,
) -> usize {
    let labels = span(labels, rows);
    if let Some(at) = cross_entropy::first_outside(labels, cols) {
        return at;
    }
    cross_entropy::cross_entropy(
        span(logits, rows * cols),
        labels,
        span_mut(losses, rows),
        (dlogits != 0).then(|| span_mut(dlogits, rows * cols)),
        smoothing,
    );
    rows
}
