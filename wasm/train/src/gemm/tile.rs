//! The inner loops: one panel of A past all panels of a block of B.

use super::{COLUMNS, Matrix, Output, pack};
use memory::lanes::F32x4;

/// One row of a tile.
type Row = [F32x4; COLUMNS / 4];

/// How a product goes into C.
#[derive(Clone, Copy)]
pub struct Scale {
    pub alpha: f32,
    /// With 0, C is not read.
    pub beta: f32,
}

/// Packs `rows` rows of `a` and multiplies them by the packed block `b` into the first rows and
/// `width` columns of `c`.
#[expect(clippy::too_many_arguments, reason = "the parts of one loop, which are changed apart")]
pub fn pass(
    rows: usize,
    a: Matrix,
    panel: &mut [f32],
    b: &[f32],
    depth: usize,
    c: Output,
    width: usize,
    scale: Scale,
) {
    match rows {
        1 => pass_rows::<1>(a, panel, b, depth, c, width, scale),
        2 => pass_rows::<2>(a, panel, b, depth, c, width, scale),
        3 => pass_rows::<3>(a, panel, b, depth, c, width, scale),
        4 => pass_rows::<4>(a, panel, b, depth, c, width, scale),
        5 => pass_rows::<5>(a, panel, b, depth, c, width, scale),
        _ => pass_rows::<{ super::ROWS }>(a, panel, b, depth, c, width, scale),
    }
}

#[inline(always)]
fn pass_rows<const R: usize>(
    a: Matrix,
    panel: &mut [f32],
    b: &[f32],
    depth: usize,
    mut c: Output,
    width: usize,
    scale: Scale,
) {
    pack::rows::<R>(a, depth, panel);
    let a = &panel[..R * depth];
    for (turn, j) in (0..width).step_by(COLUMNS).enumerate() {
        let b = &b[turn * COLUMNS * depth..][..COLUMNS * depth];
        store(&multiply::<R>(a, b), &mut c, j, (width - j).min(COLUMNS), scale);
    }
}

/// The product of two packed panels.
#[inline(always)]
fn multiply<const R: usize>(a: &[f32], b: &[f32]) -> [Row; R] {
    let mut sums = [[F32x4::splat(0.0); COLUMNS / 4]; R];
    for (a, b) in a.as_chunks::<R>().0.iter().zip(b.as_chunks::<COLUMNS>().0) {
        add(&mut sums, a, b);
    }
    sums
}

/// Adds the product of a column and a row.
#[inline(always)]
fn add<const R: usize>(sums: &mut [Row; R], a: &[f32; R], b: &[f32; COLUMNS]) {
    let b = quads(b).map(F32x4::load);
    for (sums, &a) in sums.iter_mut().zip(a) {
        let a = F32x4::splat(a);
        for (sum, b) in sums.iter_mut().zip(b) {
            *sum = a.madd(b, *sum);
        }
    }
}

#[inline(always)]
fn quads(row: &[f32; COLUMNS]) -> [&[f32; 4]; COLUMNS / 4] {
    let [low, high] = row.as_chunks::<4>().0 else { unreachable!() };
    [low, high]
}

/// Puts a tile into `wide` columns of `c`, from column `j` on.
#[inline(always)]
fn store<const R: usize>(tile: &[Row; R], c: &mut Output, j: usize, wide: usize, scale: Scale) {
    let Scale { alpha, beta } = scale;
    for (i, sums) in tile.iter().enumerate() {
        let at = i * c.row + j * c.col;
        if c.col == 1 && wide == COLUMNS {
            let row = c.values[at..at + COLUMNS].as_chunks_mut::<4>().0;
            for (place, &sum) in row.iter_mut().zip(sums) {
                let product = F32x4::splat(alpha) * sum;
                let kept = F32x4::splat(beta) * F32x4::load(place);
                (if beta == 0.0 { product } else { product + kept }).store(place);
            }
        } else {
            let mut row = [0.0; COLUMNS];
            for (place, sum) in row.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
                sum.store(place);
            }
            for (l, &sum) in row[..wide].iter().enumerate() {
                let place = &mut c.values[at + l * c.col];
                *place = if beta == 0.0 { alpha * sum } else { alpha * sum + beta * *place };
            }
        }
    }
}
