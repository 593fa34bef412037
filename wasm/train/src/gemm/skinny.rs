//! Products with few rows, which have nothing to gain from packing: every value of B is used
//! for each row once.

use super::{Output, Product};
use crate::lanewise::lanewise;
use core::array::from_fn;
use memory::lanes::F32x4;

/// The most rows of A that are few.
pub const ROWS: usize = 3;

/// Rows of B that are added up in one pass over a row of C.
const TERMS: usize = 8;

/// Columns of B that are multiplied in one pass over a row of A.
const COLUMNS: usize = 4;

/// Multiplies if this is the better way; false, and nothing done, if it is not.
pub fn multiply(product: &Product, c: &mut Output) -> bool {
    let &Product { m, n, k, a, b, .. } = product;
    if m > ROWS || k == 0 {
        return false;
    }
    let by_rows = n == 1 || (b.col == 1 && c.col == 1);
    let by_columns = k == 1 || (b.row == 1 && a.col == 1);
    if by_columns && (n < COLUMNS || !by_rows) {
        multiply_columns(product, c);
    } else if by_rows {
        combine_rows(product, c);
    }
    by_rows || by_columns
}

/// `C[i] = beta·C[i] + Σ (alpha·A[i][p])·B[p]`, with the terms added to C in rising order.
fn combine_rows(product: &Product, c: &mut Output) {
    let &Product { m, n, k, a, b, alpha, beta } = product;
    let factor = |i: usize, p: usize| F32x4::splat(alpha * a.values[i * a.row + p * a.col]);
    let term = |p: usize| &b.values[p * b.row..][..n];
    for i in 0..m {
        let row = &mut c.values[i * c.row..][..n];
        if beta == 0.0 {
            row.fill(0.0);
        } else if beta != 1.0 {
            lanewise([], [row], |[], [c]| [F32x4::splat(beta) * c]);
        }
    }
    let whole = k - k % TERMS;
    for p in (0..whole).step_by(TERMS) {
        for i in 0..m {
            let factors: [F32x4; TERMS] = from_fn(|t| factor(i, p + t));
            let row = &mut c.values[i * c.row..][..n];
            lanewise(from_fn::<_, TERMS, _>(|t| term(p + t)), [row], |terms, [c]| {
                [factors.iter().zip(terms).fold(c, |sum, (factor, b)| factor.madd(b, sum))]
            });
        }
    }
    for p in whole..k {
        for i in 0..m {
            let row = &mut c.values[i * c.row..][..n];
            lanewise([term(p)], [row], |[b], [c]| [factor(i, p).madd(b, c)]);
        }
    }
}

/// `C[i][j] = alpha·(A[i] · column j of B) + beta·C[i][j]`, both of consecutive values.
fn multiply_columns(product: &Product, c: &mut Output) {
    let &Product { m, n, k, a, b, alpha, beta } = product;
    let column = |j: usize| &b.values[j * b.col..][..k];
    let row = |i: usize| &a.values[i * a.row..][..k];
    let mut put = |i: usize, j: usize, sum: f32| {
        let place = &mut c.values[i * c.row + j * c.col];
        *place = if beta == 0.0 { alpha * sum } else { alpha * sum + beta * *place };
    };
    let whole = n - n % COLUMNS;
    for j in (0..whole).step_by(COLUMNS) {
        for i in 0..m {
            let sums = dots::<COLUMNS>(row(i), from_fn(|l| column(j + l)));
            for (l, sum) in sums.into_iter().enumerate() {
                put(i, j + l, sum);
            }
        }
    }
    for j in whole..n {
        for i in 0..m {
            let [sum] = dots(row(i), [column(j)]);
            put(i, j, sum);
        }
    }
}

/// Dot products of `a` and each of `b`, each in eight partial sums, as `vector::dot` has them.
#[inline(always)]
fn dots<const N: usize>(a: &[f32], b: [&[f32]; N]) -> [f32; N] {
    let (turns, tail) = a.as_chunks::<8>();
    let b = b.map(|b| b[..a.len()].as_chunks::<8>());
    let mut low = [F32x4::splat(0.0); N];
    let mut high = low;
    for (t, a) in turns.iter().enumerate() {
        let [a0, a1] = halves(a);
        for i in 0..N {
            let [b0, b1] = halves(&b[i].0[t]);
            low[i] = a0.madd(b0, low[i]);
            high[i] = a1.madd(b1, high[i]);
        }
    }
    from_fn(|i| {
        let [s0, s1, s2, s3] = (low[i] + high[i]).to_array();
        let rest = tail.iter().zip(b[i].1).fold(0.0, |sum, (a, b)| sum + a * b);
        ((s0 + s2) + (s1 + s3)) + rest
    })
}

#[inline(always)]
fn halves(turn: &[f32; 8]) -> [F32x4; 2] {
    let &[a, b, c, d, e, f, g, h] = turn;
    [F32x4::load(&[a, b, c, d]), F32x4::load(&[e, f, g, h])]
}
