//! What both cores stand on: spans of linear memory, vectors of four lanes, and the
//! norm of a vector.
//!
//! The crates never allocate. JavaScript owns everything above the initial memory as an arena and
//! passes spans of it (pointer and length) to the exports, which see them as slices.

#![cfg_attr(all(target_arch = "wasm32", not(test)), no_std)]

pub mod lanes;
pub mod norm;
#[cfg(target_arch = "wasm32")]
mod span;

#[cfg(target_arch = "wasm32")]
pub use span::{Plain, span, span_mut};
