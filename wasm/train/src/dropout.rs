//! Dropout (Srivastava et al., 2014): values are left out at random, the others grow so that the
//! expectation stays.
//!
//! Whether value `i` is kept is a function of `i` and the seed alone, so that a backward pass finds
//! the same mask without storing it, in every runtime.

use crate::lanewise::lanewise;
use memory::lanes::{F32x4, U32x4};

#[cfg(target_arch = "wasm32")]
mod exports;

/// Which values are kept, and their factor.
#[derive(Clone, Copy)]
pub struct Mask {
    keys: [u32; 2],
    rate: f32,
}

impl Mask {
    /// Each value is left out with probability `rate`, from 0 to 1.
    #[must_use]
    pub fn new(rate: f32, seed: [u32; 2]) -> Self {
        // Seeds next to each other get keys that have nothing to do with each other.
        let [low, high] = seed;
        let first = scramble(low ^ scramble(high ^ 0x9e37_79b9));
        let second = scramble(high ^ scramble(first ^ 0x85eb_ca6b));
        Self { keys: [first, second], rate }
    }

    /// Calls `each` with the factor of four values at a time: 0, or `1 / (1 − rate)`.
    #[inline(always)]
    fn factors(self) -> impl FnMut() -> U32x4 {
        let [first, second] = self.keys.map(U32x4::splat);
        // A share of 2^24, which float32 holds exactly.
        let least = F32x4::splat(self.rate * 16_777_216.0);
        let mut counter = U32x4::load(&[0, 1, 2, 3]) + first;
        move || {
            let hash = mix(counter, second);
            counter = counter + U32x4::splat(4);
            let kept = hash.shift_right::<8>().signed_to_f32();
            // A lane below the rate is left out: all bits of the others stay.
            kept.less_than(least) ^ U32x4::splat(u32::MAX)
        }
    }

    fn factor(self) -> F32x4 {
        F32x4::splat(1.0 / (1.0 - self.rate))
    }
}

/// A bijection of words that leaves no bit where it was (the multipliers are Wellons's).
fn scramble(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// [`scramble`] with a key between its two halves.
#[inline(always)]
fn mix(x: U32x4, key: U32x4) -> U32x4 {
    let x = ((x ^ x.shift_right::<16>()) * U32x4::splat(0x7feb_352d)) ^ key;
    let x = (x ^ x.shift_right::<15>()) * U32x4::splat(0x846c_a68b);
    x ^ x.shift_right::<16>()
}

/// `out[i] = x[i] / (1 − rate)` where the mask keeps it, 0 elsewhere.
pub fn dropout(x: &[f32], out: &mut [f32], mask: Mask) {
    let (mut kept, factor) = (mask.factors(), mask.factor());
    lanewise([x], [out], |[x], _| [((x * factor).to_bits() & kept()).to_floats()]);
}

/// `dx[i] += dy[i] / (1 − rate)` where the mask keeps it.
pub fn dropout_backward(dy: &[f32], dx: &mut [f32], mask: Mask) {
    let (mut kept, factor) = (mask.factors(), mask.factor());
    lanewise([dy], [dx], |[dy], [dx]| [dx + ((dy * factor).to_bits() & kept()).to_floats()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats;

    fn kept(len: usize, rate: f32, seed: [u32; 2]) -> Vec<bool> {
        let mut out = vec![9.0; len];
        dropout(&vec![1.0; len], &mut out, Mask::new(rate, seed));
        out.iter().map(|&value| value != 0.0).collect()
    }

    #[test]
    fn values_are_left_out_at_their_rate_and_the_others_grow() {
        for rate in [0.1, 0.5, 0.9] {
            let x = floats(100_000, 1, 1.0);
            let mut out = vec![9.0; x.len()];
            dropout(&x, &mut out, Mask::new(rate, [7, 9]));
            let left: Vec<usize> = (0..x.len()).filter(|&i| out[i] != 0.0).collect();
            for &i in &left {
                assert_eq!(out[i], x[i] * (1.0 / (1.0 - rate)));
            }
            let share = left.len() as f32 / x.len() as f32;
            // Five standard deviations.
            assert!((share - (1.0 - rate)).abs() < 5.0 * (rate * (1.0 - rate) / 1e5).sqrt());
        }
    }

    #[test]
    fn the_mask_is_a_function_of_place_and_seed_alone() {
        let whole = kept(1000, 0.5, [3, 4]);
        for len in 0..20 {
            assert_eq!(kept(len, 0.5, [3, 4]), whole[..len]);
        }
        let agree = |other: &[bool]| whole.iter().zip(other).filter(|(a, b)| a == b).count();
        for seed in [[4, 4], [3, 5], [4, 3], [2, 4], [3, 4 | 1 << 31]] {
            let agreeing = agree(&kept(1000, 0.5, seed));
            assert!((400..600).contains(&agreeing), "{seed:?}: {agreeing}");
        }
        // Not the same mask at another place either.
        for shift in 1..200 {
            let agreeing = agree(&whole[shift..]);
            assert!(agreeing.abs_diff((1000 - shift) / 2) < 100, "{shift}: {agreeing}");
        }
    }

    #[test]
    fn the_backward_pass_has_the_same_mask_and_is_added() {
        for len in [0, 1, 5, 8, 31] {
            let (dy, mut dx) = (floats(len, 2, 1.0), floats(len, 3, 1.0));
            let before = dx.clone();
            let mask = Mask::new(0.3, [1, 2]);
            dropout_backward(&dy, &mut dx, mask);
            let mut masked = vec![9.0; len];
            dropout(&dy, &mut masked, mask);
            for i in 0..len {
                assert_eq!(dx[i], before[i] + masked[i]);
            }
        }
    }

    #[test]
    fn the_rates_0_and_1_keep_all_and_nothing_and_nan_can_be_left_out() {
        let x = [1.5, f32::INFINITY, -2.0, 0.5, 1.0];
        let mut out = [9.0; 5];
        dropout(&x, &mut out, Mask::new(0.0, [0, 0]));
        assert_eq!(out, x);
        dropout(&[f32::NAN; 5], &mut out, Mask::new(1.0, [0, 0]));
        assert_eq!(out, [0.0; 5]);
    }
}
