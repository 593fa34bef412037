use super::*;
use crate::floats;

const LENGTHS: [usize; 8] = [0, 1, 3, 4, 5, 8, 11, 33];

/// Runs six steps of `kernel` over parameters, gradients and `STATES` states, and of `scalar` over
/// each value in float64, and compares parameters and states.
fn check<const STATES: usize>(
    kernel: impl Fn(&mut [f32], &[f32], &mut [Vec<f32>; STATES], u32),
    scalar: impl Fn(&mut f64, f64, &mut [f64; STATES], u32),
) {
    for len in LENGTHS {
        for offset in 0..4 {
            let mut w = floats(len + offset, 1, 1.0);
            let mut want: Vec<f64> = w.iter().map(|&w| f64::from(w)).collect();
            let mut states: [Vec<f32>; STATES] = core::array::from_fn(|_| vec![0.0; len]);
            let mut wanted = vec![[0.0; STATES]; len];
            for step in 1..=6 {
                let g = floats(len + offset, 10 + u64::from(step), 1.0);
                kernel(&mut w[offset..], &g[offset..], &mut states, step);
                for i in 0..len {
                    let g = f64::from(g[offset + i]);
                    scalar(&mut want[offset + i], g, &mut wanted[i], step);
                }
            }
            for (got, want) in w.iter().zip(&want) {
                assert!((f64::from(*got) - want).abs() < 3e-6, "{got} {want}");
            }
            for i in 0..len {
                for s in 0..STATES {
                    assert!((f64::from(states[s][i]) - wanted[i][s]).abs() < 3e-6);
                }
            }
        }
    }
}

#[test]
fn sgd_steps_down_the_gradient_and_the_decay() {
    check(
        |w, g, _: &mut [Vec<f32>; 0], _| sgd(w, g, 0.1, 0.01),
        |w, g, _, _| *w -= 0.1 * (g + 0.01 * *w),
    );
}

#[test]
fn momentum_carries_the_last_step_on_plainly_or_as_nesterov_has_it() {
    for nesterov in [false, true] {
        let step = Momentum { rate: 0.1, momentum: 0.8, decay: 0.01, nesterov };
        check(
            |w, g, [m], _| momentum(w, g, m, &step),
            |w, g, [m], _| {
                let g = g + 0.01 * *w;
                *m = 0.8 * *m + g;
                *w -= 0.1 * if nesterov { g + 0.8 * *m } else { *m };
            },
        );
    }
}

#[test]
fn adam_corrects_its_moments_and_takes_its_decay_in_either_way() {
    for (decay, decoupled_decay) in [(0.0, 0.0), (0.01, 0.0), (0.0, 0.1)] {
        let adam_at = |step: u32| Adam {
            rate: 0.05,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            step,
            decay,
            decoupled_decay,
        };
        check(
            |w, g, [m, v], step| adam(w, g, m, v, &adam_at(step)),
            |w, g, [m, v], step| {
                let g = g + decay * *w;
                *w -= 0.05 * decoupled_decay * *w;
                *m = 0.9 * *m + 0.1 * g;
                *v = 0.999 * *v + 0.001 * g * g;
                let steps = i32::try_from(step).unwrap();
                let (first, second) = (1.0 - 0.9_f64.powi(steps), 1.0 - 0.999_f64.powi(steps));
                *w -= 0.05 * (*m / first) / ((*v / second).sqrt() + 1e-8);
            },
        );
    }
}

#[test]
fn adagrad_and_rmsprop_divide_by_the_root_of_their_squares() {
    check(
        |w, g, [v], _| adagrad(w, g, v, 0.1, 1e-7),
        |w, g, [v], _| {
            *v += g * g;
            *w -= 0.1 * g / (v.sqrt() + 1e-7);
        },
    );
    check(
        |w, g, [v], _| rmsprop(w, g, v, 0.01, 0.9, 1e-8),
        |w, g, [v], _| {
            *v = 0.9 * *v + 0.1 * g * g;
            *w -= 0.01 * g / (v.sqrt() + 1e-8);
        },
    );
}

/// Gradients of one least-squares problem and the weights after the second step, as JAX's optax has
/// them (float64).
#[test]
fn two_steps_are_those_of_a_published_implementation() {
    let start = [-0.2353, -0.0284, 0.1705, -2.3884];
    let first = [-0.847_418_55, -1.652_205_4, -4.411_472_2, -2.314_252_7];
    let step = Momentum { rate: 0.1, momentum: 0.9, decay: 0.0, nesterov: false };
    let (mut w, mut m) = (start, [0.0; 4]);
    momentum(&mut w, &first, &mut m, &step);
    for (got, want) in w.iter().zip([-0.150_558_14, 0.136_820_54, 0.611_647_2, -2.156_974_8]) {
        assert!((got - want).abs() < 1e-6);
    }
    let (mut w, mut m, mut v) = (start, [0.0; 4], [0.0; 4]);
    let adam_step = Adam {
        rate: 0.05,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        step: 1,
        decay: 0.0,
        decoupled_decay: 0.0,
    };
    adam(&mut w, &first, &mut m, &mut v, &adam_step);
    for (got, want) in w.iter().zip(start) {
        assert!((got - (want + 0.05)).abs() < 1e-6);
    }
}

#[test]
fn a_power_is_the_product_of_its_factors() {
    for exponent in 0..70 {
        let want = (0..exponent).fold(1.0, |product, _| product * 0.9);
        assert!((power(0.9, exponent) / want - 1.0).abs() < 1e-12);
    }
    assert_eq!(power(0.999, u32::MAX), 0.0);
}

#[test]
fn nan_in_a_gradient_spoils_its_own_parameter_alone() {
    let (mut w, mut m, mut v) = ([1.0; 6], [0.0; 6], [0.0; 6]);
    let mut g = [0.5; 6];
    g[5] = f32::NAN;
    adagrad(&mut w, &g, &mut v, 0.1, 1e-7);
    momentum(
        &mut w,
        &g,
        &mut m,
        &Momentum { rate: 0.1, momentum: 0.9, decay: 0.0, nesterov: true },
    );
    for i in 0..6 {
        assert_eq!((w[i].is_nan(), m[i].is_nan(), v[i].is_nan()), (i == 5, i == 5, i == 5));
    }
}
