//! Arithmetic on every value, and on rows with one value or vector for all of them.

use crate::lanewise::lanewise;
use memory::lanes::F32x4;

#[cfg(target_arch = "wasm32")]
mod exports;

/// `out[i] = a[i] + b[i]`.
pub fn add(a: &[f32], b: &[f32], out: &mut [f32]) {
    lanewise([a, b], [out], |[a, b], _| [a + b]);
}

/// `out[i] = a[i] − b[i]`.
pub fn subtract(a: &[f32], b: &[f32], out: &mut [f32]) {
    lanewise([a, b], [out], |[a, b], _| [a - b]);
}

/// `out[i] = a[i]·b[i]`.
pub fn multiply(a: &[f32], b: &[f32], out: &mut [f32]) {
    lanewise([a, b], [out], |[a, b], _| [a * b]);
}

/// `out[i] += a[i]·b[i]`.
pub fn multiply_add(a: &[f32], b: &[f32], out: &mut [f32]) {
    lanewise([a, b], [out], |[a, b], [out]| [out + a * b]);
}

/// `out[i] = a[i] / b[i]`.
pub fn divide(a: &[f32], b: &[f32], out: &mut [f32]) {
    lanewise([a, b], [out], |[a, b], _| [a / b]);
}

/// `db[i] −= dy[i]·y[i] / b[i]`: what `y = a / b` owes its divisor. Its dividend gets `dy / b`, see
/// [`divide_add`].
pub fn divide_backward(b: &[f32], y: &[f32], dy: &[f32], db: &mut [f32]) {
    lanewise([b, y, dy], [db], |[b, y, dy], [db]| [db - dy * y / b]);
}

/// `out[i] += a[i] / b[i]`.
pub fn divide_add(a: &[f32], b: &[f32], out: &mut [f32]) {
    lanewise([a, b], [out], |[a, b], [out]| [out + a / b]);
}

/// `out[i] = factor·x[i]`.
pub fn scale(x: &[f32], out: &mut [f32], factor: f32) {
    lanewise([x], [out], |[x], _| [x * F32x4::splat(factor)]);
}

/// Row `i` of `out` is row `i` of `x` plus `row`.
pub fn add_rows(x: &[f32], row: &[f32], out: &mut [f32]) {
    let cols = row.len().max(1);
    for (x, out) in x.chunks_exact(cols).zip(out.chunks_exact_mut(cols)) {
        add(x, row, out);
    }
}

/// Row `i` of `out` grows by `factors[i]` times row `i` of `x`.
pub fn add_scaled_rows(x: &[f32], factors: &[f32], out: &mut [f32]) {
    let cols = (x.len() / factors.len().max(1)).max(1);
    let rows = x.chunks_exact(cols).zip(out.chunks_exact_mut(cols));
    for ((x, out), &factor) in rows.zip(factors) {
        let factor = F32x4::splat(factor);
        lanewise([x], [out], |[x], [out]| [out + factor * x]);
    }
}

/// Every value of row `i` of `out` grows by `factor·column[i]`.
pub fn add_columns(column: &[f32], out: &mut [f32], factor: f32) {
    let cols = (out.len() / column.len().max(1)).max(1);
    for (out, &value) in out.chunks_exact_mut(cols).zip(column) {
        let added = F32x4::splat(factor * value);
        lanewise([], [out], |[], [out]| [out + added]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    /// Compares a kernel on two inputs with `want(a, b, before)` bit for bit, at every length and
    /// offset, with NaN and infinity among the values.
    fn check(kernel: impl Fn(&[f32], &[f32], &mut [f32]), want: impl Fn(f32, f32, f32) -> f32) {
        for len in 0..=19 {
            for offset in 0..4 {
                let mut a = floats(len + offset, 1, 2.0);
                let b = floats(len + offset, 2, 2.0);
                for (at, special) in [(2, f32::NAN), (7, f32::INFINITY), (17, f32::NEG_INFINITY)] {
                    if let Some(value) = a.get_mut(at) {
                        *value = special;
                    }
                }
                let mut got = floats(len + offset, 3, 2.0);
                let before = got.clone();
                kernel(&a[offset..], &b[offset..], &mut got[offset..]);
                for i in 0..len + offset {
                    let want = if i < offset { before[i] } else { want(a[i], b[i], before[i]) };
                    assert!(
                        got[i].to_bits() == want.to_bits() || (got[i].is_nan() && want.is_nan())
                    );
                }
            }
        }
    }

    #[test]
    fn arithmetic_equals_its_scalar_reference_bit_for_bit() {
        check(add, |a, b, _| a + b);
        check(subtract, |a, b, _| a - b);
        check(multiply, |a, b, _| a * b);
        check(multiply_add, |a, b, out| out + a * b);
        check(divide, |a, b, _| a / b);
        check(divide_add, |a, b, out| out + a / b);
        check(|a, _, out| scale(a, out, 0.3), |a, _, _| a * 0.3);
        check(|a, b, out| divide_backward(b, a, b, out), |a, b, out| out - b * a / b);
    }

    #[test]
    fn the_gradients_of_a_quotient_are_its_differences() {
        let (a, b, dy) = ([0.5, -1.5, 2.0], [0.7, 3.0, -1.25], [1.0, -2.0, 0.5]);
        let mut y = [0.0; 3];
        divide(&a, &b, &mut y);
        let (mut da, mut db) = ([0.0; 3], [0.0; 3]);
        divide_add(&dy, &b, &mut da);
        divide_backward(&b, &y, &dy, &mut db);
        for i in 0..3 {
            let quotient = |a: f64, b: f64| f64::from(dy[i]) * a / b;
            let (x, z, h) = (f64::from(a[i]), f64::from(b[i]), 1e-5);
            let want_a = (quotient(x + h, z) - quotient(x - h, z)) / (2.0 * h);
            let want_b = (quotient(x, z + h) - quotient(x, z - h)) / (2.0 * h);
            assert!((f64::from(da[i]) - want_a).abs() < 1e-6);
            assert!((f64::from(db[i]) - want_b).abs() < 1e-6);
        }
    }

    #[test]
    fn rows_take_a_vector_or_one_factor_each_at_every_width() {
        for rows in [0, 1, 3, 5] {
            for cols in [0, 1, 2, 3, 4, 5, 8, 13] {
                let x = floats(rows * cols, 1, 1.0);
                let (row, column) = (floats(cols, 2, 1.0), floats(rows, 3, 1.0));
                let before = floats(rows * cols, 4, 1.0);
                let (mut sum, mut scaled, mut grown) =
                    (vec![9.0; rows * cols], before.clone(), before.clone());
                add_rows(&x, &row, &mut sum);
                add_scaled_rows(&x, &column, &mut scaled);
                add_columns(&column, &mut grown, 0.5);
                for at in 0..rows * cols {
                    let (i, j) = (at / cols, at % cols);
                    assert_eq!(sum[at], x[at] + row[j]);
                    assert_eq!(scaled[at], before[at] + column[i] * x[at]);
                    assert_eq!(grown[at], before[at] + 0.5 * column[i]);
                }
            }
        }
    }
}
