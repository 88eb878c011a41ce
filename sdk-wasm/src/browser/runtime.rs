//! What std would bring: an allocator, and what happens at a panic.
//!
//! The allocator keeps a list of free blocks for each power of two and never
//! joins or splits them: a page's SDK asks again for the sizes that it asked for
//! before. It wastes at most half of a block, and costs a kilobyte less than a
//! general one. New memory is cut from the end; a page of 64 KiB at a time, or
//! what one block takes.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

const PAGE_BYTES: usize = 65_536;
/// Blocks of 16 bytes (2⁴) are the smallest: room for the link, and the largest
/// alignment that anything here asks for.
const SMALLEST: u32 = 4;

struct FreeLists {
    /// The first free block of each size 2ⁿ; a free block begins with the next.
    first: [*mut u8; 32],
    /// The unused memory at the end.
    from: usize,
    to: usize,
}

struct Blocks(UnsafeCell<FreeLists>);

// SAFETY: a page's wasm without shared memory runs on one thread.
unsafe impl Sync for Blocks {}

#[global_allocator]
static BLOCKS: Blocks =
    Blocks(UnsafeCell::new(FreeLists { first: [null_mut(); 32], from: 0, to: 0 }));

const fn size_class(layout: &Layout) -> u32 {
    let bytes = if layout.size() > layout.align() { layout.size() } else { layout.align() };
    let class = usize::BITS - bytes.saturating_sub(1).leading_zeros();
    if class < SMALLEST { SMALLEST } else { class }
}

// SAFETY: blocks are distinct, 2ⁿ bytes for a layout of at most as many, and
// aligned to 16 bytes or more: `from` starts at a page and moves by multiples of
// 16. No larger alignment is asked for in this crate or in core.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = size_class(&layout);
        // SAFETY: one thread, and no call in here leads back in here.
        let lists = unsafe { &mut *self.0.get() };
        let Some(first) = lists.first.get_mut(class as usize) else { return null_mut() };
        let block = *first;
        if !block.is_null() {
            // SAFETY: a free block begins with the link to the next one.
            *first = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let bytes = 1 << class;
        if lists.to - lists.from < bytes {
            let end = memory_size::<0>() * PAGE_BYTES;
            let pages = bytes.div_ceil(PAGE_BYTES);
            if memory_grow::<0>(pages) == usize::MAX {
                return null_mut();
            }
            if lists.to != end {
                lists.from = end;
            }
            lists.to = end + pages * PAGE_BYTES;
        }
        let block = lists.from;
        lists.from += bytes;
        block as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`; the block is ours, unused, and 16 bytes at least.
        unsafe {
            let lists = &mut *self.0.get();
            if let Some(first) = lists.first.get_mut(size_class(&layout) as usize) {
                block.cast::<*mut u8>().write(*first);
                *first = block;
            }
        }
    }
}

/// A panic ends the instance: JavaScript catches the trap and goes on without us.
#[panic_handler]
fn trap(_: &core::panic::PanicInfo<'_>) -> ! {
    unreachable()
}
