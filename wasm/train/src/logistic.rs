//! The logistic function and its integral, with the same bits wherever this is compiled: they stand
//! on additions, multiplications and divisions alone, not on some version of a mathematical library.

use core::f64::consts::LN_2;

/// `1/n!` from `n = 12` down to 0.
const INVERSE_FACTORIALS: [f64; 13] = {
    let mut list = [1.0; 13];
    let mut n = 1;
    while n < 13 {
        list[12 - n] = list[13 - n] / n as f64;
        n += 1;
    }
    list
};

/// `e^x` for `x ≤ 0`: `2^k · e^r` with `|r| ≤ ln 2 / 2` and a Taylor polynomial (error 1e-13).
fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let k = (x / LN_2).round();
    let r = x - k * LN_2;
    let series = INVERSE_FACTORIALS.iter().fold(0.0, |sum, factor| sum * r + factor);
    series * f64::from_bits(((1023 + k as i64) as u64) << 52)
}

/// `1 / (1 + e^−x)`.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    let small = exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// `ln(1 + e^x) = −ln σ(−x)`, with `ln(1 + t) = 2·atanh(t / (2 + t))` as a series (1e-11).
#[must_use]
pub fn softplus(x: f64) -> f64 {
    let small = exp(-x.abs());
    let s = small / (2.0 + small);
    let series = (0..11).rev().fold(0.0, |sum, n| sum * s * s + 1.0 / f64::from(2 * n + 1));
    x.max(0.0) + 2.0 * s * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_and_softplus_agree_with_the_library_s() {
        for i in -4000..=4000 {
            let x = f64::from(i) / 40.0;
            assert!((sigmoid(x) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-13, "{x}");
            let want = x.max(0.0) + (-x.abs()).exp().ln_1p();
            assert!((softplus(x) - want).abs() < 1e-10, "{x}");
        }
        assert_eq!((sigmoid(0.0), sigmoid(1e9), sigmoid(-1e9)), (0.5, 1.0, 0.0));
        assert_eq!((softplus(1e9), softplus(-1e9)), (1e9, 0.0));
    }
}
