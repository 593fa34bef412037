//! What a core without `std` has to bring along. Messages of panics and an allocator would be a third of
//! the core, and nobody would read the one or use the other: a panic is a trap, and nothing allocates.

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

#[panic_handler]
fn trap(_: &PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// Has no memory to give.
struct Nothing;

// SAFETY: a null pointer says that there is no memory, which is always allowed; so nothing is ever given
// back.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static NOTHING: Nothing = Nothing;
