//! What JavaScript calls for masking: spans come as a byte address and a number of words, a ring as
//! its index.

use crate::chacha::Key;
use crate::expand;
use crate::gauss::{self, Width};
use crate::kahe::{Context, KEY_WORDS, RINGS, Ring, SHARE_PRIME, Slots};
use crate::ntt::TABLE_WORDS;
use crate::{pad, rns, shamir};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

fn ring(index: usize) -> &'static Ring {
    &RINGS[index]
}

fn key(ptr: usize) -> Key {
    let words: &[u32] = span(ptr, 8);
    core::array::from_fn(|i| words[i])
}

/// What masking and opening have in common: a ring with its tables, a transformed key or sum of keys,
/// the seed of the public polynomials, and how values lie.
fn context(
    ring_index: usize,
    tables: usize,
    transform: usize,
    seed: &Key,
    slots: Slots,
) -> Context<'_> {
    let ring = ring(ring_index);
    let tables = span(tables, TABLE_WORDS * ring.words());
    let key = span(transform, KEY_WORDS * ring.words());
    Context { ring, tables, key, seed, slots }
}

/// Fills the tables of a ring: 4 words for each coefficient and prime.
#[wasm_bindgen]
pub fn kahe_tables(ring_index: usize, tables: usize) {
    let ring = ring(ring_index);
    ring.fill_tables(span_mut(tables, TABLE_WORDS * ring.words()));
}

/// Adds `len` words of whole polynomials. Returns the number of rows, or, having changed nothing, the
/// index of the first row with a word that is no residue.
#[wasm_bindgen]
#[must_use]
pub fn kahe_add(ring_index: usize, acc: usize, x: usize, len: usize) -> usize {
    let ring = ring(ring_index);
    let mut primes = [SHARE_PRIME; 3];
    for (prime, &(of, _)) in primes.iter_mut().zip(ring.primes) {
        *prime = of;
    }
    let primes = &primes[..ring.primes.len()];
    let added = rns::add_rows(span_mut(acc, len), span(x, len), ring.degree, primes);
    added.err().unwrap_or(len / ring.degree)
}

/// Draws `len` samples of the key's distribution as residues mod the share prime, by the keystream of
/// the 32 bytes at `seed`.
#[wasm_bindgen]
pub fn kahe_draw_key(out: usize, len: usize, seed: usize) {
    gauss::gauss(span_mut(out, len), Width::Key, &key(seed), [0; 3], SHARE_PRIME.0);
}

/// Transforms a key, or a sum of keys, of `N` residues mod the share prime: 2 words for each
/// coefficient and prime.
#[wasm_bindgen]
pub fn kahe_transform_key(ring_index: usize, tables: usize, secret: usize, out: usize) {
    let ring = ring(ring_index);
    let tables: &[u32] = span(tables, TABLE_WORDS * ring.words());
    let out = span_mut(out, KEY_WORDS * ring.words());
    ring.transform_key(tables, span(secret, ring.degree), out);
}

/// Adds the uniform key that the 32 bytes at `seed` stand for to a sum of transformed ones, one word for
/// each coefficient and prime, or takes it away. `scratch` is `N` words.
#[wasm_bindgen]
pub fn key_add_seed(ring_index: usize, sum: usize, seed: usize, minus: bool, scratch: usize) {
    let ring = ring(ring_index);
    let scratch = span_mut(scratch, ring.degree);
    ring.add_seed(span_mut(sum, ring.words()), &key(seed), minus, scratch);
}

/// Makes of a sum of transformed keys what [`kahe_transform_key`] makes of a key.
#[wasm_bindgen]
pub fn key_ready(ring_index: usize, sum: usize, out: usize) {
    let ring = ring(ring_index);
    ring.ready_key(span(sum, ring.words()), span_mut(out, KEY_WORDS * ring.words()));
}

/// Encrypts `polys` polynomials of values, the first of which is number `first`. `scratch` is `N` words
/// and as many for each prime.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn kahe_mask(
    ring_index: usize,
    tables: usize,
    transform: usize,
    public_key: usize,
    error_key: usize,
    slots: usize,
    width: u32,
    first: u32,
    polys: usize,
    values: usize,
    out: usize,
    scratch: usize,
) {
    let seed = key(public_key);
    let context = context(ring_index, tables, transform, &seed, Slots { count: slots, width });
    let ring = context.ring;
    let values = span(values, polys * slots * ring.degree);
    let out = span_mut(out, polys * ring.words());
    let scratch = span_mut(scratch, ring.degree + ring.words());
    context.mask(values, out, first, &key(error_key), scratch);
}

/// Opens the sum of `polys` polynomials, the first of which is number `first`; `sum` is used up. Writes
/// the largest magnitude of the summed errors and the sum of their squares to `noise`. `scratch` is
/// `N` words.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn kahe_unmask(
    ring_index: usize,
    tables: usize,
    transform: usize,
    public_key: usize,
    slots: usize,
    width: u32,
    first: u32,
    polys: usize,
    sum: usize,
    values: usize,
    noise: usize,
    scratch: usize,
) {
    let seed = key(public_key);
    let context = context(ring_index, tables, transform, &seed, Slots { count: slots, width });
    let ring = context.ring;
    let sum = span_mut(sum, polys * ring.words());
    let values = span_mut(values, polys * slots * ring.degree);
    let found = context.unmask(sum, values, first, span_mut(scratch, ring.degree));
    let noise: &mut [f64] = span_mut(noise, 2);
    noise[0] = found.most as f64;
    noise[1] = found.squares;
}

/// Expands the 32 bytes at `seed` to `len` residues mod the share prime.
#[wasm_bindgen]
pub fn share_expand(out: usize, len: usize, seed: usize) {
    expand::expand(span_mut(out, len), &key(seed), [0; 3], SHARE_PRIME);
}

/// Adds `len` residues mod the share prime. Returns whether all of `x` were; if not, nothing changed.
#[wasm_bindgen]
#[must_use]
pub fn share_add(acc: usize, x: usize, len: usize) -> bool {
    rns::add_rows(span_mut(acc, len), span(x, len), len, &[SHARE_PRIME]).is_ok()
}

/// Value at `target` of the polynomials through `count` rows of `len` residues at `places`.
#[wasm_bindgen]
pub fn share_interpolate(
    places: usize,
    count: usize,
    rows: usize,
    len: usize,
    target: u32,
    out: usize,
) {
    let rows = span(rows, count * len);
    shamir::interpolate(span(places, count), rows, target, span_mut(out, len));
}

/// Adds the keystream of the 32 bytes at `seed` to `len` words mod 2^32.
#[wasm_bindgen]
pub fn pad_add(acc: usize, len: usize, seed: usize) {
    pad::add(span_mut(acc, len), &key(seed));
}

/// Takes the keystream of the 32 bytes at `seed` away from `len` words mod 2^32.
#[wasm_bindgen]
pub fn pad_sub(acc: usize, len: usize, seed: usize) {
    pad::sub(span_mut(acc, len), &key(seed));
}
