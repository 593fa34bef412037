//! What JavaScript calls: spans come as a byte address and a number of values.

use super::{Feedback, Fit, Loss, fit_person, step_rows};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// [`fit_person`]: `rows` holds `count` rows of `dim` values, `biases`, `scores` and
/// `coefficients` one value for each, `state` `3 * dim + 1` values and `scratch` `dim`.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn mf_fit_person(
    rows: usize,
    biases: usize,
    count: usize,
    dim: usize,
    positives: usize,
    positive_count: usize,
    negatives: usize,
    negative_count: usize,
    pairwise: bool,
    steps: u32,
    learning_rate: f32,
    decay: f32,
    state: usize,
    scores: usize,
    coefficients: usize,
    scratch: usize,
) -> f64 {
    let loss = if pairwise { Loss::Bpr } else { Loss::Logistic };
    fit_person(
        &Fit { loss, steps, learning_rate, decay },
        &Feedback {
            rows: span(rows, count * dim),
            biases: span(biases, count),
            positives: span(positives, positive_count),
            negatives: span(negatives, negative_count),
        },
        span_mut(state, 3 * dim + 1),
        span_mut(scores, count),
        span_mut(coefficients, count),
        span_mut(scratch, dim),
    )
}

/// [`step_rows`]: `person` holds `dim` values, `coefficients` and `bias_changes` `count`, and
/// `row_changes` `count` rows of `dim` values.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn mf_step_rows(
    person: usize,
    dim: usize,
    coefficients: usize,
    count: usize,
    rate: f32,
    clip: f64,
    row_changes: usize,
    bias_changes: usize,
) {
    step_rows(
        span(person, dim),
        span(coefficients, count),
        rate,
        clip,
        span_mut(row_changes, count * dim),
        span_mut(bias_changes, count),
    );
}
