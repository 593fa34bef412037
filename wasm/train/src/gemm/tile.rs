//! The inner loops: one panel of A past all panels of a block of B.

use super::{COLUMNS, Matrix, Output, pack};
use core::array::from_fn;
use memory::lanes::F32x4;

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
    let mut j = 0;
    while width - j > COLUMNS / 2 {
        let tile = multiply::<R, { COLUMNS / 4 }>(a, &b[j * depth..][..COLUMNS * depth]);
        store(&tile, &mut c, j, (width - j).min(COLUMNS), scale);
        j = (j + COLUMNS).min(width);
    }
    if j < width {
        let tile = multiply::<R, { COLUMNS / 8 }>(a, &b[j * depth..][..COLUMNS / 2 * depth]);
        store(&tile, &mut c, j, width - j, scale);
    }
}

/// The product of two packed panels, the second `Q` vectors wide.
#[inline(always)]
fn multiply<const R: usize, const Q: usize>(a: &[f32], b: &[f32]) -> [[F32x4; Q]; R] {
    let mut sums = [[F32x4::splat(0.0); Q]; R];
    let b = b.as_chunks::<4>().0.as_chunks::<Q>().0;
    for (a, b) in a.as_chunks::<R>().0.iter().zip(b) {
        let b: [F32x4; Q] = from_fn(|q| F32x4::load(&b[q]));
        for (sums, &a) in sums.iter_mut().zip(a) {
            let a = F32x4::splat(a);
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = a.madd(b, *sum);
            }
        }
    }
    sums
}

/// Puts a tile into `wide` columns of `c`, from column `j` on.
#[inline(always)]
fn store<const R: usize, const Q: usize>(
    tile: &[[F32x4; Q]; R],
    c: &mut Output,
    j: usize,
    wide: usize,
    scale: Scale,
) {
    let Scale { alpha, beta } = scale;
    for (i, sums) in tile.iter().enumerate() {
        let at = i * c.row + j * c.col;
        if c.col == 1 && wide == 4 * Q {
            let row = c.values[at..at + 4 * Q].as_chunks_mut::<4>().0;
            for (place, &sum) in row.iter_mut().zip(sums) {
                let product = F32x4::splat(alpha) * sum;
                let kept = F32x4::splat(beta) * F32x4::load(place);
                (if beta == 0.0 { product } else { product + kept }).store(place);
            }
        } else {
            let lanes = sums.iter().flat_map(|sum| sum.to_array());
            for (l, sum) in lanes.take(wide).enumerate() {
                let place = &mut c.values[at + l * c.col];
                *place = if beta == 0.0 { alpha * sum } else { alpha * sum + beta * *place };
            }
        }
    }
}
