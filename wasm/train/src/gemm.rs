//! `C = alpha·A·B + beta·C` for float32 matrices of any strides.
//!
//! The way of Goto and van de Geijn (2008): B is packed in panels of [`COLUMNS`] columns that stay
//! in the second cache, A in one panel of [`ROWS`] rows that stays in the first while all of B's go
//! past it, and a tile of C is held in registers while one panel meets another.
//!
//! Sums have one order for every size and stride, but not one for all: it may differ between a
//! matrix of three rows and one of four (see `skinny`).

#[cfg(target_arch = "wasm32")]
mod exports;
mod pack;
mod skinny;
mod tile;

use tile::Scale;

/// Rows of a register tile. With [`COLUMNS`] it fills the 15 vector registers that V8 has on x86,
/// and was the fastest there of 4×8, 5×8, 7×8, 3×16, 4×12 and 12×4, with relaxed SIMD and without.
const ROWS: usize = 6;

/// Columns of a register tile.
const COLUMNS: usize = 8;

/// Rows of B in one block.
const DEPTH: usize = 256;

/// Columns of B in one block: with [`DEPTH`], 256 KiB.
const WIDTH: usize = 256;

/// A matrix somewhere among `values`: element `(i, j)` is `values[i * row + j * col]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub col: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `width` values after each other.
    #[must_use]
    pub fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, row: width, col: 1 }
    }

    /// The same values, rows for columns.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self { values: self.values, row: self.col, col: self.row }
    }

    /// All from row `i` and column `j` on.
    fn from(self, i: usize, j: usize) -> Self {
        Self { values: &self.values[i * self.row + j * self.col..], ..self }
    }
}

/// A matrix that is written; see [`Matrix`].
pub struct Output<'a> {
    pub values: &'a mut [f32],
    pub row: usize,
    pub col: usize,
}

impl<'a> Output<'a> {
    /// Rows of `width` values after each other.
    #[must_use]
    pub fn rows(values: &'a mut [f32], width: usize) -> Self {
        Self { values, row: width, col: 1 }
    }
}

/// What is multiplied.
#[derive(Clone, Copy)]
pub struct Product<'a> {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    /// `m × k`.
    pub a: Matrix<'a>,
    /// `k × n`.
    pub b: Matrix<'a>,
    pub alpha: f32,
    /// With 0, C is not read: NaN in it does not spread.
    pub beta: f32,
}

impl Product<'_> {
    /// The same product, read as `Cᵀ = Bᵀ·Aᵀ`.
    fn transposed(self) -> Self {
        let Self { m, n, a, b, .. } = self;
        Self { m: n, n: m, a: b.transposed(), b: a.transposed(), ..self }
    }
}

/// What is done with rows `[first, end]` and columns `[first, end]` of C as soon as they are there.
pub type Finish<'a> = dyn FnMut(&mut [f32], [usize; 2], [usize; 2]) + 'a;

/// How many values a matrix with these strides spans.
#[must_use]
pub fn extent(rows: usize, row: usize, cols: usize, col: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row + (cols - 1) * col + 1 }
}

/// How many values of scratch a product of this size needs, whatever its strides.
#[must_use]
pub fn scratch_len(m: usize, n: usize, k: usize) -> usize {
    let (depth, width) = (k.min(DEPTH), m.max(n).min(WIDTH).next_multiple_of(COLUMNS));
    depth * width + pack::rows_len(ROWS, depth)
}

/// The product into `c`, `m × n`; `scratch` has [`scratch_len`] values.
pub fn gemm(product: &Product, c: Output, scratch: &mut [f32]) {
    gemm_then(product, c, scratch, &mut |_, _, _| {});
}

/// The product into `c`; `finish` gets the values of `c` with some rows and columns of it while they
/// are in a cache, and each element once.
pub fn gemm_then(product: &Product, mut c: Output, scratch: &mut [f32], finish: &mut Finish) {
    let &Product { m, n, .. } = product;
    if m == 0 || n == 0 {
        return;
    }
    if (c.row == 1 && c.col != 1) || (n <= skinny::ROWS && m > n) {
        let product = product.transposed();
        let mut c = Output { row: c.col, col: c.row, ..c };
        if !skinny::multiply(&product, &mut c) {
            multiply(&product, &mut c, scratch, &mut |_, _, _| {});
        }
        finish(c.values, [0, m], [0, n]);
    } else if skinny::multiply(product, &mut c) {
        finish(c.values, [0, m], [0, n]);
    } else {
        multiply(product, &mut c, scratch, finish);
    }
}

fn multiply(product: &Product, c: &mut Output, scratch: &mut [f32], finish: &mut Finish) {
    let &Product { m, n, k, a, b, alpha, beta } = product;
    let (block, panel) =
        scratch.split_at_mut(scratch_len(m, n, k) - pack::rows_len(ROWS, k.min(DEPTH)));
    for j in (0..n).step_by(WIDTH) {
        let width = (n - j).min(WIDTH);
        // Also where there is nothing to add up, as C is multiplied by beta.
        for p in (0..k.max(1)).step_by(DEPTH) {
            let depth = (k - p).min(DEPTH);
            if depth > 0 {
                pack::columns(b.from(p, j), depth, width, block);
            }
            let scale = Scale { alpha, beta: if p == 0 { beta } else { 1.0 } };
            for i in (0..m).step_by(ROWS) {
                let rows = (m - i).min(ROWS);
                let a = if depth > 0 { a.from(i, p) } else { Matrix::rows(&[], 0) };
                let to = i * c.row + j * c.col;
                let c_here = Output { values: &mut c.values[to..], row: c.row, col: c.col };
                tile::pass(rows, a, panel, block, depth, c_here, width, scale);
                if p + depth == k {
                    finish(c.values, [i, i + rows], [j, j + width]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
