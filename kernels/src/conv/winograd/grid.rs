//! The tiles of an image: four by four target pixels, which need six by six source pixels.

use std::ops::Range;

/// Target pixels along one side of a tile.
pub const SIDE: usize = 4;
/// Source pixels along one side of a tile.
pub const REACH: usize = 6;
/// Products of a tile: one for each source pixel.
pub const PLANES: usize = REACH * REACH;

/// A pixel outside of the image.
const OUTSIDE: usize = usize::MAX;

/// The tiles of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub images: usize,
    /// `[height, width]` of the source.
    pub source: [usize; 2],
    /// `[height, width]` of the target.
    pub target: [usize; 2],
    /// Zeros above and to the left of the source; less than none if targets start further in.
    pub pad: [isize; 2],
}

impl Grid {
    fn tiles(&self) -> [usize; 2] {
        self.target.map(|len| len.div_ceil(SIDE))
    }

    /// Tiles of the batch.
    pub fn len(&self) -> usize {
        let [down, across] = self.tiles();
        self.images * down * across
    }

    /// Image and place of a tile.
    fn place(&self, tile: usize) -> (usize, [usize; 2]) {
        let [down, across] = self.tiles();
        (tile / (down * across), [tile / across % down, tile % across])
    }

    /// The pixels that a tile reads, as places in a source of `pitch` floats for each pixel.
    pub fn source_pixels(&self, tile: usize, pitch: usize) -> Pixels<REACH> {
        let (image, place) = self.place(tile);
        let first = [0, 1].map(|axis| (place[axis] * SIDE) as isize - self.pad[axis]);
        Pixels::new(image, first, self.source, pitch)
    }

    /// The pixels that a tile writes, as places in a target of `pitch` floats for each pixel.
    pub fn target_pixels(&self, tile: usize, pitch: usize) -> Pixels<SIDE> {
        let (image, place) = self.place(tile);
        Pixels::new(image, place.map(|at| (at * SIDE) as isize), self.target, pitch)
    }
}

/// A square of pixels, some of which may lie outside of the image.
pub struct Pixels<const N: usize>([[usize; N]; N]);

impl<const N: usize> Pixels<N> {
    fn new(image: usize, first: [isize; 2], size: [usize; 2], pitch: usize) -> Self {
        let inside = |at: isize, len: usize| (0..len as isize).contains(&at);
        let mut places = [[OUTSIDE; N]; N];
        for (y, row) in (first[0]..).zip(&mut places) {
            for (x, place) in (first[1]..).zip(row) {
                if inside(y, size[0]) && inside(x, size[1]) {
                    *place = ((image * size[0] + y as usize) * size[1] + x as usize) * pitch;
                }
            }
        }
        Self(places)
    }

    /// Whether none lies outside.
    pub fn are_inside(&self) -> bool {
        self.0.as_flattened().iter().all(|&place| place != OUTSIDE)
    }

    /// Where a pixel that lies inside starts.
    #[inline(always)]
    pub fn start(&self, y: usize, x: usize) -> usize {
        self.0[y][x]
    }

    /// Where some channels of a pixel lie, if the pixel lies inside.
    #[inline(always)]
    pub fn channels(&self, y: usize, x: usize, channels: &Range<usize>) -> Option<Range<usize>> {
        let place = self.0[y][x];
        (place != OUTSIDE).then(|| place + channels.start..place + channels.end)
    }
}
