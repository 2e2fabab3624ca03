//! Registers of f32 values: arithmetic that reads like arithmetic, and loads and stores that stay inside their slices.
//!
//! The columns of a row are handled in [`Whole`] registers; what is left over is one [`Part`], whose loads put zeros into
//! the lanes past the end and whose stores leave the memory past the end alone. Kernels are written for either through
//! [`Lanes`] and walked over a row by [`Width::each`].
#![allow(unsafe_code)] // Masked loads and stores take pointers; both sit behind a check of the slice's length.

use std::mem::MaybeUninit;
use std::ops::{Add, BitOr, Div, Mul, Neg, Sub};

use pulp::{MemMask, Simd};

use super::simd::{has_ordered_extremes, is_fused};

/// One register of values.
#[derive(Clone, Copy, Debug)]
pub struct F32s<S: Simd> {
    simd: S,
    value: S::f32s,
}

/// One register of truth values.
#[derive(Clone, Copy, Debug)]
pub struct Mask<S: Simd> {
    simd: S,
    value: S::m32s,
}

impl<S: Simd> F32s<S> {
    /// A register as it is.
    #[inline(always)]
    pub fn new(simd: S, value: S::f32s) -> Self {
        Self { simd, value }
    }

    /// The register.
    #[inline(always)]
    pub fn register(self) -> S::f32s {
        self.value
    }

    /// `value` in every lane.
    #[inline(always)]
    pub fn splat(simd: S, value: f32) -> Self {
        Self { simd, value: simd.splat_f32s(value) }
    }

    /// The instruction set.
    #[inline(always)]
    pub fn simd(self) -> S {
        self.simd
    }

    /// `value` in every lane, for the same instruction set.
    #[inline(always)]
    pub fn like(self, value: f32) -> Self {
        Self::splat(self.simd, value)
    }

    /// `self * factor + term`, rounded once where the CPU can.
    #[inline(always)]
    pub fn mul_add(self, factor: Self, term: Self) -> Self {
        if !is_fused::<S>() {
            return self * factor + term;
        }
        Self { value: self.simd.mul_add_e_f32s(self.value, factor.value, term.value), ..self }
    }

    /// Square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self { value: self.simd.sqrt_f32s(self.value), ..self }
    }

    /// Absolute value.
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self { value: self.simd.abs_f32s(self.value), ..self }
    }

    /// `self < other`; false where either is NaN.
    #[inline(always)]
    pub fn lt(self, other: Self) -> Mask<S> {
        Mask { simd: self.simd, value: self.simd.less_than_f32s(self.value, other.value) }
    }

    /// `self <= other`; false where either is NaN.
    #[inline(always)]
    pub fn le(self, other: Self) -> Mask<S> {
        Mask { simd: self.simd, value: self.simd.less_than_or_equal_f32s(self.value, other.value) }
    }

    /// Where the value is NaN.
    #[inline(always)]
    pub fn is_nan(self) -> Mask<S> {
        let value = self.simd.equal_f32s(self.value, self.value);
        Mask { simd: self.simd, value: self.simd.not_m32s(value) }
    }

    /// The smaller value; NaN where `self` is NaN.
    #[inline(always)]
    pub fn at_most(self, limit: f32) -> Self {
        let limit = self.like(limit);
        if !has_ordered_extremes::<S>() {
            return limit.lt(self).select(limit, self);
        }
        Self { value: self.simd.min_f32s(limit.value, self.value), ..self }
    }

    /// The larger value; NaN where `self` is NaN.
    #[inline(always)]
    pub fn at_least(self, limit: f32) -> Self {
        let limit = self.like(limit);
        if !has_ordered_extremes::<S>() {
            return self.lt(limit).select(limit, self);
        }
        Self { value: self.simd.max_f32s(limit.value, self.value), ..self }
    }

    /// Two to the power of whole numbers from -126 to 127.
    #[inline(always)]
    pub fn power_of_two(self) -> Self {
        // Adding 2^23 puts a whole number into the lowest bits; 127 is the exponent's bias.
        let bits = self.simd.transmute_u32s_f32s((self + self.like(8_388_608.0 + 127.0)).value);
        let bits = self.simd.wrapping_dyn_shl_u32s(bits, self.simd.splat_u32s(23));
        Self { value: self.simd.transmute_f32s_u32s(bits), ..self }
    }

    /// `self` divided by two `n` times, where `shifted` is the whole number `n` plus 1.5 * 2^23; right where the result is a normal
    /// number of at most `self`.
    #[inline(always)]
    pub fn halved(self, shifted: Self) -> Self {
        // The lowest bits of `shifted` are `n`, which moves to where the exponent is.
        let n = self.simd.wrapping_dyn_shl_u32s(self.simd.transmute_u32s_f32s(shifted.value), self.simd.splat_u32s(23));
        let bits = self.simd.sub_u32s(self.simd.transmute_u32s_f32s(self.value), n);
        Self { value: self.simd.transmute_f32s_u32s(bits), ..self }
    }

    /// The sum of all lanes, in a tree.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        self.simd.reduce_sum_f32s(self.value)
    }

    /// The largest of lanes that are not NaN.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        self.simd.reduce_max_f32s(self.value)
    }

    /// The bits of each lane.
    #[inline(always)]
    pub fn to_bits(self) -> [u32; MAX_LANES] {
        let mut lanes = [0; MAX_LANES];
        S::as_mut_simd_u32s(&mut lanes).0[0] = self.simd.transmute_u32s_f32s(self.value);
        lanes
    }
}

/// Lanes of the widest register.
pub const MAX_LANES: usize = 16;

macro_rules! operator {
    ($trait:ident, $function:ident, $simd:ident) => {
        impl<S: Simd> $trait for F32s<S> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                Self { value: self.simd.$simd(self.value, other.value), ..self }
            }
        }
    };
}
operator!(Add, add, add_f32s);
operator!(Sub, sub, sub_f32s);
operator!(Mul, mul, mul_f32s);
operator!(Div, div, div_f32s);

impl<S: Simd> Neg for F32s<S> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self { value: self.simd.neg_f32s(self.value), ..self }
    }
}

impl<S: Simd> Mask<S> {
    /// `yes` where true, `no` elsewhere.
    #[inline(always)]
    pub fn select(self, yes: F32s<S>, no: F32s<S>) -> F32s<S> {
        F32s { value: self.simd.select_f32s(self.value, yes.value, no.value), ..yes }
    }
}

impl<S: Simd> BitOr for Mask<S> {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self { value: self.simd.or_m32s(self.value, other.value), ..self }
    }
}

/// How many columns one step handles: a register full, or the last few.
pub trait Lanes<S: Simd>: Copy {
    /// The instruction set.
    fn simd(self) -> S;
    /// How many columns.
    fn count(self) -> usize;
    /// The values of `x` from `at`.
    fn load(self, x: &[f32], at: usize) -> F32s<S>;
    /// The values at `x`, which the caller has checked.
    ///
    /// # Safety
    ///
    /// From `x` on, as many values as this step handles are inside one slice.
    unsafe fn load_pointer(self, x: *const f32) -> F32s<S>;
    /// Puts values into `y` from `at`.
    fn store(self, y: &mut [f32], at: usize, values: F32s<S>);
    /// Puts values into `y` from `at`, whatever was there.
    fn init(self, y: &mut [MaybeUninit<f32>], at: usize, values: F32s<S>);
    /// `values` with `other` in the lanes past the end.
    fn or(self, values: F32s<S>, other: f32) -> F32s<S>;

    /// `value` in every lane.
    #[inline(always)]
    fn splat(self, value: f32) -> F32s<S> {
        F32s::splat(self.simd(), value)
    }
}

/// A register full.
#[derive(Clone, Copy, Debug)]
pub struct Whole<S>(pub S);

impl<S: Simd> Lanes<S> for Whole<S> {
    #[inline(always)]
    fn simd(self) -> S {
        self.0
    }

    #[inline(always)]
    fn count(self) -> usize {
        S::F32_LANES
    }

    #[inline(always)]
    fn load(self, x: &[f32], at: usize) -> F32s<S> {
        F32s { simd: self.0, value: S::as_simd_f32s(&x[at..at + S::F32_LANES]).0[0] }
    }

    #[inline(always)]
    unsafe fn load_pointer(self, x: *const f32) -> F32s<S> {
        // SAFETY: the caller promises a register's worth of values, and `f32s` is as many of them, aligned as they are.
        F32s { simd: self.0, value: unsafe { x.cast::<S::f32s>().read_unaligned() } }
    }

    #[inline(always)]
    fn store(self, y: &mut [f32], at: usize, values: F32s<S>) {
        S::as_mut_simd_f32s(&mut y[at..at + S::F32_LANES]).0[0] = values.value;
    }

    #[inline(always)]
    fn init(self, y: &mut [MaybeUninit<f32>], at: usize, values: F32s<S>) {
        S::as_uninit_mut_simd_f32s(&mut y[at..at + S::F32_LANES]).0[0].write(values.value);
    }

    #[inline(always)]
    fn or(self, values: F32s<S>, _: f32) -> F32s<S> {
        values
    }
}

/// The first `len` lanes of a register.
#[derive(Clone, Copy, Debug)]
pub struct Part<S: Simd> {
    simd: S,
    mask: S::m32s,
    len: usize,
}

impl<S: Simd> Part<S> {
    /// The first `len` lanes, fewer than a register has.
    #[inline(always)]
    pub fn new(simd: S, len: usize) -> Self {
        assert!(len < S::F32_LANES);
        Self { simd, mask: simd.mask_between_m32s(0, len as u32).mask(), len }
    }
}

impl<S: Simd> Lanes<S> for Part<S> {
    #[inline(always)]
    fn simd(self) -> S {
        self.simd
    }

    #[inline(always)]
    fn count(self) -> usize {
        self.len
    }

    #[inline(always)]
    fn load(self, x: &[f32], at: usize) -> F32s<S> {
        let x = &x[at..at + self.len];
        // SAFETY: the slice has `len` values.
        unsafe { self.load_pointer(x.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn load_pointer(self, x: *const f32) -> F32s<S> {
        // SAFETY: the mask is set for the first `len` lanes alone (`new`), and the caller promises `len` values.
        F32s { simd: self.simd, value: unsafe { self.simd.mask_load_ptr_f32s(MemMask::new(self.mask), x) } }
    }

    #[inline(always)]
    fn store(self, y: &mut [f32], at: usize, values: F32s<S>) {
        let y = &mut y[at..at + self.len];
        // SAFETY: the mask is set for the first `len` lanes alone (`new`), and the slice has `len` values.
        unsafe { self.simd.mask_store_ptr_f32s(MemMask::new(self.mask), y.as_mut_ptr(), values.value) }
    }

    #[inline(always)]
    fn init(self, y: &mut [MaybeUninit<f32>], at: usize, values: F32s<S>) {
        let y = &mut y[at..at + self.len];
        // SAFETY: as in `store`; writing needs no initialised memory, and `MaybeUninit<f32>` is laid out as `f32`.
        unsafe { self.simd.mask_store_ptr_f32s(MemMask::new(self.mask), y.as_mut_ptr().cast(), values.value) }
    }

    #[inline(always)]
    fn or(self, values: F32s<S>, other: f32) -> F32s<S> {
        Mask { simd: self.simd, value: self.mask }.select(values, values.like(other))
    }
}

/// Work on the columns that one step handles, from `at` on.
pub trait Columns<S: Simd> {
    /// Does it.
    fn step<L: Lanes<S>>(&mut self, lanes: L, at: usize);
}

/// A number of columns, cut into registers.
#[derive(Clone, Copy, Debug)]
pub struct Width<S: Simd> {
    simd: S,
    /// Columns in whole registers.
    whole: usize,
    rest: Option<Part<S>>,
}

impl<S: Simd> Width<S> {
    /// The instruction set.
    #[inline(always)]
    pub fn simd(self) -> S {
        self.simd
    }

    /// Cuts `columns`.
    #[inline(always)]
    pub fn new(simd: S, columns: usize) -> Self {
        let rest = columns % S::F32_LANES;
        Self { simd, whole: columns - rest, rest: (rest > 0).then(|| Part::new(simd, rest)) }
    }

    /// Takes `work` over all columns, in order.
    #[inline(always)]
    pub fn each(self, work: &mut impl Columns<S>) {
        let mut at = 0;
        while at < self.whole {
            work.step(Whole(self.simd), at);
            at += S::F32_LANES;
        }
        if let Some(part) = self.rest {
            work.step(part, at);
        }
    }
}
