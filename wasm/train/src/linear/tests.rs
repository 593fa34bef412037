use super::*;
use crate::floats;

/// Operands of one layer, the same in every test.
struct Example {
    layer: Layer,
    x: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

fn example([rows, inputs, outputs]: [usize; 3], activation: Activation) -> Example {
    Example {
        layer: Layer { rows, inputs, outputs, activation },
        x: floats(rows * inputs, 1, 1.0),
        w: floats(inputs * outputs, 2, 0.5),
        bias: floats(outputs, 3, 1.0),
        dy: floats(rows * outputs, 4, 1.0),
    }
}

impl Example {
    /// `x·w + bias`, each value by itself.
    fn sums(&self) -> Vec<f32> {
        let &Layer { rows, inputs, outputs, .. } = &self.layer;
        let mut z = Vec::new();
        for i in 0..rows {
            for j in 0..outputs {
                let term = |p: usize| {
                    f64::from(self.x[i * inputs + p]) * f64::from(self.w[p * outputs + j])
                };
                z.push((f64::from(self.bias[j]) + (0..inputs).map(term).sum::<f64>()) as f32);
            }
        }
        z
    }

    /// `z` and `y` of the kernel.
    fn run(&self) -> [Vec<f32>; 2] {
        let len = self.dy.len();
        let (mut z, mut y) = (vec![f32::NAN; len], vec![f32::NAN; len]);
        let mut scratch = vec![f32::NAN; self.layer.scratch_len()];
        let operands = [&*self.x, &self.w];
        linear(&self.layer, operands, Some(&self.bias), Some(&mut z), &mut y, &mut scratch);
        [z, y]
    }
}

/// Sizes around the tile's, layers of one value, and the empty ones.
const SIZES: [[usize; 3]; 10] = [
    [1, 1, 1],
    [5, 7, 3],
    [6, 8, 8],
    [13, 9, 17],
    [30, 20, 1],
    [1, 20, 30],
    [2, 5, 270],
    [0, 3, 4],
    [3, 0, 4],
    [3, 4, 0],
];

fn close(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(
            (got - want).abs() <= 2e-5 * (1.0 + want.abs()),
            "{what}: {got} at {i}, not {want}"
        );
    }
}

#[test]
fn a_layer_is_its_product_then_its_bias_then_its_activation() {
    for size in SIZES {
        for activation in Activation::ALL {
            let example = example(size, activation);
            let [z, y] = example.run();
            close(&z, &example.sums(), "z");
            let mut want = vec![0.0; z.len()];
            activate(activation, &z, &mut want);
            close(&y, &want, "y");
        }
    }
}

#[test]
fn y_has_the_same_bits_whether_z_is_kept_or_not() {
    for size in SIZES {
        for activation in Activation::ALL {
            let example = example(size, activation);
            let [_, want] = example.run();
            let mut y = vec![f32::NAN; want.len()];
            let mut scratch = vec![f32::NAN; example.layer.scratch_len()];
            let operands = [&*example.x, &example.w];
            linear(&example.layer, operands, Some(&example.bias), None, &mut y, &mut scratch);
            assert_eq!(y, want);
        }
    }
}

#[test]
fn a_layer_without_bias_has_a_bias_of_zero() {
    for size in SIZES {
        let mut example = example(size, Activation::Relu);
        example.bias.fill(0.0);
        let [_, want] = example.run();
        let mut y = vec![f32::NAN; want.len()];
        let mut scratch = vec![0.0; example.layer.scratch_len()];
        linear(&example.layer, [&example.x, &example.w], None, None, &mut y, &mut scratch);
        assert_eq!(y, want);
    }
}

#[test]
fn blocks_narrower_than_a_layer_get_the_bias_of_their_columns() {
    let example = example([9, 3, 600], Activation::None);
    close(&example.run()[0], &example.sums(), "z");
}

#[test]
fn nan_in_a_row_of_x_stays_in_that_row() {
    let mut example = example([13, 9, 17], Activation::Relu);
    example.x[9 * 7 + 3] = f32::NAN;
    let [_, y] = example.run();
    for (i, row) in y.chunks(17).enumerate() {
        assert!(row.iter().all(|value| value.is_nan() == (i == 7)));
    }
}

#[test]
fn gradients_are_added_and_are_those_of_each_product_by_itself() {
    for size in SIZES {
        for activation in Activation::ALL {
            let example = example(size, activation);
            let Example { layer, x, w, dy, .. } = &example;
            let [rows, inputs, outputs] = size;
            let [z, y] = example.run();
            let mut dz = vec![0.0; dy.len()];
            gradient(activation, &z, &y, dy, &mut dz);

            let [dx0, dw0] = [floats(x.len(), 5, 1.0), floats(w.len(), 6, 1.0)];
            let dbias0 = floats(outputs, 7, 1.0);
            let (mut dx, mut dw, mut dbias) = (dx0.clone(), dw0.clone(), dbias0.clone());
            let mut scratch = vec![f32::NAN; layer.backward_scratch_len()];
            linear_backward(
                layer,
                &Known { x, w, z: &z, y: &y, dy },
                Gradients { dx: Some(&mut dx), dw: Some(&mut dw), dbias: Some(&mut dbias) },
                &mut scratch,
            );

            let [mut want_dx, mut want_dw, mut want_dbias] = [dx0, dw0, dbias0];
            for i in 0..rows {
                for j in 0..outputs {
                    let slope = dz[i * outputs + j];
                    want_dbias[j] += slope;
                    for p in 0..inputs {
                        want_dx[i * inputs + p] += slope * w[p * outputs + j];
                        want_dw[p * outputs + j] += slope * x[i * inputs + p];
                    }
                }
            }
            close(&dx, &want_dx, "dx");
            close(&dw, &want_dw, "dw");
            close(&dbias, &want_dbias, "dbias");
        }
    }
}

#[test]
fn each_gradient_can_be_left_out_without_changing_the_others() {
    let example = example([13, 9, 17], Activation::Gelu);
    let Example { layer, x, w, dy, .. } = &example;
    let [z, y] = example.run();
    let run = |which: [bool; 3]| {
        let mut sums = [vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; 17]];
        let [dx, dw, dbias] = &mut sums;
        let gradients = Gradients {
            dx: which[0].then_some(dx),
            dw: which[1].then_some(dw),
            dbias: which[2].then_some(dbias),
        };
        let mut scratch = vec![f32::NAN; layer.backward_scratch_len()];
        linear_backward(layer, &Known { x, w, z: &z, y: &y, dy }, gradients, &mut scratch);
        sums
    };
    let all = run([true; 3]);
    for left_out in 0..3 {
        let mut which = [true; 3];
        which[left_out] = false;
        let got = run(which);
        for i in 0..3 {
            if i == left_out {
                assert!(got[i].iter().all(|&value| value == 0.0));
            } else {
                assert_eq!(got[i], all[i]);
            }
        }
    }
}

#[test]
fn slopes_look_at_what_the_activation_needs_and_at_nothing_else() {
    for activation in Activation::ALL {
        let example = example([5, 7, 3], activation);
        let Example { layer, x, w, dy, .. } = &example;
        let [z, y] = example.run();
        let garbage = vec![f32::NAN; dy.len()];
        let mut dw = vec![0.0; w.len()];
        let mut scratch = vec![f32::NAN; layer.backward_scratch_len()];
        let known = Known {
            x,
            w,
            z: if activation.needs_input() { &z } else { &garbage },
            y: if activation.needs_output() { &y } else { &garbage },
            dy,
        };
        let gradients = Gradients { dx: None, dw: Some(&mut dw), dbias: None };
        linear_backward(layer, &known, gradients, &mut scratch);
        assert!(dw.iter().all(|value| value.is_finite()));
    }
}
