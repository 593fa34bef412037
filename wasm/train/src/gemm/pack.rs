//! Copies of A and B in the order in which a tile reads them.

use super::{COLUMNS, Matrix};
use core::array::from_fn;
use memory::lanes::{F32x4, U32x4, transpose};

/// Room for a panel of A: [`rows`] writes up to 4 values past its end.
pub const fn rows_len(rows: usize, depth: usize) -> usize {
    rows * depth + 4
}

/// The first `R` rows and `depth` columns of `a`, column by column.
#[inline(always)]
pub fn rows<const R: usize>(a: Matrix, depth: usize, to: &mut [f32]) {
    if a.col == 1 {
        let from: [&[f32]; R] = from_fn(|i| &a.values[i * a.row..][..depth]);
        let whole = depth - depth % 4;
        for p in (0..whole).step_by(4) {
            let row = |i: usize| from.get(i).map_or(U32x4::splat(0), |row| quad(row, p));
            let low = transpose([row(0), row(1), row(2), row(3)]);
            let high = transpose([row(4), row(5), row(6), row(7)]);
            // Where a column is not whole vectors, its last one reaches into the place of the next
            // column, which is written after it.
            for (u, (low, high)) in low.into_iter().zip(high).enumerate() {
                put(low, to, (p + u) * R);
                if R > 4 {
                    put(high, to, (p + u) * R + 4);
                }
            }
        }
        for p in whole..depth {
            for i in 0..R {
                to[p * R + i] = from[i][p];
            }
        }
    } else {
        for (p, column) in to.as_chunks_mut::<R>().0.iter_mut().take(depth).enumerate() {
            let from = &a.values[p * a.col..];
            if a.row == 1 {
                column.copy_from_slice(&from[..R]);
            } else {
                *column = from_fn(|i| from[i * a.row]);
            }
        }
    }
}

/// The first `depth` rows and `width` columns of `b`, panel by panel, each row by row. The last
/// panel is half as wide if that is enough, and has zeros where there are no columns.
pub fn columns(b: Matrix, depth: usize, width: usize, to: &mut [f32]) {
    for j in (0..width).step_by(COLUMNS) {
        let b = Matrix { values: &b.values[j * b.col..], ..b };
        let to = &mut to[j * depth..];
        match width - j {
            COLUMNS.. => whole_panel(b, &mut to[..COLUMNS * depth]),
            wide if wide > COLUMNS / 2 => part_panel::<COLUMNS>(b, wide, depth, to),
            wide => part_panel::<{ COLUMNS / 2 }>(b, wide, depth, to),
        }
    }
}

fn whole_panel(b: Matrix, panel: &mut [f32]) {
    if b.row == 1 && b.col != 1 {
        let depth = panel.len() / COLUMNS;
        return rows::<COLUMNS>(b.transposed(), depth, panel);
    }
    for (p, row) in panel.as_chunks_mut::<COLUMNS>().0.iter_mut().enumerate() {
        let from = &b.values[p * b.row..];
        if b.col == 1 {
            row.copy_from_slice(&from[..COLUMNS]);
        } else {
            *row = from_fn(|i| from[i * b.col]);
        }
    }
}

fn part_panel<const C: usize>(b: Matrix, wide: usize, depth: usize, to: &mut [f32]) {
    for (p, row) in to.as_chunks_mut::<C>().0.iter_mut().take(depth).enumerate() {
        let from = &b.values[p * b.row..];
        *row = from_fn(|i| if i < wide { from[i * b.col] } else { 0.0 });
    }
}

#[inline(always)]
fn quad(row: &[f32], at: usize) -> U32x4 {
    let &[a, b, c, d] = &row[at..at + 4] else { return U32x4::splat(0) };
    F32x4::load(&[a, b, c, d]).to_bits()
}

#[inline(always)]
fn put(lanes: U32x4, to: &mut [f32], at: usize) {
    if let Some(to) = to[at..].first_chunk_mut() {
        lanes.to_floats().store(to);
    }
}
