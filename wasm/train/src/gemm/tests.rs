use super::*;
use crate::floats;

/// Strides of a `rows × cols` matrix: rows after each other, columns after each other, both with
/// a gap, and neither dense.
fn layouts(rows: usize, cols: usize) -> [[usize; 2]; 5] {
    [[cols, 1], [1, rows], [cols + 3, 1], [1, rows + 2], [2 * cols + 1, 2]]
}

fn values(rows: usize, cols: usize, [row, col]: [usize; 2], seed: u64) -> Vec<f32> {
    floats(extent(rows, row, cols, col), seed, 1.0)
}

/// Every element as a float64 sum.
fn reference(product: &Product, c: &[f32], [row, col]: [usize; 2]) -> Vec<f32> {
    let &Product { m, n, k, a, b, alpha, beta } = product;
    let mut out = c.to_vec();
    for i in 0..m {
        for j in 0..n {
            let term = |p: usize| {
                f64::from(a.values[i * a.row + p * a.col])
                    * f64::from(b.values[p * b.row + j * b.col])
            };
            let sum: f64 = (0..k).map(term).sum();
            let place = &mut out[i * row + j * col];
            let kept = if beta == 0.0 { 0.0 } else { f64::from(beta) * f64::from(*place) };
            *place = (f64::from(alpha) * sum + kept) as f32;
        }
    }
    out
}

/// Checks one product against its reference: places of C between its elements stay as they were.
fn check(m: usize, n: usize, k: usize, strides: [[usize; 2]; 3], [alpha, beta]: [f32; 2]) {
    let [sa, sb, sc] = strides;
    let (a, b) = (values(m, k, sa, 1), values(k, n, sb, 2));
    let product = Product {
        m,
        n,
        k,
        a: Matrix { values: &a, row: sa[0], col: sa[1] },
        b: Matrix { values: &b, row: sb[0], col: sb[1] },
        alpha,
        beta,
    };
    let before = values(m, n, sc, 3);
    let mut c = before.clone();
    let mut scratch = vec![f32::NAN; scratch_len(m, n, k)];
    gemm(&product, Output { values: &mut c, row: sc[0], col: sc[1] }, &mut scratch);
    let tolerance = 1e-6 * (1.0 + k as f32).sqrt() * alpha.abs().max(1.0);
    for (i, (got, want)) in c.iter().zip(reference(&product, &before, sc)).enumerate() {
        assert!(
            (got - want).abs() <= tolerance,
            "{m}×{n}×{k}, {strides:?}, {alpha}, {beta}: {got} at {i}, not {want}"
        );
    }
}

#[test]
fn every_size_up_to_a_few_tiles_agrees_with_float64_sums() {
    for m in 0..=20 {
        for n in 0..=20 {
            for k in [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 19] {
                check(m, n, k, [[k, 1], [n, 1], [n, 1]], [1.0, 0.0]);
            }
        }
    }
    for size in 21..=40 {
        check(
            size,
            61 - size,
            size + 3,
            [[size + 3, 1], [61 - size, 1], [61 - size, 1]],
            [1.0, 0.0],
        );
    }
}

#[test]
fn every_layout_of_every_operand_agrees() {
    for [m, n, k] in [[13, 18, 11], [1, 21, 10], [3, 9, 17], [22, 1, 13], [19, 2, 9], [7, 8, 1]] {
        for sa in layouts(m, k) {
            for sb in layouts(k, n) {
                for sc in layouts(m, n) {
                    check(m, n, k, [sa, sb, sc], [1.0, 1.0]);
                    check(m, n, k, [sa, sb, sc], [-0.75, 0.5]);
                }
            }
        }
    }
}

#[test]
fn sizes_beyond_one_block_agree() {
    let [m, n, k] = [ROWS + 1, WIDTH + COLUMNS + 1, 2 * DEPTH + 5];
    for (sa, sb) in layouts(m, k).into_iter().zip(layouts(k, n)) {
        check(m, n, k, [sa, sb, [n, 1]], [0.5, -2.0]);
        check(m, n, k, [sa, sb, [1, m]], [0.5, -2.0]);
    }
    check(2, 300, 600, [[600, 1], [300, 1], [300, 1]], [1.0, 0.0]);
    check(300, 2, 600, [[600, 1], [2, 1], [2, 1]], [1.0, 0.0]);
}

#[test]
fn spans_need_no_alignment() {
    let (m, n, k) = (9, 13, 10);
    for offset in 0..4 {
        let (a, b) = (floats(m * k + offset, 1, 1.0), floats(k * n + offset, 2, 1.0));
        let product = Product {
            m,
            n,
            k,
            a: Matrix::rows(&a[offset..], k),
            b: Matrix::rows(&b[offset..], n),
            alpha: 1.0,
            beta: 0.0,
        };
        let mut c = vec![7.0; m * n + offset];
        let mut scratch = vec![0.0; scratch_len(m, n, k) + offset];
        let to = Output::rows(&mut c[offset..], n);
        gemm(&product, to, &mut scratch[offset..]);
        let want = reference(&product, &vec![0.0; m * n], [n, 1]);
        assert!(c[offset..].iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-5));
        assert_eq!(c[..offset], vec![7.0; offset]);
    }
}

/// One size for each way of multiplying: tiles, rows, columns, and both with the sides exchanged.
const WAYS: [([usize; 3], [usize; 2]); 5] = [
    ([9, 11, 13], [11, 1]),
    ([2, 11, 13], [11, 1]),
    ([2, 11, 13], [1, 13]),
    ([11, 2, 13], [2, 1]),
    ([11, 1, 13], [1, 1]),
];

#[test]
fn beta_zero_does_not_read_what_was_there() {
    for ([m, n, k], [row, col]) in WAYS {
        let (a, b) = (vec![1.0; m * k], vec![2.0; k * n]);
        let a = Matrix::rows(&a, k);
        let b = Matrix { values: &b, row, col };
        let mut c = vec![f32::NAN; m * n];
        let mut scratch = vec![f32::NAN; scratch_len(m, n, k)];
        let product = Product { m, n, k, a, b, alpha: 1.0, beta: 0.0 };
        gemm(&product, Output::rows(&mut c, n), &mut scratch);
        assert_eq!(c, vec![2.0 * k as f32; m * n]);
    }
}

#[test]
fn nan_and_infinity_reach_the_rows_and_columns_that_they_belong_to_and_no_others() {
    for ([m, n, k], [row, col]) in WAYS {
        let (mut a, mut b) = (vec![1.0; m * k], vec![1.0; k * n]);
        a[k + 2] = f32::INFINITY;
        b[3 * row] = f32::NAN;
        if n > 1 {
            b[4 * row + col] = f32::NEG_INFINITY;
        }
        let mut c = vec![0.0; m * n];
        let mut scratch = vec![f32::NAN; scratch_len(m, n, k)];
        let (a, b) = (Matrix::rows(&a, k), Matrix { values: &b, row, col });
        let product = Product { m, n, k, a, b, alpha: 1.0, beta: 1.0 };
        gemm(&product, Output::rows(&mut c, n), &mut scratch);
        for i in 0..m {
            for j in 0..n {
                let got = c[i * n + j];
                match (i, j) {
                    (_, 0) | (1, 1) => assert!(got.is_nan()),
                    (1, _) => assert_eq!(got, f32::INFINITY),
                    (_, 1) => assert_eq!(got, f32::NEG_INFINITY),
                    _ => assert_eq!(got, k as f32),
                }
            }
        }
    }
}

#[test]
fn a_product_without_terms_multiplies_c_by_beta() {
    for (m, n) in [(9, 11), (1, 11), (11, 1)] {
        for (beta, want) in [(0.0, 0.0), (0.5, 2.0)] {
            let mut c = vec![if beta == 0.0 { f32::NAN } else { 4.0 }; m * n];
            let mut scratch = vec![0.0; scratch_len(m, n, 0)];
            let empty = Matrix::rows(&[], 0);
            let product = Product { m, n, k: 0, a: empty, b: empty, alpha: 1.0, beta };
            gemm(&product, Output::rows(&mut c, n), &mut scratch);
            assert_eq!(c, vec![want; m * n]);
        }
    }
}

#[test]
fn what_follows_a_product_sees_each_element_once_and_done() {
    for [m, n, k] in
        [[0, 5, 5], [5, 0, 5], [13, 17, 6], [8, WIDTH + 9, DEPTH + 3], [2, 9, 4], [9, 1, 4]]
    {
        let (a, b) = (vec![1.0; m * k], vec![1.0; k * n]);
        let (a, b) = (Matrix::rows(&a, k), Matrix::rows(&b, n));
        let product = Product { m, n, k, a, b, alpha: 1.0, beta: 0.0 };
        let mut c = vec![0.0; m * n];
        let mut scratch = vec![0.0; scratch_len(m, n, k)];
        gemm_then(&product, Output::rows(&mut c, n), &mut scratch, &mut |c, rows, columns| {
            for i in rows[0]..rows[1] {
                for value in &mut c[i * n..][columns[0]..columns[1]] {
                    assert_eq!(*value, k as f32);
                    *value = -1.0;
                }
            }
        });
        assert_eq!(c, vec![-1.0; m * n]);
    }
}
