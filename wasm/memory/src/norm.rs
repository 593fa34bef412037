//! Squared L2 norm and scaling of float32 vectors.

use crate::lanes::{F32x4, F64x2};

/// Sum of squares in float64, in one order for every build and length: value `i` is added to
/// partial sum `i mod 8`, and the sums `s` are closed as
/// `((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))`.
///
/// Infinite or NaN exactly when a value is, as squares of float32 stay far below float64's range.
#[must_use]
pub fn squared(x: &[f32]) -> f64 {
    let (turns, tail) = x.as_chunks::<8>();
    let mut sums = [F64x2::splat(0.0); 4];
    for turn in turns {
        let (quads, _) = turn.as_chunks::<4>();
        for (i, quad) in quads.iter().enumerate() {
            let (low, high) = F32x4::load(quad).to_f64();
            sums[2 * i] = sums[2 * i] + low * low;
            sums[2 * i + 1] = sums[2 * i + 1] + high * high;
        }
    }
    let mut s = [0.0; 8];
    let (pairs, _) = s.as_chunks_mut::<2>();
    for (pair, sum) in pairs.iter_mut().zip(sums) {
        sum.store(pair);
    }
    for (sum, &value) in s.iter_mut().zip(tail) {
        *sum += f64::from(value) * f64::from(value);
    }
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// `x[i] *= factor`, in float32.
pub fn scale(x: &mut [f32], factor: f32) {
    let (quads, tail) = x.as_chunks_mut::<4>();
    for quad in quads {
        (F32x4::load(quad) * F32x4::splat(factor)).store(quad);
    }
    for value in tail {
        *value *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values spread over `[-range, range]`, the same in every run.
    fn floats(count: usize, seed: u32, range: f32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / f64::from(1_u32 << 31) - 1.0
        };
        (0..count).map(|_| (next() * f64::from(range)) as f32).collect()
    }

    fn reference(x: &[f32]) -> f64 {
        let mut s = [0.0; 8];
        for (i, &value) in x.iter().enumerate() {
            s[i % 8] += f64::from(value).powi(2);
        }
        ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    }

    #[test]
    fn the_squared_norm_equals_its_scalar_reference_bit_for_bit_at_every_length_and_offset() {
        for len in 0..=130 {
            for offset in 0..4 {
                let x = floats(len + offset, 3, 2.0);
                let (got, want) = (squared(&x[offset..]), reference(&x[offset..]));
                assert_eq!(got.to_bits(), want.to_bits());
            }
        }
    }

    #[test]
    fn the_squared_norm_is_exact_where_every_partial_sum_is() {
        assert_eq!(squared(&[]), 0.0);
        assert_eq!(squared(&[3.0, -4.0]), 25.0);
        assert_eq!(squared(&[2.0; 1001]), 4004.0);
        assert_eq!(squared(&[f32::MAX; 9]), 9.0 * f64::from(f32::MAX).powi(2));
    }

    #[test]
    fn a_value_that_is_not_finite_makes_the_norm_not_finite_wherever_it_stands() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..21 {
                let mut x = floats(21, 4, 1.0);
                x[at] = bad;
                assert!(!squared(&x).is_finite());
            }
        }
    }

    #[test]
    fn scale_equals_its_scalar_reference_at_every_length() {
        for len in 0..=40 {
            let x = floats(len, 5, 8.0);
            let mut got = x.clone();
            scale(&mut got, 0.3);
            assert_eq!(got, x.iter().map(|v| v * 0.3).collect::<Vec<f32>>());
        }
    }
}
