//! Functions of one value that are no activations.

use crate::exponential::Exponential;
use crate::lanewise::lanewise;
use crate::logarithm::Logarithm;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// A function of `x`, with the value `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Exp,
    Log,
    Sqrt,
    /// `ln(1 + e^x)`.
    Softplus,
}

impl Unary {
    /// All of them, each at its number.
    pub const ALL: [Self; 4] = [Self::Exp, Self::Log, Self::Sqrt, Self::Softplus];

    /// The one that JavaScript calls by `number`.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// Whether the slope is a function of `x` rather than of `y`.
    #[must_use]
    pub const fn needs_input(self) -> bool {
        matches!(self, Self::Log | Self::Softplus)
    }
}

/// `out[i] = y(x[i])`.
pub fn unary(function: Unary, x: &[f32], out: &mut [f32]) {
    let (exponential, logarithm) = (Exponential::load(), Logarithm::load());
    match function {
        Unary::Exp => lanewise([x], [out], |[x], _| [exponential.exp(x)]),
        Unary::Log => lanewise([x], [out], |[x], _| [logarithm.log(x)]),
        Unary::Sqrt => lanewise([x], [out], |[x], _| [x.sqrt()]),
        Unary::Softplus => lanewise([x], [out], |[x], _| [logarithm.softplus(exponential, x)]),
    }
}

/// `dx[i] += dy[i]·y'(x[i])`, where `known` is `x` or `y`, see [`Unary::needs_input`].
pub fn unary_backward(function: Unary, known: &[f32], dy: &[f32], dx: &mut [f32]) {
    let half = F32x4::splat(0.5);
    let exponential = Exponential::load();
    match function {
        Unary::Exp => lanewise([known, dy], [dx], |[y, dy], [dx]| [dx + dy * y]),
        Unary::Log => lanewise([known, dy], [dx], |[x, dy], [dx]| [dx + dy / x]),
        Unary::Sqrt => lanewise([known, dy], [dx], |[y, dy], [dx]| [dx + half * dy / y]),
        Unary::Softplus => {
            lanewise([known, dy], [dx], |[x, dy], [dx]| [dx + dy * exponential.sigmoid(x)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{digest, floats};

    fn reference(function: Unary, x: f64) -> f64 {
        match function {
            Unary::Exp => x.exp(),
            Unary::Log => x.ln(),
            Unary::Sqrt => x.sqrt(),
            Unary::Softplus => x.exp().ln_1p(),
        }
    }

    #[test]
    fn values_and_slopes_agree_with_the_library_s_at_every_length() {
        for function in Unary::ALL {
            for len in 0..=13 {
                let x: Vec<f32> = floats(len, 1, 3.0).iter().map(|x| x.abs() + 0.1).collect();
                let mut y = vec![9.0; len];
                unary(function, &x, &mut y);
                let (dy, mut dx) = (floats(len, 2, 1.0), floats(len, 3, 1.0));
                let before = dx.clone();
                let known = if function.needs_input() { &x } else { &y };
                unary_backward(function, known, &dy, &mut dx);
                for i in 0..len {
                    let at = f64::from(x[i]);
                    let want = reference(function, at);
                    let error = (f64::from(y[i]) - want).abs();
                    assert!(error <= 4e-7 * want.abs(), "{function:?} {at}");
                    let h = 1e-5;
                    let slope =
                        (reference(function, at + h) - reference(function, at - h)) / (2.0 * h);
                    let want = f64::from(before[i]) + f64::from(dy[i]) * slope;
                    assert!((f64::from(dx[i]) - want).abs() < 2e-6 * (1.0 + slope.abs()));
                }
            }
        }
    }

    #[test]
    fn nan_and_infinity_go_where_ieee_sends_them() {
        let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1.0];
        let nan = f32::NAN;
        for (function, want) in [
            (Unary::Exp, [nan, f32::INFINITY, 0.0, 1.0]),
            (Unary::Log, [nan, f32::INFINITY, nan, f32::NEG_INFINITY]),
            (Unary::Sqrt, [nan, f32::INFINITY, nan, 0.0]),
        ] {
            let mut y = [9.0; 5];
            unary(function, &x, &mut y);
            for i in 0..4 {
                assert!(y[i] == want[i] || (y[i].is_nan() && want[i].is_nan()), "{function:?} {i}");
            }
            assert_eq!(y[4].is_nan(), function != Unary::Exp);
        }
        assert_eq!(Unary::from_number(3), Some(Unary::Softplus));
        assert_eq!(Unary::from_number(4), None);
    }

    /// The built core has the same digests in `train_pointwise_test.ts`.
    #[test]
    fn the_bits_are_these_in_every_runtime() {
        let x: Vec<f32> = (0..4001).map(|i| (i as f32 + 1.0) / 128.0).collect();
        let digests = Unary::ALL.map(|function| {
            let mut y = vec![0.0; x.len()];
            unary(function, &x, &mut y);
            digest(&y)
        });
        assert_eq!(digests, [3_409_527_433, 888_011_195, 915_623_696, 468_182_768]);
    }
}
