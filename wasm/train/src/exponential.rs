//! `e^x` on lanes, and the functions that stand on it. They use additions, multiplications,
//! divisions and comparisons alone, so that every runtime gives the same bits.
//!
//! The coefficients are minimax fits (Remez) made for these intervals.

use core::f32::consts::LOG2_E;
use memory::lanes::{F32x4, U32x4};

/// `ln 2` in two parts: products of the first with whole numbers below 2^9 are exact.
pub const LN_2_HIGH: f32 = 0.693_359_4;
pub const LN_2_LOW: f32 = -2.121_944_4e-4;

/// Added to a float below 2^22, it rounds it to a whole number, which then stands in the low bits.
const ROUNDING: f32 = 12_582_912.0;

/// `(e^r − 1 − r) / r²` for `|r| ≤ ln 2 / 2`, by falling powers (relative error of `e^r` 5e-9).
const SERIES: [f32; 5] = [0.001_394_677_6, 0.008_366_765, 0.041_666_28, 0.166_665_42, 0.5];

/// `e^(a²/2)·Φ(−a)` for `a ≥ 0` in powers of `1 / (1 + 0.3 a)`, falling (relative error 6e-8).
const TAIL: [f32; 9] = [
    0.038_378_08,
    -0.169_165_1,
    0.228_658_02,
    -0.076_504_156,
    0.142_533_96,
    0.094_684_17,
    0.121_920_19,
    0.119_487_71,
    7.167_801_5e-6,
];

/// `Σ coefficients[i]·x^(n − 1 − i)` by Horner's rule.
#[inline(always)]
pub fn polynomial<const N: usize>(x: F32x4, coefficients: [f32; N]) -> F32x4 {
    let [first, rest @ ..] = coefficients.as_slice() else { return F32x4::splat(0.0) };
    rest.iter().fold(F32x4::splat(*first), |sum, &next| sum * x + F32x4::splat(next))
}

/// `x = k·ln 2 + r`: gives `e^r − 1` and `2^(k − 1)`, for `−87.5 ≤ x ≤ 89`. The power is 0 for the
/// least `k`.
#[inline(always)]
fn split(x: F32x4) -> (F32x4, F32x4) {
    let shifted = x * F32x4::splat(LOG2_E) + F32x4::splat(ROUNDING);
    let k = shifted - F32x4::splat(ROUNDING);
    let r = x - k * F32x4::splat(LN_2_HIGH) - k * F32x4::splat(LN_2_LOW);
    let power = shifted.to_bits().shift_left::<23>() + U32x4::splat(126 << 23);
    (r + r * r * polynomial(r, SERIES), power.to_floats())
}

/// `e^x`, relative error 2e-7; results below 1.7e-38 are 0.
#[inline(always)]
#[must_use]
pub fn exp(x: F32x4) -> F32x4 {
    let (fraction, half) = split(x.at_least(F32x4::splat(-87.5)).at_most(F32x4::splat(89.0)));
    let scaled = (fraction + F32x4::splat(1.0)) * half;
    scaled + scaled
}

/// `1 / (1 + e^−x)`.
#[inline(always)]
#[must_use]
pub fn sigmoid(x: F32x4) -> F32x4 {
    let one = F32x4::splat(1.0);
    one / (one + exp(F32x4::splat(0.0) - x))
}

/// `(e^2a − 1) / (e^2a + 1)` of `a = |x|`, with the sign of `x`; relative error 4e-7.
#[inline(always)]
#[must_use]
pub fn tanh(x: F32x4) -> F32x4 {
    // From 9.1 on the result rounds to 1.
    let doubled = x.abs().at_most(F32x4::splat(10.0));
    let (fraction, half) = split(doubled + doubled);
    let power = half + half;
    let less_one = fraction * power + (power - F32x4::splat(1.0));
    let size = less_one / (less_one + F32x4::splat(2.0));
    let sign = x.to_bits() & U32x4::splat(1 << 31);
    (size.to_bits() | sign).to_floats()
}

/// The normal distribution: `Φ(x)`, and its density times `√2π`, `e^(−x²/2)`.
///
/// Both tails keep a relative error of `2e-7·(2 + x²)`.
#[inline(always)]
#[must_use]
pub fn normal(x: F32x4) -> (F32x4, F32x4) {
    let one = F32x4::splat(1.0);
    let density = exp(x * x * F32x4::splat(-0.5));
    let t = one / (one + x.abs() * F32x4::splat(0.3));
    let beyond = density * polynomial(t, TAIL);
    (x.less_than(F32x4::splat(0.0)).select(beyond, one - beyond), density)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `each` with values from `−limit` to `limit` and their images.
    fn sweep(limit: f32, function: impl Fn(F32x4) -> F32x4, each: impl Fn(f64, f64)) {
        for i in -10_000..=10_000 {
            let x = limit * (i as f32 / 10_000.0);
            each(f64::from(x), f64::from(function(F32x4::splat(x)).to_array()[0]));
        }
    }

    fn one(function: impl Fn(F32x4) -> F32x4, x: f32) -> f32 {
        let lanes = function(F32x4::load(&[0.5, x, -0.5, x])).to_array();
        assert_eq!(lanes[1].to_bits(), lanes[3].to_bits());
        lanes[1]
    }

    #[test]
    fn exp_is_within_two_parts_in_ten_million() {
        sweep(86.9, exp, |x, got| assert!((got / x.exp() - 1.0).abs() < 2e-7, "{x}: {got}"));
        sweep(1.0, exp, |x, got| assert!((got / x.exp() - 1.0).abs() < 2e-7, "{x}: {got}"));
    }

    #[test]
    fn exp_at_its_ends_is_that_of_ieee_but_for_subnormal_results() {
        for (x, want) in [
            (0.0, 1.0),
            (-0.0, 1.0),
            (f32::INFINITY, f32::INFINITY),
            (f32::NEG_INFINITY, 0.0),
            (88.8, f32::INFINITY),
            (-87.5, 0.0),
            (-1e30, 0.0),
            (1e30, f32::INFINITY),
        ] {
            assert_eq!(one(exp, x), want, "{x}");
        }
        let most = f64::from(one(exp, 88.72));
        assert!((most / f64::from(88.72_f32).exp() - 1.0).abs() < 2e-7, "{most}");
        assert!(one(exp, f32::NAN).is_nan());
    }

    #[test]
    fn sigmoid_is_within_three_parts_in_ten_million_in_both_tails() {
        sweep(86.0, sigmoid, |x, got| {
            assert!((got * (1.0 + (-x).exp()) - 1.0).abs() < 3e-7, "{x}: {got}");
        });
        let ends = [f32::NEG_INFINITY, -1e9, 0.0, 1e9, f32::INFINITY];
        assert_eq!(ends.map(|x| one(sigmoid, x)), [0.0, 0.0, 0.5, 1.0, 1.0]);
        assert!(one(sigmoid, f32::NAN).is_nan());
    }

    #[test]
    fn tanh_is_within_four_parts_in_ten_million_also_near_zero() {
        for limit in [20.0, 1.0, 1e-3, 1e-12] {
            sweep(limit, tanh, |x, got| {
                let want = x.tanh();
                assert!((got - want).abs() <= 4e-7 * want.abs(), "{x}: {got}");
            });
        }
        let ends = [f32::NEG_INFINITY, -1e9, 1e9, f32::INFINITY];
        assert_eq!(ends.map(|x| one(tanh, x)), [-1.0, -1.0, 1.0, 1.0]);
        assert_eq!(one(tanh, -0.0).to_bits(), (-0.0_f32).to_bits());
        assert!(one(tanh, f32::NAN).is_nan());
    }

    /// `Φ(x)` by the integral of its series around 0 (near) or its continued fraction (far).
    fn distribution(x: f64) -> f64 {
        let density = (-x * x / 2.0).exp() / (2.0 * core::f64::consts::PI).sqrt();
        if x.abs() < 3.0 {
            let mut term = x;
            let mut sum = x;
            for n in 1..80 {
                term *= x * x / f64::from(2 * n + 1);
                sum += term;
            }
            return 0.5 + density * sum;
        }
        let fraction = (1..200).rev().fold(x.abs(), |below, n| x.abs() + f64::from(n) / below);
        if x < 0.0 { density / fraction } else { 1.0 - density / fraction }
    }

    #[test]
    fn the_normal_distribution_keeps_its_relative_error_in_the_tails() {
        sweep(
            12.0,
            |x| normal(x).0,
            |x, got| {
                let want = distribution(x);
                assert!((got - want).abs() <= 2e-7 * (2.0 + x * x) * want, "{x}: {got}, {want}");
            },
        );
        let ends = [f32::NEG_INFINITY, -20.0, 0.0, 20.0, f32::INFINITY];
        let got = ends.map(|x| one(|x| normal(x).0, x));
        assert_eq!((got[0], got[1], got[3], got[4]), (0.0, 0.0, 1.0, 1.0));
        assert!((got[2] - 0.5).abs() < 1e-7);
        assert!(one(|x| normal(x).0, f32::NAN).is_nan());
    }
}
