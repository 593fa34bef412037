use super::*;
use crate::floats;

/// Row numbers that look random and are the same in every run.
fn draw(count: usize, seed: u64, rows: usize) -> Vec<u32> {
    floats(count, seed, 0.5).iter().map(|x| ((x + 0.5) * rows as f32) as u32).collect()
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
        Self {
            dim,
            rows: floats(rows * dim, seed, 1.0),
            biases: floats(rows, seed + 100, 1.0),
            person: floats(dim, seed + 200, 1.0),
            positives: draw(positives, seed + 300, rows),
            negatives: draw(positives * each, seed + 400, rows),
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
        let (person, c) = (floats(dim, 1, 1.0), floats(6, 2, 3.0));
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
        let clipped = norm(&less_rows, &less_biases);
        assert!(clipped <= free / 4.0 && clipped > 0.99999 * free / 4.0);
        for (less, all) in less_rows.iter().zip(&rows) {
            assert!((less - all / 4.0).abs() < 1e-6);
        }
    }
}
