//! Steps of optimisers over flat parameters.
//!
//! What a step derives from its hyperparameters is computed in float64 and rounded once.

use crate::lanewise::lanewise;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

fn splat(value: f64) -> F32x4 {
    F32x4::splat(value as f32)
}

/// `w −= rate·(g + decay·w)`.
pub fn sgd(w: &mut [f32], g: &[f32], rate: f64, decay: f64) {
    let (rate, decay) = (splat(rate), splat(decay));
    lanewise([g], [w], |[g], [w]| [w - rate * (g + decay * w)]);
}

/// How [`momentum`] steps.
#[derive(Clone, Copy)]
pub struct Momentum {
    pub rate: f64,
    /// Share of the last step that goes on.
    pub momentum: f64,
    /// L2 regularisation, added to the gradient.
    pub decay: f64,
    /// Steps from where the momentum leads (Sutskever et al., ICML 2013).
    pub nesterov: bool,
}

/// `m = momentum·m + g'` with `g' = g + decay·w`, then `w −= rate·m`, or
/// `w −= rate·(g' + momentum·m)` with Nesterov's momentum.
pub fn momentum(w: &mut [f32], g: &[f32], m: &mut [f32], step: &Momentum) {
    let (rate, kept, decay) = (splat(step.rate), splat(step.momentum), splat(step.decay));
    if step.nesterov {
        lanewise([g], [w, m], |[g], [w, m]| {
            let g = g + decay * w;
            let m = kept * m + g;
            [w - rate * (g + kept * m), m]
        });
    } else {
        lanewise([g], [w, m], |[g], [w, m]| {
            let m = kept * m + (g + decay * w);
            [w - rate * m, m]
        });
    }
}

/// How [`adam`] steps.
#[derive(Clone, Copy)]
pub struct Adam {
    pub rate: f64,
    pub beta1: f64,
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Number of this step, from 1.
    pub step: u32,
    /// L2 regularisation, added to the gradient.
    pub decay: f64,
    /// Share of `rate` by which the parameters shrink beside the step (Loshchilov & Hutter, 2019).
    pub decoupled_decay: f64,
}

/// Kingma & Ba, 2015, algorithm 1, with both moments corrected for their start at 0.
pub fn adam(w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], step: &Adam) {
    let first = 1.0 - power(step.beta1, step.step);
    let second = 1.0 - power(step.beta2, step.step);
    let (beta1, rest1) = (splat(step.beta1), splat(1.0 - step.beta1));
    let (beta2, rest2) = (splat(step.beta2), splat(1.0 - step.beta2));
    let (rate, epsilon) = (splat(step.rate / first), splat(step.epsilon));
    let unbiased = splat(1.0 / second.sqrt());
    let decay = splat(step.decay);
    let kept = splat(1.0 - step.rate * step.decoupled_decay);
    lanewise([g], [w, m, v], |[g], [w, m, v]| {
        let g = g + decay * w;
        let m = beta1 * m + rest1 * g;
        let v = beta2 * v + rest2 * (g * g);
        [kept * w - rate * m / (v.sqrt() * unbiased + epsilon), m, v]
    });
}

/// `base^exponent` by squaring.
fn power(base: f64, exponent: u32) -> f64 {
    let (mut product, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left % 2 == 1 {
            product *= square;
        }
        square *= square;
        left /= 2;
    }
    product
}

/// `v += g²`, then `w −= rate·g / (√v + epsilon)` (Duchi, Hazan & Singer, 2011).
pub fn adagrad(w: &mut [f32], g: &[f32], v: &mut [f32], rate: f64, epsilon: f64) {
    let (rate, epsilon) = (splat(rate), splat(epsilon));
    lanewise([g], [w, v], |[g], [w, v]| {
        let v = v + g * g;
        [w - rate * g / (v.sqrt() + epsilon), v]
    });
}

/// `v = rho·v + (1 − rho)·g²`, then `w −= rate·g / (√v + epsilon)` (Tieleman & Hinton, 2012).
pub fn rmsprop(w: &mut [f32], g: &[f32], v: &mut [f32], rate: f64, rho: f64, epsilon: f64) {
    let (rate, epsilon) = (splat(rate), splat(epsilon));
    let (kept, rest) = (splat(rho), splat(1.0 - rho));
    lanewise([g], [w, v], |[g], [w, v]| {
        let v = kept * v + rest * (g * g);
        [w - rate * g / (v.sqrt() + epsilon), v]
    });
}

#[cfg(test)]
mod tests;
