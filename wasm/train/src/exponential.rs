//! `e^x` on lanes, and the functions that stand on it. They use additions, multiplications,
//! divisions and comparisons alone, so that every runtime gives the same bits.
//!
//! The coefficients are minimax fits (Remez) made for these intervals.

use memory::lanes::F32x4;

/// A constant in every lane.
pub type Lanes = [f32; 4];

/// `value` in every lane.
pub const fn all(value: f32) -> Lanes {
    [value; 4]
}

/// Each value in every lane.
pub const fn all_of<const N: usize>(values: [f32; N]) -> [Lanes; N] {
    let mut list = [[0.0; 4]; N];
    let mut i = 0;
    while i < N {
        list[i] = all(values[i]);
        i += 1;
    }
    list
}

/// The functions, for the time of a kernel.
///
/// Their constants lie in memory that the compiler is kept from looking into: of a constant that it
/// knows it makes an instruction inside of the loop, for which engines need several.
#[derive(Clone, Copy)]
pub struct Exponential(&'static Constants);

struct Constants {
    one: Lanes,
    two: Lanes,
    /// Its exponent, added to a whole number `k` in the exponent's place, makes `2^(k − 1)`.
    half: Lanes,
    /// What lies outside gives 0 and infinity.
    least: Lanes,
    most: Lanes,
    log2_e: Lanes,
    /// `ln 2` in two parts: products of the first with whole numbers below 2^9 are exact.
    ln_2: [Lanes; 2],
    /// Added to a float below 2^22, it rounds it to a whole number, which then stands in the low
    /// bits.
    rounding: Lanes,
    /// `(e^r − 1 − r) / r²` for `|r| ≤ ln 2 / 2`, by falling powers (relative error of `e^r` 5e-9).
    series: [Lanes; 5],
    /// From half of this on, `tanh` rounds to 1.
    tanh_most: Lanes,
    sign: Lanes,
    /// `e^(a²/2)·Φ(−a)` for `a ≥ 0` in powers of `1 / (1 + 0.3 a)`, falling (relative error 6e-8).
    tail: [Lanes; 9],
    tail_scale: Lanes,
}

/// See [`Constants`].
pub const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

static CONSTANTS: Constants = Constants {
    one: all(1.0),
    two: all(2.0),
    half: all(0.5),
    least: all(-87.5),
    most: all(89.0),
    log2_e: all(core::f32::consts::LOG2_E),
    ln_2: all_of(LN_2),
    rounding: all(12_582_912.0),
    series: all_of([0.001_394_677_6, 0.008_366_765, 0.041_666_28, 0.166_665_42, 0.5]),
    tanh_most: all(20.0),
    sign: all(-0.0),
    tail: all_of([
        0.038_378_08,
        -0.169_165_1,
        0.228_658_02,
        -0.076_504_156,
        0.142_533_96,
        0.094_684_17,
        0.121_920_19,
        0.119_487_71,
        7.167_801_5e-6,
    ]),
    tail_scale: all(0.3),
};

/// `Σ coefficients[i]·x^(n − 1 − i)` for `n ≥ 2`: Horner's rule for even and for odd powers, which
/// do not wait for each other.
#[inline(always)]
pub fn polynomial<const N: usize>(
    x: F32x4,
    square: F32x4,
    coefficients: &'static [Lanes; N],
) -> F32x4 {
    let mut sums = [F32x4::load(&coefficients[0]), F32x4::load(&coefficients[1])];
    for (i, next) in coefficients.iter().enumerate().skip(2) {
        sums[i % 2] = sums[i % 2] * square + F32x4::load(next);
    }
    let [even, odd] = if N % 2 == 1 { sums } else { [sums[1], sums[0]] };
    even + x * odd
}

impl Exponential {
    /// Called outside of a kernel's loops.
    #[inline(always)]
    #[must_use]
    pub fn load() -> Self {
        Self(core::hint::black_box(&CONSTANTS))
    }

    /// `x = k·ln 2 + r`: gives `e^r − 1` and `2^(k − 1)`, for `−87.5 ≤ x ≤ 89`. The power is 0 for
    /// the least `k`.
    #[inline(always)]
    fn split(self, x: F32x4) -> (F32x4, F32x4) {
        let [ln_2_high, ln_2_low] = &self.0.ln_2;
        let rounding = F32x4::load(&self.0.rounding);
        let shifted = x * F32x4::load(&self.0.log2_e) + rounding;
        let k = shifted - rounding;
        let r = x - k * F32x4::load(ln_2_high) - k * F32x4::load(ln_2_low);
        let power = shifted.to_bits().shift_left::<23>() + F32x4::load(&self.0.half).to_bits();
        let square = r * r;
        (r + square * polynomial(r, square, &self.0.series), power.to_floats())
    }

    /// `e^x`, relative error 2e-7; results below 1.7e-38 are 0.
    #[inline(always)]
    #[must_use]
    pub fn exp(self, x: F32x4) -> F32x4 {
        let [least, most] = [&self.0.least, &self.0.most].map(F32x4::load);
        let (fraction, half) = self.split(x.clamp(least, most));
        let scaled = fraction * half + half;
        ((scaled + scaled).to_bits() | x.nan()).to_floats()
    }

    /// `1 / (1 + e^−x)`.
    #[inline(always)]
    #[must_use]
    pub fn sigmoid(self, x: F32x4) -> F32x4 {
        self.sigmoid_times(F32x4::load(&self.0.one), x)
    }

    /// `factor / (1 + e^−x)`.
    #[inline(always)]
    #[must_use]
    pub fn sigmoid_times(self, factor: F32x4, x: F32x4) -> F32x4 {
        factor / (F32x4::load(&self.0.one) + self.exp(F32x4::splat(0.0) - x))
    }

    /// `(e^2a − 1) / (e^2a + 1)` of `a = |x|`, with the sign of `x`; relative error 4e-7.
    #[inline(always)]
    #[must_use]
    pub fn tanh(self, x: F32x4) -> F32x4 {
        let [most, one, two, sign] =
            [&self.0.tanh_most, &self.0.one, &self.0.two, &self.0.sign].map(F32x4::load);
        let (fraction, half) = self.split((x + x).abs().clamp(F32x4::splat(0.0), most));
        let power = half + half;
        let less_one = fraction * power + (power - one);
        let size = less_one / (less_one + two);
        (size.to_bits() | (x.to_bits() & sign.to_bits()) | x.nan()).to_floats()
    }

    /// The normal distribution: `Φ(x)`, and its density times `√2π`, `e^(−x²/2)`.
    ///
    /// Both tails keep a relative error of `2e-7·(2 + x²)`.
    #[inline(always)]
    #[must_use]
    pub fn normal(self, x: F32x4) -> (F32x4, F32x4) {
        let zero = F32x4::splat(0.0);
        let [one, half, scale] = [&self.0.one, &self.0.half, &self.0.tail_scale].map(F32x4::load);
        let density = self.exp(zero - x * x * half);
        let t = one / (one + x.abs() * scale);
        let beyond = density * polynomial(t, t * t, &self.0.tail);
        (x.less_than(zero).select(beyond, one - beyond), density)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exp(x: F32x4) -> F32x4 {
        Exponential::load().exp(x)
    }

    fn sigmoid(x: F32x4) -> F32x4 {
        Exponential::load().sigmoid(x)
    }

    fn tanh(x: F32x4) -> F32x4 {
        Exponential::load().tanh(x)
    }

    fn distribution_of(x: F32x4) -> F32x4 {
        Exponential::load().normal(x).0
    }

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
        sweep(12.0, distribution_of, |x, got| {
            let want = distribution(x);
            assert!((got - want).abs() <= 2e-7 * (2.0 + x * x) * want, "{x}: {got}, {want}");
        });
        let ends = [f32::NEG_INFINITY, -20.0, 0.0, 20.0, f32::INFINITY];
        let got = ends.map(|x| one(distribution_of, x));
        assert_eq!((got[0], got[1], got[3], got[4]), (0.0, 0.0, 1.0, 1.0));
        assert!((got[2] - 0.5).abs() < 1e-7);
        assert!(one(distribution_of, f32::NAN).is_nan());
    }
}
