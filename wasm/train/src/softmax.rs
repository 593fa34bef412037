//! Softmax over the values of a row, and its logarithm.
//!
//! A row with NaN or +∞ in it becomes NaN, one of nothing but −∞ too.

use crate::exponential::Exponential;
use crate::lanewise::{lanewise, padded, store_first};
use crate::logarithm::Logarithm;
use crate::reduction::{across, sum};
use crate::vector::dot;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// The largest value of a row that has no NaN.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let (quads, tail) = row.as_chunks::<4>();
    let rest = padded(tail, f32::NEG_INFINITY);
    let most = quads.iter().fold(rest, |most, quad| most.max(F32x4::load(quad)));
    let [a, b, c, d] = most.to_array();
    a.max(b).max(c.max(d))
}

/// Writes `e^(x − largest)` to `out`; returns the largest value and the sum of what was written.
#[inline(always)]
pub fn exponentials(exponential: Exponential, row: &[f32], out: &mut [f32]) -> (f32, f32) {
    let most = largest(row);
    let shift = F32x4::splat(most);
    let (quads, tail) = row.as_chunks::<4>();
    let (out_quads, out_tail) = out.as_chunks_mut::<4>();
    let last = exponential.exp(padded(tail, f32::NEG_INFINITY) - shift);
    store_first(last, out_tail);
    let mut total = F32x4::splat(0.0);
    for (quad, out) in quads.iter().zip(out_quads) {
        let power = exponential.exp(F32x4::load(quad) - shift);
        power.store(out);
        total = total + power;
    }
    (most, across(total + last))
}

/// What [`exponentials`] returns, where they are not wanted themselves.
#[inline(always)]
#[must_use]
pub fn sum_of_exponentials(exponential: Exponential, row: &[f32]) -> (f32, f32) {
    let most = largest(row);
    let shift = F32x4::splat(most);
    let (quads, tail) = row.as_chunks::<4>();
    let last = exponential.exp(padded(tail, f32::NEG_INFINITY) - shift);
    let zero = F32x4::splat(0.0);
    let total =
        quads.iter().fold(zero, |total, quad| total + exponential.exp(F32x4::load(quad) - shift));
    (most, across(total + last))
}

/// Natural logarithm of one value.
#[inline(always)]
#[must_use]
pub fn log_one(x: f32) -> f32 {
    Logarithm::load().log(F32x4::splat(x)).to_array()[0]
}

/// `out[i][j] = e^x[i][j] / Σₖ e^x[i][k]`, rows of `cols` values.
pub fn softmax(x: &[f32], out: &mut [f32], cols: usize) {
    let exponential = Exponential::load();
    let cols = cols.max(1);
    for (row, out) in x.chunks_exact(cols).zip(out.chunks_exact_mut(cols)) {
        let (_, total) = exponentials(exponential, row, out);
        let share = F32x4::splat(1.0 / total);
        lanewise([], [out], |[], [power]| [power * share]);
    }
}

/// `dx[i][j] += y[i][j]·(dy[i][j] − Σₖ y[i][k]·dy[i][k])`.
pub fn softmax_backward(y: &[f32], dy: &[f32], dx: &mut [f32], cols: usize) {
    let cols = cols.max(1);
    let rows = y.chunks_exact(cols).zip(dy.chunks_exact(cols)).zip(dx.chunks_exact_mut(cols));
    for ((y, dy), dx) in rows {
        let along = F32x4::splat(dot(y, dy));
        lanewise([y, dy], [dx], |[y, dy], [dx]| [dx + y * (dy - along)]);
    }
}

/// `out[i][j] = x[i][j] − ln Σₖ e^x[i][k]`, rows of `cols` values.
pub fn log_softmax(x: &[f32], out: &mut [f32], cols: usize) {
    let exponential = Exponential::load();
    let cols = cols.max(1);
    for (row, out) in x.chunks_exact(cols).zip(out.chunks_exact_mut(cols)) {
        let (most, total) = exponentials(exponential, row, out);
        let (most, rest) = (F32x4::splat(most), F32x4::splat(log_one(total)));
        lanewise([row], [out], |[x], _| [x - most - rest]);
    }
}

/// `dx[i][j] += dy[i][j] − e^y[i][j]·Σₖ dy[i][k]`.
pub fn log_softmax_backward(y: &[f32], dy: &[f32], dx: &mut [f32], cols: usize) {
    let exponential = Exponential::load();
    let cols = cols.max(1);
    let rows = y.chunks_exact(cols).zip(dy.chunks_exact(cols)).zip(dx.chunks_exact_mut(cols));
    for ((y, dy), dx) in rows {
        let total = F32x4::splat(sum(dy) as f32);
        lanewise([y, dy], [dx], |[y, dy], [dx]| [dx + (dy - exponential.exp(y) * total)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    const SHAPES: [(usize, usize); 9] =
        [(0, 3), (3, 0), (1, 1), (2, 3), (3, 4), (2, 5), (5, 8), (3, 50), (2, 67)];

    fn reference(x: &[f32]) -> Vec<f64> {
        let most = x.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(f64::from(x)));
        let powers: Vec<f64> = x.iter().map(|&x| (f64::from(x) - most).exp()).collect();
        let total: f64 = powers.iter().sum();
        powers.iter().map(|power| power / total).collect()
    }

    #[test]
    fn rows_become_distributions_at_every_width() {
        for (rows, cols) in SHAPES {
            let x = floats(rows * cols, 1, 20.0);
            let (mut got, mut logs) = (vec![9.0; rows * cols], vec![9.0; rows * cols]);
            softmax(&x, &mut got, cols);
            log_softmax(&x, &mut logs, cols);
            for i in 0..rows {
                let want = reference(&x[i * cols..][..cols]);
                for j in 0..cols {
                    let (got, log) = (f64::from(got[i * cols + j]), f64::from(logs[i * cols + j]));
                    assert!((got - want[j]).abs() < 3e-6 * want[j], "{got} {}", want[j]);
                    assert!((log - want[j].ln()).abs() < 5e-6, "{log} {}", want[j].ln());
                }
            }
        }
    }

    #[test]
    fn gradients_are_those_of_the_values_and_are_added() {
        for (rows, cols) in SHAPES {
            let (x, dy) = (floats(rows * cols, 2, 2.0), floats(rows * cols, 3, 1.0));
            let (mut y, mut log) = (vec![0.0; rows * cols], vec![0.0; rows * cols]);
            softmax(&x, &mut y, cols);
            log_softmax(&x, &mut log, cols);
            let before = floats(rows * cols, 4, 1.0);
            let (mut dx, mut dlog) = (before.clone(), before.clone());
            softmax_backward(&y, &dy, &mut dx, cols);
            log_softmax_backward(&log, &dy, &mut dlog, cols);
            for i in 0..rows {
                let range = i * cols..(i + 1) * cols;
                let (p, dy) = (reference(&x[range.clone()]), &dy[range]);
                let along: f64 = p.iter().zip(dy).map(|(p, &dy)| p * f64::from(dy)).sum();
                let total: f64 = dy.iter().map(|&dy| f64::from(dy)).sum();
                for j in 0..cols {
                    let (at, upstream) = (i * cols + j, f64::from(dy[j]));
                    let want = f64::from(before[at]) + p[j] * (upstream - along);
                    assert!((f64::from(dx[at]) - want).abs() < 1e-6);
                    let want = f64::from(before[at]) + upstream - p[j] * total;
                    assert!((f64::from(dlog[at]) - want).abs() < 4e-6);
                }
            }
        }
    }

    #[test]
    fn large_values_do_not_overflow_and_minus_infinity_has_no_share() {
        let mut out = [9.0; 5];
        softmax(&[1000.0, 1000.0, -1000.0, f32::NEG_INFINITY, 1000.0], &mut out, 5);
        let third = out[0];
        assert!((third - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(out, [third, third, 0.0, 0.0, third]);
        for bad in [f32::NAN, f32::INFINITY] {
            for at in 0..6 {
                let (mut x, mut out) = ([0.5; 6], [0.0; 6]);
                x[at] = bad;
                softmax(&x, &mut out, 6);
                assert!(out.iter().all(|y| y.is_nan()), "{bad} at {at}");
            }
        }
    }
}
