//! The tiles of one task: which pixels each writes and which source rows each of its taps reads.

use std::ops::Range;

use pulp::Simd;

use super::gather::ZERO;
use super::sweep::Axis;
use super::tile;

/// Where the pixels of a sweep lie in memory.
#[derive(Clone, Copy)]
pub struct Layout<'a> {
    pub y: &'a Axis,
    pub x: &'a Axis,
    /// `[height, width]` of the source.
    pub source_size: [usize; 2],
    /// Floats from one source pixel to the next.
    pub source_pitch: usize,
    /// `[height, width]` of the target.
    pub target_size: [usize; 2],
    /// Floats from one target pixel to the next.
    pub target_pitch: usize,
}

impl Layout<'_> {
    /// Whether there is one tap, which moves nothing.
    fn is_pixel_by_pixel(&self) -> bool {
        self.source_size == self.target_size
            && [self.y, self.x].into_iter().zip(self.target_size).all(|(axis, size)| axis.is_one_to_one(size))
    }
}

/// A tile: some pixels of the list.
pub struct Tile {
    /// Rows of the kernel that takes it; pixels beyond `pixels` read zeros and are not written.
    pub height: usize,
    pub pixels: Range<usize>,
    /// Start in `list`.
    start: usize,
}

/// The tiles that cover one sweep's pixels in some rows of the target.
pub struct Worklist {
    pub tiles: Vec<Tile>,
    /// For each pixel, the float of the target where it starts.
    pub targets: Vec<usize>,
    taps: usize,
    /// For each tile and tap, the float of the source where each pixel's row starts, or [`ZERO`].
    list: Vec<u32>,
}

impl Worklist {
    /// Lists `rows`, counted through all images.
    pub fn new<S: Simd>(layout: Layout<'_>, rows: Range<usize>) -> Self {
        if layout.is_pixel_by_pixel() {
            return Self::pixel_by_pixel::<S>(layout, rows);
        }
        let targets = targets(layout, rows.clone());
        let taps = layout.y.taps.len() * layout.x.taps.len();
        let tiles = tiles::<S>(targets.len(), taps);
        let size: usize = tiles.iter().map(|tile| tile.height * taps).sum();
        let mut worklist = Self { tiles, targets, taps, list: vec![ZERO; size] };
        worklist.fill(layout, rows);
        worklist
    }

    /// Every pixel reads the source pixel at its own place.
    fn pixel_by_pixel<S: Simd>(layout: Layout<'_>, rows: Range<usize>) -> Self {
        let pixels = rows.start * layout.target_size[1]..rows.end * layout.target_size[1];
        let tiles = tiles::<S>(pixels.len(), 1);
        let mut list = Vec::with_capacity(pixels.len() + tile::MAX_HEIGHT);
        list.extend(pixels.clone().map(|pixel| (pixel * layout.source_pitch) as u32));
        list.resize(tiles.last().map_or(0, |tile| tile.start + tile.height), ZERO);
        Self { tiles, targets: pixels.map(|pixel| pixel * layout.target_pitch).collect(), taps: 1, list }
    }

    /// The source rows of `tile`, `[tap][pixel]`.
    pub fn rows(&self, tile: &Tile) -> &[u32] {
        &self.list[tile.start..][..tile.height * self.taps]
    }

    /// Enters every source row that lies inside.
    fn fill(&mut self, layout: Layout<'_>, rows: Range<usize>) {
        let slots = self.slots();
        let mut pixel = 0;
        for (image, y) in target_rows(layout, rows) {
            let slots = &slots[pixel..][..layout.x.count];
            for (index, &tap) in layout.y.taps.iter().enumerate() {
                if let Some(source_y) = layout.y.source(tap, y) {
                    let row = (image * layout.source_size[0] + source_y) * layout.source_size[1];
                    self.fill_row(layout, slots, index * layout.x.taps.len(), row);
                }
            }
            pixel += layout.x.count;
        }
    }

    /// Enters what the taps of one kernel row read from one source row.
    fn fill_row(&mut self, layout: Layout<'_>, slots: &[[u32; 2]], first_tap: usize, row: usize) {
        for (index, &tap) in layout.x.taps.iter().enumerate() {
            let Range { start, end } = layout.x.inside(tap);
            for (x, &[slot, height]) in (start..end).zip(&slots[start..end]) {
                let at = row + (tap.offset + (x * layout.x.source_step) as isize) as usize;
                self.list[slot as usize + (first_tap + index) * height as usize] = (at * layout.source_pitch) as u32;
            }
        }
    }

    /// For each pixel, its place in the list for tap 0 and the height of its tile, which is the way to the next tap.
    fn slots(&self) -> Vec<[u32; 2]> {
        let mut slots = Vec::with_capacity(self.targets.len());
        for tile in &self.tiles {
            let (start, height) = (tile.start as u32, tile.height as u32);
            slots.extend((start..start + tile.pixels.len() as u32).map(|slot| [slot, height]));
        }
        slots
    }
}

/// Image and target row (of the sweep) of those `rows` that the sweep covers.
fn target_rows<'a>(layout: Layout<'a>, rows: Range<usize>) -> impl Iterator<Item = (usize, usize)> + 'a {
    let height = layout.target_size[0];
    rows.filter_map(move |row| Some((row / height, layout.y.target_at(row % height)?)))
}

fn targets(layout: Layout<'_>, rows: Range<usize>) -> Vec<usize> {
    let [height, width] = layout.target_size;
    let (y, x) = (layout.y, layout.x);
    let mut targets = Vec::with_capacity(rows.len() * x.count);
    for (image, row) in target_rows(layout, rows) {
        let start = (image * height + y.first + row * y.step) * width;
        targets.extend((0..x.count).map(|column| (start + x.first + column * x.step) * layout.target_pitch));
    }
    targets
}

fn tiles<S: Simd>(pixels: usize, taps: usize) -> Vec<Tile> {
    let (mut tiles, mut pixel, mut start) = (Vec::new(), 0, 0);
    while pixel < pixels {
        let height = tile::next_height::<S>(pixels - pixel);
        let end = pixels.min(pixel + height);
        tiles.push(Tile { height, pixels: pixel..end, start });
        start += height * taps;
        pixel = end;
    }
    tiles
}
