//! Distances between the outlines of two masks.
//!
//! The distance of every outline pixel to the nearest pixel of the other outline is exact: first down and up each column, then along
//! each row the lower envelope of the parabolas that stand on the columns' distances (Felzenszwalb and Huttenlocher, "Distance
//! transforms of sampled functions", 2012). Time and memory are linear in the pixels of the box around both masks.

/// Distances in pixels, in both directions.
pub struct Distances {
    /// From each pixel of the predicted outline to the true one, ascending.
    predicted: Vec<f64>,
    /// From each pixel of the true outline to the predicted one, ascending.
    truth: Vec<f64>,
}

impl Distances {
    /// The larger of the two 95th percentiles.
    pub fn hd95(&self) -> f64 {
        let of = |sorted: &[f64]| crate::evaluation::bootstrap::quantile(sorted, 0.95);
        of(&self.predicted).max(of(&self.truth))
    }

    /// The mean of all.
    pub fn assd(&self) -> f64 {
        let all = self.predicted.len() + self.truth.len();
        self.predicted.iter().chain(&self.truth).sum::<f64>() / all as f64
    }
}

/// The distances between two masks, each `[height, width]` of 0 and 1; none where one is empty.
pub fn distances(truth: &[u8], predicted: &[u8], width: usize, height: usize) -> Option<Distances> {
    let frame = Box2::around(truth, width, height)?.with(&Box2::around(predicted, width, height)?);
    let (truth, predicted) = (frame.outline(truth, width, height), frame.outline(predicted, width, height));
    let sorted = |mut distances: Vec<f64>| {
        distances.sort_by(f64::total_cmp);
        distances
    };
    let (wide, _) = frame.size();
    Some(Distances { predicted: sorted(nearest(&predicted, &truth, wide)), truth: sorted(nearest(&truth, &predicted, wide)) })
}

/// Rows and columns from the first to the last, both inside.
struct Box2 {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl Box2 {
    /// The box around a mask; none if it is empty.
    fn around(mask: &[u8], width: usize, height: usize) -> Option<Self> {
        let rows = || (0..height).filter(|y| mask[y * width..(y + 1) * width].contains(&1));
        let (top, bottom) = (rows().next()?, rows().next_back()?);
        let columns = rows().map(|y| &mask[y * width..(y + 1) * width]);
        let ends = columns.filter_map(|row| Some((row.iter().position(|on| *on == 1)?, row.iter().rposition(|on| *on == 1)?)));
        let (left, right) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        Some(Self { top, bottom, left, right })
    }

    fn with(self, other: &Self) -> Self {
        Self {
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
            left: self.left.min(other.left),
            right: self.right.max(other.right),
        }
    }

    fn size(&self) -> (usize, usize) {
        (self.right - self.left + 1, self.bottom - self.top + 1)
    }

    /// The outline of a mask inside the box: pixels with one of four neighbours outside the mask or the image.
    fn outline(&self, mask: &[u8], width: usize, height: usize) -> Vec<bool> {
        let on = |x: usize, y: usize| mask[y * width + x] == 1;
        let inner = |x: usize, y: usize| {
            x > 0 && y > 0 && x + 1 < width && y + 1 < height && on(x - 1, y) && on(x + 1, y) && on(x, y - 1) && on(x, y + 1)
        };
        let rows = (self.top..=self.bottom).flat_map(|y| (self.left..=self.right).map(move |x| (x, y)));
        rows.map(|(x, y)| on(x, y) && !inner(x, y)).collect()
    }
}

/// No pixel in this column.
const NONE: u32 = u32::MAX;

/// The distance from each pixel of `from` to the nearest of `to`, both `[_, width]`.
fn nearest(from: &[bool], to: &[bool], width: usize) -> Vec<f64> {
    let columns = in_columns(to, width);
    let mut envelope = Envelope::default();
    let mut found = Vec::new();
    for (asked, distances) in from.chunks_exact(width).zip(columns.chunks_exact(width)) {
        if asked.contains(&true) {
            envelope.build(distances);
            envelope.read(asked, distances, &mut found);
        }
    }
    found
}

/// The distance to the nearest pixel in the same column.
fn in_columns(to: &[bool], width: usize) -> Vec<u32> {
    let mut out: Vec<u32> = to.iter().map(|on| if *on { 0 } else { NONE }).collect();
    let rows = out.len() / width.max(1);
    for y in 1..rows {
        for x in 0..width {
            let above = out[(y - 1) * width + x].saturating_add(1);
            let here = &mut out[y * width + x];
            *here = above.min(*here);
        }
    }
    for y in (0..rows.saturating_sub(1)).rev() {
        for x in 0..width {
            let below = out[(y + 1) * width + x].saturating_add(1);
            let here = &mut out[y * width + x];
            *here = below.min(*here);
        }
    }
    out
}

/// The lowest of the parabolas (x - q)² + d² at every x of a row.
#[derive(Default)]
struct Envelope {
    /// Columns whose parabola is the lowest somewhere.
    places: Vec<usize>,
    /// From where on each of them is.
    starts: Vec<f64>,
}

fn height(distances: &[u32], q: usize) -> f64 {
    f64::from(distances[q]).powi(2)
}

impl Envelope {
    fn build(&mut self, distances: &[u32]) {
        self.places.clear();
        self.starts.clear();
        for q in (0..distances.len()).filter(|q| distances[*q] != NONE) {
            let meets = |p: usize| {
                let (a, b) = (height(distances, q) + (q * q) as f64, height(distances, p) + (p * p) as f64);
                (a - b) / (2.0 * (q as f64 - p as f64))
            };
            while let (Some(&last), Some(&start)) = (self.places.last(), self.starts.last()) {
                if meets(last) > start {
                    break;
                }
                self.places.pop();
                self.starts.pop();
            }
            self.starts.push(self.places.last().map_or(f64::NEG_INFINITY, |&last| meets(last)));
            self.places.push(q);
        }
    }

    /// Appends the distance at every asked column.
    fn read(&self, asked: &[bool], distances: &[u32], found: &mut Vec<f64>) {
        let mut at = 0;
        for x in (0..asked.len()).filter(|x| asked[*x]) {
            while self.starts.get(at + 1).is_some_and(|start| *start < x as f64) {
                at += 1;
            }
            if let Some(&q) = self.places.get(at) {
                found.push(((x as f64 - q as f64).powi(2) + height(distances, q)).sqrt());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A mask from its picture: `#` is on.
    fn mask(rows: &[&str]) -> Vec<u8> {
        rows.iter().flat_map(|row| row.bytes().map(|c| u8::from(c == b'#'))).collect()
    }

    #[test]
    fn two_squares_lie_as_far_apart_as_the_ruler_says() {
        let left = mask(&["###.....", "###.....", "###....."]);
        let right = mask(&[".....###", ".....###", ".....###"]);
        let found = distances(&left, &right, 8, 3).unwrap();
        // Eight outline pixels on each side (the middle is none): three 3 away, two 4, three 5.
        assert_eq!(found.truth, [3.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 5.0]);
        assert_eq!((found.hd95(), found.assd()), (5.0, 4.0));
        assert!(distances(&left, &[0; 24], 8, 3).is_none());
    }

    #[test]
    fn the_percentile_is_interpolated() {
        // A line of 20 against its first pixel: distances 0 to 19, whose 95th percentile is 0.95 * 19 = 18.05.
        let mut dot = vec![0; 20];
        dot[0] = 1;
        let found = distances(&[1; 20], &dot, 20, 1).unwrap();
        assert!((found.hd95() - 18.05).abs() < 1e-12);
        assert!((found.assd() - 190.0 / 21.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn no_pixel_is_nearer_than_found(width in 1usize..14, seeds in proptest::collection::vec((0u8..4, 0u8..4), 1..160)) {
            let height = seeds.len() / width;
            let seeds = &seeds[..height * width];
            let (a, b): (Vec<u8>, Vec<u8>) = seeds.iter().map(|(a, b)| (u8::from(*a == 0), u8::from(*b == 0))).unzip();
            let Some(found) = distances(&a, &b, width, height) else {
                prop_assert!(!a.contains(&1) || !b.contains(&1));
                return Ok(());
            };
            let outline = |mask: &[u8]| -> Vec<(f64, f64)> {
                let frame = Box2 { top: 0, bottom: height - 1, left: 0, right: width - 1 };
                let on = frame.outline(mask, width, height);
                (0..on.len()).filter(|i| on[*i]).map(|i| ((i % width) as f64, (i / width) as f64)).collect()
            };
            let brute = |from: &[(f64, f64)], to: &[(f64, f64)]| {
                let near = |p: &(f64, f64)| to.iter().map(|q| (p.0 - q.0).hypot(p.1 - q.1)).fold(f64::INFINITY, f64::min);
                let mut all: Vec<f64> = from.iter().map(near).collect();
                all.sort_by(f64::total_cmp);
                all
            };
            let (a, b) = (outline(&a), outline(&b));
            for (ours, theirs) in [(found.truth, brute(&a, &b)), (found.predicted, brute(&b, &a))] {
                prop_assert_eq!(ours.len(), theirs.len());
                prop_assert!(ours.iter().zip(&theirs).all(|(x, y)| (x - y).abs() < 1e-12));
            }
        }
    }
}
