//! `ln x` on lanes, and `ln(1 + e^x)`. As in `exponential.rs`, no mathematical library is called.

use crate::exponential::{LN_2_HIGH, LN_2_LOW, exp, polynomial};
use core::f32::consts::FRAC_1_SQRT_2;
use memory::lanes::{F32x4, U32x4};

/// `(2·atanh(s)/s − 2) / s²` for `s² ≤ 1/9`, by falling powers of `s²` (relative error 5e-9).
const SERIES: [f32; 4] = [0.280_239_08, 0.279_995_54, 0.400_216_5, 0.666_664_1];

/// The least number above 0.
const LEAST: f32 = f32::from_bits(1);

/// `ln(1 + f) = 2·atanh(f / (2 + f))` for `1/√2 − 1 ≤ f ≤ 1`.
#[inline(always)]
fn log_near_one(f: F32x4) -> F32x4 {
    let s = f / (F32x4::splat(2.0) + f);
    let square = s * s;
    s + s + s * (square * polynomial(square, SERIES))
}

/// `ln x`, relative error 3e-7: −∞ for 0, NaN below.
#[inline(always)]
#[must_use]
pub fn log(x: F32x4) -> F32x4 {
    // Subnormal numbers get 23 more powers of two.
    let small = x.less_than(F32x4::splat(f32::MIN_POSITIVE));
    let scaled = small.select(x * F32x4::splat(8_388_608.0), x);
    // The exponent of 1 begins at 1/√2: the fraction lies between that and its double.
    let above = scaled.to_bits() - U32x4::splat(FRAC_1_SQRT_2.to_bits());
    let k = above & U32x4::splat(0xff80_0000);
    let fraction = (scaled.to_bits() - k).to_floats() - F32x4::splat(1.0);
    let k = k.signed_to_f32() * F32x4::splat(1.0 / 8_388_608.0)
        - small.select(F32x4::splat(23.0), F32x4::splat(0.0));
    let sum = k * F32x4::splat(LN_2_HIGH) + (log_near_one(fraction) + k * F32x4::splat(LN_2_LOW));
    // What is not above 0 and finite: −∞, NaN, or as it came.
    let zero = F32x4::splat(0.0);
    let finite = x.less_than(F32x4::splat(f32::INFINITY)).select(sum, x);
    let nan = x.less_than(zero).select(F32x4::splat(f32::NAN), finite);
    let is_zero = x.abs().less_than(F32x4::splat(LEAST));
    is_zero.select(F32x4::splat(f32::NEG_INFINITY), nan)
}

/// `ln(1 + e^−|x|)`, relative error 4e-7.
#[inline(always)]
#[must_use]
pub fn softplus_rest(x: F32x4) -> F32x4 {
    log_near_one(exp(F32x4::splat(0.0) - x.abs()))
}

/// `ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|)`, relative error 4e-7.
#[inline(always)]
#[must_use]
pub fn softplus(x: F32x4) -> F32x4 {
    x.at_least(F32x4::splat(0.0)) + softplus_rest(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(function: impl Fn(F32x4) -> F32x4, x: f32) -> f32 {
        function(F32x4::load(&[0.5, x, 2.0, x])).to_array()[1]
    }

    #[test]
    fn log_is_within_three_parts_in_ten_million_over_the_whole_range() {
        for i in 0..50_000_u32 {
            // Every bit pattern of a number above 0, in steps.
            let x = f32::from_bits(1 + i * 42_760);
            if !x.is_finite() {
                continue;
            }
            let want = f64::from(x).ln();
            let got = f64::from(one(log, x));
            assert!((got - want).abs() <= 3e-7 * want.abs(), "{x}: {got}, {want}");
        }
        for i in -2000..2000 {
            let x = 1.0 + i as f32 * 1e-4;
            let want = f64::from(x).ln();
            let got = f64::from(one(log, x));
            assert!((got - want).abs() <= 3e-7 * want.abs(), "{x}: {got}, {want}");
        }
    }

    #[test]
    fn log_at_its_ends_is_that_of_ieee() {
        assert_eq!(one(log, 0.0), f32::NEG_INFINITY);
        assert_eq!(one(log, -0.0), f32::NEG_INFINITY);
        assert_eq!(one(log, f32::INFINITY), f32::INFINITY);
        assert_eq!(one(log, 1.0), 0.0);
        for x in [-1.0, -1e-40, f32::NEG_INFINITY, f32::NAN] {
            assert!(one(log, x).is_nan(), "{x}");
        }
    }

    #[test]
    fn softplus_is_within_four_parts_in_ten_million_in_both_tails() {
        for i in -20_000..=20_000 {
            let x = i as f32 * 4e-3;
            let want = f64::from(x).exp().ln_1p();
            let got = f64::from(one(softplus, x));
            assert!((got - want).abs() <= 4e-7 * want, "{x}: {got}, {want}");
        }
        let ends = [f32::NEG_INFINITY, -1e9, 1e9, f32::INFINITY];
        assert_eq!(ends.map(|x| one(softplus, x)), [0.0, 0.0, 1e9, f32::INFINITY]);
        assert!(one(softplus, f32::NAN).is_nan());
    }
}
