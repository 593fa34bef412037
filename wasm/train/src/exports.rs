//! What JavaScript calls: spans come as a byte address and a number of values.
//!
//! Where indices are taken, the result is their number, or the position of the first one outside
//! the table; nothing has been written then.

use crate::cholesky::{self, Pair, system_len};
use crate::ials::{self, Exact, Newton};
use crate::inverse::{self, Tile};
use crate::triangle::triangle;
use crate::{gram, rows, vector};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// `Σ a[i]·b[i]` over `len` values.
#[wasm_bindgen]
#[must_use]
pub fn dot(a: usize, b: usize, len: usize) -> f32 {
    vector::dot(span(a, len), span(b, len))
}

/// `out[i] = table[i] · vector` for `rows` rows of `dim` values.
#[wasm_bindgen]
pub fn scores(table: usize, rows: usize, dim: usize, vector: usize, out: usize) {
    rows::scores(span(table, rows * dim), span(vector, dim), span_mut(out, rows));
}

/// Copies `count` rows of a table of `rows` rows to `out`.
#[wasm_bindgen]
#[must_use]
pub fn gather(
    table: usize,
    indices: usize,
    out: usize,
    rows: usize,
    dim: usize,
    count: usize,
) -> usize {
    checked(indices, count, rows, |indices| {
        rows::gather(span(table, rows * dim), dim, indices, span_mut(out, count * dim));
    })
}

/// Adds `count` rows of `values` to rows of a table.
#[wasm_bindgen]
#[must_use]
pub fn scatter_add(
    table: usize,
    indices: usize,
    values: usize,
    rows: usize,
    dim: usize,
    count: usize,
) -> usize {
    checked(indices, count, rows, |indices| {
        rows::scatter_add(span_mut(table, rows * dim), dim, indices, span(values, count * dim));
    })
}

/// One gradient step for `count` rows of a table.
#[wasm_bindgen]
#[must_use]
pub fn row_sgd(
    table: usize,
    indices: usize,
    gradients: usize,
    rows: usize,
    dim: usize,
    count: usize,
    rate: f32,
) -> usize {
    checked(indices, count, rows, |indices| {
        let gradients = span(gradients, count * dim);
        rows::descend(span_mut(table, rows * dim), dim, indices, gradients, rate);
    })
}

/// One row-wise Adagrad step for `count` rows of a table with `rows` values of state.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn row_adagrad(
    table: usize,
    squares: usize,
    indices: usize,
    gradients: usize,
    rows: usize,
    dim: usize,
    count: usize,
    rate: f32,
    epsilon: f32,
) -> usize {
    checked(indices, count, rows, |indices| {
        let (table, squares) = (span_mut(table, rows * dim), span_mut(squares, rows));
        rows::adagrad(table, squares, indices, span(gradients, count * dim), rate, epsilon);
    })
}

fn checked(indices: usize, count: usize, rows: usize, kernel: impl FnOnce(&[u32])) -> usize {
    let indices = span(indices, count);
    if let Some(at) = rows::first_outside(indices, rows) {
        return at;
    }
    kernel(indices);
    count
}

/// `XᵀX` of `count` rows of `dim` values, as a packed triangle of float64.
#[wasm_bindgen]
pub fn gram(rows: usize, count: usize, dim: usize, out: usize) {
    gram::gram(span(rows, count * dim), dim, span_mut(out, triangle(dim)));
}

/// Sum of `count` rows of `dim` values, in float64.
#[wasm_bindgen]
pub fn column_sums(rows: usize, count: usize, dim: usize, out: usize) {
    rows::column_sums(span(rows, count * dim), span_mut(out, dim));
}

/// How many float64 values of scratch the kernels below need.
#[wasm_bindgen]
#[must_use]
pub fn solve_scratch(dim: usize) -> usize {
    2 * ials::scratch_len(dim)
}

fn scratch_pairs<'a>(scratch: usize, dim: usize) -> &'a mut [Pair] {
    span_mut::<f64>(scratch, solve_scratch(dim)).as_chunks_mut().0
}

/// Solves `A x = b` in place of `b`, `A` a packed triangle of float64. False, and `b` as it was,
/// if `A` is not positive definite.
#[wasm_bindgen]
#[must_use]
pub fn solve(matrix: usize, right: usize, dim: usize, scratch: usize) -> bool {
    let (matrix, right) = (span::<f64>(matrix, triangle(dim)), span_mut::<f64>(right, dim));
    let system = &mut scratch_pairs(scratch, dim)[..system_len(dim)];
    for (pair, &value) in system.iter_mut().zip(matrix.iter().chain(&*right)) {
        *pair = [value; 2];
    }
    let [definite, _] = cholesky::solve(system, dim);
    if definite {
        for (value, [x, _]) in right.iter_mut().zip(&system[triangle(dim)..]) {
            *value = *x;
        }
    }
    definite
}

/// Bytes of scratch that [`invert`] needs for a matrix of `dim` rows.
#[wasm_bindgen]
#[must_use]
pub fn invert_scratch(dim: usize) -> usize {
    inverse::scratch_tiles(dim) * size_of::<Tile>()
}

/// `(A + ridge·I)⁻¹` in place of `A`, a packed triangle of float32. Returns `dim`, or the first row
/// whose pivot is lost; `A` is then as it was.
#[wasm_bindgen]
#[must_use]
pub fn invert(matrix: usize, dim: usize, ridge: f64, scratch: usize) -> usize {
    let values = inverse::scratch_tiles(dim) * (size_of::<Tile>() / size_of::<f64>());
    let (tiles, _) = span_mut::<f64>(scratch, values).as_chunks_mut();
    inverse::invert(span_mut(matrix, triangle(dim)), dim, ridge, tiles)
}

/// The exact server step over `items` items. Returns `items`, or the first item whose matrix is
/// not positive definite; the rows before it are then written already.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn als_exact(
    items: usize,
    dim: usize,
    outer: usize,
    linear: usize,
    counts: usize,
    base: usize,
    each: f64,
    all: f64,
    out: usize,
    scratch: usize,
) -> usize {
    ials::exact_step(
        &Exact { base: span(base, triangle(dim)), each, all },
        span(outer, items * triangle(dim)),
        span(linear, items * dim),
        span(counts, items),
        span_mut(out, items * dim),
        scratch_pairs(scratch, dim),
    )
}

/// The quasi-Newton server step over `items` items; returns as [`als_exact`] does.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn als_newton(
    items: usize,
    dim: usize,
    table: usize,
    gradients: usize,
    strengths: usize,
    base: usize,
    curvature: usize,
    each: f64,
    all: f64,
    rate: f64,
    out: usize,
    scratch: usize,
) -> usize {
    let (base, curvature) = (span(base, triangle(dim)), span(curvature, triangle(dim)));
    ials::newton_step(
        &Newton { base, curvature, each, all, rate },
        span(table, items * dim),
        span(gradients, items * dim),
        span(strengths, items),
        span_mut(out, items * dim),
        scratch_pairs(scratch, dim),
    )
}
