//! Losses of single values: each place has its own, and its own gradient. The cross-entropy of rows
//! is in `cross_entropy.rs`.
//!
//! Gradients are of the sum of all losses, and are written, not added.

use crate::exponential::Exponential;
use crate::lanewise::lanewise;
use crate::logarithm::Logarithm;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// Writes the loss and, where asked, the slope that `of` gives for each pair of values.
#[inline(always)]
fn each(
    [a, b]: [&[f32]; 2],
    losses: &mut [f32],
    slopes: Option<&mut [f32]>,
    of: impl Fn(F32x4, F32x4) -> [F32x4; 2],
) {
    match slopes {
        None => lanewise([a, b], [losses], |[a, b], _| [of(a, b)[0]]),
        Some(slopes) => lanewise([a, b], [losses, slopes], |[a, b], _| of(a, b)),
    }
}

/// Cross-entropy of `σ(logit)` against a target probability `t`: `ln(1 + e^x) − x·t`.
pub fn bce(logits: &[f32], targets: &[f32], losses: &mut [f32], dlogits: Option<&mut [f32]>) {
    let (exponential, logarithm) = (Exponential::load(), Logarithm::load());
    each([logits, targets], losses, dlogits, |x, t| {
        let excess = x.at_least(F32x4::splat(0.0)) - x * t;
        let [rest, share] = logarithm.logistic(exponential, x);
        [excess + rest, share - t]
    });
}

/// `−ln σ(positive − negative)` (Rendle et al., UAI 2009).
pub fn bpr(
    positive: &[f32],
    negative: &[f32],
    losses: &mut [f32],
    gradients: Option<[&mut [f32]; 2]>,
) {
    let (exponential, logarithm) = (Exponential::load(), Logarithm::load());
    let pair = [positive, negative];
    match gradients {
        None => each(pair, losses, None, |p, n| [logarithm.softplus(exponential, n - p), n]),
        Some([dpositive, dnegative]) => {
            lanewise(pair, [losses, dpositive, dnegative], |[p, n], _| {
                let (zero, excess) = (F32x4::splat(0.0), n - p);
                let [rest, share] = logarithm.logistic(exponential, excess);
                [excess.at_least(zero) + rest, zero - share, share]
            });
        }
    }
}

/// `(x − target)²`.
pub fn mse(x: &[f32], targets: &[f32], losses: &mut [f32], dx: Option<&mut [f32]>) {
    each([x, targets], losses, dx, |x, target| {
        let error = x - target;
        [error * error, error + error]
    });
}

/// `e²/2` of `e = x − target` while `|e| ≤ delta`, then `delta·(|e| − delta/2)` (Huber, 1964).
pub fn huber(x: &[f32], targets: &[f32], losses: &mut [f32], dx: Option<&mut [f32]>, delta: f32) {
    let (least, most) = (F32x4::splat(-delta), F32x4::splat(delta));
    each([x, targets], losses, dx, |x, target| {
        let error = x - target;
        let slope = error.at_least(least).at_most(most);
        // Both cases in one, as the slope is `e` in the first and `±delta` in the second.
        [slope * (error - F32x4::splat(0.5) * slope), slope]
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    type Kernel = fn(&[f32], &[f32], &mut [f32], Option<&mut [f32]>);
    type Formula = fn(f64, f64) -> f64;

    /// With the negative's gradient left out: it is the positive's, turned round.
    fn bpr_by_positive(p: &[f32], n: &[f32], losses: &mut [f32], dp: Option<&mut [f32]>) {
        let mut dn = vec![9.0; n.len()];
        let copy = dp.map(|dp| {
            bpr(p, n, losses, Some([&mut *dp, &mut dn]));
            dp
        });
        match copy {
            None => bpr(p, n, losses, None),
            Some(dp) => assert!(dp.iter().zip(&dn).all(|(dp, dn)| *dp == -dn || dp.is_nan())),
        }
    }

    const CASES: [(Kernel, Formula); 4] = [
        (bce, |x, t| x.exp().ln_1p() - x * t),
        (bpr_by_positive, |p, n| (n - p).exp().ln_1p()),
        (mse, |x, t| (x - t).powi(2)),
        (
            |x, t, losses, dx| huber(x, t, losses, dx, 0.7),
            |x, t| {
                let e = (x - t).abs();
                if e <= 0.7 { e * e / 2.0 } else { 0.7 * (e - 0.35) }
            },
        ),
    ];

    #[test]
    fn losses_and_their_slopes_agree_with_the_formulas_at_every_length_and_offset() {
        for (kernel, formula) in CASES {
            for len in 0..=13 {
                for offset in 0..4 {
                    let a = floats(len + offset, 1, 4.0);
                    let b: Vec<f32> =
                        floats(len + offset, 2, 0.5).iter().map(|b| b + 0.5).collect();
                    let (mut got, mut da) = (vec![9.0; len + offset], vec![9.0; len + offset]);
                    let mut alone = got.clone();
                    let slopes = Some(&mut da[offset..]);
                    kernel(&a[offset..], &b[offset..], &mut got[offset..], slopes);
                    kernel(&a[offset..], &b[offset..], &mut alone[offset..], None);
                    assert_eq!(got, alone);
                    assert!(got[..offset].iter().chain(&da[..offset]).all(|&x| x == 9.0));
                    for i in offset..len + offset {
                        let (x, t, h) = (f64::from(a[i]), f64::from(b[i]), 1e-5);
                        let want = formula(x, t);
                        assert!((f64::from(got[i]) - want).abs() < 1e-6 * (1.0 + want.abs()));
                        let slope = (formula(x + h, t) - formula(x - h, t)) / (2.0 * h);
                        assert!((f64::from(da[i]) - slope).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn far_logits_neither_overflow_nor_lose_their_small_losses() {
        let logits = [-40.0, 60.0, 40.0, -60.0, 1e30];
        let targets = [1.0, 0.0, 1.0, 0.0, 0.0];
        let (mut losses, mut slopes) = ([0.0; 5], [0.0; 5]);
        bce(&logits, &targets, &mut losses, Some(&mut slopes));
        assert_eq!((losses[0], losses[1], losses[4]), (40.0, 60.0, 1e30));
        assert!((f64::from(losses[2]) / (-40.0_f64).exp() - 1.0).abs() < 1e-6);
        assert!((f64::from(losses[3]) / (-60.0_f64).exp() - 1.0).abs() < 1e-6);
        assert_eq!((slopes[0], slopes[1], slopes[4]), (-1.0, 1.0, 1.0));
    }

    #[test]
    fn nan_stays_where_it_is() {
        for (kernel, _) in CASES {
            let (mut losses, mut slopes) = ([0.0; 6], [0.0; 6]);
            let a = [1.0, f32::NAN, 1.0, 1.0, 1.0, f32::NAN];
            kernel(&a, &[0.5; 6], &mut losses, Some(&mut slopes));
            for i in 0..6 {
                assert_eq!(
                    (losses[i].is_nan(), slopes[i].is_nan()),
                    (a[i].is_nan(), a[i].is_nan())
                );
            }
        }
    }
}
