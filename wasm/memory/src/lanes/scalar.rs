//! Lanes as arrays, for the host: the same names and results as `simd.rs`.

use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Sub};

/// Four words, with arithmetic mod 2^32.
#[derive(Clone, Copy)]
pub struct U32x4([u32; 4]);

/// Four float32.
#[derive(Clone, Copy)]
pub struct F32x4([f32; 4]);

/// Two float64.
#[derive(Clone, Copy)]
pub struct F64x2([f64; 2]);

macro_rules! memory {
    ($lanes:ident, $lane:ty, $count:literal) => {
        impl $lanes {
            /// Reads lanes in memory order.
            #[must_use]
            pub fn load(from: &[$lane; $count]) -> Self {
                Self(*from)
            }

            /// Writes lanes in memory order.
            pub fn store(self, to: &mut [$lane; $count]) {
                *to = self.0;
            }

            /// Lanes as an array.
            #[must_use]
            pub fn to_array(self) -> [$lane; $count] {
                self.0
            }

            /// The same value in every lane.
            #[must_use]
            pub fn splat(value: $lane) -> Self {
                Self([value; $count])
            }

            fn zip(self, other: Self, each: impl Fn($lane, $lane) -> $lane) -> Self {
                Self(std::array::from_fn(|i| each(self.0[i], other.0[i])))
            }
        }
    };
}
memory!(U32x4, u32, 4);
memory!(F32x4, f32, 4);
memory!(F64x2, f64, 2);

macro_rules! operator {
    ($lanes:ident, $operator:ident, $method:ident, $each:expr) => {
        impl $operator for $lanes {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.zip(other, $each)
            }
        }
    };
}
operator!(U32x4, Add, add, u32::wrapping_add);
operator!(U32x4, Sub, sub, u32::wrapping_sub);
operator!(U32x4, Mul, mul, u32::wrapping_mul);
operator!(U32x4, BitAnd, bitand, u32::bitand);
operator!(U32x4, BitOr, bitor, u32::bitor);
operator!(U32x4, BitXor, bitxor, u32::bitxor);
operator!(F32x4, Add, add, f32::add);
operator!(F32x4, Sub, sub, f32::sub);
operator!(F32x4, Mul, mul, f32::mul);
operator!(F32x4, Div, div, f32::div);
operator!(F64x2, Add, add, f64::add);
operator!(F64x2, Sub, sub, f64::sub);
operator!(F64x2, Mul, mul, f64::mul);

impl U32x4 {
    /// Whether all bits of all lanes are 0.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }

    /// The larger of each pair of lanes.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].max(other.0[i])))
    }

    /// The smaller of each pair of lanes.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        self.zip(other, u32::min)
    }

    /// All bits set in the lanes where `self < other` as signed integers, none elsewhere.
    #[must_use]
    pub fn signed_less_than(self, other: Self) -> Self {
        self.zip(other, |a, b| if a.cast_signed() < b.cast_signed() { u32::MAX } else { 0 })
    }

    /// The upper 32 bits of each product of 64.
    #[must_use]
    pub fn mul_high(self, other: Self) -> Self {
        self.zip(other, |a, b| ((u64::from(a) * u64::from(b)) >> 32) as u32)
    }

    #[must_use]
    pub fn shift_right<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a >> N))
    }

    #[must_use]
    pub fn shift_left<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a << N))
    }

    /// [`Self::shift_right`] by a number that a generic function makes.
    #[must_use]
    pub fn shifted_right(self, bits: u32) -> Self {
        Self(self.0.map(|a| a >> bits))
    }

    /// The same to the left.
    #[must_use]
    pub fn shifted_left(self, bits: u32) -> Self {
        Self(self.0.map(|a| a << bits))
    }

    /// Rotates each lane left by `N` bits, `0 < N < 32`.
    #[must_use]
    pub fn rotate_left<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a.rotate_left(N)))
    }

    /// `(a0 b0 a1 b1, a2 b2 a3 b3)`.
    #[must_use]
    pub fn interleave(self, other: Self) -> (Self, Self) {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        (Self([a0, b0, a1, b1]), Self([a2, b2, a3, b3]))
    }

    /// `(a0 a2 b0 b2, a1 a3 b1 b3)`.
    #[must_use]
    pub fn deinterleave(self, other: Self) -> (Self, Self) {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        (Self([a0, a2, b0, b2]), Self([a1, a3, b1, b3]))
    }

    /// `(a0 a1 b0 b1, a2 a3 b2 b3)`.
    #[must_use]
    pub fn pairs(self, other: Self) -> (Self, Self) {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        (Self([a0, a1, b0, b1]), Self([a2, a3, b2, b3]))
    }

    /// Bits of `a` where this has a 1, bits of `b` where it has a 0.
    #[must_use]
    pub fn select(self, a: F32x4, b: F32x4) -> F32x4 {
        let (a, b) = (a.to_bits().0, b.to_bits().0);
        let bits = |i: usize| (a[i] & self.0[i]) | (b[i] & !self.0[i]);
        Self(core::array::from_fn(bits)).to_floats()
    }

    /// The floats that have these bits.
    #[must_use]
    pub fn to_floats(self) -> F32x4 {
        F32x4(self.0.map(f32::from_bits))
    }

    /// Each lane, read as a signed integer, as float32 (to nearest).
    #[must_use]
    pub fn signed_to_f32(self) -> F32x4 {
        F32x4(self.0.map(|a| a.cast_signed() as f32))
    }

    /// Lanes 0 and 1, then 2 and 3, read as signed integers, as float64 (exact).
    #[must_use]
    pub fn signed_to_f64(self) -> (F64x2, F64x2) {
        let [a, b, c, d] = self.0.map(|a| f64::from(a.cast_signed()));
        (F64x2([a, b]), F64x2([c, d]))
    }
}

impl F32x4 {
    /// Each lane kept within `[low, high]`; any value where it is NaN.
    #[must_use]
    pub fn clamp(self, low: Self, high: Self) -> Self {
        self.zip(low, f32::max).zip(high, f32::min)
    }

    /// `self · factor + sum`, rounded twice.
    #[must_use]
    pub fn madd(self, factor: Self, sum: Self) -> Self {
        self * factor + sum
    }

    /// `low` in the lanes that are not above it; NaN stays.
    #[must_use]
    pub fn at_least(self, low: Self) -> Self {
        self.zip(low, |a, low| if low >= a { low } else { a })
    }

    /// `high` in the lanes that are not below it; NaN stays.
    #[must_use]
    pub fn at_most(self, high: Self) -> Self {
        self.zip(high, |a, high| if high <= a { high } else { a })
    }

    /// The larger of each pair of lanes; any value where one is NaN, any zero of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    /// All bits set, which is NaN, in the lanes that are NaN, none elsewhere.
    #[must_use]
    pub fn nan(self) -> U32x4 {
        U32x4(self.0.map(|a| if a.is_nan() { u32::MAX } else { 0 }))
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    /// To nearest, as IEEE 754 has it.
    #[must_use]
    pub fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }

    #[must_use]
    pub fn floor(self) -> Self {
        Self(self.0.map(f32::floor))
    }

    /// All bits set in the lanes where `self < other`, none elsewhere.
    #[must_use]
    pub fn less_than(self, other: Self) -> U32x4 {
        U32x4(std::array::from_fn(|i| if self.0[i] < other.0[i] { u32::MAX } else { 0 }))
    }

    /// Integral lanes within the range of `i32`, as two's complement words.
    #[must_use]
    pub fn to_signed(self) -> U32x4 {
        U32x4(self.0.map(|a| (a as i32).cast_unsigned()))
    }

    /// The bit patterns.
    #[must_use]
    pub fn to_bits(self) -> U32x4 {
        U32x4(self.0.map(f32::to_bits))
    }

    /// Lanes 0 and 1, then 2 and 3, as float64.
    #[must_use]
    pub fn to_f64(self) -> (F64x2, F64x2) {
        let [a, b, c, d] = self.0.map(f64::from);
        (F64x2([a, b]), F64x2([c, d]))
    }
}

impl F64x2 {
    /// These two lanes, then the two of `high`, rounded to float32.
    #[must_use]
    pub fn to_f32(self, high: Self) -> F32x4 {
        let ([a, b], [c, d]) = (self.0, high.0);
        F32x4([a as f32, b as f32, c as f32, d as f32])
    }
}
