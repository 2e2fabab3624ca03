//! Where transformed tiles lie, and the transforms of pixels into them.
//!
//! Tiles lie in groups: `[group][plane][tile of the group][channel]`. So the planes of a group are close to each other when it is
//! transformed, and each plane's tiles when they are multiplied.
#![allow(unsafe_code)] // One check for each tile instead of one for each of its 36 pixels.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::Simd;

use super::super::vector::load;
use super::grid::{PLANES, Pixels, REACH};
use super::transform::Transform;

/// The planes of some tiles.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Tiles of a group.
    pub tiles: usize,
    /// Floats from one tile of a plane to the next.
    pub pitch: usize,
}

/// Floats of a cache line, as many as the widest register has.
const LINE: usize = 16;

impl Layout {
    /// Tiles of so many channels whose few channels are read tile after tile.
    ///
    /// A tile starts an odd number of cache lines after the last one: tiles that lie a power of two apart would push each other out
    /// of the cache, which keeps only a few lines whose addresses end alike.
    pub fn spread(tiles: usize, channels: usize) -> Self {
        Self { tiles, pitch: (channels.div_ceil(LINE) | 1) * LINE }
    }

    /// Floats from one plane of a group to the next: a little more than it takes, so that a tile's planes fall into different sets of
    /// the cache.
    pub fn plane(self) -> usize {
        self.tiles * self.pitch + 32
    }

    /// Floats of a group.
    pub fn group(self) -> usize {
        PLANES * self.plane()
    }

    /// Floats of `tiles`.
    pub fn len(self, tiles: usize) -> usize {
        tiles.div_ceil(self.tiles) * self.group()
    }

    /// Where a tile's first plane starts.
    pub fn at(self, tile: usize) -> usize {
        tile / self.tiles * self.group() + tile % self.tiles * self.pitch
    }
}

/// Some channels of a square of pixels, zeros for those outside of the image.
pub struct View<'a, const N: usize> {
    pixels: [[*const f32; N]; N],
    channels: usize,
    borrow: PhantomData<&'a [f32]>,
}

impl<'a, const N: usize> View<'a, N> {
    /// `zeros` are as many as channels.
    pub fn new(pixels: &Pixels<N>, source: &'a [f32], channels: Range<usize>, zeros: &'a [f32]) -> Self {
        let zeros = &zeros[..channels.len()];
        let mut view = Self { pixels: [[zeros.as_ptr(); N]; N], channels: channels.len(), borrow: PhantomData };
        for y in 0..N {
            for x in 0..N {
                if let Some(place) = pixels.channels(y, x, &channels) {
                    view.pixels[y][x] = source[place].as_ptr();
                }
            }
        }
        view
    }

    /// Transforms all channels: those from `first` on, a register full, go to `planes[first..]`, their planes `step` floats apart.
    #[inline(always)]
    pub fn transform<S: Simd, T: Transform<N, REACH>>(&self, simd: S, planes: &mut [f32], step: usize) {
        let whole = self.channels - self.channels % S::F32_LANES;
        let mut first = 0;
        while first < whole {
            // SAFETY: each pixel has `channels` floats.
            let square = unsafe { self.square::<S>(first) };
            store(simd, T::both_axes(simd, square), &mut planes[first..], step);
            first += S::F32_LANES;
        }
        if first < self.channels {
            let square = self.part(simd, first);
            store(simd, T::both_axes(simd, square), &mut planes[first..], step);
        }
    }

    /// # Safety
    ///
    /// There are as many channels from `first` on as a register has lanes.
    #[inline(always)]
    unsafe fn square<S: Simd>(&self, first: usize) -> [[S::f32s; N]; N] {
        // SAFETY: `new` took the pointers from slices of `channels` floats, which `self` borrows.
        self.pixels.map(|row| row.map(|pixel| unsafe { pixel.add(first).cast::<S::f32s>().read_unaligned() }))
    }

    /// The last channels, too few for a register.
    #[inline(always)]
    fn part<S: Simd>(&self, simd: S, first: usize) -> [[S::f32s; N]; N] {
        let mut square = [[simd.splat_f32s(0.0); N]; N];
        for y in 0..N {
            for x in 0..N {
                // SAFETY: as above.
                let pixel = unsafe { std::slice::from_raw_parts(self.pixels[y][x], self.channels) };
                square[y][x] = load(simd, &pixel[first..]);
            }
        }
        square
    }
}

/// Puts a tile's square into planes that lie `step` floats apart.
#[inline(always)]
pub fn store<S: Simd>(_: S, square: [[S::f32s; REACH]; REACH], planes: &mut [f32], step: usize) {
    assert!(planes.len() >= (PLANES - 1) * step + S::F32_LANES);
    let start = planes.as_mut_ptr();
    for y in 0..REACH {
        for x in 0..REACH {
            // SAFETY: by the assertion there is a register's room in each plane.
            unsafe { start.add((y * REACH + x) * step).cast::<S::f32s>().write_unaligned(square[y][x]) };
        }
    }
}

/// The square of some channels from planes that lie `step` floats apart.
#[inline(always)]
pub fn square<S: Simd>(simd: S, planes: &[f32], step: usize) -> [[S::f32s; REACH]; REACH] {
    assert!(planes.len() >= (PLANES - 1) * step + S::F32_LANES);
    let mut square = [[simd.splat_f32s(0.0); REACH]; REACH];
    for y in 0..REACH {
        for x in 0..REACH {
            // SAFETY: by the assertion there is a register in each plane.
            square[y][x] = unsafe { planes.as_ptr().add((y * REACH + x) * step).cast::<S::f32s>().read_unaligned() };
        }
    }
    square
}
