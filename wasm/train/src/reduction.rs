//! Sums and maxima, each in one order for every build and length.

use crate::lanewise::{lanewise, padded};
use crate::vector::dot;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// Values that are summed in float32 before the sum goes on in float64.
const BLOCK: usize = 256;

/// `Σ x[i]`: float32 sums over blocks of 256 values, added up in float64.
#[must_use]
pub fn sum(x: &[f32]) -> f64 {
    x.chunks(BLOCK).fold(0.0, |sum, block| sum + f64::from(block_sum(block)))
}

/// `Σ x[i]` of a few values in float32: value `i` is added to partial sum `i mod 8`.
#[inline(always)]
fn block_sum(x: &[f32]) -> f32 {
    let (turns, tail) = x.as_chunks::<8>();
    let (mut low, mut high) = (F32x4::splat(0.0), F32x4::splat(0.0));
    for &[a, b, c, d, e, f, g, h] in turns {
        low = low + F32x4::load(&[a, b, c, d]);
        high = high + F32x4::load(&[e, f, g, h]);
    }
    let (quads, tail) = tail.as_chunks::<4>();
    for quad in quads {
        low = low + F32x4::load(quad);
    }
    across(low + high + padded(tail, 0.0))
}

/// Sum of the lanes.
#[inline(always)]
#[must_use]
pub fn across(lanes: F32x4) -> f32 {
    let [a, b, c, d] = lanes.to_array();
    (a + c) + (b + d)
}

/// The largest value, NaN if one is NaN, −∞ of none.
#[must_use]
pub fn max(x: &[f32]) -> f32 {
    // Bits of NaN, less its sign, are above those of infinity.
    if largest_bits(x) > f32::INFINITY.to_bits() {
        return f32::NAN;
    }
    let (quads, tail) = x.as_chunks::<4>();
    let rest = padded(tail, f32::NEG_INFINITY);
    let most = quads.iter().fold(rest, |most, quad| most.max(F32x4::load(quad)));
    let [a, b, c, d] = most.to_array();
    a.max(b).max(c.max(d))
}

/// `out[i] = Σ x[i][j]`.
pub fn row_sum(x: &[f32], out: &mut [f32]) {
    let cols = x.len() / out.len().max(1);
    for (i, out) in out.iter_mut().enumerate() {
        *out = sum(&x[i * cols..][..cols]) as f32;
    }
}

/// `out[j] += Σ x[i][j]`, rows in order.
pub fn column_sum(x: &[f32], out: &mut [f32]) {
    for row in x.chunks_exact(out.len().max(1)) {
        lanewise([row], [out], |[x], [out]| [out + x]);
    }
}

/// `out[i] = Σ a[i][j]·b[i][j]`.
pub fn row_dot(a: &[f32], b: &[f32], out: &mut [f32]) {
    let cols = a.len() / out.len().max(1);
    for (i, out) in out.iter_mut().enumerate() {
        *out = dot(&a[i * cols..][..cols], &b[i * cols..][..cols]);
    }
}

/// Whether a value is infinite or NaN.
#[must_use]
pub fn any_not_finite(x: &[f32]) -> bool {
    largest_bits(x) >= f32::INFINITY.to_bits()
}

/// The largest of all bit patterns without their signs.
fn largest_bits(x: &[f32]) -> u32 {
    let (quads, tail) = x.as_chunks::<4>();
    let most = quads.iter().fold(padded(tail, 0.0).abs().to_bits(), |most, quad| {
        most.max(F32x4::load(quad).abs().to_bits())
    });
    most.to_array().into_iter().fold(0, u32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    #[test]
    fn sums_are_those_of_float64_at_every_length_and_offset() {
        for len in (0..=40).chain([255, 256, 257, 1000]) {
            for offset in 0..4 {
                let x = floats(len + offset, 1, 1.0);
                let want: f64 = x[offset..].iter().map(|&x| f64::from(x)).sum();
                assert!((sum(&x[offset..]) - want).abs() < 1e-6 * (1.0 + len as f64).sqrt());
            }
        }
        // More than float32 could count.
        let mut x = vec![1.0; 2 * BLOCK];
        x[..BLOCK].fill(0.0);
        x[0] = 16_777_216.0;
        assert_eq!(sum(&x), 16_777_216.0 + BLOCK as f64);
        assert!(sum(&[1.0, f32::NAN]).is_nan());
        assert_eq!(sum(&[1.0, f32::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn the_largest_value_is_found_wherever_it_stands_and_nan_wins() {
        for len in 1..=19 {
            for at in 0..len {
                let mut x = floats(len, 2, 1.0);
                x[at] = 2.0;
                assert_eq!(max(&x), 2.0);
                x[at] = f32::NAN;
                assert!(max(&x).is_nan());
                x[at] = f32::INFINITY;
                assert_eq!(max(&x), f32::INFINITY);
            }
        }
        assert_eq!(max(&[]), f32::NEG_INFINITY);
        assert_eq!(max(&[-3.0]), -3.0);
    }

    #[test]
    fn rows_and_columns_are_summed_at_every_shape() {
        for rows in [0, 1, 2, 5] {
            for cols in [0, 1, 3, 4, 7, 16, 18] {
                let (a, b) = (floats(rows * cols, 3, 1.0), floats(rows * cols, 4, 1.0));
                let (mut sums, mut dots) = (vec![9.0; rows], vec![9.0; rows]);
                let mut columns = floats(cols, 5, 1.0);
                let before = columns.clone();
                row_sum(&a, &mut sums);
                row_dot(&a, &b, &mut dots);
                column_sum(&a, &mut columns);
                for i in 0..rows {
                    let row = i * cols..(i + 1) * cols;
                    let want: f32 = a[row.clone()].iter().sum();
                    assert!((sums[i] - want).abs() < 1e-5);
                    let want: f32 = a[row.clone()].iter().zip(&b[row]).map(|(a, b)| a * b).sum();
                    assert!((dots[i] - want).abs() < 1e-5);
                }
                for j in 0..cols {
                    let want = (0..rows).fold(before[j], |sum, i| sum + a[i * cols + j]);
                    assert_eq!(columns[j], want);
                }
            }
        }
    }

    #[test]
    fn a_value_that_is_not_finite_is_found_wherever_it_stands() {
        assert!(!any_not_finite(&[]));
        for len in 1..=13 {
            assert!(!any_not_finite(&vec![f32::MAX; len]));
            for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for at in 0..len {
                    let mut x = floats(len, 6, 1.0);
                    x[at] = bad;
                    assert!(any_not_finite(&x));
                }
            }
        }
    }
}
