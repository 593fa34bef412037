//! What stands between the layers of a network, value by value.

use crate::exponential::Exponential;
use crate::lanewise::lanewise;
use core::f32::consts::PI;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// A function of one value `x`, with the value `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x`.
    None,
    /// `max(x, 0)`; NaN stays.
    Relu,
    /// `x / 2·(1 + tanh(√(2/π)·(x + 0.044715 x³)))` (Hendrycks & Gimpel, 2016, eq. in section 2).
    Gelu,
    /// `x·Φ(x)`, Φ the normal distribution.
    GeluErf,
    /// `1 / (1 + e^−x)`.
    Sigmoid,
    Tanh,
    /// `x / (1 + e^−x)`.
    Silu,
}

/// `2·√(2/π)`, and the same times 0.044715: `1 + tanh(u)` is `2·sigmoid(2u)`.
const GELU_LINEAR: f32 = 1.595_769;
const GELU_CUBIC: f32 = 0.071_354_814;

impl Activation {
    /// All of them, each at its number.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Relu, Self::Gelu, Self::GeluErf, Self::Sigmoid, Self::Tanh, Self::Silu];

    /// The one that JavaScript calls by `number`.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }

    /// `y` of four values. A loop around it should know `self` beforehand, see [`activate`].
    #[inline(always)]
    #[must_use]
    pub fn value(self, exponential: Exponential, x: F32x4) -> F32x4 {
        match self {
            Self::None => x,
            Self::Relu => x.at_least(F32x4::splat(0.0)),
            Self::Gelu => exponential.sigmoid_times(x, gelu_argument(x)),
            Self::GeluErf => x * exponential.normal(x).0,
            Self::Sigmoid => exponential.sigmoid(x),
            Self::Tanh => exponential.tanh(x),
            Self::Silu => exponential.sigmoid_times(x, x),
        }
    }

    /// `dy/dx` of four values.
    #[inline(always)]
    #[must_use]
    pub fn slope(self, exponential: Exponential, x: F32x4, y: F32x4) -> F32x4 {
        let (zero, one) = (F32x4::splat(0.0), F32x4::splat(1.0));
        match self {
            Self::None => one,
            Self::Relu => zero.less_than(y).select(one, zero),
            Self::Gelu => {
                let s = exponential.sigmoid(gelu_argument(x));
                let inner = F32x4::splat(GELU_LINEAR) + F32x4::splat(3.0 * GELU_CUBIC) * (x * x);
                s + x * s * (one - s) * inner
            }
            Self::GeluErf => {
                let (distribution, density) = exponential.normal(x);
                distribution + x * density * F32x4::splat(1.0 / (2.0 * PI).sqrt())
            }
            Self::Sigmoid => y * (one - y),
            Self::Tanh => one - y * y,
            Self::Silu => {
                let s = exponential.sigmoid(x);
                s + x * s * (one - s)
            }
        }
    }

    /// Whether [`Activation::slope`] looks at `x`.
    #[must_use]
    pub const fn needs_input(self) -> bool {
        matches!(self, Self::Gelu | Self::GeluErf | Self::Silu)
    }

    /// Whether [`Activation::slope`] looks at `y`.
    #[must_use]
    pub const fn needs_output(self) -> bool {
        matches!(self, Self::Relu | Self::Sigmoid | Self::Tanh)
    }
}

#[inline(always)]
fn gelu_argument(x: F32x4) -> F32x4 {
    x * (F32x4::splat(GELU_LINEAR) + F32x4::splat(GELU_CUBIC) * (x * x))
}

/// Calls `$body` with `$known` a constant, so that a loop in it is compiled for each activation.
macro_rules! for_each_activation {
    ($activation:expr, $known:ident => $body:expr) => {
        match $activation {
            Activation::None => {
                const $known: Activation = Activation::None;
                $body
            }
            Activation::Relu => {
                const $known: Activation = Activation::Relu;
                $body
            }
            Activation::Gelu => {
                const $known: Activation = Activation::Gelu;
                $body
            }
            Activation::GeluErf => {
                const $known: Activation = Activation::GeluErf;
                $body
            }
            Activation::Sigmoid => {
                const $known: Activation = Activation::Sigmoid;
                $body
            }
            Activation::Tanh => {
                const $known: Activation = Activation::Tanh;
                $body
            }
            Activation::Silu => {
                const $known: Activation = Activation::Silu;
                $body
            }
        }
    };
}

/// `out[i] = y(x[i])`.
pub fn activate(activation: Activation, x: &[f32], out: &mut [f32]) {
    let exponential = Exponential::load();
    for_each_activation!(activation, KNOWN => {
        lanewise([x], [out], |[x], _| [KNOWN.value(exponential, x)]);
    });
}

/// `x[i] = y(x[i])`.
pub fn activate_in_place(activation: Activation, x: &mut [f32]) {
    let exponential = Exponential::load();
    for_each_activation!(activation, KNOWN => {
        lanewise([], [x], |[], [x]| [KNOWN.value(exponential, x)]);
    });
}

/// `dx[i] += dy[i]·slope(x[i], y[i])`. What the slope does not look at may be any slice as long.
pub fn activate_backward(activation: Activation, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let exponential = Exponential::load();
    for_each_activation!(activation, KNOWN => {
        lanewise([x, y, dy], [dx], |[x, y, dy], [dx]| [dx + dy * KNOWN.slope(exponential, x, y)]);
    });
}

/// `dx[i] = dy[i]·slope(x[i], y[i])`; else as [`activate_backward`].
pub fn gradient(activation: Activation, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let exponential = Exponential::load();
    for_each_activation!(activation, KNOWN => {
        lanewise([x, y, dy], [dx], |[x, y, dy], _| [dy * KNOWN.slope(exponential, x, y)]);
    });
}

#[cfg(test)]
mod tests;
