//! `ln x` on lanes, and `ln(1 + e^x)`. As in `exponential.rs`, no mathematical library is called.

use crate::exponential::{Exponential, LN_2, Lanes, all, all_of, polynomial};
use memory::lanes::F32x4;

/// The functions, for the time of a kernel. See [`Exponential`].
#[derive(Clone, Copy)]
pub struct Logarithm(&'static Constants);

struct Constants {
    one: Lanes,
    two: Lanes,
    /// `(2·atanh(s)/s − 2) / s²` for `s² ≤ 1/9`, by falling powers of `s²` (relative error 5e-9).
    series: [Lanes; 4],
    ln_2: [Lanes; 2],
    root_half: Lanes,
    /// Sign and exponent are set.
    minus_infinity: Lanes,
    infinity: Lanes,
    inverse_2_23: Lanes,
    /// Numbers below have fewer bits than others; times 2^23 they have as many.
    least_normal: Lanes,
    power_2_23: Lanes,
    shift: Lanes,
    least: Lanes,
    nan: Lanes,
}

static CONSTANTS: Constants = Constants {
    one: all(1.0),
    two: all(2.0),
    series: all_of([0.280_239_08, 0.279_995_54, 0.400_216_5, 0.666_664_1]),
    ln_2: all_of(LN_2),
    root_half: all(core::f32::consts::FRAC_1_SQRT_2),
    minus_infinity: all(f32::NEG_INFINITY),
    infinity: all(f32::INFINITY),
    inverse_2_23: all(1.0 / 8_388_608.0),
    least_normal: all(f32::MIN_POSITIVE),
    power_2_23: all(8_388_608.0),
    shift: all(23.0),
    least: all(f32::from_bits(1)),
    nan: all(f32::NAN),
};

impl Logarithm {
    /// Called outside of a kernel's loops.
    #[inline(always)]
    #[must_use]
    pub fn load() -> Self {
        Self(core::hint::black_box(&CONSTANTS))
    }

    /// `ln(1 + f) = 2·atanh(f / (2 + f))` for `1/√2 − 1 ≤ f ≤ 1`.
    #[inline(always)]
    fn near_one(self, f: F32x4) -> F32x4 {
        let s = f / (F32x4::load(&self.0.two) + f);
        let square = s * s;
        s + s + s * (square * polynomial(square, square * square, &self.0.series))
    }

    /// `ln x`, relative error 3e-7: −∞ for 0, NaN below.
    #[inline(always)]
    #[must_use]
    pub fn log(self, x: F32x4) -> F32x4 {
        let zero = F32x4::splat(0.0);
        let constant = F32x4::load;
        let small = x.less_than(constant(&self.0.least_normal));
        let scaled = small.select(x * constant(&self.0.power_2_23), x).to_bits();
        // The exponent of 1 begins at 1/√2: the fraction lies between that and its double.
        let above = scaled - constant(&self.0.root_half).to_bits();
        let k = above & constant(&self.0.minus_infinity).to_bits();
        let fraction = (scaled - k).to_floats() - constant(&self.0.one);
        let k = k.signed_to_f32() * constant(&self.0.inverse_2_23)
            - small.select(constant(&self.0.shift), zero);
        let [ln_2_high, ln_2_low] = &self.0.ln_2;
        let sum = k * constant(ln_2_high) + (self.near_one(fraction) + k * constant(ln_2_low));
        // What is not above 0 and finite: as it came, NaN, or −∞.
        let sum = x.less_than(constant(&self.0.infinity)).select(sum, x);
        let sum = x.less_than(zero).select(constant(&self.0.nan), sum);
        let is_zero = x.abs().less_than(constant(&self.0.least));
        is_zero.select(constant(&self.0.minus_infinity), sum)
    }

    /// `ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|)`, relative error 4e-7.
    #[inline(always)]
    #[must_use]
    pub fn softplus(self, exponential: Exponential, x: F32x4) -> F32x4 {
        let zero = F32x4::splat(0.0);
        x.at_least(zero) + self.near_one(exponential.exp(zero - x.abs()))
    }

    /// `ln(1 + e^−|x|)`, and `1 / (1 + e^−x)`, from one power.
    #[inline(always)]
    #[must_use]
    pub fn logistic(self, exponential: Exponential, x: F32x4) -> [F32x4; 2] {
        let (zero, one) = (F32x4::splat(0.0), F32x4::load(&self.0.one));
        let power = exponential.exp(zero - x.abs());
        let share = one / (one + power);
        [self.near_one(power), x.less_than(zero).select(power * share, share)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(x: F32x4) -> F32x4 {
        Logarithm::load().log(x)
    }

    fn softplus(x: F32x4) -> F32x4 {
        Logarithm::load().softplus(Exponential::load(), x)
    }

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
