//! What JavaScript calls: spans come as a byte address and a number of values.

use crate::{
    chacha::Key,
    quantise::{self, Grid},
    ring,
};
use memory::{norm, span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// `acc[i] += x[i]` mod 2^32 for `len` words.
#[wasm_bindgen]
pub fn add_u32(acc: usize, x: usize, len: usize) {
    ring::add(span_mut(acc, len), span(x, len));
}

/// `acc[i] -= x[i]` mod 2^32 for `len` words.
#[wasm_bindgen]
pub fn sub_u32(acc: usize, x: usize, len: usize) {
    ring::sub(span_mut(acc, len), span(x, len));
}

/// Index of the first of `len` words that is above `most`; `len` if none is.
#[wasm_bindgen]
#[must_use]
pub fn first_above_u32(x: usize, len: usize, most: u32) -> usize {
    ring::first_above(span(x, len), most).unwrap_or(len)
}

/// Rounds `len` float32 values at `x` to words at `out`; value `i` by word `16 * block + skip + i`
/// of the keystream of the 32 bytes at `key`. Returns `len`, or, having written nothing, the index
/// of the first value that is infinite or NaN.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn quantise(
    x: usize,
    out: usize,
    len: usize,
    limit: u32,
    scale: f32,
    key: usize,
    block: u32,
    skip: usize,
) -> usize {
    let values: &[f32] = span(x, len);
    if let Some(at) = quantise::first_not_finite(values) {
        return at;
    }
    let key: &[u32] = span(key, 8);
    let key: Key = core::array::from_fn(|i| key[i]);
    let grid = Grid { limit, scale };
    quantise::quantise(values, span_mut(out, len), grid, &key, block, skip);
    len
}

/// `out[i] = (sum[i] - offset) * unit` for `len` words, the difference read as signed.
#[wasm_bindgen]
pub fn dequantise(sum: usize, out: usize, len: usize, offset: u32, unit: f64) {
    quantise::dequantise(span(sum, len), span_mut(out, len), offset, unit);
}

/// Sum of the squares of `len` float32 values, not finite exactly when one of them is not.
#[wasm_bindgen]
#[must_use]
pub fn squared_norm(x: usize, len: usize) -> f64 {
    norm::squared(span(x, len))
}

/// `x[i] *= factor` for `len` float32 values.
#[wasm_bindgen]
pub fn scale(x: usize, len: usize, factor: f32) {
    norm::scale(span_mut(x, len), factor);
}
