//! Matrix factorisation over implicit feedback, as one person trains it: the person's vector by
//! Adam on a fixed item table, then one step for the table's rows.
//!
//! A person's table holds only the rows that this round touches: `rows` of `dim` values each, and
//! one bias a row. `positives` and `negatives` are row numbers; positive `i` goes with negatives
//! `i·k .. (i + 1)·k`. Every loss is a function of the rows' scores `s = row · person + bias`, so
//! one coefficient `∂L/∂s` a row carries all gradients: of the person `Σ c·row`, of a row
//! `c·person`, of its bias `c`.

use crate::logistic::{sigmoid, softplus};
use crate::rows;
use crate::vector::axpy;

#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(test)]
mod tests;

/// Room for rounding to float32, which may lengthen a vector by a part in 2^23.
const ROUNDING: f64 = 1.0 - 1.0 / 4_194_304.0;

/// What a person's scores are asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Cross-entropy of `σ(s)` against 1 for positives and 0 for negatives.
    Logistic,
    /// `−ln σ(s⁺ − s⁻)` for each pair (Rendle et al., UAI 2009).
    Bpr,
}

/// The rows that one person touches in a round, and which of them were liked.
#[derive(Clone, Copy)]
pub struct Feedback<'a> {
    /// `biases.len() · dim` values, row-major.
    pub rows: &'a [f32],
    /// One bias a row.
    pub biases: &'a [f32],
    /// Rows that the person took.
    pub positives: &'a [u32],
    /// The same number of sampled rows for each positive, in its order.
    pub negatives: &'a [u32],
}

/// How a person's vector is fitted.
#[derive(Clone, Copy)]
pub struct Fit {
    pub loss: Loss,
    /// Adam steps over all of the feedback.
    pub steps: u32,
    pub learning_rate: f32,
    /// Of the squared vector, halved.
    pub decay: f32,
}

/// Scores of all rows.
fn score(feedback: &Feedback, person: &[f32], scores: &mut [f32]) {
    rows::scores(feedback.rows, person, scores);
    for (score, bias) in scores.iter_mut().zip(feedback.biases) {
        *score += bias;
    }
}

/// Each positive with its negatives.
fn examples<'a>(feedback: &Feedback<'a>) -> impl Iterator<Item = (u32, &'a [u32])> {
    let &Feedback { positives, negatives, .. } = feedback;
    let each = negatives.len() / positives.len().max(1);
    positives.iter().enumerate().map(move |(i, &liked)| (liked, &negatives[i * each..][..each]))
}

/// Number of terms in the loss: examples, or pairs.
fn terms(loss: Loss, feedback: &Feedback) -> usize {
    match loss {
        Loss::Logistic => feedback.positives.len() + feedback.negatives.len(),
        Loss::Bpr => feedback.negatives.len(),
    }
}

/// The loss, summed over its terms.
fn summed(loss: Loss, feedback: &Feedback, scores: &[f32]) -> f64 {
    let score = |row: u32| f64::from(scores[row as usize]);
    let mut sum = 0.0;
    for (liked, others) in examples(feedback) {
        match loss {
            Loss::Logistic => {
                sum += softplus(-score(liked));
                sum += others.iter().map(|&other| softplus(score(other))).sum::<f64>();
            }
            Loss::Bpr => {
                let margin = |&other: &u32| softplus(score(other) - score(liked));
                sum += others.iter().map(margin).sum::<f64>();
            }
        }
    }
    sum
}

/// Puts the slope of the summed loss along every row's score into `coefficients`.
fn differentiate(loss: Loss, feedback: &Feedback, scores: &[f32], coefficients: &mut [f32]) {
    coefficients.fill(0.0);
    let score = |row: u32| f64::from(scores[row as usize]);
    for (liked, others) in examples(feedback) {
        match loss {
            Loss::Logistic => {
                coefficients[liked as usize] -= sigmoid(-score(liked)) as f32;
                for &other in others {
                    coefficients[other as usize] += sigmoid(score(other)) as f32;
                }
            }
            Loss::Bpr => {
                for &other in others {
                    let slope = sigmoid(score(other) - score(liked)) as f32;
                    coefficients[liked as usize] -= slope;
                    coefficients[other as usize] += slope;
                }
            }
        }
    }
}

/// Fits a person to fixed rows by Adam (Kingma & Ba, 2015) on the mean loss.
///
/// `state` is the person: vector, first and second moment (`dim` values each), then the number of
/// steps so far. `scratch` holds `dim` values. On return `coefficients` holds `∂L/∂s` of every row
/// for the *summed* loss of the fitted vector, which is what [`step_rows`] takes. Returns the mean
/// loss before the first step; 0 without feedback, which leaves the person as it was.
pub fn fit_person(
    fit: &Fit,
    feedback: &Feedback,
    state: &mut [f32],
    scores: &mut [f32],
    coefficients: &mut [f32],
    scratch: &mut [f32],
) -> f64 {
    let dim = scratch.len();
    let (person, rest) = state.split_at_mut(dim);
    let (mean, rest) = rest.split_at_mut(dim);
    let (square, taken) = rest.split_at_mut(dim);
    let terms = terms(fit.loss, feedback) as f32;
    score(feedback, person, scores);
    let first = summed(fit.loss, feedback, scores);
    differentiate(fit.loss, feedback, scores, coefficients);
    if terms == 0.0 {
        return 0.0;
    }
    for _ in 0..fit.steps {
        scratch.fill(0.0);
        for (&c, row) in coefficients.iter().zip(feedback.rows.chunks_exact(dim)) {
            axpy(c / terms, row, scratch);
        }
        axpy(fit.decay, person, scratch);
        taken[0] += 1.0;
        adam(person, mean, square, scratch, fit.learning_rate, taken[0] as u32);
        score(feedback, person, scores);
        differentiate(fit.loss, feedback, scores, coefficients);
    }
    first / f64::from(terms)
}

/// The `t`-th Adam step with β 0.9 and 0.999, ε 1e-8.
fn adam(at: &mut [f32], mean: &mut [f32], square: &mut [f32], gradient: &[f32], rate: f32, t: u32) {
    let corrected = |beta: f64| (1.0 - (0..t).fold(1.0, |power, _| power * beta)) as f32;
    let (mean_left, square_left) = (corrected(0.9), corrected(0.999));
    for (((x, m), v), &g) in at.iter_mut().zip(mean).zip(square).zip(gradient) {
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * g * g;
        *x -= rate * (*m / mean_left) / ((*v / square_left).sqrt() + 1e-8);
    }
}

/// One gradient step of size `rate` on all rows and biases: writes the *changes*, shrunk together
/// to an L2 norm of at most `clip` (no limit if infinite).
pub fn step_rows(
    person: &[f32],
    coefficients: &[f32],
    rate: f32,
    clip: f64,
    row_changes: &mut [f32],
    bias_changes: &mut [f32],
) {
    let mut squares = 0.0;
    let rows = row_changes.chunks_exact_mut(person.len());
    for ((&c, row), bias) in coefficients.iter().zip(rows).zip(bias_changes.iter_mut()) {
        row.fill(0.0);
        axpy(-rate * c, person, row);
        *bias = -rate * c;
        squares += row.iter().chain([&*bias]).map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
    }
    let norm = squares.sqrt();
    if norm > clip {
        let factor = (clip / norm * ROUNDING) as f32;
        for change in row_changes.iter_mut().chain(bias_changes) {
            *change *= factor;
        }
    }
}
