//! Aggregation kernels over spans of linear memory: integers are added exactly, and float32 values
//! become integers (and back) by one fixed rule, so that every runtime gives the same bits. Integers
//! are masked by a scheme whose keys add up as they do.
//!
//! Nothing here uses relaxed SIMD, and nothing allocates.

#![cfg_attr(all(target_arch = "wasm32", not(test)), no_std)]

#[cfg(all(target_arch = "wasm32", not(test)))]
mod bare;
pub mod chacha;
pub mod expand;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod exports_kahe;
#[cfg(target_arch = "wasm32")]
mod exports_noise;
pub mod gauss;
pub mod hadamard;
pub mod kahe;
pub mod noise;
pub mod ntt;
pub mod pad;
pub mod prime;
pub mod quantise;
pub mod ring;
pub mod rns;
pub mod shamir;
mod wipe;

/// Words that look random and are the same in every run (SplitMix64).
#[cfg(test)]
fn words(count: usize, seed: u64) -> Vec<u32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32
    };
    (0..count).map(|_| next() as u32).collect()
}

/// Values spread over `[-range, range]`, the same in every run.
#[cfg(test)]
fn floats(count: usize, seed: u64, range: f32) -> Vec<f32> {
    let unit = |word: u32| (f64::from(word) / f64::from(u32::MAX)).mul_add(2.0, -1.0);
    words(count, seed).into_iter().map(|word| (unit(word) * f64::from(range)) as f32).collect()
}
