//! What JavaScript calls for rotation and noise: spans come as a byte address and a number of values.

use crate::chacha::Key;
use crate::{hadamard, noise};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

fn key(ptr: usize) -> Key {
    let words: &[u32] = span(ptr, 8);
    core::array::from_fn(|i| words[i])
}

/// Turns over signs of `len` float32 values by the keystream of the 32 bytes at `seed`, from block
/// `counter`.
#[wasm_bindgen]
pub fn flip_signs(x: usize, len: usize, seed: usize, counter: u32) {
    hadamard::flip_signs(span_mut(x, len), &key(seed), counter);
}

/// Transforms `len` float32 values block by block.
#[wasm_bindgen]
pub fn hadamard(x: usize, len: usize, block: usize) {
    hadamard::transform(span_mut(x, len), block);
}

/// Adds a sample and `offset` to each of `len` words; the table has `entries` of four words, `scratch`
/// `steps` of two.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn add_noise(
    words: usize,
    len: usize,
    table: usize,
    entries: usize,
    scratch: usize,
    steps: usize,
    seed: usize,
    stream: u32,
    offset: u32,
) {
    let table = span(table, 4 * entries);
    let scratch = span_mut(scratch, steps);
    noise::add_noise(span_mut(words, len), table, scratch, &key(seed), stream, offset);
}

/// Sum of the squares of `len` words less `offset`, as signed words.
#[wasm_bindgen]
#[must_use]
pub fn squared_words(x: usize, len: usize, offset: u32) -> f64 {
    noise::squared(span(x, len), offset)
}
