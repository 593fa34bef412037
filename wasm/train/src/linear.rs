//! A layer `y = f(x·W + bias)` of a network, and its gradients.

use crate::activation::{Activation, activate, activate_in_place, gradient};
use crate::gemm::{Matrix, Output, Product, gemm, gemm_then, scratch_len};
use crate::lanewise::lanewise;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// A layer's size and function.
#[derive(Clone, Copy)]
pub struct Layer {
    pub rows: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub activation: Activation,
}

impl Layer {
    /// How many values of scratch [`linear`] needs.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        scratch_len(self.rows, self.outputs, self.inputs)
    }

    /// How many values of scratch [`linear_backward`] needs.
    #[must_use]
    pub fn backward_scratch_len(&self) -> usize {
        let &Self { rows, inputs, outputs, .. } = self;
        let products = scratch_len(rows, inputs, outputs).max(scratch_len(inputs, outputs, rows));
        rows * outputs + products
    }
}

/// `z = x·w + bias` and `y = f(z)`, with `x` `rows × inputs` and `w` `inputs × outputs`. Without a
/// place for `z`, it is not kept.
pub fn linear(
    layer: &Layer,
    [x, w]: [&[f32]; 2],
    bias: Option<&[f32]>,
    z: Option<&mut [f32]>,
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let &Layer { rows, inputs, outputs, activation } = layer;
    let product = Product {
        m: rows,
        n: outputs,
        k: inputs,
        a: Matrix::rows(x, inputs),
        b: Matrix::rows(w, outputs),
        alpha: 1.0,
        beta: 0.0,
    };
    if let Some(z) = z {
        gemm_then(&product, Output::rows(z, outputs), scratch, &mut |z, rows, columns| {
            each_run(outputs, rows, columns, |from, to| {
                let z = &mut z[from..to];
                add_bias(bias, z, outputs, columns);
                activate(activation, z, &mut y[from..to]);
            });
        });
    } else {
        gemm_then(&product, Output::rows(y, outputs), scratch, &mut |y, rows, columns| {
            each_run(outputs, rows, columns, |from, to| {
                let y = &mut y[from..to];
                add_bias(bias, y, outputs, columns);
                activate_in_place(activation, y);
            });
        });
    }
}

/// Calls `run` with first and end of each stretch of consecutive values in some rows and columns
/// of a matrix `width` wide.
#[inline(always)]
fn each_run(
    width: usize,
    [first, end]: [usize; 2],
    [left, right]: [usize; 2],
    mut run: impl FnMut(usize, usize),
) {
    if right - left == width {
        return run(first * width, end * width);
    }
    for row in first..end {
        run(row * width + left, row * width + right);
    }
}

/// Adds the bias of these columns to `z`: whole rows, or a part of one.
fn add_bias(bias: Option<&[f32]>, z: &mut [f32], width: usize, [left, right]: [usize; 2]) {
    match bias {
        None => {}
        // Rows of one value go together, four in a vector.
        Some(&[bias]) => lanewise([], [z], |[], [z]| [z + F32x4::splat(bias)]),
        Some(bias) => {
            for row in z.chunks_exact_mut(width.min(right - left)) {
                lanewise([&bias[left..right]], [row], |[bias], [z]| [z + bias]);
            }
        }
    }
}

/// What [`linear_backward`] reads. `z` and `y` matter as far as the slope of the activation needs
/// them; what it does not need may be any slice as long.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub x: &'a [f32],
    pub w: &'a [f32],
    pub z: &'a [f32],
    pub y: &'a [f32],
    pub dy: &'a [f32],
}

/// What [`linear_backward`] adds to.
pub struct Gradients<'a> {
    pub dx: Option<&'a mut [f32]>,
    pub dw: Option<&'a mut [f32]>,
    pub dbias: Option<&'a mut [f32]>,
}

/// With `dz = dy·f'(z)`: `dx += dz·wᵀ`, `dw += xᵀ·dz`, `dbias += Σ dz` over the rows.
pub fn linear_backward(layer: &Layer, known: &Known, gradients: Gradients, scratch: &mut [f32]) {
    let &Layer { rows, inputs, outputs, activation } = layer;
    let &Known { x, w, z, y, dy } = known;
    let (dz, scratch) = scratch.split_at_mut(rows * outputs);
    let dz = if activation == Activation::None {
        dy
    } else {
        gradient(activation, z, y, dy, dz);
        dz
    };
    if let Some(dbias) = gradients.dbias {
        add_rows(dz, dbias);
    }
    let by_rows = Matrix::rows(dz, outputs);
    if let Some(dw) = gradients.dw {
        let x = Matrix::rows(x, inputs).transposed();
        let product =
            Product { m: inputs, n: outputs, k: rows, a: x, b: by_rows, alpha: 1.0, beta: 1.0 };
        gemm(&product, Output::rows(dw, outputs), scratch);
    }
    if let Some(dx) = gradients.dx {
        let w = Matrix::rows(w, outputs).transposed();
        let product =
            Product { m: rows, n: inputs, k: outputs, a: by_rows, b: w, alpha: 1.0, beta: 1.0 };
        gemm(&product, Output::rows(dx, inputs), scratch);
    }
}

/// Adds all rows of `x` to `sum`.
fn add_rows(x: &[f32], sum: &mut [f32]) {
    if let [total] = sum {
        let mut partial = [0.0; 4];
        let (quads, rest) = x.as_chunks::<4>();
        let four = quads.iter().fold(F32x4::splat(0.0), |sum, x| sum + F32x4::load(x));
        four.store(&mut partial);
        *total +=
            rest.iter().fold((partial[0] + partial[2]) + (partial[1] + partial[3]), |s, x| s + x);
    } else if !sum.is_empty() {
        for row in x.chunks_exact(sum.len()) {
            lanewise([row], [&mut *sum], |[x], [sum]| [sum + x]);
        }
    }
}

#[cfg(test)]
mod tests;
