//! Vectors of four 32-bit lanes, so that a kernel has one body: `v128` in
//! wasm, arrays on the host, where the tests run. Both give the same bits, but for `madd` of a build
//! with relaxed SIMD.

#[cfg(target_arch = "wasm32")]
mod simd;
#[cfg(target_arch = "wasm32")]
pub use simd::{F32x4, F64x2, U32x4};

#[cfg(not(target_arch = "wasm32"))]
mod scalar;
#[cfg(not(target_arch = "wasm32"))]
pub use scalar::{F32x4, F64x2, U32x4};

/// Turns a 4×4 block of words over: lane `j` of result `i` is lane `i` of `rows[j]`.
#[inline(always)]
#[must_use]
pub fn transpose([a, b, c, d]: [U32x4; 4]) -> [U32x4; 4] {
    let (ab_low, ab_high) = a.interleave(b);
    let (cd_low, cd_high) = c.interleave(d);
    let (first, second) = ab_low.pairs(cd_low);
    let (third, fourth) = ab_high.pairs(cd_high);
    [first, second, third, fourth]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_turned_over_has_its_rows_as_columns() {
        let row = |i: u32| U32x4::load(&[4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]);
        let turned = transpose([row(0), row(1), row(2), row(3)]).map(U32x4::to_array);
        assert_eq!(turned, [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]]);
    }

    #[test]
    fn words_wrap_shift_and_rotate_within_their_lane() {
        let a = U32x4::load(&[u32::MAX, 1, 0x8000_0001, 0x1234_5678]);
        assert_eq!((a + U32x4::splat(1)).to_array(), [0, 2, 0x8000_0002, 0x1234_5679]);
        assert_eq!((a - U32x4::splat(2)).to_array()[1], u32::MAX);
        assert_eq!(a.rotate_left::<16>().to_array()[2..], [0x0001_8000, 0x5678_1234]);
        assert_eq!(a.rotate_left::<8>().to_array()[2..], [0x0000_0180, 0x3456_7812]);
        assert_eq!(a.rotate_left::<7>().to_array()[2..], [0x0000_00c0, 0x1a2b_3c09]);
        assert_eq!(a.shift_right::<8>().to_array()[3], 0x0012_3456);
        assert_eq!(a.shifted_right(8).to_array(), a.shift_right::<8>().to_array());
        assert_eq!(a.shifted_left(1).to_array(), (a + a).to_array());
        assert!((a ^ a).is_zero() && !(a | a).is_zero());
    }

    #[test]
    fn words_become_floats_and_back_with_their_sign() {
        let a = U32x4::load(&[0, 1, u32::MAX, 1 << 31]);
        assert_eq!(a.signed_to_f32().to_array(), [0.0, 1.0, -1.0, -2_147_483_648.0]);
        let (low, high) = a.signed_to_f64();
        assert_eq!((low.to_array(), high.to_array()), ([0.0, 1.0], [-1.0, -2_147_483_648.0]));
        assert_eq!(low.to_f32(high).to_array(), [0.0, 1.0, -1.0, -2_147_483_648.0]);
        assert_eq!(a.signed_to_f32().to_signed().to_array(), a.to_array());
    }

    #[test]
    fn floats_are_clamped_floored_and_compared_lane_by_lane() {
        let a = F32x4::load(&[-9.5, -0.25, 0.75, 9.5]);
        let clamped = a.clamp(F32x4::splat(-2.0), F32x4::splat(2.0));
        assert_eq!(clamped.to_array(), [-2.0, -0.25, 0.75, 2.0]);
        assert_eq!(a.floor().to_array(), [-10.0, -1.0, 0.0, 9.0]);
        let below = a.less_than(F32x4::splat(0.75)).to_array();
        assert_eq!(below, [u32::MAX, u32::MAX, 0, 0]);
        let (low, high) = a.to_f64();
        assert_eq!((low * low + high).to_array(), [91.0, 9.5625]);
    }

    #[test]
    fn madd_of_the_host_rounds_the_product_and_the_sum() {
        let x = 1.0 + 1.0 / 4096.0;
        let square = F32x4::splat(x).madd(F32x4::splat(x), F32x4::splat(-1.0)).to_array();
        assert_eq!(square, [x * x - 1.0; 4]);
        assert_ne!(square[0], x.mul_add(x, -1.0));
    }

    #[test]
    fn bounds_sizes_and_roots_keep_nan() {
        let a = F32x4::load(&[-1.0, f32::NAN, 3.0, f32::INFINITY]);
        let bits = |lanes: F32x4| lanes.to_array().map(|x| if x.is_nan() { 99.0 } else { x });
        assert_eq!(bits(a.at_least(F32x4::splat(0.0))), [0.0, 99.0, 3.0, f32::INFINITY]);
        assert_eq!(bits(a.at_most(F32x4::splat(2.0))), [-1.0, 99.0, 2.0, 2.0]);
        assert_eq!(a.nan().to_array(), [0, u32::MAX, 0, 0]);
        assert_eq!(a.max(F32x4::splat(2.0)).to_array()[2..], [3.0, f32::INFINITY]);
        assert_eq!(bits(a.abs()), [1.0, 99.0, 3.0, f32::INFINITY]);
        assert_eq!(bits((a * a).sqrt()), [1.0, 99.0, 3.0, f32::INFINITY]);
    }

    #[test]
    fn words_multiply_mask_and_choose_between_floats() {
        let a = U32x4::load(&[3, u32::MAX, 0x8000_0001, 0]);
        let doubled = a * U32x4::splat(2);
        assert_eq!(doubled.to_array(), [6, u32::MAX - 1, 2, 0]);
        assert_eq!(a.shift_left::<1>().to_array(), doubled.to_array());
        assert_eq!((a & U32x4::splat(2)).to_array(), [2, 2, 0, 0]);
        let (x, y) = (F32x4::splat(-1.5), F32x4::load(&[1.0, 2.0, 3.0, f32::NAN]));
        let chosen = y.less_than(F32x4::splat(2.5)).select(y, x);
        assert_eq!(chosen.to_array(), [1.0, 2.0, -1.5, -1.5]);
        assert_eq!(chosen.to_bits().to_floats().to_array(), chosen.to_array());
    }

    #[test]
    fn words_give_the_upper_half_of_their_product_and_the_smaller_of_two() {
        let (a, b) = (U32x4::load(&[u32::MAX, 1 << 31, 7, 0]), U32x4::load(&[u32::MAX, 6, 9, 5]));
        assert_eq!(a.mul_high(b).to_array(), [u32::MAX - 1, 3, 0, 0]);
        assert_eq!(a.min(b).to_array(), [u32::MAX, 6, 7, 0]);
        let (even, odd) = a.deinterleave(b);
        assert_eq!(even.to_array(), [u32::MAX, 7, u32::MAX, 9]);
        assert_eq!(odd.to_array(), [1 << 31, 0, 6, 5]);
    }

    #[test]
    fn words_compare_with_their_sign() {
        let (a, b) =
            (U32x4::load(&[u32::MAX, 5, 1 << 31, 7]), U32x4::load(&[0, 5, u32::MAX, 1 << 31]));
        assert_eq!(a.signed_less_than(b).to_array(), [u32::MAX, 0, u32::MAX, 0]);
        assert_eq!(b.signed_less_than(a).to_array(), [0, 0, 0, u32::MAX]);
    }
}
