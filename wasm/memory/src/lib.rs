//! What both cores stand on.
//!
//! The crates never allocate: JavaScript owns everything above the end of the initial memory as an
//! arena and passes spans of it (pointer and length) to the exports, which see them as slices.
#[cfg(target_arch = "wasm32")]
mod span;

#[cfg(target_arch = "wasm32")]
pub use span::{span, span_mut};
