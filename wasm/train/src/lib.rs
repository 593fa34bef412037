//! Training kernels over spans of linear memory.
//!
//! The crate never allocates: memory is an arena that JavaScript owns (`CoreMemory`), and an export
//! takes pointers into it, which [`memory::span`] turns into checked slices.
#[cfg(target_arch = "wasm32")]
mod exports {
    use memory::span_mut;
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Sets `len` values of float32 at `ptr` to zero.
    #[wasm_bindgen]
    pub fn fill_zero(ptr: usize, len: usize) {
        span_mut::<f32>(ptr, len).fill(0.0);
    }
}
