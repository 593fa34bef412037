//! Matrix factorisation over implicit feedback, as one person trains it: the person's vector by
//! Adam on a fixed item table, then one step for the table's rows.
//!
//! A person's table holds only the rows that this round touches: `rows` of `dim` values each, and
//! one bias a row. `positives` and `negatives` are row numbers; positive `i` goes with negatives
//! `i·k .. (i + 1)·k`. Every loss is a function of the rows' scores `s = row · person + bias`, so
//! one coefficient `∂L/∂s` a row carries all gradients: of the person `Σ c·row`, of a row
//! `c·person`, of its bias `c`.

use crate::vector::{axpy, dot};

/// `ln 2`.
const LN_2: f64 = core::f64::consts::LN_2;

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

/// `e^x` for `x ≤ 0`, from additions and multiplications alone, so that it has the same bits
/// wherever this is compiled: `2^k · e^r` with `|r| ≤ ln 2 / 2` and a Taylor polynomial (1e-13).
fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let k = (x / LN_2).round();
    let r = x - k * LN_2;
    let series = (1..=12).rev().fold(1.0, |sum, n| 1.0 + sum * r / f64::from(n));
    series * f64::from_bits(((1023 + k as i64) as u64) << 52)
}

/// `1 / (1 + e^−x)`.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    let small = exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// `ln(1 + e^x) = −ln σ(−x)`, with `ln(1 + t) = 2·atanh(t / (2 + t))` as a series (1e-11).
#[must_use]
pub fn softplus(x: f64) -> f64 {
    let small = exp(-x.abs());
    let s = small / (2.0 + small);
    let series = (0..11).rev().fold(0.0, |sum, n| sum * s * s + 1.0 / f64::from(2 * n + 1));
    x.max(0.0) + 2.0 * s * series
}

/// Scores of all rows.
fn score(feedback: &Feedback, person: &[f32], scores: &mut [f32]) {
    let rows = feedback.rows.chunks_exact(person.len());
    for ((score, row), bias) in scores.iter_mut().zip(rows).zip(feedback.biases) {
        *score = dot(row, person) + bias;
    }
}

/// Puts `∂L/∂s` of every row into `coefficients`, for the loss summed over all terms.
///
/// Returns that sum and the number of terms: examples, or pairs.
fn differentiate(
    loss: Loss,
    feedback: &Feedback,
    scores: &[f32],
    coefficients: &mut [f32],
) -> (f64, usize) {
    coefficients.fill(0.0);
    let Feedback { positives, negatives, .. } = feedback;
    let each = negatives.len() / positives.len().max(1);
    let score = |row: u32| f64::from(scores[row as usize]);
    let mut sum = 0.0;
    for (i, &liked) in positives.iter().enumerate() {
        let others = &negatives[i * each..(i + 1) * each];
        match loss {
            Loss::Logistic => {
                sum += softplus(-score(liked));
                coefficients[liked as usize] -= sigmoid(-score(liked)) as f32;
                for &other in others {
                    sum += softplus(score(other));
                    coefficients[other as usize] += sigmoid(score(other)) as f32;
                }
            }
            Loss::Bpr => {
                for &other in others {
                    let margin = score(liked) - score(other);
                    sum += softplus(-margin);
                    let c = sigmoid(-margin) as f32;
                    coefficients[liked as usize] -= c;
                    coefficients[other as usize] += c;
                }
            }
        }
    }
    let terms = match loss {
        Loss::Logistic => positives.len() + negatives.len(),
        Loss::Bpr => negatives.len(),
    };
    (sum, terms)
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
    let mut first = 0.0;
    for step in 0..=fit.steps {
        score(feedback, person, scores);
        let (loss, terms) = differentiate(fit.loss, feedback, scores, coefficients);
        if terms == 0 {
            return 0.0;
        }
        if step == 0 {
            first = loss / terms as f64;
        }
        if step == fit.steps {
            break;
        }
        scratch.fill(0.0);
        for (&c, row) in coefficients.iter().zip(feedback.rows.chunks_exact(dim)) {
            axpy(c, row, scratch);
        }
        taken[0] += 1.0;
        let (scale, decay) = (1.0 / terms as f32, fit.decay);
        for (g, p) in scratch.iter_mut().zip(&*person) {
            *g = *g * scale + decay * p;
        }
        adam(person, mean, square, scratch, fit.learning_rate, taken[0] as u32);
    }
    first
}

/// The `t`-th Adam step with β 0.9 and 0.999, ε 1e-8.
fn adam(
    at: &mut [f32],
    mean: &mut [f32],
    square: &mut [f32],
    gradient: &[f32],
    rate: f32,
    t: u32,
) {
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
        let factor = (clip / norm) as f32;
        for change in row_changes.iter_mut().chain(bias_changes) {
            *change *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in `[-1, 1)` that look random and are the same in every run (SplitMix64).
    struct Numbers(u64);

    impl Numbers {
        fn word(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
        }

        fn list(&mut self, len: usize, range: f32) -> Vec<f32> {
            (0..len).map(|_| ((self.word() >> 40) as f32 / 8_388_608.0 - 1.0) * range).collect()
        }

        fn rows(&mut self, len: usize, rows: usize) -> Vec<u32> {
            (0..len).map(|_| (self.word() % rows as u64) as u32).collect()
        }
    }

    struct Case {
        dim: usize,
        rows: Vec<f32>,
        biases: Vec<f32>,
        person: Vec<f32>,
        positives: Vec<u32>,
        negatives: Vec<u32>,
    }

    impl Case {
        fn new(seed: u64, dim: usize, rows: usize, positives: usize, each: usize) -> Self {
            let mut numbers = Numbers(seed);
            Self {
                dim,
                rows: numbers.list(rows * dim, 1.0),
                biases: numbers.list(rows, 1.0),
                person: numbers.list(dim, 1.0),
                positives: numbers.rows(positives, rows),
                negatives: numbers.rows(positives * each, rows),
            }
        }

        fn feedback(&self) -> Feedback<'_> {
            let Self { rows, biases, positives, negatives, .. } = self;
            Feedback { rows, biases, positives, negatives }
        }

        /// Mean loss straight from the definition, in float64 with the library's own functions.
        fn mean_loss(&self, loss: Loss) -> f64 {
            let score = |row: u32| {
                let row = row as usize;
                let at = &self.rows[row * self.dim..(row + 1) * self.dim];
                let dot: f64 =
                    at.iter().zip(&self.person).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                dot + f64::from(self.biases[row])
            };
            let penalty = |x: f64| x.exp().ln_1p();
            let each = self.negatives.len() / self.positives.len();
            let mut terms = Vec::new();
            for (i, &liked) in self.positives.iter().enumerate() {
                if loss == Loss::Logistic {
                    terms.push(penalty(-score(liked)));
                }
                for &other in &self.negatives[i * each..(i + 1) * each] {
                    terms.push(match loss {
                        Loss::Logistic => penalty(score(other)),
                        Loss::Bpr => penalty(score(other) - score(liked)),
                    });
                }
            }
            terms.iter().sum::<f64>() / terms.len() as f64
        }

        /// State, coefficients and first loss after fitting.
        fn fit(&self, loss: Loss, steps: u32) -> (Vec<f32>, Vec<f32>, f64) {
            let mut state = vec![0.0; 3 * self.dim + 1];
            state[..self.dim].copy_from_slice(&self.person);
            let count = self.biases.len();
            let mut coefficients = vec![9.0; count];
            let fit = Fit { loss, steps, learning_rate: 0.05, decay: 0.01 };
            let (mut scores, mut scratch) = (vec![9.0; count], vec![9.0; self.dim]);
            let first = fit_person(
                &fit,
                &self.feedback(),
                &mut state,
                &mut scores,
                &mut coefficients,
                &mut scratch,
            );
            (state, coefficients, first)
        }
    }

    #[test]
    fn sigmoid_and_softplus_agree_with_the_library_s() {
        for i in -4000..=4000 {
            let x = f64::from(i) / 40.0;
            assert!((sigmoid(x) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-13, "{x}");
            let want = x.max(0.0) + (-x.abs()).exp().ln_1p();
            assert!((softplus(x) - want).abs() < 1e-10, "{x}");
        }
        assert_eq!((sigmoid(0.0), sigmoid(1e9), sigmoid(-1e9)), (0.5, 1.0, 0.0));
        assert_eq!((softplus(1e9), softplus(-1e9)), (1e9, 0.0));
    }

    #[test]
    fn the_loss_is_the_definition_s_at_odd_sizes_and_tails() {
        for dim in [1, 2, 3, 4, 5, 7, 8, 15, 32, 33] {
            for (positives, each) in [(1, 1), (2, 4), (5, 3), (17, 2)] {
                for loss in [Loss::Logistic, Loss::Bpr] {
                    let case = Case::new(dim as u64, dim, 9, positives, each);
                    let (_, _, first) = case.fit(loss, 0);
                    let want = case.mean_loss(loss);
                    assert!((first - want).abs() < 1e-5 * (1.0 + want), "{dim} {loss:?}");
                }
            }
        }
    }

    #[test]
    fn coefficients_are_the_loss_s_slopes_along_each_row_s_bias() {
        for loss in [Loss::Logistic, Loss::Bpr] {
            let mut case = Case::new(3, 5, 6, 7, 4);
            let terms = if loss == Loss::Logistic { 35.0 } else { 28.0 };
            let (_, coefficients, _) = case.fit(loss, 0);
            for (row, &got) in coefficients.iter().enumerate() {
                let bias = case.biases[row];
                case.biases[row] = bias + 1e-2;
                let above = case.mean_loss(loss);
                case.biases[row] = bias - 1e-2;
                let below = case.mean_loss(loss);
                case.biases[row] = bias;
                let want = (above - below) / 2e-2 * terms;
                assert!((f64::from(got) - want).abs() < 1e-3, "{loss:?} {row}: {got} {want}");
            }
        }
    }

    #[test]
    fn the_first_adam_step_goes_against_the_slope_by_the_learning_rate() {
        let mut case = Case::new(8, 6, 9, 5, 4);
        let (state, _, _) = case.fit(Loss::Logistic, 1);
        for k in 0..case.dim {
            let at = case.person[k];
            let penalised = |case: &Case| {
                let squares: f64 = case.person.iter().map(|&x| f64::from(x).powi(2)).sum();
                case.mean_loss(Loss::Logistic) + 0.005 * squares
            };
            case.person[k] = at + 1e-3;
            let above = penalised(&case);
            case.person[k] = at - 1e-3;
            let slope = (above - penalised(&case)) / 2e-3;
            case.person[k] = at;
            let moved = f64::from(state[k] - at);
            assert!((moved + 0.05 * slope.signum()).abs() < 1e-5, "{k}: {moved} {slope}");
            // The first moment holds a tenth of the slope.
            assert!((f64::from(state[case.dim + k]) - 0.1 * slope).abs() < 1e-4);
        }
        assert_eq!(state[3 * case.dim], 1.0);
    }

    #[test]
    fn steps_taken_in_two_calls_equal_steps_taken_in_one() {
        let case = Case::new(21, 7, 11, 9, 4);
        let (whole, coefficients, _) = case.fit(Loss::Bpr, 5);
        let (mut state, _, _) = case.fit(Loss::Bpr, 2);
        let fit = Fit { loss: Loss::Bpr, steps: 3, learning_rate: 0.05, decay: 0.01 };
        let (mut scores, mut again, mut scratch) = (vec![0.0; 11], vec![0.0; 11], vec![0.0; 7]);
        let feedback = case.feedback();
        fit_person(&fit, &feedback, &mut state, &mut scores, &mut again, &mut scratch);
        assert_eq!((state, again), (whole, coefficients));
    }

    #[test]
    fn fitting_lowers_the_loss() {
        for loss in [Loss::Logistic, Loss::Bpr] {
            let mut case = Case::new(5, 8, 40, 20, 4);
            let before = case.mean_loss(loss);
            let (state, _, _) = case.fit(loss, 50);
            case.person.copy_from_slice(&state[..8]);
            assert!(case.mean_loss(loss) < before - 0.1);
        }
    }

    #[test]
    fn a_person_without_feedback_stays_as_it_was() {
        let mut case = Case::new(5, 3, 4, 0, 4);
        case.negatives.clear();
        let (state, coefficients, first) = case.fit(Loss::Logistic, 3);
        assert_eq!((&state[..3], &state[3..]), (&case.person[..], &[0.0; 7][..]));
        assert_eq!((coefficients, first), (vec![0.0; 4], 0.0));
    }

    #[test]
    fn a_row_step_is_minus_rate_times_coefficient_times_person_until_it_is_clipped() {
        for dim in [1, 3, 4, 9] {
            let mut numbers = Numbers(dim as u64);
            let (person, c) = (numbers.list(dim, 1.0), numbers.list(6, 3.0));
            let (mut rows, mut biases) = (vec![9.0; 6 * dim], vec![9.0; 6]);
            step_rows(&person, &c, 0.5, f64::INFINITY, &mut rows, &mut biases);
            for row in 0..6 {
                assert_eq!(biases[row], -0.5 * c[row]);
                for k in 0..dim {
                    assert!((rows[row * dim + k] + 0.5 * c[row] * person[k]).abs() < 1e-6);
                }
            }
            let norm = |rows: &[f32], biases: &[f32]| {
                rows.iter().chain(biases).map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
            };
            let free = norm(&rows, &biases);
            let (mut less_rows, mut less_biases) = (rows.clone(), biases.clone());
            step_rows(&person, &c, 0.5, free / 4.0, &mut less_rows, &mut less_biases);
            assert!((norm(&less_rows, &less_biases) - free / 4.0).abs() < 1e-5 * free);
            for (less, all) in less_rows.iter().zip(&rows) {
                assert!((less - all / 4.0).abs() < 1e-6);
            }
        }
    }
}
