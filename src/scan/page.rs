//! Page alignment of read buffers.

/// Buffers are aligned so that a byte has the same offset in its memory page as in its file page. If the two differ by a few
/// bytes, the kernel's copy takes half as long again: the processor compares only the low twelve bits of addresses, and
/// makes loads wait for unrelated earlier stores (4K aliasing).
pub(super) const PAGE_BYTES: usize = 4096;

/// The first index of `memory` whose address has the same offset in its page as `offset` has.
pub(super) fn place_in_page(memory: &[u8], offset: usize) -> usize {
    offset.wrapping_sub(memory.as_ptr().addr()) % PAGE_BYTES
}
