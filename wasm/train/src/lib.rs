//! Training kernels over spans of linear memory.
//!
//! The crate never allocates: memory is an arena that JavaScript owns (`CoreMemory`), and an export
//! takes pointers into it, which [`memory::span`] turns into checked slices.
//!
//! Every sum has one order, so that all runtimes give the same bits; but products of matrices and
//! attention multiply and add by `madd`, whose bits depend on the machine in the relaxed build.

pub mod activation;
pub mod attention;
pub mod cholesky;
pub mod cross_entropy;
pub mod dropout;
pub mod elementwise;
pub mod exponential;
#[cfg(target_arch = "wasm32")]
mod exports;
pub mod gemm;
pub mod gram;
pub mod ials;
pub mod inverse;
pub mod lanewise;
pub mod layer_norm;
pub mod layout;
pub mod linear;
pub mod logarithm;
pub mod logistic;
pub mod loss;
pub mod mf;
pub mod optimiser;
pub mod reduction;
pub mod rms_norm;
pub mod rows;
pub mod softmax;
pub mod triangle;
pub mod unary;
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

/// FNV-1a over the bits of values, word by word: the tests of the built core expect the same.
#[cfg(test)]
fn digest(values: &[f32]) -> u32 {
    values
        .iter()
        .fold(0x811c_9dc5, |hash, value| (hash ^ value.to_bits()).wrapping_mul(0x0100_0193))
}
