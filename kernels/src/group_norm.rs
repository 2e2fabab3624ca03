//! Group norm (Wu and He 2018, <https://arxiv.org/abs/1803.08494>): for each image and each group of neighbouring channels
//! `y = (x - mean) / sqrt(var + eps) * gamma + beta`, `x [n, places, c]`, `gamma` and `beta` `[c]`.
//!
//! With as many groups as channels it is instance norm, with one it is layer norm over whole images. Sums over an image's places are
//! in the order of [`super::columns`], of distances from its first place, so that nothing cancels; channels of a group and images
//! are joined in f64 in their order.

use pulp::Simd;

use super::columns::{Terms, column_sums};
use super::lanes::F32s;
use super::map::{Map, Shape, map_rows};
use super::sizes::volume;

/// Sizes and settings; both passes panic where channels do not make whole groups, or values whole images.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm<'a> {
    /// Places of an image.
    pub places: usize,
    /// Groups, of which each has as many channels.
    pub groups: usize,
    /// Factor of each channel.
    pub gamma: &'a [f32],
    /// Term of each channel.
    pub beta: &'a [f32],
    /// Added to variances.
    pub eps: f32,
}

/// Moments of every group of every image, `[n, groups]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Means.
    pub mean: Vec<f32>,
    /// `1 / sqrt(var + eps)`.
    pub inverse: Vec<f32>,
}

/// Gradients of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Of `x`.
    pub dx: Vec<f32>,
    /// Of the factors.
    pub dgamma: Vec<f32>,
    /// Of the terms.
    pub dbeta: Vec<f32>,
}

impl GroupNorm<'_> {
    /// The normalised values, and the moments for the backward pass.
    pub fn forward(&self, x: &[f32]) -> (Vec<f32>, Moments) {
        let moments = self.moments(x);
        let Some(shape) = self.shape(x) else { return (Vec::new(), moments) };
        let images = x.len() / (self.places * shape.columns);
        let factor = self.spread(&moments.inverse, |c, inverse| inverse * self.gamma[c]);
        let [y] = map_rows(Normalise, shape, [&self.spread(&moments.mean, |_, mean| mean), &factor, &self.beta.repeat(images)], [x]);
        (y, moments)
    }

    /// Gradients from the result's.
    pub fn backward(&self, x: &[f32], moments: &Moments, dy: &[f32]) -> Gradients {
        let channels = self.gamma.len();
        assert_eq!(x.len(), dy.len());
        let Some(shape) = self.shape(x) else {
            return Gradients { dx: Vec::new(), dgamma: vec![0.0; channels], dbeta: vec![0.0; channels] };
        };
        let count = shape.groups() * self.groups;
        assert!([&moments.mean, &moments.inverse].iter().all(|x| x.len() == count), "moments of other images");
        let mean = self.spread(&moments.mean, |_, mean| mean);
        let [sums, products] = column_sums(Products, shape, [&mean], [x, dy]);
        let inverses = self.spread(&moments.inverse, |_, inverse| inverse);
        let (mut dgamma, mut dbeta) = (vec![0f64; channels], vec![0f64; channels]);
        for (i, (sum, product)) in sums.iter().zip(&products).enumerate() {
            dbeta[i % channels] += sum;
            dgamma[i % channels] += product * f64::from(inverses[i]);
        }
        let share = self.spread(&self.means(&sums), |_, mean| mean);
        // What each `dx / inverse` loses through the variance, for each unit of `x - mean`.
        let per_x = self.means(&products).iter().zip(&moments.inverse).map(|(mean, inverse)| mean * inverse * inverse).collect::<Vec<_>>();
        let per_x = self.spread(&per_x, |_, per_x| per_x);
        let gammas = self.gamma.repeat(x.len() / (self.places * channels));
        let [dx] = map_rows(Spread, shape, [&mean, &inverses, &gammas, &share, &per_x], [x, dy]);
        let narrow = |sums: Vec<f64>| sums.into_iter().map(|sum| sum as f32).collect();
        Gradients { dx, dgamma: narrow(dgamma), dbeta: narrow(dbeta) }
    }

    /// Rows of one image share parameters; none where there is nothing.
    fn shape(&self, x: &[f32]) -> Option<Shape> {
        let columns = self.gamma.len();
        assert!(self.groups > 0 && columns.is_multiple_of(self.groups), "{columns} channels in {} groups", self.groups);
        assert_eq!(self.beta.len(), columns);
        let image = volume([self.places, columns]);
        assert!(x.len().checked_rem(image).unwrap_or(x.len()) == 0, "{} values in images of {image}", x.len());
        (!x.is_empty()).then(|| Shape { rows: x.len() / columns, columns, group: self.places })
    }

    fn moments(&self, x: &[f32]) -> Moments {
        let mut moments = Moments { mean: Vec::new(), inverse: Vec::new() };
        let Some(shape) = self.shape(x) else { return moments };
        let origins: Vec<f32> = x.chunks(self.places * shape.columns).flat_map(|image| &image[..shape.columns]).copied().collect();
        let [sums, squares] = column_sums(Distances, shape, [&origins], [x]);
        let (places, own) = (self.places as f64, shape.columns / self.groups);
        for first in (0..origins.len()).step_by(own) {
            let channels = || first..first + own;
            let means = channels().map(|c| f64::from(origins[c]) + sums[c] / places);
            let mean = means.clone().sum::<f64>() / own as f64;
            // Squares inside each channel, and those of the channels' means around the group's.
            let inside: f64 = channels().map(|c| (squares[c] - sums[c] * sums[c] / places).max(0.0) + squares[c] * 0.0).sum();
            let between: f64 = means.map(|own| (own - mean).powi(2) * places).sum();
            let var = (inside + between) / (places * own as f64);
            moments.mean.push(mean as f32);
            moments.inverse.push((var + f64::from(self.eps)).sqrt().recip() as f32);
        }
        moments
    }

    /// For each group of each image the mean of `gamma` times what each channel has summed up.
    fn means(&self, sums: &[f64]) -> Vec<f32> {
        let own = self.gamma.len() / self.groups;
        let sum = |(group, sums): (usize, &[f64])| {
            let gamma = &self.gamma[group % self.groups * own..][..own];
            sums.iter().zip(gamma).map(|(sum, &gamma)| sum * f64::from(gamma)).sum::<f64>()
        };
        sums.chunks(own).enumerate().map(|part| (sum(part) / (own * self.places) as f64) as f32).collect()
    }

    /// A value of each group of each image `[n, groups]` for each of its channels: `f(channel, value)`.
    fn spread(&self, values: &[f32], f: impl Fn(usize, f32) -> f32) -> Vec<f32> {
        let own = self.gamma.len() / self.groups;
        let channels = |(i, &value): (usize, &f32)| (0..own).map(|k| f(i % self.groups * own + k, value)).collect::<Vec<_>>();
        values.iter().enumerate().flat_map(channels).collect()
    }
}

/// Distance from the parameter, and its square.
#[derive(Clone, Copy)]
struct Distances;

impl Terms<1, 1, 2> for Distances {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [from]: [F32s<S>; 1], [x]: [F32s<S>; 1]) -> [F32s<S>; 2] {
        let distance = x - from;
        [distance, distance * distance]
    }
}

#[derive(Clone, Copy)]
struct Normalise;

impl Map<3, 1, 1> for Normalise {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [mean, factor, beta]: [F32s<S>; 3], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [(x - mean).mul_add(factor, beta)]
    }
}

/// The gradient, and that times `x - mean`.
#[derive(Clone, Copy)]
struct Products;

impl Terms<1, 2, 2> for Products {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [mean]: [F32s<S>; 1], [x, dy]: [F32s<S>; 2]) -> [F32s<S>; 2] {
        [dy, dy * (x - mean)]
    }
}

/// `dx = inverse * (dy * gamma - share - (x - mean) * per_x)`.
#[derive(Clone, Copy)]
struct Spread;

impl Map<5, 2, 1> for Spread {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [mean, inverse, gamma, share, per_x]: [F32s<S>; 5], [x, dy]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [(mean - x).mul_add(per_x, dy.mul_add(gamma, -share)) * inverse]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    const EPS: f32 = 1e-3;

    fn exact(x: &[f64], gamma: &[f64], beta: &[f64], places: usize, groups: usize) -> Vec<f64> {
        let (c, own) = (gamma.len(), gamma.len() / groups);
        let mut y = x.to_vec();
        for (image, group) in (0..x.len() / (places * c)).flat_map(|image| (0..groups).map(move |group| (image, group))) {
            let all = || (0..places * own).map(|i| (image * places + i / own) * c + group * own + i % own);
            let mean = all().map(|i| x[i]).sum::<f64>() / (places * own) as f64;
            let var = all().map(|i| (x[i] - mean).powi(2)).sum::<f64>() / (places * own) as f64;
            all().for_each(|i| y[i] = (x[i] - mean) / (var + f64::from(EPS)).sqrt() * gamma[i % c] + beta[i % c]);
        }
        y
    }

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..3, 1usize..9, 1usize..5, 1usize..7, -1i32..3), |isa, (n, places, groups, own, size)| {
            let c = groups * own;
            let x: Vec<f32> = values(n * places * c, 1).iter().map(|x| x + 10f32.powi(size)).collect();
            let (gamma, beta, dy) = (values(c, 2), values(c, 3), values(x.len(), 4));
            let norm = GroupNorm { places, groups, gamma: &gamma, beta: &beta, eps: EPS };
            let (x64, gamma64, beta64) = (wide(&x), wide(&gamma), wide(&beta));
            let (y, moments) = norm.forward(&x);
            close(&format!("{isa:?} y"), &y, &exact(&x64, &gamma64, &beta64, places, groups), 3e-4);
            let got = norm.backward(&x, &moments, &dy);
            close(&format!("{isa:?} dx"), &got.dx, &slopes(&x64, &dy, |x| exact(x, &gamma64, &beta64, places, groups)), 1e-3);
            let dgamma = slopes(&gamma64, &dy, |gamma| exact(&x64, gamma, &beta64, places, groups));
            close(&format!("{isa:?} dgamma"), &got.dgamma, &dgamma, 3e-4);
            let dbeta = slopes(&beta64, &dy, |beta| exact(&x64, &gamma64, beta, places, groups));
            close(&format!("{isa:?} dbeta"), &got.dbeta, &dbeta, 1e-5);
        });
    }

    #[test]
    fn what_is_not_finite_spoils_its_group_alone() {
        each(1, 0usize..1, |isa, _| {
            for bad in [f32::NAN, f32::INFINITY] {
                let mut x = values(2 * 50 * 6, 1);
                x[(50 + 7) * 6 + 2] = bad;
                let (y, _) = GroupNorm { places: 50, groups: 3, gamma: &[1.0; 6], beta: &[0.0; 6], eps: EPS }.forward(&x);
                let spoiled = |i: usize| i >= 50 * 6 && i % 6 / 2 == 1;
                assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == spoiled(i)), "{isa:?} {bad}");
            }
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, ones) = (values(3 * 3000 * 32, 1), vec![1.0; 32]);
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let norm = GroupNorm { places: 3000, groups: 8, gamma: &ones, beta: &ones, eps: EPS };
                let (y, moments) = norm.forward(&x);
                let Gradients { dx, dgamma, dbeta } = norm.backward(&x, &moments, &y);
                vec![y, moments.mean, moments.inverse, dx, dgamma, dbeta]
            });
        });
    }
}
