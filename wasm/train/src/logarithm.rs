//! `ln x` on lanes, and `ln(1 + e^x)`. As in `exponential.rs`, no mathematical library is called.

use crate::exponential::{LN_2_HIGH, LN_2_LOW, constants, exp, polynomial};
use memory::lanes::{Constant, F32x4};

/// `(2·atanh(s)/s − 2) / s²` for `s² ≤ 1/9`, by falling powers of `s²` (relative error 5e-9).
static SERIES: [Constant; 4] = constants([0.280_239_08, 0.279_995_54, 0.400_216_5, 0.666_664_1]);

static ONE: Constant = Constant::new(1.0);
static TWO: Constant = Constant::new(2.0);
static ROOT_HALF: Constant = Constant::new(core::f32::consts::FRAC_1_SQRT_2);

/// Sign and exponent are set.
static EXPONENT: Constant = Constant::new(f32::NEG_INFINITY);
static INVERSE_2_23: Constant = Constant::new(1.0 / 8_388_608.0);

/// Numbers below have fewer bits than others; times 2^23 they have as many.
static LEAST_NORMAL: Constant = Constant::new(f32::MIN_POSITIVE);
static POWER_2_23: Constant = Constant::new(8_388_608.0);
static SHIFT: Constant = Constant::new(23.0);

static LEAST: Constant = Constant::new(f32::from_bits(1));
static INFINITY: Constant = Constant::new(f32::INFINITY);
static NAN: Constant = Constant::new(f32::NAN);

/// `ln(1 + f) = 2·atanh(f / (2 + f))` for `1/√2 − 1 ≤ f ≤ 1`.
#[inline(always)]
fn log_near_one(f: F32x4) -> F32x4 {
    let s = f / (TWO.lanes() + f);
    let square = s * s;
    s + s + s * (square * polynomial(square, square * square, &SERIES))
}

/// `ln x`, relative error 3e-7: −∞ for 0, NaN below.
#[inline(always)]
#[must_use]
pub fn log(x: F32x4) -> F32x4 {
    let zero = F32x4::splat(0.0);
    let small = x.less_than(LEAST_NORMAL.lanes());
    let scaled = small.select(x * POWER_2_23.lanes(), x).to_bits();
    // The exponent of 1 begins at 1/√2: the fraction lies between that and its double.
    let k = (scaled - ROOT_HALF.lanes().to_bits()) & EXPONENT.lanes().to_bits();
    let fraction = (scaled - k).to_floats() - ONE.lanes();
    let k = k.signed_to_f32() * INVERSE_2_23.lanes() - small.select(SHIFT.lanes(), zero);
    let sum = k * LN_2_HIGH.lanes() + (log_near_one(fraction) + k * LN_2_LOW.lanes());
    // What is not above 0 and finite: as it came, NaN, or −∞.
    let sum = x.less_than(INFINITY.lanes()).select(sum, x);
    let sum = x.less_than(zero).select(NAN.lanes(), sum);
    x.abs().less_than(LEAST.lanes()).select(zero - INFINITY.lanes(), sum)
}

/// `ln(1 + e^−|x|)`, and `1 / (1 + e^−x)`, from one power.
#[inline(always)]
#[must_use]
pub fn logistic(x: F32x4) -> [F32x4; 2] {
    let zero = F32x4::splat(0.0);
    let power = exp(zero - x.abs());
    let share = ONE.lanes() / (ONE.lanes() + power);
    [log_near_one(power), x.less_than(zero).select(power * share, share)]
}

/// `ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|)`, relative error 4e-7.
#[inline(always)]
#[must_use]
pub fn softplus(x: F32x4) -> F32x4 {
    let zero = F32x4::splat(0.0);
    x.at_least(zero) + log_near_one(exp(zero - x.abs()))
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
