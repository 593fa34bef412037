//! The server's steps of federated implicit ALS, item by item: each item has a system of its own.

use crate::cholesky::{Pair, solve_each, system_len};
use crate::triangle::{entry, triangle};
use memory::lanes::F64x2;

/// Entries of scratch that the steps need.
#[must_use]
pub const fn scratch_len(dim: usize) -> usize {
    system_len(dim) + dim
}

/// What all items share in the exact step; matrices are packed triangles.
#[derive(Clone, Copy)]
pub struct Exact<'a> {
    /// `a0·Σ x xᵀ` over all people.
    pub base: &'a [f64],
    /// Regularisation for each person who took the item.
    pub each: f64,
    /// Regularisation that every item has.
    pub all: f64,
}

/// Solves `(outer_i + base + (each·count_i + all)·I) q_i = linear_i` for every item.
///
/// `outer` holds a packed triangle for each item, `linear` and `out` a row of `dim` values.
/// Returns the number of items, or the first whose matrix is not positive definite.
pub fn exact_step(
    step: &Exact,
    outer: &[f32],
    linear: &[f32],
    counts: &[f32],
    out: &mut [f32],
    scratch: &mut [Pair],
) -> usize {
    let dim = linear.len() / counts.len().max(1);
    let size = triangle(dim);
    let fill = |items: [usize; 2], system: &mut [Pair]| {
        let (matrix, right) = system.split_at_mut(size);
        let [first, second] = items.map(|item| &outer[item * size..][..size]);
        for (((pair, base), a), b) in matrix.iter_mut().zip(step.base).zip(first).zip(second) {
            *pair = [base + f64::from(*a), base + f64::from(*b)];
        }
        let ridges = items.map(|item| step.each * f64::from(counts[item]) + step.all);
        add_diagonal(matrix, dim, ridges);
        let [first, second] = items.map(|item| &linear[item * dim..][..dim]);
        for ((pair, &a), &b) in right.iter_mut().zip(first).zip(second) {
            *pair = [f64::from(a), f64::from(b)];
        }
    };
    solve_each(counts.len(), dim, &mut scratch[..system_len(dim)], fill, |item, lane, x| {
        for (value, pair) in out[item * dim..][..dim].iter_mut().zip(x) {
            *value = pair[lane] as f32;
        }
    })
}

/// What all items share in the quasi-Newton step; matrices are packed triangles.
#[derive(Clone, Copy)]
pub struct Newton<'a> {
    /// `a0·Gram`.
    pub base: &'a [f64],
    /// What one unit of `s_i` adds to the curvature.
    pub curvature: &'a [f64],
    /// Regularisation for each unit of `s_i`.
    pub each: f64,
    /// Regularisation that every item has.
    pub all: f64,
    /// Share of the full step that is taken.
    pub rate: f64,
}

/// `out_i = q_i + rate·H_i⁻¹ (g_i − base·q_i − R_i·q_i)` with `R_i = each·s_i + all` and
/// `H_i = base + s_i·curvature + R_i·I`, for every item.
///
/// `table`, `gradients` and `out` hold a row of `dim` values for each item. `scratch` holds
/// [`scratch_len`] pairs. Returns the number of items, or the first whose `H_i` is not positive
/// definite.
pub fn newton_step(
    step: &Newton,
    table: &[f32],
    gradients: &[f32],
    strengths: &[f32],
    out: &mut [f32],
    scratch: &mut [Pair],
) -> usize {
    let dim = table.len() / strengths.len().max(1);
    let (system, at) = scratch.split_at_mut(system_len(dim));
    let fill = |items: [usize; 2], system: &mut [Pair]| {
        let (matrix, right) = system.split_at_mut(triangle(dim));
        let strength = items.map(|item| f64::from(strengths[item]));
        let ridges = strength.map(|s| step.each * s + step.all);
        let ridge = F64x2::load(&ridges);
        load_rows(table, items, &mut *at);
        load_rows(gradients, items, right);
        for i in 0..dim {
            let own = F64x2::load(&at[i]);
            let mut sum = F64x2::load(&right[i]) - ridge * own;
            for (j, other) in at.iter().enumerate() {
                sum = sum - F64x2::splat(step.base[entry(i, j)]) * F64x2::load(other);
            }
            sum.store(&mut right[i]);
        }
        let strength = F64x2::load(&strength);
        for ((pair, &base), &curvature) in matrix.iter_mut().zip(step.base).zip(step.curvature) {
            (F64x2::splat(base) + strength * F64x2::splat(curvature)).store(pair);
        }
        add_diagonal(matrix, dim, ridges);
    };
    solve_each(strengths.len(), dim, system, fill, |item, lane, x| {
        let old = &table[item * dim..][..dim];
        for ((value, old), pair) in out[item * dim..][..dim].iter_mut().zip(old).zip(x) {
            *value = (f64::from(*old) + step.rate * pair[lane]) as f32;
        }
    })
}

/// Puts rows `items[0]` and `items[1]` of a table side by side.
fn load_rows(table: &[f32], items: [usize; 2], pairs: &mut [Pair]) {
    let dim = pairs.len();
    let [first, second] = items.map(|item| &table[item * dim..][..dim]);
    for ((pair, &a), &b) in pairs.iter_mut().zip(first).zip(second) {
        *pair = [f64::from(a), f64::from(b)];
    }
}

fn add_diagonal(matrix: &mut [Pair], dim: usize, ridges: Pair) {
    for i in 0..dim {
        for (value, ridge) in matrix[entry(i, i)].iter_mut().zip(ridges) {
            *value += ridge;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;
    use crate::gram::gram;

    const DIMS: [usize; 6] = [1, 2, 3, 5, 8, 13];

    /// Gaussian elimination with pivoting, on the full matrix: shares nothing with Cholesky.
    fn eliminate(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
        let dim = b.len();
        for i in 0..dim {
            let best = (i..dim).max_by(|&x, &y| a[x][i].abs().total_cmp(&a[y][i].abs())).unwrap();
            a.swap(i, best);
            b.swap(i, best);
            for row in i + 1..dim {
                let factor = a[row][i] / a[i][i];
                let above = a[i].clone();
                for (value, above) in a[row].iter_mut().zip(above) {
                    *value -= factor * above;
                }
                b[row] -= factor * b[i];
            }
        }
        for i in (0..dim).rev() {
            for k in i + 1..dim {
                b[i] -= a[i][k] * b[k];
            }
            b[i] /= a[i][i];
        }
        b
    }

    fn definite(dim: usize, seed: u64) -> Vec<f64> {
        let mut packed = vec![0.0; triangle(dim)];
        gram(&floats((dim + 2) * dim, seed, 1.0), dim, &mut packed);
        packed
    }

    fn full(dim: usize, value: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
        (0..dim).map(|i| (0..dim).map(|j| value(i, j)).collect()).collect()
    }

    #[test]
    fn the_exact_step_solves_every_item_for_even_and_odd_numbers_of_items() {
        for dim in DIMS {
            for count in 0..=5 {
                let base = definite(dim, 1);
                let outer: Vec<f32> = (0..count)
                    .flat_map(|item| definite(dim, 2 + item as u64))
                    .map(|value| value as f32)
                    .collect();
                let linear = floats(count * dim, 3, 1.0);
                let counts = [2.0, 0.0, 1.0, 7.0, 3.0];
                let mut out = vec![0.0; count * dim];
                let mut scratch = vec![[0.0; 2]; scratch_len(dim)];
                let step = Exact { base: &base, each: 0.25, all: 0.5 };
                let done =
                    exact_step(&step, &outer, &linear, &counts[..count], &mut out, &mut scratch);
                assert_eq!(done, count);
                for item in 0..count {
                    let ridge = 0.25 * f64::from(counts[item]) + 0.5;
                    let a = full(dim, |i, j| {
                        base[entry(i, j)]
                            + f64::from(outer[item * triangle(dim) + entry(i, j)])
                            + if i == j { ridge } else { 0.0 }
                    });
                    let row = item * dim..(item + 1) * dim;
                    let b = linear[row.clone()].iter().map(|&x| f64::from(x)).collect();
                    for (got, want) in out[row].iter().zip(eliminate(a, b)) {
                        assert!((f64::from(*got) - want).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn the_newton_step_follows_its_formula_for_even_and_odd_numbers_of_items() {
        for dim in DIMS {
            for count in 0..=5 {
                let (base, curvature) = (definite(dim, 1), definite(dim, 2));
                let (table, gradients) = (floats(count * dim, 3, 1.0), floats(count * dim, 4, 1.0));
                let strengths = [2.0, 0.0, 1.0, 7.0, 3.0];
                let step =
                    Newton { base: &base, curvature: &curvature, each: 0.25, all: 0.5, rate: 0.5 };
                let mut out = vec![0.0; count * dim];
                let mut scratch = vec![[0.0; 2]; scratch_len(dim)];
                let done = newton_step(
                    &step,
                    &table,
                    &gradients,
                    &strengths[..count],
                    &mut out,
                    &mut scratch,
                );
                assert_eq!(done, count);
                for item in 0..count {
                    let s = f64::from(strengths[item]);
                    let ridge = 0.25 * s + 0.5;
                    let q = |i: usize| f64::from(table[item * dim + i]);
                    let b = (0..dim).map(|i| {
                        let pull: f64 = (0..dim).map(|j| base[entry(i, j)] * q(j)).sum();
                        f64::from(gradients[item * dim + i]) - pull - ridge * q(i)
                    });
                    let a = full(dim, |i, j| {
                        base[entry(i, j)]
                            + s * curvature[entry(i, j)]
                            + if i == j { ridge } else { 0.0 }
                    });
                    for (i, delta) in eliminate(a, b.collect()).into_iter().enumerate() {
                        let want = q(i) + 0.5 * delta;
                        assert!((f64::from(out[item * dim + i]) - want).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_item_without_a_definite_matrix_is_named() {
        let step = Exact { base: &[0.0, 0.0, 0.0], each: 0.0, all: 1.0 };
        let outer = [1.0, 0.0, 1.0, 1.0, 0.0, -1.0, -1.0, 0.0, -1.0];
        let mut scratch = [[0.0; 2]; scratch_len(2)];
        let mut out = [0.0; 6];
        assert_eq!(exact_step(&step, &outer, &[0.0; 6], &[0.0; 3], &mut out, &mut scratch), 1);
    }
}
