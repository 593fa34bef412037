//! Layer normalisation (Ba, Kiros & Hinton, 2016): each row to mean 0 and variance 1, then a gain
//! and a shift for each column.

use crate::lanewise::{lanewise, padded};
use crate::reduction::{across, sum};
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// Rows of which all means are taken before all variances: a row would wait for its own.
const ROWS: usize = 4;

/// `out = (x − mean) / √(variance + epsilon)·gain + shift` for rows as long as `gain`; the variance
/// is that of the row itself (biased). `stats` gets mean and `1 / √(variance + epsilon)` of a row.
pub fn layer_norm(
    x: &[f32],
    gain: &[f32],
    shift: &[f32],
    out: &mut [f32],
    stats: &mut [[f32; 2]],
    epsilon: f32,
) {
    let cols = gain.len();
    for (block, stats) in stats.chunks_mut(ROWS).enumerate() {
        let row = |i: usize| (block * ROWS + i) * cols..(block * ROWS + i + 1) * cols;
        for (i, [mean, _]) in stats.iter_mut().enumerate() {
            *mean = sum(&x[row(i)]) as f32 / cols as f32;
        }
        for (i, [mean, inverse]) in stats.iter_mut().enumerate() {
            *inverse = 1.0 / (squares_about(&x[row(i)], *mean) / cols as f32 + epsilon).sqrt();
        }
        for (i, &[mean, inverse]) in stats.iter().enumerate() {
            let (mean, inverse) = (F32x4::splat(mean), F32x4::splat(inverse));
            lanewise([&x[row(i)], gain, shift], [&mut out[row(i)]], |[x, gain, shift], _| {
                [(x - mean) * inverse * gain + shift]
            });
        }
    }
}

/// `Σ (x − centre)²`.
#[inline(always)]
fn squares_about(row: &[f32], centre: f32) -> f32 {
    let middle = F32x4::splat(centre);
    let square = |x: F32x4| (x - middle) * (x - middle);
    let (turns, tail) = row.as_chunks::<8>();
    let (mut low, mut high) = (F32x4::splat(0.0), F32x4::splat(0.0));
    for &[a, b, c, d, e, f, g, h] in turns {
        low = low + square(F32x4::load(&[a, b, c, d]));
        high = high + square(F32x4::load(&[e, f, g, h]));
    }
    let (quads, tail) = tail.as_chunks::<4>();
    for quad in quads {
        low = low + square(F32x4::load(quad));
    }
    across(low + high + square(padded(tail, centre)))
}

/// Adds to `dx`, `dgain` and `dshift` what [`layer_norm`] owes them. With `x̂ = (x − mean)·inverse`
/// and `g = dy·gain`: `dx += inverse·(g − mean(g) − x̂·mean(g·x̂))`, `dgain += dy·x̂`,
/// `dshift += dy`.
pub fn layer_norm_backward(
    [x, dy]: [&[f32]; 2],
    gain: &[f32],
    stats: &[[f32; 2]],
    dx: &mut [f32],
    dgain: &mut [f32],
    dshift: &mut [f32],
) {
    let cols = gain.len();
    for (i, &[mean, inverse]) in stats.iter().enumerate() {
        let (x, dy) = (&x[i * cols..][..cols], &dy[i * cols..][..cols]);
        let (centre, scale) = (F32x4::splat(mean), F32x4::splat(inverse));
        let (mut sum, mut along) = (F32x4::splat(0.0), F32x4::splat(0.0));
        lanewise([x, gain, dy], [&mut *dgain, &mut *dshift], |[x, gain, dy], [dgain, dshift]| {
            let normal = (x - centre) * scale;
            let product = dy * normal;
            sum = sum + dy * gain;
            along = along + product * gain;
            [dgain + product, dshift + dy]
        });
        let mean_sum = F32x4::splat(across(sum) / cols as f32);
        let mean_along = F32x4::splat(across(along) / cols as f32);
        let dx = &mut dx[i * cols..][..cols];
        lanewise([x, gain, dy], [dx], |[x, gain, dy], [dx]| {
            let normal = (x - centre) * scale;
            [dx + scale * (dy * gain - mean_sum - normal * mean_along)]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    const SHAPES: [(usize, usize); 9] =
        [(0, 3), (3, 0), (1, 1), (2, 3), (3, 4), (2, 5), (5, 8), (3, 64), (2, 67)];
    const EPSILON: f64 = 1e-5;

    fn reference(x: &[f64], gain: &[f32], shift: &[f32]) -> Vec<f64> {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let inverse = 1.0 / (variance + EPSILON).sqrt();
        let affine = gain.iter().zip(shift);
        x.iter()
            .zip(affine)
            .map(|(x, (&g, &s))| (x - mean) * inverse * f64::from(g) + f64::from(s))
            .collect()
    }

    fn row(x: &[f32], i: usize, cols: usize) -> Vec<f64> {
        x[i * cols..][..cols].iter().map(|&x| f64::from(x)).collect()
    }

    #[test]
    fn rows_get_mean_and_variance_of_their_shift_and_gain_at_every_width() {
        for (rows, cols) in SHAPES {
            // A mean far from 0, which the squares' mean would drown in.
            let x: Vec<f32> = floats(rows * cols, 1, 2.0).iter().map(|x| x + 100.0).collect();
            let (gain, shift) = (floats(cols, 2, 2.0), floats(cols, 3, 1.0));
            let (mut out, mut stats) = (vec![9.0; rows * cols], vec![[9.0; 2]; rows]);
            layer_norm(&x, &gain, &shift, &mut out, &mut stats, EPSILON as f32);
            for i in 0..rows {
                let want = reference(&row(&x, i, cols), &gain, &shift);
                for j in 0..cols {
                    assert!((f64::from(out[i * cols + j]) - want[j]).abs() < 2e-5);
                }
            }
        }
    }

    #[test]
    fn gradients_are_differences_of_the_values_and_are_added() {
        for (rows, cols) in SHAPES {
            let (x, dy) = (floats(rows * cols, 4, 2.0), floats(rows * cols, 5, 1.0));
            let (gain, shift) = (floats(cols, 6, 2.0), floats(cols, 7, 1.0));
            let (mut out, mut stats) = (vec![0.0; rows * cols], vec![[0.0; 2]; rows]);
            layer_norm(&x, &gain, &shift, &mut out, &mut stats, EPSILON as f32);
            let before = floats(rows * cols, 8, 1.0);
            let (mut dx, mut dgain, mut dshift) =
                (before.clone(), vec![1.0; cols], vec![2.0; cols]);
            layer_norm_backward([&x, &dy], &gain, &stats, &mut dx, &mut dgain, &mut dshift);
            let loss = |x: &[f64], i: usize| -> f64 {
                let y = reference(x, &gain, &shift);
                y.iter().zip(&dy[i * cols..]).map(|(y, &dy)| y * f64::from(dy)).sum()
            };
            for i in 0..rows {
                for j in 0..cols {
                    let mut at = row(&x, i, cols);
                    let h = 1e-5;
                    at[j] += h;
                    let above = loss(&at, i);
                    at[j] -= 2.0 * h;
                    let slope = (above - loss(&at, i)) / (2.0 * h);
                    let got = f64::from(dx[i * cols + j] - before[i * cols + j]);
                    assert!((got - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{got} {slope}");
                }
            }
            for j in 0..cols {
                let each = |i: usize| f64::from(dy[i * cols + j]);
                let want: f64 = 2.0 + (0..rows).map(each).sum::<f64>();
                assert!((f64::from(dshift[j]) - want).abs() < 1e-5);
                let ones = (vec![1.0; cols], vec![0.0; cols]);
                let normal = |i: usize| reference(&row(&x, i, cols), &ones.0, &ones.1)[j];
                let want: f64 = 1.0 + (0..rows).map(|i| each(i) * normal(i)).sum::<f64>();
                assert!((f64::from(dgain[j]) - want).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn nan_and_infinity_spoil_their_row_alone() {
        for bad in [f32::NAN, f32::INFINITY] {
            for at in 0..6 {
                let mut x = floats(12, 9, 1.0);
                x[at] = bad;
                let (mut out, mut stats) = ([0.0; 12], [[0.0; 2]; 2]);
                layer_norm(&x, &[1.0; 6], &[0.0; 6], &mut out, &mut stats, 1e-5);
                assert!(out[..6].iter().any(|y| y.is_nan()));
                assert!(out[6..].iter().all(|y| y.is_finite()));
            }
        }
    }
}
