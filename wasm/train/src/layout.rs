//! Values at other places: a matrix turned over, and columns of one matrix added to another.

use crate::lanewise::lanewise;
use memory::lanes::{U32x4, transpose as turn};

#[cfg(target_arch = "wasm32")]
mod exports;

/// Row `j` of `out` is column `j` of `x`, for rows of `cols` values. Both hold the bits of any
/// 32-bit values.
pub fn transpose(x: &[u32], out: &mut [u32], cols: usize) {
    let rows = x.len() / cols.max(1);
    let (whole_rows, whole_cols) = (rows - rows % 4, cols - cols % 4);
    for i in (0..whole_rows).step_by(4) {
        for j in (0..whole_cols).step_by(4) {
            let block = core::array::from_fn(|y| load(&x[(i + y) * cols + j..]));
            for (y, lanes) in turn(block).into_iter().enumerate() {
                if let Some(to) = out[(j + y) * rows + i..].first_chunk_mut() {
                    lanes.store(to);
                }
            }
        }
    }
    let mut move_block = |above: core::ops::Range<usize>, left: core::ops::Range<usize>| {
        for i in above {
            for j in left.clone() {
                out[j * rows + i] = x[i * cols + j];
            }
        }
    };
    move_block(0..whole_rows, whole_cols..cols);
    move_block(whole_rows..rows, 0..cols);
}

#[inline(always)]
fn load(from: &[u32]) -> U32x4 {
    from.first_chunk().map_or(U32x4::splat(0), U32x4::load)
}

/// Some columns of a matrix.
#[derive(Clone, Copy)]
pub struct Columns {
    /// Columns of the whole matrix.
    pub of: usize,
    /// Number of the first.
    pub first: usize,
}

/// Adds `count` columns of `x` to as many columns of `out`, row by row of both.
pub fn add_block(x: &[f32], from: Columns, out: &mut [f32], to: Columns, count: usize) {
    let rows = x.chunks_exact(from.of.max(1)).zip(out.chunks_exact_mut(to.of.max(1)));
    for (x, out) in rows {
        let (x, out) = (&x[from.first..][..count], &mut out[to.first..][..count]);
        lanewise([x], [out], |[x], [out]| [out + x]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    #[test]
    fn every_shape_is_turned_over_bit_for_bit() {
        for rows in 0..11 {
            for cols in 0..11 {
                let x: Vec<u32> = (0..rows * cols).map(|at| u32::MAX - at as u32).collect();
                let mut out = vec![0; rows * cols];
                transpose(&x, &mut out, cols);
                for i in 0..rows {
                    for j in 0..cols {
                        assert_eq!(out[j * rows + i], x[i * cols + j]);
                    }
                }
            }
        }
    }

    #[test]
    fn columns_are_added_to_columns_and_the_others_stay() {
        for (rows, count) in [(0, 2), (3, 0), (1, 1), (3, 4), (4, 5), (2, 9)] {
            let (from, to) =
                (Columns { of: count + 3, first: 2 }, Columns { of: count + 1, first: 1 });
            let x = floats(rows * from.of, 1, 1.0);
            let before = floats(rows * to.of, 2, 1.0);
            let mut out = before.clone();
            add_block(&x, from, &mut out, to, count);
            for i in 0..rows {
                assert_eq!(out[i * to.of], before[i * to.of]);
                for j in 0..count {
                    let at = i * to.of + 1 + j;
                    assert_eq!(out[at], before[at] + x[i * from.of + 2 + j]);
                }
            }
        }
    }
}
