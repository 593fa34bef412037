//! Symmetric positive definite systems by Cholesky's factorisation, two at a time: one in each lane
//! of float64, so that a lane has the bits that the scalar algorithm has.
//!
//! A pair of systems `A x = b` of `dim` unknowns is an array of lane pairs: the packed lower
//! triangle of `A`, and after it `b` as one more row. Factoring `A = L Lᵀ` over that row too turns
//! `b` into `L⁻¹ b` on the way.

use crate::triangle::triangle;
use memory::lanes::F64x2;

/// One entry of two systems.
pub type Pair = [f64; 2];

/// A pivot below this share of its diagonal entry is lost in rounding: the matrix then counts as
/// not positive definite.
const LEAST_PIVOT: f64 = 1e-12;

/// Entries of a pair of systems of `dim` unknowns.
#[must_use]
pub const fn system_len(dim: usize) -> usize {
    triangle(dim) + dim
}

/// Solves both systems in place: the last row becomes `x`. Says for each lane whether its matrix
/// is positive definite; the solution of one that is not means nothing.
pub fn solve(system: &mut [Pair], dim: usize) -> [bool; 2] {
    let mut definite = [true; 2];
    for j in 0..dim {
        let (head, tail) = system.split_at_mut(triangle(j) + j);
        let done = &head[triangle(j)..];
        let diagonal = tail[0];
        let pivot = reduce(diagonal, done, done).to_array();
        let mut inverse = [0.0; 2];
        for lane in 0..2 {
            // False for NaN too.
            if pivot[lane] > LEAST_PIVOT * diagonal[lane] && pivot[lane] < f64::INFINITY {
                inverse[lane] = 1.0 / pivot[lane].sqrt();
            } else {
                definite[lane] = false;
            }
        }
        tail[0] = inverse;
        let inverse = F64x2::load(&inverse);

        // Row i of the triangle begins at `start(i)` of the tail; its entry j is `j` further.
        let start = |i: usize| triangle(i) - triangle(j) - j;
        let mut i = j + 1;
        // Four rows a turn: they share the loads of row j, and no addition waits for another.
        while i + 4 <= dim + 1 {
            let rows: [usize; 4] = core::array::from_fn(|y| start(i + y));
            let sums = reduce_four(rows.map(|at| &tail[at..=at + j]), done);
            for (at, sum) in rows.into_iter().zip(sums) {
                (sum * inverse).store(&mut tail[at + j]);
            }
            i += 4;
        }
        while i < dim + 1 {
            let row = &tail[start(i)..=start(i) + j];
            let sum = reduce(row[j], &row[..j], done);
            (sum * inverse).store(&mut tail[start(i) + j]);
            i += 1;
        }
    }
    back_substitute(system, dim);
    definite
}

/// `first − Σ a[k]·b[k]`, in order.
#[inline(always)]
fn reduce(first: Pair, a: &[Pair], b: &[Pair]) -> F64x2 {
    let mut sum = F64x2::load(&first);
    for (a, b) in a.iter().zip(b) {
        sum = sum - F64x2::load(a) * F64x2::load(b);
    }
    sum
}

/// [`reduce`] for four rows at once, each with its `first` as the last entry.
#[inline(always)]
fn reduce_four(rows: [&[Pair]; 4], done: &[Pair]) -> [F64x2; 4] {
    let j = done.len();
    let mut sums = rows.map(|row| F64x2::load(&row[j]));
    let [a, b, c, d] = rows.map(|row| &row[..j]);
    for k in 0..j {
        let with = F64x2::load(&done[k]);
        sums[0] = sums[0] - F64x2::load(&a[k]) * with;
        sums[1] = sums[1] - F64x2::load(&b[k]) * with;
        sums[2] = sums[2] - F64x2::load(&c[k]) * with;
        sums[3] = sums[3] - F64x2::load(&d[k]) * with;
    }
    sums
}

/// Solves `Lᵀ x = y`, where `y` is the last row and the diagonal of `L` is stored inverted.
fn back_substitute(system: &mut [Pair], dim: usize) {
    let (factor, x) = system.split_at_mut(triangle(dim));
    for i in (0..dim).rev() {
        let row = &factor[triangle(i)..=triangle(i) + i];
        let value = F64x2::load(&x[i]) * F64x2::load(&row[i]);
        value.store(&mut x[i]);
        for (x, l) in x[..i].iter_mut().zip(row) {
            (F64x2::load(x) - F64x2::load(l) * value).store(x);
        }
    }
}

/// Solves `count` systems, two at a time, in `scratch` of one pair of systems.
///
/// `fill(item, lane, pairs)` writes the `lane` of every entry for a system, `take(item, lane, x)`
/// reads its solution. Ends at the first system that is not positive definite and returns its
/// number, or `count`.
pub fn solve_each(
    count: usize,
    dim: usize,
    scratch: &mut [Pair],
    mut fill: impl FnMut([usize; 2], &mut [Pair]),
    mut take: impl FnMut(usize, usize, &[Pair]),
) -> usize {
    let mut first = 0;
    while first < count {
        // The last of an odd number fills both lanes.
        let items = [first, (first + 1).min(count - 1)];
        fill(items, scratch);
        let definite = solve(scratch, dim);
        for lane in 0..=items[1] - first {
            if !definite[lane] {
                return items[lane];
            }
            take(items[lane], lane, &scratch[triangle(dim)..]);
        }
        first += 2;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;
    use crate::triangle::entry;

    /// A positive definite matrix `MᵀM + I`, packed, and a right-hand side.
    fn system(dim: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
        let m = floats(dim * dim, seed, 1.0);
        let mut a = vec![0.0; triangle(dim)];
        for i in 0..dim {
            for j in 0..=i {
                a[entry(i, j)] = f64::from(u8::from(i == j))
                    + (0..dim).map(|k| f64::from(m[k * dim + i] * m[k * dim + j])).sum::<f64>();
            }
        }
        (a, floats(dim, seed + 1, 1.0).into_iter().map(f64::from).collect())
    }

    /// Cholesky–Banachiewicz, row by row, one system.
    fn reference(a: &[f64], b: &[f64]) -> Vec<f64> {
        let dim = b.len();
        let mut l = a.to_vec();
        let mut inverse = vec![0.0; dim];
        for i in 0..dim {
            for j in 0..=i {
                let mut sum = a[entry(i, j)];
                for k in 0..j {
                    sum -= l[entry(i, k)] * l[entry(j, k)];
                }
                if i == j {
                    inverse[i] = 1.0 / sum.sqrt();
                } else {
                    l[entry(i, j)] = sum * inverse[j];
                }
            }
        }
        let mut x = b.to_vec();
        for i in 0..dim {
            for k in 0..i {
                x[i] -= l[entry(i, k)] * x[k];
            }
            x[i] *= inverse[i];
        }
        for i in (0..dim).rev() {
            for k in i + 1..dim {
                let later = dim - 1 - (k - i - 1);
                x[i] -= l[entry(later, i)] * x[later];
            }
            x[i] *= inverse[i];
        }
        x
    }

    fn pairs(dim: usize, seeds: [u64; 2]) -> Vec<Pair> {
        let lanes = seeds.map(|seed| {
            let (a, b) = system(dim, seed);
            [a, b].concat()
        });
        (0..system_len(dim)).map(|at| [lanes[0][at], lanes[1][at]]).collect()
    }

    #[test]
    fn each_lane_has_the_bits_of_the_scalar_algorithm_at_every_size() {
        for dim in 1..=40 {
            let mut got = pairs(dim, [1, 7]);
            assert_eq!(solve(&mut got, dim), [true, true]);
            for (lane, seed) in [1, 7].into_iter().enumerate() {
                let (a, b) = system(dim, seed);
                let want = reference(&a, &b);
                for j in 0..dim {
                    assert_eq!(got[triangle(dim) + j][lane].to_bits(), want[j].to_bits());
                }
            }
        }
    }

    #[test]
    fn a_solution_put_back_gives_the_right_hand_side() {
        for dim in [1, 5, 16, 33] {
            let (a, b) = system(dim, 3);
            let x = reference(&a, &b);
            for i in 0..dim {
                let got: f64 = (0..dim).map(|j| a[entry(i, j)] * x[j]).sum();
                assert!((got - b[i]).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_told_and_leaves_the_other_lane_alone() {
        for dim in [1, 2, 6, 9] {
            for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                for at in 0..dim {
                    let mut got = pairs(dim, [1, 7]);
                    let mut want = got.clone();
                    got[entry(at, at)][0] = bad;
                    assert_eq!(solve(&mut got, dim), [false, true]);
                    solve(&mut want, dim);
                    for j in 0..dim {
                        assert_eq!(got[triangle(dim) + j][1], want[triangle(dim) + j][1]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_singular_matrix_is_not_taken_for_a_definite_one() {
        // All rows equal: the second pivot is rounding noise.
        let mut got: Vec<Pair> = vec![[0.1, 1.0 / 3.0]; system_len(3)];
        assert_eq!(solve(&mut got, 3), [false, false]);
    }

    #[test]
    fn an_odd_number_of_systems_is_solved_to_the_last() {
        for count in 0..=5 {
            let mut scratch = vec![[0.0; 2]; system_len(4)];
            let mut solved = vec![];
            let fill = |items: [usize; 2], pairs: &mut [Pair]| {
                for lane in 0..2 {
                    let (a, b) = system(4, items[lane] as u64);
                    for (pair, value) in pairs.iter_mut().zip([a, b].concat()) {
                        pair[lane] = value;
                    }
                }
            };
            let end = solve_each(count, 4, &mut scratch, fill, |item, lane, x| {
                let (a, b) = system(4, item as u64);
                let got: Vec<f64> = x.iter().map(|pair| pair[lane]).collect();
                assert_eq!(got, reference(&a, &b));
                solved.push(item);
            });
            assert_eq!(end, count);
            assert_eq!(solved, (0..count).collect::<Vec<_>>());
        }
    }
}
