//! Training kernels over spans of linear memory.
//!
//! The crate never allocates: memory is an arena that JavaScript owns (`CoreMemory`), and an export
//! takes pointers into it, which [`memory::span`] turns into checked slices. Nothing uses relaxed
//! SIMD, and every sum has one order, so that all runtimes give the same bits.

pub mod activation;
pub mod cholesky;
pub mod exponential;
#[cfg(target_arch = "wasm32")]
mod exports;
pub mod gram;
pub mod ials;
pub mod lanewise;
pub mod logarithm;
pub mod logistic;
pub mod mf;
pub mod rows;
pub mod triangle;
pub mod vector;

/// Values spread over `[-range, range]`, the same in every run (SplitMix64).
#[cfg(test)]
fn floats(count: usize, seed: u64, range: f32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| (next() * f64::from(range)) as f32).collect()
}
