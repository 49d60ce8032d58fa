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
