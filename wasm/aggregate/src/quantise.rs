//! Float32 values to the signed grid of `2L + 1` points and back, `L = 2^(bits - 1) - 1`.
//!
//! `y = clamp(x * (L / c), -L, L)` in float32 is rounded to `floor(y) + (u < y - floor(y))` with a
//! uniform `u` of 24 bits from the keystream: never `floor(y + u)`, which float32 can round past
//! the next grid point. What is sent is `q + L`, so that nothing is negative.

use crate::chacha::{Key, Keystream, WORDS};
use memory::lanes::{F32x4, F64x2, U32x4};

/// One step of a 24-bit uniform.
const STEP: f32 = 1.0 / 16_777_216.0;

/// Where the grid lies.
#[derive(Clone, Copy)]
pub struct Grid {
    /// `L`, at most `2^24 - 1` so that float32 holds every point.
    pub limit: u32,
    /// Grid points per unit: `L / c` rounded to float32.
    pub scale: f32,
}

/// Index of the first value that is infinite or NaN.
#[must_use]
pub fn first_not_finite(x: &[f32]) -> Option<usize> {
    // Which value it was matters only once one is found: until then whole runs, without a branch.
    x.chunks(1024).enumerate().find_map(|(i, run)| {
        let found = || run.iter().position(|value| !value.is_finite());
        if all_finite(run) { None } else { found().map(|at| i * 1024 + at) }
    })
}

/// Whether no value is infinite or NaN: those minus themselves are NaN, all others 0.
#[expect(clippy::eq_op, reason = "that the difference is 0 is what is asked")]
fn all_finite(x: &[f32]) -> bool {
    let (quads, tail) = x.as_chunks::<4>();
    let mut met = U32x4::splat(0);
    for quad in quads {
        let values = F32x4::load(quad);
        met = met | (values - values).to_bits();
    }
    met.is_zero() && tail.iter().all(|value| value.is_finite())
}

/// Whether all values are 0, of either sign.
fn all_zero(x: &[f32]) -> bool {
    let (quads, tail) = x.as_chunks::<4>();
    let met = quads.iter().fold(U32x4::splat(0), |met, quad| met | F32x4::load(quad).to_bits());
    met.shift_left::<1>().is_zero() && tail.iter().all(|&value| value == 0.0)
}

/// Quantises `x` into `out`, of the same length. Value `i` is rounded by word
/// `16 * block + skip + i` of the keystream of nonce 0. Every value must be finite.
///
/// No word can move a 0 from its grid point, so that runs of them draw none: a client that touched
/// a tenth of a table's rows is done in a fifth of the time.
pub fn quantise(x: &[f32], out: &mut [u32], grid: Grid, key: &Key, block: u32, skip: usize) {
    let keystream = Keystream::new(key, [0; 3]);
    let mut stream = [0; WORDS];
    let mut counter = block;
    let mut fresh = skip;
    let (mut x, mut out) = (x, out);
    while !x.is_empty() {
        let count = (WORDS - fresh).min(x.len());
        let (x_now, x_later) = x.split_at(count);
        let (out_now, out_later) = out.split_at_mut(count);
        if all_zero(x_now) {
            out_now.fill(grid.limit);
        } else {
            keystream.four_blocks(counter, &mut stream);
            round(x_now, out_now, grid, &stream[fresh..fresh + count]);
        }
        (x, out) = (x_later, out_later);
        counter = counter.wrapping_add(4);
        fresh = 0;
    }
}

/// Rounds values by the random words given, one each.
#[inline(always)]
fn round(x: &[f32], out: &mut [u32], grid: Grid, words: &[u32]) {
    let (x_quads, x_tail) = x.as_chunks::<4>();
    let (out_quads, out_tail) = out.as_chunks_mut::<4>();
    let (word_quads, word_tail) = words.as_chunks::<4>();
    for ((x, out), words) in x_quads.iter().zip(out_quads).zip(word_quads) {
        round_lanes(F32x4::load(x), U32x4::load(words), grid).store(out);
    }
    if !x_tail.is_empty() {
        // The tail goes through the same lanes, so that there is one rule only.
        let (mut x, mut words) = ([0.0; 4], [0; 4]);
        x[..x_tail.len()].copy_from_slice(x_tail);
        words[..word_tail.len()].copy_from_slice(word_tail);
        let rounded = round_lanes(F32x4::load(&x), U32x4::load(&words), grid).to_array();
        out_tail.copy_from_slice(&rounded[..out_tail.len()]);
    }
}

#[inline(always)]
fn round_lanes(x: F32x4, words: U32x4, grid: Grid) -> U32x4 {
    let limit = grid.limit as f32;
    let y = (x * F32x4::splat(grid.scale)).clamp(F32x4::splat(-limit), F32x4::splat(limit));
    let floor = y.floor();
    let u = words.shift_right::<8>().signed_to_f32() * F32x4::splat(STEP);
    // All bits set is -1: subtracting it rounds up.
    let up = u.less_than(y - floor);
    floor.to_signed() - up + U32x4::splat(grid.limit)
}

/// `out[i] = (sum[i] - offset) * unit`, the difference read as a signed word: exact while the sum
/// of the updates' magnitudes stays below 2^31. Computed in float64, rounded once to float32.
pub fn dequantise(sum: &[u32], out: &mut [f32], offset: u32, unit: f64) {
    let units = F64x2::splat(unit);
    let (sum_quads, sum_tail) = sum.as_chunks::<4>();
    let (out_quads, out_tail) = out.as_chunks_mut::<4>();
    for (sum, out) in sum_quads.iter().zip(out_quads) {
        let (low, high) = (U32x4::load(sum) - U32x4::splat(offset)).signed_to_f64();
        (low * units).to_f32(high * units).store(out);
    }
    for (&sum, out) in sum_tail.iter().zip(out_tail) {
        *out = (f64::from(sum.wrapping_sub(offset).cast_signed()) * unit) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chacha::tests::block, floats, words};

    /// Scalar reference: the rule of the module's doc comment, value by value.
    fn reference(x: f32, grid: Grid, word: u32) -> u32 {
        let limit = grid.limit as f32;
        let y = (x * grid.scale).max(-limit).min(limit);
        let u = (word >> 8) as f32 / 16_777_216.0;
        let q = y.floor() as i64 + i64::from(u < y - y.floor());
        u32::try_from(q + i64::from(grid.limit)).unwrap()
    }

    fn grid(bits: u32, range: f64) -> Grid {
        let limit = (1 << (bits - 1)) - 1;
        Grid { limit, scale: (f64::from(limit) / range) as f32 }
    }

    #[test]
    fn quantise_equals_its_scalar_reference_at_every_length_place_and_width() {
        let key: Key = words(8, 7)[..].try_into().unwrap();
        for len in 0..=200 {
            for (bits, skip) in [(2, 0), (9, len % 16), (16, 15), (25, 3)] {
                let x = floats(len, len as u64, 3.0);
                let grid = grid(bits, 1.25);
                let mut out = vec![0; len];
                quantise(&x, &mut out, grid, &key, 5, skip);
                for i in 0..len {
                    let at = skip + i;
                    let word = block(&key, 5 + (at / 16) as u32, [0; 3])[at % 16];
                    assert_eq!(out[i], reference(x[i], grid, word), "value {i} of {len}");
                }
            }
        }
    }

    #[test]
    fn runs_of_zeros_leave_every_other_value_its_own_word() {
        let key: Key = words(8, 3)[..].try_into().unwrap();
        let grid = grid(9, 1.0);
        for len in [1, 63, 64, 65, 300, 1000] {
            for (at, skip) in [(0, 0), (len / 2, 5), (len - 1, 15)] {
                // Zeros of both signs, and a single value among them.
                let mut x: Vec<f32> =
                    (0..len).map(|i| if i % 3 == 0 { -0.0 } else { 0.0 }).collect();
                x[at] = 0.3;
                let mut out = vec![7; len];
                quantise(&x, &mut out, grid, &key, 2, skip);
                for i in 0..len {
                    let place = skip + i;
                    let word = block(&key, 2 + (place / 16) as u32, [0; 3])[place % 16];
                    assert_eq!(out[i], reference(x[i], grid, word), "value {i} of {len}");
                }
            }
        }
    }

    #[test]
    fn the_grid_holds_its_ends_and_an_exact_zero_whatever_the_random_word() {
        let key: Key = [0; 8];
        for bits in 2..=25 {
            let grid = grid(bits, 0.7);
            let x = [0.0, -0.0, 0.7, -0.7, 1e30, -1e30, f32::MAX, f32::MIN];
            let mut out = [0; 8];
            for block in 0..50 {
                quantise(&x, &mut out, grid, &key, block, 0);
                let (l, ends) = (grid.limit, &out[4..]);
                assert_eq!(ends, [2 * l, 0, 2 * l, 0]);
                assert_eq!(out[..2], [l, l]);
                assert!(out[2] >= 2 * l - 1 && out[3] <= 1, "{out:?}");
            }
        }
    }

    #[test]
    fn rounding_given_a_word_follows_the_comparison_and_never_overshoots() {
        let grid = Grid { limit: 1 << 23, scale: 1.0 };
        // Just below a whole number, floor(y + u) would give 2.
        let below = f32::from_bits(1.0_f32.to_bits() - 1);
        assert_eq!(reference(below, grid, u32::MAX) - grid.limit, 0);
        assert_eq!(reference(-f32::MIN_POSITIVE, grid, u32::MAX), grid.limit);
        for (x, word, want) in [
            (0.5, 0x7fff_ff00, 1),
            (0.5, 0x8000_0000, 0),
            (-0.25, 0xbfff_ff00, 0),
            (-0.25, 0xc000_0000, -1),
            (3.0, 0, 3),
        ] {
            let mut out = [0];
            round(&[x], &mut out, grid, &[word]);
            assert_eq!(i64::from(out[0]) - i64::from(grid.limit), want);
            assert_eq!(out[0], reference(x, grid, word));
        }
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_found_wherever_it_stands() {
        for len in [1, 2, 255, 256, 257, 700] {
            let x = floats(len, 9, f32::MAX);
            assert_eq!(first_not_finite(&x), None);
            for at in [0, len / 2, len - 1] {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let mut x = x.clone();
                    x[at] = bad;
                    x[len - 1] = bad;
                    assert_eq!(first_not_finite(&x), Some(at));
                }
            }
        }
        assert_eq!(first_not_finite(&[]), None);
    }

    #[test]
    fn dequantise_equals_its_scalar_reference_at_every_length_and_offset() {
        for len in 0..=70 {
            for skip in 0..4 {
                let sum = words(len + skip, 11);
                let mut out = vec![0.0; len];
                dequantise(&sum[skip..], &mut out, 0x8123_4567, 0.001);
                for i in 0..len {
                    let signed = sum[skip + i].wrapping_sub(0x8123_4567) as i32;
                    assert_eq!(out[i], (f64::from(signed) * 0.001) as f32);
                }
            }
        }
    }
}
