use super::*;
use crate::floats;

/// Weights and outputs of one call, in float64.
fn reference(
    shape: Shape,
    [q, k, v]: [&[f64]; 3],
    lengths: Option<&[u32]>,
) -> (Vec<f64>, Vec<f64>) {
    let Shape { batch, heads, queries, keys, head_dim, causal } = shape;
    let width = heads * head_dim;
    let mut out = vec![0.0; batch * queries * width];
    let mut stats = vec![f64::NEG_INFINITY; batch * heads * queries];
    for b in 0..batch {
        for h in 0..heads {
            for i in 0..queries {
                let present = lengths.map_or(keys, |lengths| keys.min(lengths[b] as usize));
                let seen = if causal { present.min(i + 1) } else { present };
                let query = &q[(b * queries + i) * width + h * head_dim..][..head_dim];
                let row = |x: &[f64], j: usize| {
                    x[(b * keys + j) * width + h * head_dim..][..head_dim].to_vec()
                };
                let scores: Vec<f64> = (0..seen)
                    .map(|j| {
                        let dot: f64 = query.iter().zip(row(k, j)).map(|(q, k)| q * k).sum();
                        dot / (head_dim as f64).sqrt()
                    })
                    .collect();
                let most = scores.iter().fold(f64::NEG_INFINITY, |most, &s| most.max(s));
                let total: f64 = scores.iter().map(|s| (s - most).exp()).sum();
                if seen > 0 {
                    stats[(b * heads + h) * queries + i] = most + total.ln();
                }
                for (j, score) in scores.iter().enumerate() {
                    let weight = (score - most).exp() / total;
                    for (c, value) in row(v, j).into_iter().enumerate() {
                        out[(b * queries + i) * width + h * head_dim + c] += weight * value;
                    }
                }
            }
        }
    }
    (out, stats)
}

/// Equal but for rounding; both may be −∞.
fn near(got: f32, want: f64) -> bool {
    let got = f64::from(got);
    got == want || (got - want).abs() < 2e-6 * (1.0 + want.abs())
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// Shapes with odd sizes everywhere, with one key block and with more.
fn shapes() -> Vec<Shape> {
    let mut shapes = vec![];
    for causal in [false, true] {
        for (batch, heads, queries, keys, head_dim) in [
            (1, 1, 1, 1, 1),
            (2, 1, 3, 3, 4),
            (1, 2, 5, 5, 3),
            (2, 3, 9, 9, 8),
            (1, 2, 17, 17, 5),
            (1, 1, 8, 12, 32),
            (1, 2, 6, 3, 7),
            (1, 1, 50, 50, 16),
            (1, 1, 11, 300, 9),
            (1, 1, 261, 261, 2),
            (0, 2, 3, 3, 4),
            (1, 2, 0, 3, 4),
            (1, 2, 3, 0, 4),
        ] {
            shapes.push(Shape { batch, heads, queries, keys, head_dim, causal });
        }
    }
    shapes
}

struct Inputs {
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    dout: Vec<f32>,
}

fn inputs(shape: Shape) -> Inputs {
    let width = shape.heads * shape.head_dim;
    let (of_queries, of_keys) =
        (shape.batch * shape.queries * width, shape.batch * shape.keys * width);
    Inputs {
        q: floats(of_queries, 1, 2.0),
        k: floats(of_keys, 2, 2.0),
        v: floats(of_keys, 3, 1.0),
        dout: floats(of_queries, 4, 1.0),
    }
}

fn forward(shape: Shape, x: &Inputs, lengths: Option<&[u32]>) -> (Vec<f32>, Vec<f32>) {
    let mut out = vec![f32::NAN; x.q.len()];
    let mut stats = vec![f32::NAN; shape.batch * shape.heads * shape.queries];
    // What is left in the scratch must not matter.
    let mut scratch = vec![f32::NAN; scratch_len(shape.keys, shape.head_dim)];
    attention(shape, [&x.q, &x.k, &x.v], lengths, &mut out, &mut stats, &mut scratch);
    (out, stats)
}

#[test]
fn outputs_are_weighted_means_of_the_values_at_every_shape() {
    for shape in shapes() {
        let x = inputs(shape);
        let (out, stats) = forward(shape, &x, None);
        let (want, want_stats) = reference(shape, [&wide(&x.q), &wide(&x.k), &wide(&x.v)], None);
        for (got, want) in out.iter().zip(&want).chain(stats.iter().zip(&want_stats)) {
            assert!(near(*got, *want), "{shape:?}");
        }
    }
}

#[test]
fn keys_beyond_their_sequence_s_length_are_not_seen_whatever_they_hold() {
    for causal in [false, true] {
        let shape = Shape { batch: 3, heads: 2, queries: 10, keys: 10, head_dim: 6, causal };
        let lengths = [7, 0, 99];
        let mut x = inputs(shape);
        let (want, want_stats) =
            reference(shape, [&wide(&x.q), &wide(&x.k), &wide(&x.v)], Some(&lengths));
        for at in 7 * 12..20 * 12 {
            (x.k[at], x.v[at]) = (f32::NAN, f32::INFINITY);
        }
        let (out, stats) = forward(shape, &x, Some(&lengths));
        for (got, want) in out.iter().zip(&want).chain(stats.iter().zip(&want_stats)) {
            assert!(near(*got, *want));
        }
        assert!(out[10 * 12..20 * 12].iter().all(|&y| y == 0.0));
        let mut gradients = [vec![0.0; 360], vec![0.0; 360], vec![0.0; 360]];
        backward(shape, &x, Some(&lengths), [&out, &stats], &mut gradients);
        let [dq, dk, dv] = gradients;
        assert!(dq.iter().chain(&dk).chain(&dv).all(|g| g.is_finite()));
        assert!(dk[7 * 12..20 * 12].iter().chain(&dv[7 * 12..20 * 12]).all(|&g| g == 0.0));
        assert!(dq[10 * 12..20 * 12].iter().all(|&g| g == 0.0));
    }
}

fn backward(
    shape: Shape,
    x: &Inputs,
    lengths: Option<&[u32]>,
    [out, stats]: [&[f32]; 2],
    [dq, dk, dv]: &mut [Vec<f32>; 3],
) {
    let mut scratch = vec![f32::NAN; backward_scratch_len(shape.keys, shape.head_dim)];
    attention_backward(
        shape,
        [&x.q, &x.k, &x.v],
        lengths,
        [out, stats, &x.dout],
        &mut Gradients { dq, dk, dv },
        &mut scratch,
    );
}

#[test]
fn gradients_are_differences_of_the_outputs_and_are_added() {
    for shape in shapes() {
        let x = inputs(shape);
        let (out, stats) = forward(shape, &x, None);
        let before =
            [floats(x.q.len(), 5, 1.0), floats(x.k.len(), 6, 1.0), floats(x.v.len(), 7, 1.0)];
        let mut got = before.clone();
        backward(shape, &x, None, [&out, &stats], &mut got);
        let loss = |operands: &[Vec<f64>; 3]| -> f64 {
            let [q, k, v] = operands;
            let (out, _) = reference(shape, [q, k, v], None);
            out.iter().zip(&x.dout).map(|(y, &dy)| y * f64::from(dy)).sum()
        };
        let mut operands = [wide(&x.q), wide(&x.k), wide(&x.v)];
        for which in 0..3 {
            // Some places of each operand, spread over it.
            let len = operands[which].len();
            for at in (0..len).step_by((len / 7).max(1)) {
                let h = 1e-5;
                operands[which][at] += h;
                let above = loss(&operands);
                operands[which][at] -= 2.0 * h;
                let slope = (above - loss(&operands)) / (2.0 * h);
                operands[which][at] += h;
                let gradient = f64::from(got[which][at]) - f64::from(before[which][at]);
                assert!((gradient - slope).abs() < 4e-6 * (1.0 + slope.abs()), "{shape:?} {which}");
            }
        }
    }
}

#[test]
fn far_scores_do_not_overflow_and_the_largest_of_a_later_block_wins() {
    let shape = Shape { batch: 1, heads: 1, queries: 1, keys: 300, head_dim: 1, causal: false };
    let mut x = inputs(shape);
    x.q = vec![1.0];
    x.k = vec![-500.0; 300];
    x.k[290] = 500.0;
    let (out, stats) = forward(shape, &x, None);
    assert_eq!((out[0], stats[0]), (x.v[290], 500.0));
}

#[test]
fn nan_in_a_query_spoils_its_own_row_alone() {
    let shape = Shape { batch: 1, heads: 2, queries: 9, keys: 9, head_dim: 4, causal: true };
    let mut x = inputs(shape);
    x.q[3 * 8 + 5] = f32::NAN;
    let (out, _) = forward(shape, &x, None);
    for (at, value) in out.iter().enumerate() {
        assert_eq!(value.is_nan(), at / 8 == 3 && at % 8 >= 4, "{at}");
    }
}
