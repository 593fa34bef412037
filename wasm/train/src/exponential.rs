//! `e^x` on lanes, and the functions that stand on it. They use additions, multiplications,
//! divisions and comparisons alone, so that every runtime gives the same bits.
//!
//! The coefficients are minimax fits (Remez) made for these intervals.

use memory::lanes::{Constant, F32x4};

static ONE: Constant = Constant::new(1.0);
static LOG2_E: Constant = Constant::new(core::f32::consts::LOG2_E);

/// `ln 2` in two parts: products of the first with whole numbers below 2^9 are exact.
pub static LN_2_HIGH: Constant = Constant::new(0.693_359_4);
pub static LN_2_LOW: Constant = Constant::new(-2.121_944_4e-4);

/// Added to a float below 2^22, it rounds it to a whole number, which then stands in the low bits.
static ROUNDING: Constant = Constant::new(12_582_912.0);

/// The exponent of ½: added to a whole number `k` in the exponent's place, it makes `2^(k − 1)`.
static HALF: Constant = Constant::new(0.5);

/// What lies outside gives 0 and infinity.
static LEAST: Constant = Constant::new(-87.5);
static MOST: Constant = Constant::new(89.0);

/// `(e^r − 1 − r) / r²` for `|r| ≤ ln 2 / 2`, by falling powers (relative error of `e^r` 5e-9).
static SERIES: [Constant; 5] =
    constants([0.001_394_677_6, 0.008_366_765, 0.041_666_28, 0.166_665_42, 0.5]);

/// `e^(a²/2)·Φ(−a)` for `a ≥ 0` in powers of `1 / (1 + 0.3 a)`, falling (relative error 6e-8).
static TAIL: [Constant; 9] = constants([
    0.038_378_08,
    -0.169_165_1,
    0.228_658_02,
    -0.076_504_156,
    0.142_533_96,
    0.094_684_17,
    0.121_920_19,
    0.119_487_71,
    7.167_801_5e-6,
]);
static TAIL_SCALE: Constant = Constant::new(0.3);

/// Each value as a constant for all lanes.
pub const fn constants<const N: usize>(values: [f32; N]) -> [Constant; N] {
    let mut list = [const { Constant::new(0.0) }; N];
    let mut i = 0;
    while i < N {
        list[i] = Constant::new(values[i]);
        i += 1;
    }
    list
}

/// `Σ coefficients[i]·x^(n − 1 − i)` for `n ≥ 2`: Horner's rule for even and for odd powers, which
/// do not wait for each other.
#[inline(always)]
pub fn polynomial<const N: usize>(
    x: F32x4,
    square: F32x4,
    coefficients: &'static [Constant; N],
) -> F32x4 {
    let mut sums = [coefficients[0].lanes(), coefficients[1].lanes()];
    for (i, next) in coefficients.iter().enumerate().skip(2) {
        sums[i % 2] = sums[i % 2] * square + next.lanes();
    }
    let [even, odd] = if N % 2 == 1 { sums } else { [sums[1], sums[0]] };
    even + x * odd
}

/// `x = k·ln 2 + r`: gives `e^r − 1` and `2^(k − 1)`, for `−87.5 ≤ x ≤ 89`. The power is 0 for the
/// least `k`.
#[inline(always)]
fn split(x: F32x4) -> (F32x4, F32x4) {
    let shifted = x * LOG2_E.lanes() + ROUNDING.lanes();
    let k = shifted - ROUNDING.lanes();
    let r = x - k * LN_2_HIGH.lanes() - k * LN_2_LOW.lanes();
    let power = shifted.to_bits().shift_left::<23>() + HALF.lanes().to_bits();
    let square = r * r;
    (r + square * polynomial(r, square, &SERIES), power.to_floats())
}

/// `e^x`, relative error 2e-7; results below 1.7e-38 are 0.
#[inline(always)]
#[must_use]
pub fn exp(x: F32x4) -> F32x4 {
    let (fraction, half) = split(x.clamp(LEAST.lanes(), MOST.lanes()));
    let scaled = fraction * half + half;
    ((scaled + scaled).to_bits() | x.nan()).to_floats()
}

/// `1 / (1 + e^−x)`.
#[inline(always)]
#[must_use]
pub fn sigmoid(x: F32x4) -> F32x4 {
    ONE.lanes() / (ONE.lanes() + exp(F32x4::splat(0.0) - x))
}

/// `(e^2a − 1) / (e^2a + 1)` of `a = |x|`, with the sign of `x`; relative error 4e-7.
#[inline(always)]
#[must_use]
pub fn tanh(x: F32x4) -> F32x4 {
    // From 9.1 on the result rounds to 1.
    let doubled = (x + x).abs().clamp(F32x4::splat(0.0), TANH_MOST.lanes());
    let (fraction, half) = split(doubled);
    let power = half + half;
    let less_one = fraction * power + (power - ONE.lanes());
    let size = less_one / (less_one + TWO.lanes());
    let sign = x.to_bits() & SIGN.lanes().to_bits();
    (size.to_bits() | sign | x.nan()).to_floats()
}

static TANH_MOST: Constant = Constant::new(20.0);
static TWO: Constant = Constant::new(2.0);
static SIGN: Constant = Constant::new(-0.0);

/// The normal distribution: `Φ(x)`, and its density times `√2π`, `e^(−x²/2)`.
///
/// Both tails keep a relative error of `2e-7·(2 + x²)`.
#[inline(always)]
#[must_use]
pub fn normal(x: F32x4) -> (F32x4, F32x4) {
    let density = exp(F32x4::splat(0.0) - x * x * HALF.lanes());
    let t = ONE.lanes() / (ONE.lanes() + x.abs() * TAIL_SCALE.lanes());
    let beyond = density * polynomial(t, t * t, &TAIL);
    (x.less_than(F32x4::splat(0.0)).select(beyond, ONE.lanes() - beyond), density)
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
