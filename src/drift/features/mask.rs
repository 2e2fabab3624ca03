//! Sets of pixels: flood fill, connected regions, growth.

/// One truth value a pixel.
#[derive(Clone)]
pub struct Mask {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row by row.
    pub bits: Vec<bool>,
}

/// An 8-connected region.
pub struct Region {
    /// Indices of its pixels.
    pub pixels: Vec<usize>,
    /// Smallest and largest column.
    pub columns: (usize, usize),
    /// Smallest and largest row.
    pub rows: (usize, usize),
}

impl Mask {
    /// From a rule on pixel indices.
    pub fn new(width: usize, height: usize, rule: impl Fn(usize) -> bool) -> Self {
        Self { width, height, bits: (0..width * height).map(rule).collect() }
    }

    /// Set pixels.
    pub fn count(&self) -> usize {
        self.bits.iter().filter(|bit| **bit).count()
    }

    /// Set pixels over all.
    pub fn share(&self) -> f64 {
        self.count() as f64 / self.bits.len().max(1) as f64
    }

    /// Whether a pixel is set.
    pub fn has(&self, at: usize) -> bool {
        self.bits[at]
    }

    /// The set pixels reached from the border over 4-connected set pixels.
    pub fn reached_from_border(&self) -> Self {
        let mut reached = Self { width: self.width, height: self.height, bits: vec![false; self.bits.len()] };
        let rows = (0..self.height).flat_map(|y| [y * self.width, (y + 1) * self.width - 1]);
        let columns = (0..self.width).flat_map(|x| [x, (self.height - 1) * self.width + x]);
        let mut open: Vec<usize> = rows.chain(columns).filter(|&at| self.bits[at]).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut reached.bits[at], true) {
                self.neighbours(at).filter(|&next| self.bits[next] && !reached.bits[next]).for_each(|next| open.push(next));
            }
        }
        reached
    }

    /// Sets every unset pixel that the border cannot reach over unset pixels.
    pub fn filled(&self) -> Self {
        let outside =
            Self { width: self.width, height: self.height, bits: self.bits.iter().map(|bit| !bit).collect() }.reached_from_border();
        Self { width: self.width, height: self.height, bits: outside.bits.iter().map(|bit| !bit).collect() }
    }

    /// The 8-connected regions of set pixels: hairs a pixel wide run along diagonals.
    pub fn regions(&self) -> Vec<Region> {
        let mut left = self.bits.clone();
        let mut found = Vec::new();
        for start in 0..left.len() {
            if !std::mem::replace(&mut left[start], false) {
                continue;
            }
            let (x, y) = (start % self.width, start / self.width);
            let mut region = Region { pixels: vec![start], columns: (x, x), rows: (y, y) };
            let mut next = 0;
            while let Some(&at) = region.pixels.get(next) {
                next += 1;
                let (x, y) = (at % self.width, at / self.width);
                region.columns = (region.columns.0.min(x), region.columns.1.max(x));
                region.rows = (region.rows.0.min(y), region.rows.1.max(y));
                for beside in self.around(at) {
                    if std::mem::replace(&mut left[beside], false) {
                        region.pixels.push(beside);
                    }
                }
            }
            found.push(region);
        }
        found
    }

    /// Grown by a square of `2 radius + 1` pixels.
    pub fn grown(&self, radius: usize) -> Self {
        let spread = |line: &mut dyn FnMut(usize) -> usize, length: usize, from: &[bool], into: &mut [bool]| {
            let mut last: Option<usize> = None;
            for i in 0..length + radius {
                if i < length && from[line(i)] {
                    last = Some(i);
                }
                if i >= radius && last.is_some_and(|seen| seen + 2 * radius >= i) {
                    into[line(i - radius)] = true;
                }
            }
        };
        let mut wide = vec![false; self.bits.len()];
        (0..self.height).for_each(|y| spread(&mut |x| y * self.width + x, self.width, &self.bits, &mut wide));
        let mut grown = vec![false; self.bits.len()];
        (0..self.width).for_each(|x| spread(&mut |y| y * self.width + x, self.height, &wide, &mut grown));
        Self { width: self.width, height: self.height, bits: grown }
    }

    /// The up to nine pixels of the square around a pixel, itself among them.
    fn around(&self, at: usize) -> impl Iterator<Item = usize> {
        let (x, y, w) = (at % self.width, at / self.width, self.width);
        let columns = x.saturating_sub(1)..(x + 2).min(w);
        (y.saturating_sub(1)..(y + 2).min(self.height)).flat_map(move |y| columns.clone().map(move |x| y * w + x))
    }

    fn neighbours(&self, at: usize) -> impl Iterator<Item = usize> {
        let (x, y) = (at % self.width, at / self.width);
        let (right, below) = (x + 1 < self.width, y + 1 < self.height);
        let all = [(x > 0).then(|| at - 1), right.then_some(at + 1), (y > 0).then(|| at - self.width), below.then_some(at + self.width)];
        all.into_iter().flatten()
    }
}
