//! The inverse of a large symmetric positive definite matrix in float64, tile by tile.
//!
//! Cholesky's factorisation `A = L Lᵀ`, then `W = L⁻¹`, then `A⁻¹ = Wᵀ W`, all in place of the tiles
//! of the lower triangle. Nearly all work is products of two tiles, which stay in the cache.
//! Every sum has one order, so that all runtimes give the same bits.

use crate::triangle::{entry, triangle};
use memory::lanes::F64x2;

/// Rows and columns of a tile.
const SIDE: usize = 64;

/// Rows and columns of the block of a product that is kept in registers.
const BLOCK: usize = 4;

/// Square part of a matrix, row by row.
pub type Tile = [f64; SIDE * SIDE];

/// A pivot below this share of its diagonal entry is lost in rounding: the matrix then counts as
/// not positive definite.
const LEAST_PIVOT: f64 = 1e-12;

/// Tiles that [`invert`] needs as scratch for a matrix of `dim` rows: those of the lower triangle,
/// and two for the operands of a product.
#[must_use]
pub const fn scratch_tiles(dim: usize) -> usize {
    triangle(dim.div_ceil(SIDE)) + 2
}

/// `(A + ridge·I)⁻¹` in place of `A`, a packed lower triangle of float32. Returns `dim`, or the first
/// row whose pivot is lost; the matrix is then as it was.
///
/// # Panics
///
/// If `scratch` is not [`scratch_tiles`] long.
pub fn invert(matrix: &mut [f32], dim: usize, ridge: f64, scratch: &mut [Tile]) -> usize {
    let side = dim.div_ceil(SIDE);
    let (tiles, operands) = scratch.split_at_mut(triangle(side));
    let [left, right] = operands else { panic!("two operands behind the tiles") };
    load(matrix, dim, ridge, tiles);
    let done = factor(tiles, side, dim, left, right);
    if done == dim {
        invert_factor(tiles, side, left, right);
        multiply_by_transpose(tiles, side, left, right);
        store(tiles, dim, matrix);
    }
    done
}

/// Spreads the packed triangle over the tiles. What is beyond the matrix gets the unit matrix.
fn load(matrix: &[f32], dim: usize, ridge: f64, tiles: &mut [Tile]) {
    let padded = dim.div_ceil(SIDE) * SIDE;
    for i in 0..padded {
        for part in 0..=i / SIDE {
            let row = row_of(&mut tiles[entry(i / SIDE, part)], i % SIDE);
            let from = part * SIDE;
            let within = (i + 1).min(from + SIDE) - from;
            row.fill(0.0);
            if i < dim {
                let values = &matrix[triangle(i) + from..][..within];
                for (out, &value) in row.iter_mut().zip(values) {
                    *out = f64::from(value);
                }
            }
        }
        let diagonal = &mut tiles[entry(i / SIDE, i / SIDE)][i % SIDE * (SIDE + 1)];
        *diagonal = if i < dim { *diagonal + ridge } else { 1.0 };
    }
}

fn store(tiles: &[Tile], dim: usize, matrix: &mut [f32]) {
    for i in 0..dim {
        for part in 0..=i / SIDE {
            let row = &tiles[entry(i / SIDE, part)][i % SIDE * SIDE..][..SIDE];
            let from = part * SIDE;
            let within = (i + 1).min(from + SIDE) - from;
            let out = &mut matrix[triangle(i) + from..][..within];
            for (out, &value) in out.iter_mut().zip(row) {
                *out = value as f32;
            }
        }
    }
}

/// `L` in place of the tiles below the diagonal; a tile on the diagonal gets the inverse of its part
/// of `L`, which is all that is needed of it. Returns `dim`, or the first row whose pivot is lost.
fn factor(tiles: &mut [Tile], side: usize, dim: usize, left: &mut Tile, right: &mut Tile) -> usize {
    let mut diagonals = [0.0; SIDE];
    for k in 0..side {
        // What a pivot is compared with is its entry before anything was taken off it, and that is
        // no longer there: the entry of the tile as it now is, plus what was taken off.
        let rows = &tiles[triangle(k)..triangle(k + 1)];
        for (i, diagonal) in diagonals.iter_mut().enumerate() {
            let taken = rows[..k].iter().map(|tile| &tile[i * SIDE..][..SIDE]);
            *diagonal = rows[k][i * (SIDE + 1)] + taken.map(|row| dot(row, row)).sum::<f64>();
        }
        let done = factor_tile(&mut tiles[entry(k, k)], &diagonals);
        if done < SIDE {
            return (k * SIDE + done).min(dim);
        }
        invert_tile(&mut tiles[entry(k, k)]);
        pack::<true>(&tiles[entry(k, k)], 1.0, right);
        for i in k + 1..side {
            let tile = &mut tiles[entry(i, k)];
            left.copy_from_slice(tile);
            tile.fill(0.0);
            multiply(left, right, tile);
        }
        for j in k + 1..side {
            pack::<true>(&tiles[entry(j, k)], -1.0, right);
            for i in j..side {
                // Row i of tiles holds both, the one that is read before the one that is written.
                let (read, written) = tiles.split_at_mut(entry(i, j));
                multiply(&read[entry(i, k)], right, &mut written[0]);
            }
        }
    }
    dim
}

/// `W = L⁻¹` in place of the tiles: column by column from the last, each from its last row up, so
/// that what is read is either done, or not yet touched.
fn invert_factor(tiles: &mut [Tile], side: usize, left: &mut Tile, right: &mut Tile) {
    for j in (0..side).rev() {
        for i in (j + 1..side).rev() {
            left.fill(0.0);
            for k in j + 1..=i {
                pack::<false>(&tiles[entry(k, j)], -1.0, right);
                multiply(&tiles[entry(i, k)], right, left);
            }
            pack::<false>(&tiles[entry(j, j)], 1.0, right);
            let tile = &mut tiles[entry(i, j)];
            tile.fill(0.0);
            multiply(left, right, tile);
        }
    }
}

/// The lower triangle of `Wᵀ W` in place of the tiles of `W`: row by row from the first, since row
/// `i` needs the rows from `i` on only, and the tile on the diagonal last within its row.
fn multiply_by_transpose(tiles: &mut [Tile], side: usize, left: &mut Tile, right: &mut Tile) {
    for i in 0..side {
        transpose(&tiles[entry(i, i)], left);
        for j in 0..=i {
            let tile = &mut tiles[entry(i, j)];
            pack::<false>(tile, 1.0, right);
            tile.fill(0.0);
            multiply(left, right, tile);
        }
        for k in i + 1..side {
            transpose(&tiles[entry(k, i)], left);
            for j in 0..=i {
                pack::<false>(&tiles[entry(k, j)], 1.0, right);
                multiply(left, right, &mut tiles[entry(i, j)]);
            }
        }
    }
}

/// Cholesky's factorisation of the lower half of a tile, in place; its upper half becomes zero.
/// Returns [`SIDE`], or the first row whose pivot is lost.
fn factor_tile(tile: &mut Tile, diagonals: &[f64; SIDE]) -> usize {
    for i in 0..SIDE {
        let (head, row) = tile.split_at_mut(i * SIDE);
        for (j, done) in head.chunks_exact(SIDE).enumerate() {
            row[j] = (row[j] - dot(&row[..j], done)) / done[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        // False for NaN too.
        if !(pivot > LEAST_PIVOT * diagonals[i] && pivot < f64::INFINITY) {
            return i;
        }
        row[i] = pivot.sqrt();
        row[i + 1..SIDE].fill(0.0);
    }
    SIDE
}

/// `Σ a[k]·b[k]` over the values of `a`, in order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The inverse of a lower triangular tile, in place.
fn invert_tile(tile: &mut Tile) {
    for j in (0..SIDE).rev() {
        let pivot = 1.0 / tile[j * (SIDE + 1)];
        for i in (j + 1..SIDE).rev() {
            let sum: f64 = (j + 1..=i).map(|k| tile[i * SIDE + k] * tile[k * SIDE + j]).sum();
            tile[i * SIDE + j] = -sum * pivot;
        }
        tile[j * (SIDE + 1)] = pivot;
    }
}

/// A tile, or its transpose, times `sign` as [`multiply`] reads it: panels of [`BLOCK`] columns, each
/// row by row.
fn pack<const TRANSPOSED: bool>(tile: &Tile, sign: f64, out: &mut Tile) {
    for (panel, out) in out.chunks_exact_mut(SIDE * BLOCK).enumerate() {
        for (k, out) in out.chunks_exact_mut(BLOCK).enumerate() {
            for (c, out) in out.iter_mut().enumerate() {
                let column = panel * BLOCK + c;
                let at = if TRANSPOSED { column * SIDE + k } else { k * SIDE + column };
                *out = sign * tile[at];
            }
        }
    }
}

fn transpose(tile: &Tile, out: &mut Tile) {
    for (i, out) in out.chunks_exact_mut(SIDE).enumerate() {
        for (j, out) in out.iter_mut().enumerate() {
            *out = tile[j * SIDE + i];
        }
    }
}

/// `out += left · right`, `right` packed.
fn multiply(left: &Tile, right: &Tile, out: &mut Tile) {
    for (panel, columns) in right.chunks_exact(SIDE * BLOCK).enumerate() {
        let (columns, _) = columns.as_chunks::<BLOCK>();
        for (rows, out) in left.chunks_exact(SIDE * BLOCK).zip(out.chunks_exact_mut(SIDE * BLOCK)) {
            multiply_block(rows, columns, &mut out[panel * BLOCK..]);
        }
    }
}

/// [`BLOCK`] rows of the left tile times one panel of the right, added to the block that `out` begins
/// with.
#[inline(always)]
fn multiply_block(rows: &[f64], columns: &[[f64; BLOCK]], out: &mut [f64]) {
    let rows: [&[f64]; BLOCK] = core::array::from_fn(|r| &rows[r * SIDE..][..SIDE]);
    let mut sums = [[F64x2::splat(0.0); 2]; BLOCK];
    for (k, &[a, b, c, d]) in columns.iter().enumerate().take(SIDE) {
        let (low, high) = (F64x2::load(&[a, b]), F64x2::load(&[c, d]));
        for (sums, row) in sums.iter_mut().zip(rows) {
            let value = F64x2::splat(row[k]);
            sums[0] = sums[0] + value * low;
            sums[1] = sums[1] + value * high;
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        let (pairs, _) = out[r * SIDE..][..BLOCK].as_chunks_mut::<2>();
        for (pair, sum) in pairs.iter_mut().zip(sums) {
            (F64x2::load(pair) + sum).store(pair);
        }
    }
}

fn row_of(tile: &mut Tile, row: usize) -> &mut [f64] {
    &mut tile[row * SIDE..][..SIDE]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    /// A positive definite matrix `MᵀM`, packed, of `count` rows of 0, 1 and 2.
    fn counts(dim: usize, count: usize, seed: u64) -> Vec<f32> {
        let m: Vec<f32> =
            floats(dim * count, seed, 1.5).into_iter().map(|x| x.abs().round()).collect();
        let mut a = vec![0.0; triangle(dim)];
        for row in m.chunks_exact(dim) {
            for i in 0..dim {
                for j in 0..=i {
                    a[entry(i, j)] += row[i] * row[j];
                }
            }
        }
        a
    }

    fn inverse(matrix: &[f32], dim: usize, ridge: f64) -> (usize, Vec<f32>) {
        let mut out = matrix.to_vec();
        let mut scratch = vec![[f64::NAN; SIDE * SIDE]; scratch_tiles(dim)];
        (invert(&mut out, dim, ridge, &mut scratch), out)
    }

    #[test]
    fn a_matrix_times_its_inverse_is_the_unit_matrix_at_every_number_of_tiles() {
        for dim in [1, 2, 3, 63, 64, 65, 128, 129, 200] {
            let matrix = counts(dim, dim / 2 + 3, dim as u64);
            let ridge = 2.5;
            let (done, got) = inverse(&matrix, dim, ridge);
            assert_eq!(done, dim);
            for i in 0..dim {
                for j in 0..dim {
                    let product: f64 = (0..dim)
                        .map(|k| {
                            let a =
                                f64::from(matrix[entry(i, k)]) + if i == k { ridge } else { 0.0 };
                            a * f64::from(got[entry(k, j)])
                        })
                        .sum();
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!((product - want).abs() < 2e-5, "{dim}: ({i}, {j}) is {product}");
                }
            }
        }
    }

    #[test]
    fn a_small_inverse_is_known_by_hand() {
        let (done, got) = inverse(&[3.0, 1.0, 1.0], 2, 1.0);
        assert_eq!(done, 2);
        // [[4, 1], [1, 2]] has determinant 7.
        for (got, want) in got.iter().zip([2.0 / 7.0, -1.0 / 7.0, 4.0 / 7.0]) {
            assert!((f64::from(*got) - want).abs() < 1e-7);
        }
    }

    #[test]
    fn a_diagonal_matrix_has_the_reciprocals_and_nothing_else() {
        let dim = 130;
        let mut matrix = vec![0.0; triangle(dim)];
        (0..dim).for_each(|i| matrix[entry(i, i)] = i as f32);
        let (_, got) = inverse(&matrix, dim, 0.5);
        for i in 0..dim {
            for j in 0..=i {
                let want = if i == j { (1.0 / (i as f64 + 0.5)) as f32 } else { 0.0 };
                assert_eq!(got[entry(i, j)], want);
            }
        }
    }

    #[test]
    fn the_first_row_without_a_pivot_is_named_and_the_matrix_stays() {
        for dim in [1, 5, 64, 70, 150] {
            for bad in [0, dim / 2, dim - 1] {
                for value in [-3.0, f32::NAN, f32::INFINITY] {
                    let mut matrix = counts(dim, 3, 5);
                    matrix[entry(bad, bad)] = value;
                    let (done, after) = inverse(&matrix, dim, 1.0);
                    assert_eq!(done, bad, "{dim}, {value}");
                    let bits = |list: &[f32]| list.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&after), bits(&matrix));
                }
            }
        }
    }

    #[test]
    fn a_singular_matrix_is_not_taken_for_a_definite_one_in_a_later_tile_either() {
        for dim in [3, 100, 140] {
            // The last two rows are equal, which only rounding hides.
            let mut matrix: Vec<f32> = counts(dim, 2 * dim, 9);
            for j in 0..dim - 1 {
                matrix[entry(dim - 1, j)] = matrix[entry(dim - 2, j)];
            }
            matrix[entry(dim - 1, dim - 1)] = matrix[entry(dim - 2, dim - 2)];
            assert_eq!(inverse(&matrix, dim, 0.0).0, dim - 1);
        }
    }

    #[test]
    fn scratch_is_the_tiles_of_the_triangle_and_two_operands() {
        assert_eq!([1, 64, 65, 128, 129].map(scratch_tiles), [3, 3, 5, 5, 8]);
    }
}
