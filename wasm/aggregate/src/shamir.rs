//! Shamir's sharing, coefficient by coefficient, over the share prime (A. Shamir, "How to share a
//! secret", 1979).
//!
//! One operation does all: the value, somewhere, of the polynomial through given points. A secret at
//! 0 and `t − 1` drawn shares give the other shares; any `t` shares give the secret, and what every
//! further share must be. Places are public, and what lies at them takes the same time whatever it is.

use crate::kahe::SHARE_PRIME;
use crate::prime::Factor;
use memory::lanes::U32x4;

/// Most points of a polynomial.
pub const MOST_POINTS: usize = 128;

/// Writes, for each of `out.len()` coefficients, the value at `target` of the polynomial of least
/// degree that has `rows[i·N..][..N]` at `places[i]`. Places are distinct and below the prime.
pub fn interpolate(places: &[u32], rows: &[u32], target: u32, out: &mut [u32]) {
    let n = out.len();
    let lanes = SHARE_PRIME.lanes();
    let mut weights = [Factor { value: 0, quotient: 0 }; MOST_POINTS];
    for (i, weight) in weights.iter_mut().enumerate().take(places.len()) {
        *weight = SHARE_PRIME.factor(lagrange(places, i, target));
    }
    for (i, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let mut sum = U32x4::splat(0);
        for (row, weight) in rows.chunks_exact(n).zip(&weights[..places.len()]) {
            sum = lanes
                .add(sum, lanes.mul(weight.lanes().get(), U32x4::load(&row.as_chunks::<4>().0[i])));
        }
        lanes.reduce(sum).store(out);
    }
}

/// `Π (target − x_j) / (x_i − x_j)` over all `j ≠ i`.
fn lagrange(places: &[u32], i: usize, target: u32) -> u32 {
    let p = SHARE_PRIME.0;
    let (mut above, mut below) = (1, 1);
    for (j, &place) in places.iter().enumerate() {
        if j != i {
            above = SHARE_PRIME.mul(above, (target + p - place) % p);
            below = SHARE_PRIME.mul(below, (places[i] + p - place) % p);
        }
    }
    SHARE_PRIME.mul(above, SHARE_PRIME.inverse(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    const P: u32 = SHARE_PRIME.0;

    /// `Σ coefficients[j]·x^j`, by Horner's rule.
    fn value(coefficients: &[u32], x: u32) -> u32 {
        coefficients.iter().rev().fold(0, |sum, &c| (SHARE_PRIME.mul(sum, x) + c) % P)
    }

    #[test]
    fn any_threshold_many_shares_give_the_polynomial_everywhere() {
        for threshold in (1..=6_usize).chain([MOST_POINTS]) {
            let n = 8;
            let polynomials: Vec<Vec<u32>> = (0..n)
                .map(|i| words(threshold, i).into_iter().map(|word| word % P).collect())
                .collect();
            for first in 0..4_u32 {
                let places: Vec<u32> =
                    (0..threshold as u32).map(|i| first + i * (first + 1)).collect();
                let rows: Vec<u32> = places
                    .iter()
                    .flat_map(|&x| polynomials.iter().map(move |c| value(c, x)))
                    .collect();
                for target in [0, 1, 5, 9, P - 1] {
                    let mut out = vec![0; n as usize];
                    interpolate(&places, &rows, target, &mut out);
                    let want: Vec<u32> = polynomials.iter().map(|c| value(c, target)).collect();
                    assert_eq!(out, want);
                }
            }
        }
    }

    #[test]
    fn shares_of_a_sum_are_sums_of_shares() {
        let (places, n) = ([2, 3, 5], 4);
        let (a, b) = (words(3 * n, 1), words(3 * n, 2));
        let (a, b): (Vec<u32>, Vec<u32>) = a.iter().zip(&b).map(|(a, b)| (a % P, b % P)).unzip();
        let sum: Vec<u32> = a.iter().zip(&b).map(|(a, b)| (a + b) % P).collect();
        let [a, b, sum] = [a, b, sum].map(|rows| {
            let mut out = vec![0; n];
            interpolate(&places, &rows, 0, &mut out);
            out
        });
        assert!((0..n).all(|i| sum[i] == (a[i] + b[i]) % P));
    }
}
