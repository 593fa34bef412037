//! Root mean square normalisation (Zhang & Sennrich, 2019): each row to mean square 1, then a gain
//! for each column.

use crate::lanewise::lanewise;
use crate::reduction::across;
use crate::vector::dot;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// `out = x / √(mean(x²) + epsilon)·gain` for rows as long as `gain`. `stats` gets
/// `1 / √(mean(x²) + epsilon)` of a row.
pub fn rms_norm(x: &[f32], gain: &[f32], out: &mut [f32], stats: &mut [f32], epsilon: f32) {
    let cols = gain.len();
    for (i, inverse) in stats.iter_mut().enumerate() {
        let (row, out) = (&x[i * cols..][..cols], &mut out[i * cols..][..cols]);
        *inverse = 1.0 / (dot(row, row) / cols as f32 + epsilon).sqrt();
        let scale = F32x4::splat(*inverse);
        lanewise([row, gain], [out], |[x, gain], _| [x * scale * gain]);
    }
}

/// Adds to `dx` and `dgain` what [`rms_norm`] owes them. With `x̂ = x·inverse` and `g = dy·gain`:
/// `dx += inverse·(g − x̂·mean(g·x̂))`, `dgain += dy·x̂`.
pub fn rms_norm_backward(
    [x, dy]: [&[f32]; 2],
    gain: &[f32],
    stats: &[f32],
    dx: &mut [f32],
    dgain: &mut [f32],
) {
    let cols = gain.len();
    for (i, &inverse) in stats.iter().enumerate() {
        let (x, dy) = (&x[i * cols..][..cols], &dy[i * cols..][..cols]);
        let scale = F32x4::splat(inverse);
        let mut along = F32x4::splat(0.0);
        lanewise([x, gain, dy], [&mut *dgain], |[x, gain, dy], [dgain]| {
            let product = dy * (x * scale);
            along = along + product * gain;
            [dgain + product]
        });
        let mean_along = F32x4::splat(across(along) / cols as f32);
        let dx = &mut dx[i * cols..][..cols];
        lanewise([x, gain, dy], [dx], |[x, gain, dy], [dx]| {
            [dx + scale * (dy * gain - x * scale * mean_along)]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    const SHAPES: [(usize, usize); 9] =
        [(0, 3), (3, 0), (1, 1), (2, 3), (3, 4), (2, 5), (5, 8), (3, 64), (2, 67)];
    const EPSILON: f64 = 1e-6;

    fn reference(x: &[f64], gain: &[f32]) -> Vec<f64> {
        let square = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let inverse = 1.0 / (square + EPSILON).sqrt();
        x.iter().zip(gain).map(|(x, &gain)| x * inverse * f64::from(gain)).collect()
    }

    fn row(x: &[f32], i: usize, cols: usize) -> Vec<f64> {
        x[i * cols..][..cols].iter().map(|&x| f64::from(x)).collect()
    }

    #[test]
    fn values_and_gradients_agree_with_the_formula_at_every_width() {
        for (rows, cols) in SHAPES {
            let (x, dy) = (floats(rows * cols, 1, 3.0), floats(rows * cols, 2, 1.0));
            let gain = floats(cols, 3, 2.0);
            let (mut out, mut stats) = (vec![9.0; rows * cols], vec![9.0; rows]);
            rms_norm(&x, &gain, &mut out, &mut stats, EPSILON as f32);
            let before = floats(rows * cols, 4, 1.0);
            let (mut dx, mut dgain) = (before.clone(), vec![1.0; cols]);
            rms_norm_backward([&x, &dy], &gain, &stats, &mut dx, &mut dgain);
            let loss = |x: &[f64], i: usize| -> f64 {
                let y = reference(x, &gain);
                y.iter().zip(&dy[i * cols..]).map(|(y, &dy)| y * f64::from(dy)).sum()
            };
            for i in 0..rows {
                let want = reference(&row(&x, i, cols), &gain);
                for j in 0..cols {
                    let at = i * cols + j;
                    assert!((f64::from(out[at]) - want[j]).abs() < 2e-6);
                    let mut near = row(&x, i, cols);
                    let h = 1e-5;
                    near[j] += h;
                    let above = loss(&near, i);
                    near[j] -= 2.0 * h;
                    let slope = (above - loss(&near, i)) / (2.0 * h);
                    let got = f64::from(dx[at] - before[at]);
                    assert!((got - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{got} {slope}");
                }
            }
            for j in 0..cols {
                let ones = vec![1.0; cols];
                let each =
                    |i: usize| reference(&row(&x, i, cols), &ones)[j] * f64::from(dy[i * cols + j]);
                let want: f64 = 1.0 + (0..rows).map(each).sum::<f64>();
                assert!((f64::from(dgain[j]) - want).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn nan_spoils_its_row_alone() {
        for at in 0..6 {
            let mut x = floats(12, 5, 1.0);
            x[at] = f32::NAN;
            let (mut out, mut stats) = ([0.0; 12], [0.0; 2]);
            rms_norm(&x, &[1.0; 6], &mut out, &mut stats, 1e-6);
            assert!(out[..6].iter().all(|y| y.is_nan()));
            assert!(out[6..].iter().all(|y| y.is_finite()));
        }
    }
}
