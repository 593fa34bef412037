//! `XᵀX` of a tall table.

use crate::triangle::{entry, triangle};
use memory::lanes::F32x4;

/// Rows that are summed in float32 before the sum goes on in float64: few enough to stay in the
/// first cache and to lose no accuracy that float32 rows have.
const BLOCK_ROWS: usize = 128;

/// `out = XᵀX` as a packed triangle, for rows of `dim` values.
///
/// Each entry is the float64 sum, block after block of 128 rows, of float32 sums over the block's
/// rows in order.
pub fn gram(rows: &[f32], dim: usize, out: &mut [f64]) {
    out[..triangle(dim)].fill(0.0);
    for block in rows.chunks(BLOCK_ROWS * dim) {
        for i in (0..dim).step_by(4) {
            for j in (0..=i).step_by(8) {
                if i + 4 <= dim && j + 8 <= dim {
                    add_tile(block, dim, i, j, out);
                } else {
                    add_edge(block, dim, i, j, out);
                }
            }
        }
    }
}

/// Adds the block's entries `(i..i + 4, j..j + 8)` of the lower triangle.
fn add_tile(block: &[f32], dim: usize, i: usize, j: usize, out: &mut [f64]) {
    let mut sums = [[F32x4::splat(0.0); 2]; 4];
    for row in block.chunks_exact(dim) {
        let (Some(left), Some(right)) = (row[i..].first_chunk::<4>(), row[j..].first_chunk::<8>())
        else {
            return;
        };
        let &[a, b, c, d, e, f, g, h] = right;
        let (low, high) = (F32x4::load(&[a, b, c, d]), F32x4::load(&[e, f, g, h]));
        for (sum, &value) in sums.iter_mut().zip(left) {
            let value = F32x4::splat(value);
            sum[0] = sum[0] + value * low;
            sum[1] = sum[1] + value * high;
        }
    }
    for (y, sum) in sums.into_iter().enumerate() {
        let lanes = sum.map(F32x4::to_array);
        for (x, lane) in lanes.as_flattened().iter().enumerate() {
            if j + x <= i + y {
                out[entry(i + y, j + x)] += f64::from(*lane);
            }
        }
    }
}

/// The same where the tile reaches over the last row or column.
fn add_edge(block: &[f32], dim: usize, i: usize, j: usize, out: &mut [f64]) {
    for y in i..dim.min(i + 4) {
        for x in j..=y.min(j + 7) {
            let products = block.chunks_exact(dim).map(|row| row[y] * row[x]);
            out[entry(y, x)] += f64::from(products.fold(0.0, |sum, product| sum + product));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    fn reference(rows: &[f32], dim: usize, i: usize, j: usize) -> f64 {
        let mut total = 0.0;
        for block in rows.chunks(BLOCK_ROWS * dim) {
            let mut sum = 0.0_f32;
            for row in block.chunks(dim) {
                sum += row[i] * row[j];
            }
            total += f64::from(sum);
        }
        total
    }

    #[test]
    fn gram_equals_its_scalar_reference_bit_for_bit_at_every_width_and_height() {
        for dim in (1..=20).chain([31, 32, 33, 64]) {
            for count in [0, 1, 2, 127, 128, 129, 300] {
                let rows = floats(count * dim, 1, 3.0);
                let mut got = vec![9.0; triangle(dim)];
                gram(&rows, dim, &mut got);
                for i in 0..dim {
                    for j in 0..=i {
                        let want = reference(&rows, dim, i, j);
                        assert_eq!(got[entry(i, j)].to_bits(), want.to_bits(), "{dim} {i} {j}");
                    }
                }
            }
        }
    }

    #[test]
    fn gram_is_close_to_the_sum_in_float64() {
        let rows = floats(1000 * 9, 2, 1.0);
        let mut got = [0.0; triangle(9)];
        gram(&rows, 9, &mut got);
        for i in 0..9 {
            for j in 0..=i {
                let products =
                    rows.chunks(9).map(|row| f64::from(row[i]) * f64::from(row[j])).sum::<f64>();
                assert!((got[entry(i, j)] - products).abs() < 1e-4);
            }
        }
    }
}
