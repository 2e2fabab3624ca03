//! The inner kernel: pairs of rows times pairs of columns, in registers.
#![allow(unsafe_code)] // Factors are read through pointers, behind a check of the slices' lengths.

use super::{COLUMNS, ROWS};

/// Some rows of the left factor along a stretch of the depth: the pair `k` of row `m` is `words[m * row + k * step]`.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub words: &'a [u32],
    pub row: usize,
    pub step: usize,
}

/// The sums of a tile.
pub struct Tile([f32; ROWS * COLUMNS]);

impl Tile {
    /// The rows of the sums.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.0.chunks_exact(COLUMNS)
    }

    /// Of rows and a stretch of a panel, `[pair][column]`.
    ///
    /// Panics where there are fewer rows than a tile has, and where the CPU lacks the instruction.
    #[inline(always)]
    pub fn of(left: Rows<'_>, panel: &[u32]) -> Self {
        let mut tile = Self([0.0; ROWS * COLUMNS]);
        if let Some(last) = (panel.len() / COLUMNS).checked_sub(1) {
            assert!((ROWS - 1) * left.row + last * left.step < left.words.len(), "rows that end early");
            tile.fill(left, panel);
        }
        tile
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn fill(&mut self, _: Rows<'_>, _: &[u32]) {
        unreachable!("no such instruction");
    }

    /// Each row must have a pair for each of the panel's.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn fill(&mut self, left: Rows<'_>, panel: &[u32]) {
        assert!(available());
        // SAFETY: the CPU has the instruction, and no row ends before its last pair.
        unsafe { products(left, panel, &mut self.0) };
    }
}

/// Whether the CPU has `VDPBF16PS` on registers of 512 bits.
#[cfg(target_arch = "x86_64")]
pub fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
}

/// Sets `sums` to the products of [`ROWS`] rows with a panel.
///
/// # Safety
///
/// The CPU must have the instruction, and each row a pair for each of the panel's.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn products(left: Rows<'_>, panel: &[u32], sums: &mut [f32; ROWS * COLUMNS]) {
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_ps, _mm512_storeu_ps,
    };
    use std::mem::transmute;

    const LANES: usize = COLUMNS / 2;
    // SAFETY: both are 64 bytes of which any are valid.
    let pairs = |words: __m512i| unsafe { transmute::<__m512i, __m512bh>(words) };
    let mut tile = [[_mm512_setzero_ps(); 2]; ROWS];
    let (mut rows, mut columns) = (left.words.as_ptr(), panel.as_ptr());
    for _ in 0..panel.len() / COLUMNS {
        // SAFETY: a panel has two registers for each pair.
        let right = [0, LANES].map(|at| pairs(unsafe { _mm512_loadu_si512(columns.add(at).cast()) }));
        for (m, sums) in tile.iter_mut().enumerate() {
            // SAFETY: by the contract.
            let row = pairs(_mm512_set1_epi32(unsafe { *rows.add(m * left.row) }.cast_signed()));
            sums[0] = _mm512_dpbf16_ps(sums[0], row, right[0]);
            sums[1] = _mm512_dpbf16_ps(sums[1], row, right[1]);
        }
        rows = rows.wrapping_add(left.step);
        columns = columns.wrapping_add(COLUMNS);
    }
    for (tile, sums) in tile.iter().zip(sums.chunks_exact_mut(COLUMNS)) {
        for (register, sums) in tile.iter().zip(sums.chunks_exact_mut(LANES)) {
            // SAFETY: a half of a row of sums is one register.
            unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), *register) };
        }
    }
}
