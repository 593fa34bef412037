//! Rows of a table: read, added to, stepped and scored by their numbers.

use crate::vector::{axpy, dot};

/// Position of the first index that is not below `rows`.
#[must_use]
pub fn first_outside(indices: &[u32], rows: usize) -> Option<usize> {
    indices.iter().position(|&index| index as usize >= rows)
}

/// Copies row `indices[i]` of `table` to row `i` of `out`, rows of `dim` values each.
pub fn gather(table: &[f32], dim: usize, indices: &[u32], out: &mut [f32]) {
    for (row, &index) in out.chunks_exact_mut(dim).zip(indices) {
        row.copy_from_slice(&table[index as usize * dim..][..dim]);
    }
}

/// Adds row `i` of `rows` to row `indices[i]` of `table`; an index may come again.
pub fn scatter_add(table: &mut [f32], dim: usize, indices: &[u32], rows: &[f32]) {
    descend(table, dim, indices, rows, -1.0);
}

/// `table[indices[i]] -= rate · gradients[i]`, one row after the other.
pub fn descend(table: &mut [f32], dim: usize, indices: &[u32], gradients: &[f32], rate: f32) {
    for (gradient, &index) in gradients.chunks_exact(dim).zip(indices) {
        axpy(-rate, gradient, &mut table[index as usize * dim..][..dim]);
    }
}

/// Row-wise Adagrad, one row after the other: `squares[row]` grows by the mean square of the row's
/// gradient, and the row moves by `−rate · gradient / (√squares[row] + epsilon)`.
pub fn adagrad(
    table: &mut [f32],
    squares: &mut [f32],
    indices: &[u32],
    gradients: &[f32],
    rate: f32,
    epsilon: f32,
) {
    let dim = table.len() / squares.len().max(1);
    for (gradient, &index) in gradients.chunks_exact(dim).zip(indices) {
        let square = &mut squares[index as usize];
        *square += dot(gradient, gradient) / dim as f32;
        let step = rate / (square.sqrt() + epsilon);
        axpy(-step, gradient, &mut table[index as usize * dim..][..dim]);
    }
}

/// `out[i] = table[i] · vector` for every row.
pub fn scores(table: &[f32], vector: &[f32], out: &mut [f32]) {
    for (score, row) in out.iter_mut().zip(table.chunks_exact(vector.len())) {
        *score = dot(row, vector);
    }
}

/// `out[j] = Σ rows[i][j]`, in float64, rows in order.
pub fn column_sums(rows: &[f32], out: &mut [f64]) {
    out.fill(0.0);
    for row in rows.chunks_exact(out.len()) {
        for (sum, &value) in out.iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    const DIMS: [usize; 7] = [1, 2, 3, 4, 7, 16, 33];
    const INDICES: [u32; 5] = [4, 0, 4, 2, 5];

    #[test]
    fn gather_copies_the_rows_that_are_named() {
        for dim in DIMS {
            let table = floats(6 * dim, 1, 1.0);
            let mut out = vec![0.0; 5 * dim];
            gather(&table, dim, &INDICES, &mut out);
            for i in 0..5 {
                for j in 0..dim {
                    assert_eq!(out[i * dim + j], table[INDICES[i] as usize * dim + j]);
                }
            }
        }
    }

    #[test]
    fn scatter_add_adds_rows_in_order_also_where_an_index_comes_again() {
        for dim in DIMS {
            let (table, rows) = (floats(6 * dim, 2, 1.0), floats(5 * dim, 3, 1.0));
            let mut got = table.clone();
            scatter_add(&mut got, dim, &INDICES, &rows);
            let mut want = table;
            for i in 0..5 {
                for j in 0..dim {
                    want[INDICES[i] as usize * dim + j] += rows[i * dim + j];
                }
            }
            assert_eq!(got, want);
        }
    }

    #[test]
    fn descending_takes_the_rate_times_the_gradient_off_each_row() {
        let mut table = [1.0, 2.0, 3.0, 4.0];
        descend(&mut table, 2, &[1, 1], &[2.0, 4.0, 4.0, 0.0], 0.5);
        assert_eq!(table, [1.0, 2.0, 0.0, 2.0]);
    }

    #[test]
    fn adagrad_divides_by_the_root_of_the_rows_mean_squares_so_far() {
        for dim in DIMS {
            let (table, gradients) = (floats(6 * dim, 4, 1.0), floats(5 * dim, 5, 1.0));
            let (mut got, mut squares) = (table.clone(), vec![0.25; 6]);
            adagrad(&mut got, &mut squares, &INDICES, &gradients, 0.1, 1e-6);
            let (mut want, mut sums) = (table, [0.25_f64; 6]);
            for i in 0..5 {
                let (row, gradient) = (INDICES[i] as usize, &gradients[i * dim..][..dim]);
                sums[row] +=
                    gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>() / dim as f64;
                for j in 0..dim {
                    let step = 0.1 * f64::from(gradient[j]) / (sums[row].sqrt() + 1e-6);
                    want[row * dim + j] = (f64::from(want[row * dim + j]) - step) as f32;
                }
            }
            for (got, want) in got.iter().zip(&want) {
                assert!((got - want).abs() < 1e-6);
            }
            assert_eq!(squares[1], 0.25);
        }
    }

    #[test]
    fn scores_are_the_dot_products_of_all_rows_with_the_vector() {
        for dim in DIMS {
            let (table, vector) = (floats(6 * dim, 6, 1.0), floats(dim, 7, 1.0));
            let mut got = [0.0; 6];
            scores(&table, &vector, &mut got);
            for i in 0..6 {
                assert_eq!(got[i], dot(&table[i * dim..][..dim], &vector));
            }
        }
    }

    #[test]
    fn column_sums_add_rows_in_float64() {
        let mut out = [9.0; 3];
        column_sums(&[1e8, 1.0, 2.0, 1.0, 0.5, 3.0], &mut out);
        assert_eq!(out, [100_000_001.0, 1.5, 5.0]);
        column_sums(&[], &mut out);
        assert_eq!(out, [0.0; 3]);
    }

    #[test]
    fn the_first_index_outside_a_table_is_found() {
        assert_eq!(first_outside(&INDICES, 6), None);
        assert_eq!(first_outside(&INDICES, 5), Some(4));
        assert_eq!(first_outside(&[], 0), None);
    }
}
