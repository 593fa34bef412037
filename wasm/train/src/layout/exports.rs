//! What JavaScript calls: spans come as a byte address; matrices have `rows` rows.

use crate::layout::{self, Columns};
use memory::{span, span_mut};
use wasm_bindgen::prelude::wasm_bindgen;

/// Turns a matrix of `rows` rows of `cols` values over.
#[wasm_bindgen]
pub fn transpose(x: usize, out: usize, rows: usize, cols: usize) {
    layout::transpose(span(x, rows * cols), span_mut(out, rows * cols), cols);
}

/// `out[i][out_offset + j] += x[i][x_offset + j]` for `j` below `cols`. Traps where these are not
/// columns of both.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "a flat list of numbers is the whole interface")]
pub fn add_block(
    x: usize,
    out: usize,
    rows: usize,
    cols: usize,
    x_cols: usize,
    x_offset: usize,
    out_cols: usize,
    out_offset: usize,
) {
    layout::add_block(
        span(x, rows * x_cols),
        Columns { of: x_cols, first: x_offset },
        span_mut(out, rows * out_cols),
        Columns { of: out_cols, first: out_offset },
        cols,
    );
}
