//! Lanes as `v128`.

use core::arch::wasm32::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Sub};

/// Four words, with arithmetic mod 2^32.
#[derive(Clone, Copy)]
pub struct U32x4(v128);

/// Four float32.
#[derive(Clone, Copy)]
pub struct F32x4(v128);

/// Two float64.
#[derive(Clone, Copy)]
pub struct F64x2(v128);

/// Where the bytes of four words come from when each is rotated left by 16 bits.
static ROTATED_BY_16: v128 = u8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);

/// The same for 8 bits.
static ROTATED_BY_8: v128 = u8x16(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);

/// Reads a constant that the compiler must not know: it would turn the swizzle into a shuffle, for
/// which V8 builds the mask anew each time (a tenth of ChaCha20's time), or keep the mask in one
/// of the registers that ChaCha20 needs.
#[inline(always)]
fn hidden(constant: &'static v128) -> v128 {
    // SAFETY: a reference is valid for reads, volatile or not.
    unsafe { core::ptr::read_volatile(constant) }
}

macro_rules! memory {
    ($lanes:ident, $lane:ty, $count:literal) => {
        impl $lanes {
            /// Reads lanes in memory order.
            #[inline(always)]
            #[must_use]
            pub fn load(from: &[$lane; $count]) -> Self {
                // SAFETY: the array is 16 readable bytes; `v128_load` needs no alignment.
                Self(unsafe { v128_load(from.as_ptr().cast()) })
            }

            /// Writes lanes in memory order.
            #[inline(always)]
            pub fn store(self, to: &mut [$lane; $count]) {
                // SAFETY: the array is 16 writable bytes; `v128_store` needs no alignment.
                unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
            }

            /// Lanes as an array.
            #[inline(always)]
            #[must_use]
            pub fn to_array(self) -> [$lane; $count] {
                let mut lanes = [Default::default(); $count];
                self.store(&mut lanes);
                lanes
            }
        }
    };
}
memory!(U32x4, u32, 4);
memory!(F32x4, f32, 4);
memory!(F64x2, f64, 2);

macro_rules! operator {
    ($lanes:ident, $operator:ident, $method:ident, $intrinsic:ident) => {
        impl $operator for $lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self($intrinsic(self.0, other.0))
            }
        }
    };
}
operator!(U32x4, Add, add, u32x4_add);
operator!(U32x4, Sub, sub, u32x4_sub);
operator!(U32x4, Mul, mul, u32x4_mul);
operator!(U32x4, BitAnd, bitand, v128_and);
operator!(U32x4, BitOr, bitor, v128_or);
operator!(U32x4, BitXor, bitxor, v128_xor);
operator!(F32x4, Add, add, f32x4_add);
operator!(F32x4, Sub, sub, f32x4_sub);
operator!(F32x4, Mul, mul, f32x4_mul);
operator!(F32x4, Div, div, f32x4_div);
operator!(F64x2, Add, add, f64x2_add);
operator!(F64x2, Sub, sub, f64x2_sub);
operator!(F64x2, Mul, mul, f64x2_mul);

impl U32x4 {
    #[inline(always)]
    #[must_use]
    pub fn splat(value: u32) -> Self {
        Self(u32x4_splat(value))
    }

    /// Whether all bits of all lanes are 0.
    #[inline(always)]
    #[must_use]
    pub fn is_zero(self) -> bool {
        !v128_any_true(self.0)
    }

    /// The larger of each pair of lanes.
    #[inline(always)]
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(u32x4_max(self.0, other.0))
    }

    /// The smaller of each pair of lanes.
    #[inline(always)]
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(u32x4_min(self.0, other.0))
    }

    /// All bits set in the lanes where `self < other` as signed integers, none elsewhere.
    #[inline(always)]
    #[must_use]
    pub fn signed_less_than(self, other: Self) -> Self {
        Self(i32x4_lt(self.0, other.0))
    }

    /// The upper 32 bits of each product of 64.
    #[inline(always)]
    #[must_use]
    pub fn mul_high(self, other: Self) -> Self {
        let low = u64x2_extmul_low_u32x4(self.0, other.0);
        let high = u64x2_extmul_high_u32x4(self.0, other.0);
        Self(u32x4_shuffle::<1, 3, 5, 7>(low, high))
    }

    #[inline(always)]
    #[must_use]
    pub fn shift_right<const N: u32>(self) -> Self {
        Self(u32x4_shr(self.0, N))
    }

    #[inline(always)]
    #[must_use]
    pub fn shift_left<const N: u32>(self) -> Self {
        Self(u32x4_shl(self.0, N))
    }

    /// [`Self::shift_right`] by a number that a generic function makes; as fast where it is constant.
    #[inline(always)]
    #[must_use]
    pub fn shifted_right(self, bits: u32) -> Self {
        Self(u32x4_shr(self.0, bits))
    }

    /// The same to the left.
    #[inline(always)]
    #[must_use]
    pub fn shifted_left(self, bits: u32) -> Self {
        Self(u32x4_shl(self.0, bits))
    }

    /// Rotates each lane left by `N` bits, `0 < N < 32`.
    #[inline(always)]
    #[must_use]
    pub fn rotate_left<const N: u32>(self) -> Self {
        Self(match N {
            16 => u8x16_swizzle(self.0, hidden(&ROTATED_BY_16)),
            8 => u8x16_swizzle(self.0, hidden(&ROTATED_BY_8)),
            _ => v128_or(u32x4_shl(self.0, N), u32x4_shr(self.0, 32 - N)),
        })
    }

    /// `(a0 b0 a1 b1, a2 b2 a3 b3)`.
    #[inline(always)]
    #[must_use]
    pub fn interleave(self, other: Self) -> (Self, Self) {
        (
            Self(u32x4_shuffle::<0, 4, 1, 5>(self.0, other.0)),
            Self(u32x4_shuffle::<2, 6, 3, 7>(self.0, other.0)),
        )
    }

    /// `(a0 a2 b0 b2, a1 a3 b1 b3)`.
    #[inline(always)]
    #[must_use]
    pub fn deinterleave(self, other: Self) -> (Self, Self) {
        (
            Self(u32x4_shuffle::<0, 2, 4, 6>(self.0, other.0)),
            Self(u32x4_shuffle::<1, 3, 5, 7>(self.0, other.0)),
        )
    }

    /// `(a0 a1 b0 b1, a2 a3 b2 b3)`.
    #[inline(always)]
    #[must_use]
    pub fn pairs(self, other: Self) -> (Self, Self) {
        (Self(u64x2_shuffle::<0, 2>(self.0, other.0)), Self(u64x2_shuffle::<1, 3>(self.0, other.0)))
    }

    /// Bits of `a` where this has a 1, bits of `b` where it has a 0.
    #[inline(always)]
    #[must_use]
    pub fn select(self, a: F32x4, b: F32x4) -> F32x4 {
        F32x4(v128_bitselect(a.0, b.0, self.0))
    }

    /// The floats that have these bits.
    #[inline(always)]
    #[must_use]
    pub fn to_floats(self) -> F32x4 {
        F32x4(self.0)
    }

    /// Each lane, read as a signed integer, as float32 (to nearest).
    #[inline(always)]
    #[must_use]
    pub fn signed_to_f32(self) -> F32x4 {
        F32x4(f32x4_convert_i32x4(self.0))
    }

    /// Lanes 0 and 1, then 2 and 3, read as signed integers, as float64 (exact).
    #[inline(always)]
    #[must_use]
    pub fn signed_to_f64(self) -> (F64x2, F64x2) {
        let high = u64x2_shuffle::<1, 1>(self.0, self.0);
        (F64x2(f64x2_convert_low_i32x4(self.0)), F64x2(f64x2_convert_low_i32x4(high)))
    }
}

impl F32x4 {
    #[inline(always)]
    #[must_use]
    pub fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }

    /// Each lane kept within `[low, high]`; any value where it is NaN.
    #[inline(always)]
    #[must_use]
    pub fn clamp(self, low: Self, high: Self) -> Self {
        Self(f32x4_pmin(high.0, f32x4_pmax(low.0, self.0)))
    }

    /// `self · factor + sum`. A relaxed build rounds once where the machine multiplies and adds in
    /// one instruction, else twice: its bits depend on the machine. All others round twice.
    #[inline(always)]
    #[must_use]
    pub fn madd(self, factor: Self, sum: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        let lanes = f32x4_relaxed_madd(self.0, factor.0, sum.0);
        #[cfg(not(target_feature = "relaxed-simd"))]
        let lanes = f32x4_add(f32x4_mul(self.0, factor.0), sum.0);
        Self(lanes)
    }

    /// `low` in the lanes that are not above it; NaN stays.
    #[inline(always)]
    #[must_use]
    pub fn at_least(self, low: Self) -> Self {
        // Not `f32x4_pmax`: a relaxed build makes of it what loses NaN on some machines.
        Self(v128_bitselect(low.0, self.0, f32x4_ge(low.0, self.0)))
    }

    /// `high` in the lanes that are not below it; NaN stays.
    #[inline(always)]
    #[must_use]
    pub fn at_most(self, high: Self) -> Self {
        Self(v128_bitselect(high.0, self.0, f32x4_le(high.0, self.0)))
    }

    /// The larger of each pair of lanes; any value where one is NaN, any zero of two.
    #[inline(always)]
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }

    /// All bits set, which is NaN, in the lanes that are NaN, none elsewhere.
    #[inline(always)]
    #[must_use]
    pub fn nan(self) -> U32x4 {
        U32x4(f32x4_ne(self.0, self.0))
    }

    #[inline(always)]
    #[must_use]
    pub fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }

    /// To nearest, as IEEE 754 has it.
    #[inline(always)]
    #[must_use]
    pub fn sqrt(self) -> Self {
        Self(f32x4_sqrt(self.0))
    }

    #[inline(always)]
    #[must_use]
    pub fn floor(self) -> Self {
        Self(f32x4_floor(self.0))
    }

    /// All bits set in the lanes where `self < other`, none elsewhere.
    #[inline(always)]
    #[must_use]
    pub fn less_than(self, other: Self) -> U32x4 {
        U32x4(f32x4_lt(self.0, other.0))
    }

    /// Integral lanes within the range of `i32`, as two's complement words.
    #[inline(always)]
    #[must_use]
    pub fn to_signed(self) -> U32x4 {
        U32x4(i32x4_trunc_sat_f32x4(self.0))
    }

    /// The bit patterns.
    #[inline(always)]
    #[must_use]
    pub fn to_bits(self) -> U32x4 {
        U32x4(self.0)
    }

    /// Lanes 0 and 1, then 2 and 3, as float64.
    #[inline(always)]
    #[must_use]
    pub fn to_f64(self) -> (F64x2, F64x2) {
        let high = u64x2_shuffle::<1, 1>(self.0, self.0);
        (F64x2(f64x2_promote_low_f32x4(self.0)), F64x2(f64x2_promote_low_f32x4(high)))
    }
}

impl F64x2 {
    #[inline(always)]
    #[must_use]
    pub fn splat(value: f64) -> Self {
        Self(f64x2_splat(value))
    }

    /// These two lanes, then the two of `high`, rounded to float32.
    #[inline(always)]
    #[must_use]
    pub fn to_f32(self, high: Self) -> F32x4 {
        let low = f32x4_demote_f64x2_zero(self.0);
        let high = f32x4_demote_f64x2_zero(high.0);
        F32x4(u64x2_shuffle::<0, 2>(low, high))
    }
}
