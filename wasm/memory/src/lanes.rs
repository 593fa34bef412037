//! Vectors of four 32-bit lanes (and two 64-bit ones), so that a kernel has one body: `v128` in
//! wasm, arrays on the host, where the tests run. Both give the same bits.

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
