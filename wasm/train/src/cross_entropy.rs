//! Cross-entropy of rows of logits against a label each.

use crate::exponential::Exponential;
use crate::lanewise::lanewise;
use crate::reduction::sum;
use crate::softmax::{exponentials, log_one, sum_of_exponentials};
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// The label of a row that is left out: its loss and its gradient are 0.
pub const IGNORED: u32 = u32::MAX;

/// Position of the first label that names no column.
#[must_use]
pub fn first_outside(labels: &[u32], cols: usize) -> Option<usize> {
    labels.iter().position(|&label| label != IGNORED && label as usize >= cols)
}

/// `losses[i] = −Σⱼ t[j]·ln p[j]` of row `i`, with `p` its softmax and `t` its label as a
/// distribution: `1 − smoothing` on the label, and `smoothing` spread evenly over all columns
/// (Szegedy et al., CVPR 2016). `dlogits` gets `p − t`, the gradient of the sum of losses.
///
/// Labels are below `cols`, or [`IGNORED`].
pub fn cross_entropy(
    logits: &[f32],
    labels: &[u32],
    losses: &mut [f32],
    mut dlogits: Option<&mut [f32]>,
    smoothing: f32,
) {
    let cols = logits.len() / labels.len().max(1);
    let exponential = Exponential::load();
    for (i, (&label, loss)) in labels.iter().zip(losses).enumerate() {
        let range = i * cols..(i + 1) * cols;
        let row = &logits[range.clone()];
        let slopes = dlogits.as_deref_mut().map(|dlogits| &mut dlogits[range]);
        if label == IGNORED {
            *loss = 0.0;
            if let Some(slopes) = slopes {
                slopes.fill(0.0);
            }
            continue;
        }
        let label = label as usize;
        let (most, total) = match slopes {
            None => sum_of_exponentials(exponential, row),
            Some(slopes) => {
                let (most, total) = exponentials(exponential, row, slopes);
                let share = F32x4::splat(1.0 / total);
                let even = F32x4::splat(smoothing / cols as f32);
                lanewise([], [&mut *slopes], |[], [power]| [power * share - even]);
                slopes[label] -= 1.0 - smoothing;
                (most, total)
            }
        };
        // Both differences are small where the loss is: logits may be large.
        *loss = log_one(total) + (most - row[label]);
        if smoothing != 0.0 {
            let mean = (sum(row) / cols as f64) as f32;
            *loss += smoothing * (row[label] - mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    fn reference(row: &[f64], label: usize, smoothing: f64) -> f64 {
        let most = row.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(x));
        let log_total = most + row.iter().map(|x| (x - most).exp()).sum::<f64>().ln();
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        log_total - (1.0 - smoothing) * row[label] - smoothing * mean
    }

    #[test]
    fn losses_and_gradients_agree_with_the_formula_at_every_width() {
        for smoothing in [0.0, 0.1] {
            for (rows, cols) in [(0, 3), (1, 1), (3, 2), (2, 5), (4, 8), (3, 50), (2, 67)] {
                let logits = floats(rows * cols, 1, 5.0);
                let labels: Vec<u32> = (0..rows).map(|i| (i * 7 % cols) as u32).collect();
                let (mut losses, mut alone) = (vec![9.0; rows], vec![9.0; rows]);
                let mut slopes = vec![9.0; rows * cols];
                cross_entropy(&logits, &labels, &mut losses, Some(&mut slopes), smoothing);
                cross_entropy(&logits, &labels, &mut alone, None, smoothing);
                assert_eq!(losses, alone);
                for i in 0..rows {
                    let mut row: Vec<f64> =
                        logits[i * cols..][..cols].iter().map(|&x| f64::from(x)).collect();
                    let loss =
                        |row: &[f64]| reference(row, labels[i] as usize, f64::from(smoothing));
                    assert!((f64::from(losses[i]) - loss(&row)).abs() < 2e-6);
                    for j in 0..cols {
                        let h = 1e-5;
                        row[j] += h;
                        let above = loss(&row);
                        row[j] -= 2.0 * h;
                        let slope = (above - loss(&row)) / (2.0 * h);
                        row[j] += h;
                        assert!((f64::from(slopes[i * cols + j]) - slope).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn rows_that_are_ignored_have_neither_loss_nor_gradient() {
        let (mut losses, mut slopes) = ([9.0; 2], [9.0; 6]);
        let logits = [f32::NAN, 1.0, 2.0, 1.0, 2.0, 3.0];
        cross_entropy(&logits, &[IGNORED, 2], &mut losses, Some(&mut slopes), 0.0);
        assert_eq!((losses[0], &slopes[..3]), (0.0, &[0.0; 3][..]));
        assert!((losses[1] - 0.407_606).abs() < 1e-6);
    }

    #[test]
    fn large_logits_do_not_overflow_and_nan_spoils_its_row_alone() {
        let logits = [1000.0, 0.0, -1000.0, -800.0, -800.0, -801.0, f32::NAN, 0.0, 0.0];
        let (mut losses, mut slopes) = ([9.0; 3], [9.0; 9]);
        cross_entropy(&logits, &[1, 2, 1], &mut losses, Some(&mut slopes), 0.0);
        assert_eq!(losses[0], 1000.0);
        assert!((losses[1] - 1.861_994_8).abs() < 1e-6);
        assert_eq!(slopes[..3], [1.0, -1.0, 0.0]);
        assert!(losses[2].is_nan() && slopes[6..].iter().all(|slope| slope.is_nan()));
    }

    #[test]
    fn the_first_label_outside_is_found_and_an_ignored_one_is_not_outside() {
        assert_eq!(first_outside(&[0, IGNORED, 2, 3, 4], 3), Some(3));
        assert_eq!(first_outside(&[0, IGNORED, 2], 3), None);
        assert_eq!(first_outside(&[], 0), None);
    }
}
