//! Which instructions the pixel kernels run with.
//!
//! Owns: the one place where a kernel is compiled a second time for AVX2 and chosen at run time. A kernel is plain safe
//! Rust over slices in integer arithmetic; the compiler vectorises it. Both builds are the same source, so their
//! results are the same bits: the portable build is the reference and the tests compare them. No threads, no locks.
//!
//! NEON is part of every 64-bit ARM target, so the portable build already uses it there.
#![allow(unsafe_code)] // Calling a function built for AVX2 is unsafe until the CPU is known to have it.

/// A loop over pixels that is worth compiling for wider registers. Implementations mark `run` `#[inline(always)]`, so
/// that it takes on the features of the function it is called from.
pub(crate) trait Kernel {
    /// Does the work.
    fn run(self);
}

/// Runs `kernel` with the widest registers this CPU has.
pub(crate) fn run(kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has just been found to support AVX2, the only feature `with_avx2` asks for.
        unsafe { with_avx2(kernel) };
        return;
    }
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(kernel: impl Kernel) {
    kernel.run();
}

/// Side of a [`Block`].
pub(crate) const BLOCK: usize = 16;
/// 16 rows of 16 bytes.
pub(crate) type Block = [[u8; BLOCK]; BLOCK];

/// Rows as columns.
#[inline(always)]
#[cfg(target_arch = "x86_64")]
pub(crate) fn transposed(block: &Block) -> Block {
    use std::arch::x86_64::{__m128i, _mm_unpackhi_epi8, _mm_unpacklo_epi8};
    // SAFETY: both types are 256 plain bytes without padding or invalid values.
    let mut rows: [__m128i; BLOCK] = unsafe { std::mem::transmute(*block) };
    // Interleaving row n with row n + 8, four times over, moves bit k of a byte's row number to bit k of its column.
    for _ in 0..4 {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = rows;
        // SAFETY: SSE2 is part of every x86-64 CPU.
        rows = unsafe {
            [
                _mm_unpacklo_epi8(a, i),
                _mm_unpackhi_epi8(a, i),
                _mm_unpacklo_epi8(b, j),
                _mm_unpackhi_epi8(b, j),
                _mm_unpacklo_epi8(c, k),
                _mm_unpackhi_epi8(c, k),
                _mm_unpacklo_epi8(d, l),
                _mm_unpackhi_epi8(d, l),
                _mm_unpacklo_epi8(e, m),
                _mm_unpackhi_epi8(e, m),
                _mm_unpacklo_epi8(f, n),
                _mm_unpackhi_epi8(f, n),
                _mm_unpacklo_epi8(g, o),
                _mm_unpackhi_epi8(g, o),
                _mm_unpacklo_epi8(h, p),
                _mm_unpackhi_epi8(h, p),
            ]
        };
    }
    // SAFETY: as above.
    unsafe { std::mem::transmute(rows) }
}

/// Rows as columns.
#[inline(always)]
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn transposed(block: &Block) -> Block {
    transposed_plainly(block)
}

/// The reference.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[allow(clippy::indexing_slicing, reason = "indices run over the arrays' own length, known when compiled")]
fn transposed_plainly(block: &Block) -> Block {
    std::array::from_fn(|n| std::array::from_fn(|m| block[m][n]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_is_exact() {
        let block: Block = std::array::from_fn(|n| std::array::from_fn(|m| (n * 16 + m) as u8));
        assert_eq!(transposed(&block), transposed_plainly(&block));
        assert_eq!(transposed(&transposed(&block)), block);
    }
}
