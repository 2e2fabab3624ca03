//! The one door to the CPU's instruction sets.
//!
//! A kernel is written once, generic over [`pulp::Simd`], and [`run`] calls it compiled for the best set that this CPU has:
//! AVX-512, AVX2 with FMA, NEON, or plain code. `DERM_CPU_ISA` (`avx512`, `avx2`, `portable`) lowers the choice, for
//! measuring and testing; it never raises it above what the CPU has.

use std::sync::OnceLock;

use pulp::WithSimd;

/// Instruction sets, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What the target has without asking.
    Portable,
    /// 128-bit registers of 64-bit Arm.
    Neon,
    /// 256-bit registers and fused multiply-add.
    Avx2,
    /// 512-bit registers.
    Avx512,
}

/// Computes with plain code, four values at a time.
///
/// Its fused multiply-add is a call into the C library, which costs as much as a hundred products: kernels round twice instead.
pub type Plain = pulp::Scalar128b;

/// Whether a fused multiply-add is one instruction.
#[inline(always)]
pub fn is_fused<S: pulp::Simd>() -> bool {
    std::any::TypeId::of::<S>() != std::any::TypeId::of::<Plain>()
}

/// Whether the smaller and the larger of two values are one instruction that takes the second where either is NaN or both are zeros.
#[inline(always)]
pub fn has_ordered_extremes<S: pulp::Simd>() -> bool {
    cfg!(target_arch = "x86_64") && is_fused::<S>()
}

/// Runs `kernel` compiled for [`best`]'s instruction set.
#[inline]
pub fn run<K: WithSimd>(kernel: K) -> K::Output {
    #[cfg(test)]
    if let Some(isa) = forced::isa() {
        return run_on(isa, kernel);
    }
    run_on(best(), kernel)
}

/// Runs `kernel` compiled for `isa`, or for the best below it that the CPU has.
pub fn run_on<K: WithSimd>(isa: Isa, kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if isa >= Isa::Avx512
            && let Some(simd) = pulp::x86::V4::try_new()
        {
            return pulp::Simd::vectorize(simd, kernel);
        }
        if isa >= Isa::Avx2
            && let Some(simd) = pulp::x86::V3::try_new()
        {
            return pulp::Simd::vectorize(simd, kernel);
        }
    }
    #[cfg(target_arch = "aarch64")]
    if isa >= Isa::Neon
        && let Some(simd) = pulp::aarch64::Neon::try_new()
    {
        return pulp::Simd::vectorize(simd, kernel);
    }
    pulp::Simd::vectorize(Plain {}, kernel)
}

/// The best set that the CPU has and `DERM_CPU_ISA` allows.
pub fn best() -> Isa {
    static BEST: OnceLock<Isa> = OnceLock::new();
    *BEST.get_or_init(|| match std::env::var("DERM_CPU_ISA").as_deref() {
        Ok("portable") => Isa::Portable,
        Ok("avx2") => Isa::Avx2,
        _ => Isa::Avx512,
    })
}

/// Lets a test choose the instruction set of everything that it calls, on whichever thread that runs.
#[cfg(test)]
pub mod forced {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, PoisonError};

    use super::Isa;

    const ALL: [Isa; 4] = [Isa::Portable, Isa::Neon, Isa::Avx2, Isa::Avx512];
    /// Place in `ALL`; anything else chooses nothing.
    static CHOSEN: AtomicUsize = AtomicUsize::new(usize::MAX);
    static TURN: Mutex<()> = Mutex::new(());

    pub fn isa() -> Option<Isa> {
        ALL.get(CHOSEN.load(Ordering::Relaxed)).copied()
    }

    /// Runs `test` on every set that this CPU has, one test of the process at a time.
    pub fn each(mut test: impl FnMut(Isa)) {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                CHOSEN.store(usize::MAX, Ordering::Relaxed);
            }
        }
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let _reset = Reset;
        for (place, isa) in ALL.into_iter().enumerate() {
            if (isa == Isa::Neon) == cfg!(target_arch = "aarch64") || isa == Isa::Portable {
                CHOSEN.store(place, Ordering::Relaxed);
                test(isa);
            }
        }
    }
}
