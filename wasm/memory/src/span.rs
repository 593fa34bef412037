//! Spans of linear memory as slices, checked when they are made.

mod sealed {
    pub trait Plain {}
    impl Plain for u8 {}
    impl Plain for u32 {}
    impl Plain for u64 {}
    impl Plain for i32 {}
    impl Plain for f32 {}
    impl Plain for f64 {}
}

/// A number of which every bit pattern is a value.
pub trait Plain: sealed::Plain + Copy {}
impl<T: sealed::Plain + Copy> Plain for T {}

unsafe extern "C" {
    /// First byte after the static data and the stack, placed by the linker.
    static __heap_base: u8;
}

/// Traps unless `len` values of `T` at `ptr` are aligned and lie between the heap's base and the
/// end of memory, so that no span can reach Rust's own stack or statics.
fn check<T: Plain>(ptr: usize, len: usize) {
    let first = &raw const __heap_base as usize;
    let end = core::arch::wasm32::memory_size(0) as u64 * 65_536;
    let stop = ptr as u64 + len as u64 * size_of::<T>() as u64;
    let inside = ptr >= first && stop <= end && ptr.is_multiple_of(align_of::<T>());
    if !inside {
        // A trap without a message: a panic would link the formatting machinery of std.
        core::arch::wasm32::unreachable();
    }
}

/// Views `len` values at `ptr` for reading.
///
/// The caller lets no other span of the same export overlap it unless both are read only; the
/// typed handles in `src/wasm` see to that.
#[must_use]
pub fn span<'a, T: Plain>(ptr: usize, len: usize) -> &'a [T] {
    check::<T>(ptr, len);
    // SAFETY: `check` proved range and alignment, every bit pattern is a value, and JavaScript
    // cannot run while an export does.
    unsafe { core::slice::from_raw_parts(ptr as *const T, len) }
}

/// Views `len` values at `ptr` for writing. See [`span`].
#[must_use]
pub fn span_mut<'a, T: Plain>(ptr: usize, len: usize) -> &'a mut [T] {
    check::<T>(ptr, len);
    // SAFETY: as in `span`; that no other span overlaps is the caller's duty.
    unsafe { core::slice::from_raw_parts_mut(ptr as *mut T, len) }
}
