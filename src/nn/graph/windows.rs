//! An image cut into windows, and shifted before (Liu et al. 2021, <https://arxiv.org/abs/2103.14030>).

use derm_kernels::layout::NOWHERE;

/// What pixels of windows that hold two parts of an image get added to their scores, so that they do not see each other.
const APART: f32 = -100.0;

/// Windows of equal size over an image. Pairs are rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Height and width of the image.
    pub map: [usize; 2],
    /// Height and width of a window.
    pub window: [usize; 2],
    /// How far the image is rolled up and left first; what leaves it comes back on the other side.
    pub shift: [usize; 2],
}

impl Windows {
    /// Square windows of at most `side` pixels. Along an axis on which one window is enough it is as long as the image and nothing is
    /// shifted; otherwise `shifted` windows move by half of their length. An image that is no multiple of its windows is continued with
    /// zeros below and to the right.
    pub fn new(map: [usize; 2], side: usize, shifted: bool) -> Self {
        let window = map.map(|length| length.min(side));
        let shift = map.map(|length| if shifted && length > side { side / 2 } else { 0 });
        Self { map, window, shift }
    }

    /// Windows along each axis; none of an image of nothing.
    pub fn grid(&self) -> [usize; 2] {
        [0, 1].map(|axis| if self.map[axis] == 0 { 0 } else { self.map[axis].div_ceil(self.window[axis]) })
    }

    /// Pixels of a window.
    pub fn area(&self) -> usize {
        self.window[0] * self.window[1]
    }

    /// Pixels of all windows.
    pub fn tokens(&self) -> usize {
        self.grid()[0] * self.grid()[1] * self.area()
    }

    /// For each pixel of each window in turn where it is in the image, or [`NOWHERE`].
    pub fn places(&self) -> Vec<u32> {
        let along = |axis: usize, at: usize| (at < self.map[axis]).then(|| (at + self.shift[axis]) % self.map[axis]);
        self.pixels(|row, column| match (along(0, row), along(1, column)) {
            (Some(row), Some(column)) => (row * self.map[1] + column) as u32,
            _ => NOWHERE,
        })
    }

    /// `f` of the row and column, after the shift, of each pixel of each window in turn.
    fn pixels<T>(&self, f: impl Fn(usize, usize) -> T) -> Vec<T> {
        let ([down, across], [height, width]) = (self.grid(), self.window);
        let mut all = Vec::with_capacity(self.tokens());
        for (window_row, window_column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
            for row in 0..height {
                all.extend((0..width).map(|column| f(window_row * height + row, window_column * width + column)));
            }
        }
        all
    }

    /// Masks `[area, area]` to add to scores, and for each window which of them is its own.
    ///
    /// Of a shifted image the last windows of each axis hold what was at its end and what came around from its beginning.
    pub fn masks(&self) -> (Vec<Vec<f32>>, Vec<u32>) {
        let ([down, across], [height, width]) = (self.grid(), self.window);
        let last = |axis: usize, window: usize| self.shift[axis] > 0 && window + 1 == self.grid()[axis];
        let (mut kinds, mut turns) = (Vec::new(), Vec::with_capacity(down * across));
        for kind in (0..down).flat_map(|row| (0..across).map(move |column| [last(0, row), last(1, column)])) {
            let known = kinds.iter().position(|known| *known == kind);
            turns.push(known.unwrap_or(kinds.len()) as u32);
            if known.is_none() {
                kinds.push(kind);
            }
        }
        let mask = |kind: [bool; 2]| {
            let around = |axis: usize, at: usize| kind[axis] && at + self.shift[axis] >= self.window[axis];
            let parts: Vec<_> = (0..height * width).map(|at| [around(0, at / width), around(1, at % width)]).collect();
            parts.iter().flat_map(|own| parts.iter().map(move |other| if own == other { 0.0 } else { APART })).collect()
        };
        (kinds.into_iter().map(mask).collect(), turns)
    }

    /// For each pair of a window's pixels the row of the table of distances that is theirs, `[area, area]`.
    pub fn distances(&self) -> Vec<u32> {
        let [height, width] = self.window;
        let pixels = || (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let of = |a: (usize, usize), b: (usize, usize)| ((a.0 + height - 1 - b.0) * (2 * width - 1) + a.1 + width - 1 - b.1) as u32;
        pixels().flat_map(|a| pixels().map(move |b| of(a, b))).collect()
    }

    /// Rows of the table of distances.
    pub fn distance_count(&self) -> usize {
        self.window.iter().map(|length| (2 * length).saturating_sub(1)).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_window_is_the_image() {
        let windows = Windows::new([2, 3], 7, true);
        assert_eq!(windows, Windows { map: [2, 3], window: [2, 3], shift: [0, 0] });
        assert_eq!(windows.places(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(windows.masks(), (vec![vec![0.0; 36]], vec![0]));
    }

    /// Four pixels by four and a row more, windows of two by two, moved by one.
    #[test]
    fn shifted_windows_hold_parts_that_do_not_see_each_other() {
        let windows = Windows::new([5, 4], 2, true);
        assert_eq!((windows.grid(), windows.tokens(), windows.shift), ([3, 2], 24, [1, 1]));
        let places = windows.places();
        assert_eq!(places[..8], [5, 6, 9, 10, 7, 4, 11, 8]);
        // The last row of windows: the first row of the image, and nothing.
        assert_eq!(places[16..], [1, 2, NOWHERE, NOWHERE, 3, 0, NOWHERE, NOWHERE]);
        let (masks, turns) = windows.masks();
        assert_eq!(turns, [0, 1, 0, 1, 2, 3]);
        let sees = |mask: usize| (0..4).filter(|other| masks[mask][*other] == 0.0).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 3].map(sees), [vec![0, 1, 2, 3], vec![0, 2], vec![0, 1], vec![0]]);
    }

    #[test]
    fn distances_count_from_the_most_negative() {
        let windows = Windows::new([2, 2], 2, false);
        assert_eq!(windows.distances(), [4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4]);
        assert_eq!(windows.distance_count(), 9);
    }
}
