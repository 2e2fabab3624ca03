//! A branch added to what it branched off from: `y = trunk + x * gamma * factor`, with a layer scale `gamma` for each channel and a
//! drop path `factor` for each sample, either of which may be missing. All are `[n, places, c]`.

use pulp::Simd;

use super::columns::{Terms, column_sums};
use super::lanes::F32s;
use super::map::{Map, Shape, map_rows};

/// What a branch is multiplied with; both passes panic where that is not as long as channels or samples make it.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    /// Channels.
    pub channels: usize,
    /// Factor of each channel.
    pub gamma: Option<&'a [f32]>,
    /// Factor of each sample: see [`drop_path`](super::dropout::drop_path).
    pub samples: Option<&'a [f32]>,
}

impl Branch<'_> {
    /// The sum. The gradient of `trunk` is that of the sum.
    pub fn forward(&self, trunk: &[f32], x: &[f32]) -> Vec<f32> {
        assert_eq!(trunk.len(), x.len());
        let Some(shape) = self.shape(x) else { return Vec::new() };
        let [y] = map_rows(AddScaled, shape, [&self.factors(self.gamma)], [trunk, x]);
        y
    }

    /// Gradients of `x`, and of `gamma` if there is one.
    pub fn backward(&self, x: &[f32], dy: &[f32]) -> (Vec<f32>, Option<Vec<f32>>) {
        assert_eq!(x.len(), dy.len());
        let Some(shape) = self.shape(x) else { return (Vec::new(), self.gamma.map(|gamma| vec![0.0; gamma.len()])) };
        let [dx] = map_rows(Scaled, shape, [&self.factors(self.gamma)], [dy]);
        let dgamma = self.gamma.map(|_| {
            let [sums] = column_sums(Products, shape, [&self.factors(None)], [x, dy]);
            let channel = |c: usize| sums[c..].iter().step_by(self.channels).sum::<f64>() as f32;
            (0..self.channels).map(channel).collect()
        });
        (dx, dgamma)
    }

    /// One group for each sample, or one of all; none where there is nothing.
    fn shape(&self, x: &[f32]) -> Option<Shape> {
        let rows = x.len().checked_div(self.channels).unwrap_or(0);
        let samples = self.samples.map_or(1, <[f32]>::len);
        assert!(rows * self.channels == x.len() && self.gamma.is_none_or(|gamma| gamma.len() == self.channels));
        assert!(rows.checked_rem(samples).unwrap_or(rows) == 0, "{rows} rows of {samples} samples");
        (rows > 0).then(|| Shape { rows, columns: self.channels, group: rows / samples })
    }

    /// Factors `[groups, c]`.
    fn factors(&self, gamma: Option<&[f32]>) -> Vec<f32> {
        let of = |sample: f32| (0..self.channels).map(move |c| gamma.map_or(sample, |gamma| gamma[c] * sample));
        self.samples.unwrap_or(&[1.0]).iter().flat_map(|&sample| of(sample)).collect()
    }
}

#[derive(Clone, Copy)]
struct AddScaled;

impl Map<1, 2, 1> for AddScaled {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [factor]: [F32s<S>; 1], [trunk, x]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [x.mul_add(factor, trunk)]
    }
}

#[derive(Clone, Copy)]
struct Scaled;

impl Map<1, 1, 1> for Scaled {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [factor]: [F32s<S>; 1], [dy]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [dy * factor]
    }
}

#[derive(Clone, Copy)]
struct Products;

impl Terms<1, 2, 1> for Products {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [factor]: [F32s<S>; 1], [x, dy]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [x * dy * factor]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..4, 1usize..6, 1usize..20, 0usize..4), |isa, (n, places, c, case)| {
            let len = n * places * c;
            let [trunk, x, dy, gamma, samples] = [(len, 1), (len, 2), (len, 3), (c, 4), (n, 5)].map(|(len, salt)| values(len, salt));
            let (scaled, dropped) = (case % 2 == 1, case > 1);
            let branch = Branch { channels: c, gamma: scaled.then_some(&gamma[..]), samples: dropped.then_some(&samples[..]) };
            let exact = |x: &[f64], gamma: &[f64]| -> Vec<f64> {
                let factor = |i: usize| {
                    let sample = if dropped { f64::from(samples[i / (places * c)]) } else { 1.0 };
                    sample * if scaled { gamma[i % c] } else { 1.0 }
                };
                x.iter().enumerate().map(|(i, x)| f64::from(trunk[i]) + x * factor(i)).collect()
            };
            let (x64, gamma64) = (wide(&x), wide(&gamma));
            close(&format!("{isa:?} y"), &branch.forward(&trunk, &x), &exact(&x64, &gamma64), 1e-6);
            let (dx, dgamma) = branch.backward(&x, &dy);
            close(&format!("{isa:?} dx"), &dx, &slopes(&x64, &dy, |x| exact(x, &gamma64)), 1e-6);
            assert_eq!(dgamma.is_some(), scaled);
            if let Some(dgamma) = dgamma {
                close(&format!("{isa:?} dgamma"), &dgamma, &slopes(&gamma64, &dy, |gamma| exact(&x64, gamma)), 3e-6);
            }
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, gamma) = (values(6 * 1000 * 24, 1), values(24, 2));
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let branch = Branch { channels: 24, gamma: Some(&gamma), samples: Some(&[0.0, 2.0, 2.0, 0.0, 2.0, 2.0]) };
                let (dx, dgamma) = branch.backward(&x, &x);
                vec![branch.forward(&x, &x), dx, dgamma.unwrap()]
            });
        });
    }
}
