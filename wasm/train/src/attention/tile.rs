//! Rows packed by fours and eights, and the products of what is packed.

use crate::lanewise::{padded, store_first};
use core::array::from_fn;
use memory::lanes::{F32x4, transpose};

/// One value of each of four keys, or four columns of one.
pub type Four = [f32; 4];
/// One value of each of eight queries, or eight columns of one.
pub type Eight = [f32; 8];
/// An [`Eight`] in lanes.
pub type Wide = [F32x4; 2];
/// Four of them: a block of the product of fours and eights.
pub type Tile = [Wide; 4];

/// Rows of one head of one sequence.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// Begins with the first row.
    pub values: &'a [f32],
    /// From a row to the next.
    pub stride: usize,
    /// Values of a row.
    pub dim: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    pub fn row(self, i: usize) -> &'a [f32] {
        &self.values[i * self.stride..][..self.dim]
    }

    /// Without the first rows.
    #[inline(always)]
    pub fn from(self, first: usize) -> Self {
        Self { values: &self.values[first * self.stride..], ..self }
    }
}

#[inline(always)]
pub fn load(eight: &Eight) -> Wide {
    let &[a, b, c, d, e, f, g, h] = eight;
    [F32x4::load(&[a, b, c, d]), F32x4::load(&[e, f, g, h])]
}

#[inline(always)]
pub fn store(wide: Wide, eight: &mut Eight) {
    for (half, lanes) in eight.as_chunks_mut::<4>().0.iter_mut().zip(wide) {
        lanes.store(half);
    }
}

#[inline(always)]
pub fn splat(value: f32) -> Wide {
    [F32x4::splat(value); 2]
}

/// The same function of both halves.
#[inline(always)]
pub fn each(a: Wide, b: Wide, function: impl Fn(F32x4, F32x4) -> F32x4) -> Wide {
    [function(a[0], b[0]), function(a[1], b[1])]
}

#[inline(always)]
pub fn load_tile(rows: &[Eight; 4]) -> Tile {
    from_fn(|r| load(&rows[r]))
}

#[inline(always)]
pub fn store_tile(tile: Tile, rows: &mut [Eight; 4]) {
    for (row, wide) in rows.iter_mut().zip(tile) {
        store(wide, row);
    }
}

/// `tile[r] += Σₖ fours[k][r]·eights[k]`.
#[inline(always)]
pub fn product(fours: &[Four], eights: &[Eight], mut tile: Tile) -> Tile {
    for (four, eight) in fours.iter().zip(eights) {
        let eight = load(eight);
        for (sums, &value) in tile.iter_mut().zip(four) {
            let value = F32x4::splat(value);
            *sums = [value.madd(eight[0], sums[0]), value.madd(eight[1], sums[1])];
        }
    }
    tile
}

/// `tile[r] += Σₖ left[r][k]·right[k]`.
#[inline(always)]
pub fn outer_product(left: &[Eight; 4], right: &[Eight; 8], mut tile: Tile) -> Tile {
    for (k, eight) in right.iter().enumerate() {
        let eight = load(eight);
        for (sums, left) in tile.iter_mut().zip(left) {
            let value = F32x4::splat(left[k]);
            *sums = [value.madd(eight[0], sums[0]), value.madd(eight[1], sums[1])];
        }
    }
    tile
}

/// Four values from `column` on, 0 beyond the row.
#[inline(always)]
fn quad(row: &[f32], column: usize) -> F32x4 {
    let from = &row[column..];
    from.first_chunk().map_or_else(|| padded(from, 0.0), F32x4::load)
}

/// Writes four lanes from `column` on, as far as the row goes.
#[inline(always)]
pub fn put_quad(lanes: F32x4, row: &mut [f32], column: usize) {
    let to = &mut row[column..];
    match to.first_chunk_mut() {
        Some(four) => lanes.store(four),
        None => store_first(lanes, to),
    }
}

/// Adds four lanes to the values from `column` on, as far as the row goes.
#[inline(always)]
pub fn add_quad(lanes: F32x4, row: &mut [f32], column: usize) {
    put_quad(quad(row, column) + lanes, row, column);
}

#[inline(always)]
fn turn(quads: [F32x4; 4]) -> [F32x4; 4] {
    transpose(quads.map(F32x4::to_bits)).map(|bits| bits.to_floats())
}

/// Packs `count` rows of `dim` values by four: block `t` of `dim` fours holds rows `4t..4t + 4`,
/// column by column. Rows beyond the last count as 0.
pub fn pack_fours(from: Rows, count: usize, to: &mut [Four]) {
    let dim = from.dim;
    for (t, block) in to[..count.div_ceil(4) * dim].chunks_exact_mut(dim.max(1)).enumerate() {
        for (c, fours) in block.chunks_mut(4).enumerate() {
            let rows = from_fn(|r| {
                let i = 4 * t + r;
                if i < count { quad(from.row(i), 4 * c) } else { F32x4::splat(0.0) }
            });
            for (four, lanes) in fours.iter_mut().zip(turn(rows)) {
                lanes.store(four);
            }
        }
    }
}

/// Packs `count` rows by four columns: from place `c·stride` on, columns `4c..4c + 4` row by row.
/// Columns beyond the last count as 0.
pub fn pack_columns(from: Rows, count: usize, stride: usize, to: &mut [Four]) {
    for (c, fours) in to.chunks_exact_mut(stride.max(1)).enumerate() {
        for (i, four) in fours[..count].iter_mut().enumerate() {
            quad(from.row(i), 4 * c).store(four);
        }
    }
}

/// Packs up to eight rows, scaled: place `c` holds column `c` of each. Missing rows count as 0.
pub fn pack_eight(from: Rows, count: usize, scale: f32, to: &mut [Eight]) {
    let scale = F32x4::splat(scale);
    for (c, eights) in to.chunks_mut(4).enumerate() {
        for half in 0..2 {
            let rows = from_fn(|r| {
                let i = 4 * half + r;
                if i < count { quad(from.row(i), 4 * c) * scale } else { F32x4::splat(0.0) }
            });
            for (eight, lanes) in eights.iter_mut().zip(turn(rows)) {
                lanes.store(&mut eight.as_chunks_mut().0[half]);
            }
        }
    }
}

/// Hands out what [`pack_eight`] would have packed: `each(i, column, lanes)` gets four columns of
/// row `i`, for the first `count` rows.
#[inline(always)]
pub fn unpack_eight(from: &[Eight], count: usize, mut each: impl FnMut(usize, usize, F32x4)) {
    for (c, eights) in from.as_chunks::<4>().0.iter().enumerate() {
        for half in 0..2 {
            let rows = turn(from_fn(|r| load(&eights[r])[half]));
            for (r, lanes) in rows.into_iter().enumerate() {
                if 4 * half + r < count {
                    each(4 * half + r, 4 * c, lanes);
                }
            }
        }
    }
}

/// Packs up to eight rows by eight columns: place `8c + i` holds columns `8c..8c + 8` of row `i`,
/// scaled. What is missing counts as 0.
pub fn pack_row_eights(from: Rows, count: usize, scale: f32, to: &mut [[Eight; 8]]) {
    let scale = F32x4::splat(scale);
    for (c, rows) in to.iter_mut().enumerate() {
        for (i, eight) in rows.iter_mut().enumerate() {
            let mut wide = splat(0.0);
            if i < count {
                let row = from.row(i);
                wide[0] = quad(row, 8 * c) * scale;
                if 8 * c + 4 < row.len() {
                    wide[1] = quad(row, 8 * c + 4) * scale;
                }
            }
            store(wide, eight);
        }
    }
}
