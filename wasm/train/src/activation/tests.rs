use super::*;
use crate::{digest, floats};

/// In float64, from the library's functions.
fn reference(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Gelu => {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            x / 2.0 * (1.0 + u.tanh())
        }
        Activation::GeluErf => {
            // The integral of the density by Simpson's rule from 0.
            let steps = 2000;
            let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let h = x / f64::from(steps);
            let sum: f64 = (0..=steps)
                .map(|i| {
                    let weight =
                        if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                    weight * density(h * f64::from(i))
                })
                .sum();
            x * (0.5 + sum * h / 3.0)
        }
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::Silu => x / (1.0 + (-x).exp()),
    }
}

#[test]
fn activations_agree_with_their_formulas_at_every_length_and_offset() {
    for activation in Activation::ALL {
        for len in 0..=13 {
            for offset in 0..4 {
                let x = floats(len + offset, 1, 6.0);
                let mut got = vec![9.0; len + offset];
                activate(activation, &x[offset..], &mut got[offset..]);
                let mut place = x.clone();
                activate_in_place(activation, &mut place[offset..]);
                for i in 0..len + offset {
                    if i < offset {
                        assert_eq!((got[i], place[i]), (9.0, x[i]));
                        continue;
                    }
                    let want = reference(activation, f64::from(x[i]));
                    let error = (f64::from(got[i]) - want).abs();
                    assert!(error <= 2e-6 * want.abs() + 1e-9, "{activation:?} {}", x[i]);
                    assert_eq!(place[i].to_bits(), got[i].to_bits());
                }
            }
        }
    }
}

#[test]
fn slopes_are_those_of_the_values_and_are_added() {
    for activation in Activation::ALL {
        for len in [0, 1, 4, 7, 40] {
            let (x, dy) = (floats(len, 2, 5.0), floats(len, 3, 1.0));
            let mut y = vec![0.0; len];
            activate(activation, &x, &mut y);
            let mut got = floats(len, 4, 1.0);
            let before = got.clone();
            activate_backward(activation, &x, &y, &dy, &mut got);
            let mut alone = vec![f32::NAN; len];
            gradient(activation, &x, &y, &dy, &mut alone);
            for i in 0..len {
                let at = f64::from(x[i]);
                let step = 1e-4;
                let slope = (reference(activation, at + step) - reference(activation, at - step))
                    / (2.0 * step);
                let want = f64::from(before[i]) + f64::from(dy[i]) * slope;
                assert!((f64::from(got[i]) - want).abs() < 1e-6, "{activation:?} {at}");
                assert_eq!(before[i] + alone[i], got[i]);
            }
        }
    }
}

#[test]
fn nan_stays_and_infinity_goes_where_the_formula_sends_it() {
    for activation in Activation::ALL {
        let x = [f32::NAN, f32::INFINITY, 1e30, -1e30, 0.0];
        let mut y = [0.0; 5];
        activate(activation, &x, &mut y);
        assert!(y[0].is_nan(), "{activation:?}");
        let bounded = matches!(activation, Activation::Sigmoid | Activation::Tanh);
        assert_eq!(&y[1..3], if bounded { &[1.0, 1.0] } else { &x[1..3] }, "{activation:?}");
        let least = match activation {
            Activation::None => -1e30,
            Activation::Tanh => -1.0,
            _ => 0.0,
        };
        assert_eq!(y[3], least, "{activation:?}");
        assert_eq!(y[4], if activation == Activation::Sigmoid { 0.5 } else { 0.0 });
    }
}

#[test]
fn numbers_that_name_no_activation_are_refused() {
    assert_eq!(Activation::from_number(2), Some(Activation::Gelu));
    assert_eq!(Activation::from_number(6), Some(Activation::Silu));
    assert_eq!(Activation::from_number(7), None);
    assert_eq!(Activation::from_number(u32::MAX), None);
}

/// The built core has the same digests in `train_pointwise_test.ts`.
#[test]
fn the_bits_are_these_in_every_runtime() {
    let x: Vec<f32> = (0..4001).map(|i| (i as f32 - 2000.0) / 128.0).collect();
    let digests = Activation::ALL.map(|activation| {
        let mut y = vec![0.0; x.len()];
        activate(activation, &x, &mut y);
        digest(&y)
    });
    let want = [
        4_011_190_943,
        3_720_014_495,
        3_405_785_468,
        2_645_433_638,
        995_925_969,
        3_331_390_119,
        4_077_529_060,
    ];
    assert_eq!(digests, want);
}
