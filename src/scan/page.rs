//! Where in a page of memory bytes are read to.

/// A byte is read to the place in a page of memory that it has in a page of the file. Where the two differ by a few bytes,
/// copying takes half as long again: the processor compares only the last twelve bits of addresses, and takes a load for
/// one that must wait for an earlier store (4K aliasing).
pub(super) const PAGE_BYTES: usize = 4096;

/// The first place in `memory` that is as far into a page as `offset` is.
pub(super) fn place_in_page(memory: &[u8], offset: usize) -> usize {
    offset.wrapping_sub(memory.as_ptr().addr()) % PAGE_BYTES
}
