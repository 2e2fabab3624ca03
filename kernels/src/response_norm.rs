//! Global response norm (Woo et al. 2023, <https://arxiv.org/abs/2301.00808>): every channel of an image by its share of the responses,
//! `y = x * (1 + gamma * norm / (mean + eps)) + beta`, with the channel's norm over all places and the mean of the norms over the
//! channels; `x [n, places, c]`, `gamma` and `beta` `[c]`.
//!
//! Sums over an image's places are in the order of [`super::columns`]; channels and images are joined in f64 in their order.

use pulp::Simd;

use super::columns::{Terms, column_sums};
use super::lanes::F32s;
use super::map::{Map, Shape, map_rows};
use super::sizes::volume;

/// Sizes and settings; both passes panic where values are not whole images.
#[derive(Clone, Copy, Debug)]
pub struct ResponseNorm<'a> {
    /// Places of an image.
    pub places: usize,
    /// Factor of each channel's share.
    pub gamma: &'a [f32],
    /// Term of each channel.
    pub beta: &'a [f32],
    /// Added to the mean of the norms.
    pub eps: f32,
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

impl ResponseNorm<'_> {
    /// The results, and the norms `[n, c]` for the backward pass.
    pub fn forward(&self, x: &[f32]) -> (Vec<f32>, Vec<f64>) {
        let Some(shape) = self.shape(x) else { return (Vec::new(), Vec::new()) };
        let [squares] = column_sums(Products, shape, [], [x, x]);
        let norms: Vec<f64> = squares.into_iter().map(f64::sqrt).collect();
        let beta = self.beta.repeat(shape.groups());
        let [y] = map_rows(Scaled, shape, [&self.factors(&norms), &beta], [x]);
        (y, norms)
    }

    /// Gradients from the result's.
    pub fn backward(&self, x: &[f32], norms: &[f64], dy: &[f32]) -> Gradients {
        let channels = self.gamma.len();
        assert_eq!(x.len(), dy.len());
        let (mut dgamma, mut dbeta) = (vec![0f64; channels], vec![0f64; channels]);
        let narrow = |sums: Vec<f64>| sums.into_iter().map(|sum| sum as f32).collect();
        let Some(shape) = self.shape(x) else {
            return Gradients { dx: Vec::new(), dgamma: narrow(dgamma), dbeta: narrow(dbeta) };
        };
        assert_eq!(norms.len(), shape.groups() * channels, "norms of other images");
        let [products] = column_sums(Products, shape, [], [x, dy]);
        let [sums] = column_sums(Second, shape, [], [x, dy]);
        let mut slopes = Vec::with_capacity(norms.len());
        for ((norms, products), sums) in norms.chunks(channels).zip(products.chunks(channels)).zip(sums.chunks(channels)) {
            let mean = self.mean(norms);
            // What every channel's norm does to all shares through the mean.
            let through: f64 = (0..channels).map(|c| f64::from(self.gamma[c]) * products[c] * norms[c]).sum();
            let through = through / (channels as f64 * mean * mean);
            for c in 0..channels {
                dgamma[c] += products[c] * norms[c] / mean;
                dbeta[c] += sums[c];
                let of_norm = f64::from(self.gamma[c]) * products[c] / mean - through;
                // A norm of 0 has no slope, as in PyTorch.
                slopes.push(if norms[c] == 0.0 { 0.0 } else { (of_norm / norms[c]) as f32 });
            }
        }
        let [dx] = map_rows(Weighed, shape, [&self.factors(norms), &slopes], [x, dy]);
        Gradients { dx, dgamma: narrow(dgamma), dbeta: narrow(dbeta) }
    }

    /// Rows of one image share parameters; none where there is nothing.
    fn shape(&self, x: &[f32]) -> Option<Shape> {
        let columns = self.gamma.len();
        assert_eq!(self.beta.len(), columns);
        let image = volume([self.places, columns]);
        assert!(x.len().checked_rem(image).unwrap_or(x.len()) == 0, "{} values in images of {image}", x.len());
        (!x.is_empty()).then(|| Shape { rows: x.len() / columns, columns, group: self.places })
    }

    /// That of an image's norms, and a little more.
    fn mean(&self, norms: &[f64]) -> f64 {
        norms.iter().sum::<f64>() / norms.len() as f64 + f64::from(self.eps)
    }

    /// What each channel of each image is multiplied with.
    fn factors(&self, norms: &[f64]) -> Vec<f32> {
        let of = |norms: &[f64]| {
            let mean = self.mean(norms);
            norms.iter().zip(self.gamma).map(|(norm, &gamma)| (1.0 + f64::from(gamma) * norm / mean) as f32).collect::<Vec<_>>()
        };
        norms.chunks(self.gamma.len()).flat_map(of).collect()
    }
}

#[derive(Clone, Copy)]
struct Products;

impl Terms<0, 2, 1> for Products {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [x, y]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [x * y]
    }
}

#[derive(Clone, Copy)]
struct Second;

impl Terms<0, 2, 1> for Second {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, []: [F32s<S>; 0], [_, dy]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [dy]
    }
}

#[derive(Clone, Copy)]
struct Scaled;

impl Map<2, 1, 1> for Scaled {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [factor, beta]: [F32s<S>; 2], [x]: [F32s<S>; 1]) -> [F32s<S>; 1] {
        [x.mul_add(factor, beta)]
    }
}

#[derive(Clone, Copy)]
struct Weighed;

impl Map<2, 2, 1> for Weighed {
    #[inline(always)]
    fn of<S: Simd>(self, _: S, [factor, slope]: [F32s<S>; 2], [x, dy]: [F32s<S>; 2]) -> [F32s<S>; 1] {
        [dy.mul_add(factor, x * slope)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    #[test]
    fn both_passes_are_the_definition() {
        each(40, (0usize..4, 1usize..30, 1usize..40), |isa, (n, places, c)| {
            let [x, dy] = [1, 2].map(|salt| values(n * places * c, salt));
            let [gamma, beta] = [3, 4].map(|salt| values(c, salt));
            let eps = 1e-3;
            let exact = |x: &[f64], gamma: &[f64], beta: &[f64]| -> Vec<f64> {
                let image = |x: &[f64]| {
                    let norm = |c0: usize| x.iter().skip(c0).step_by(c).map(|x| x * x).sum::<f64>().sqrt();
                    let norms: Vec<f64> = (0..c).map(norm).collect();
                    let mean = norms.iter().sum::<f64>() / c as f64 + f64::from(eps);
                    let one = |(i, x): (usize, &f64)| x + gamma[i % c] * x * norms[i % c] / mean + beta[i % c];
                    x.iter().enumerate().map(one).collect::<Vec<_>>()
                };
                x.chunks(places * c).flat_map(image).collect()
            };
            let norm = ResponseNorm { places, gamma: &gamma, beta: &beta, eps };
            let (x64, gamma64, beta64) = (wide(&x), wide(&gamma), wide(&beta));
            let (y, norms) = norm.forward(&x);
            close(&format!("{isa:?} y"), &y, &exact(&x64, &gamma64, &beta64), 2e-6);
            let got = norm.backward(&x, &norms, &dy);
            close(&format!("{isa:?} dx"), &got.dx, &slopes(&x64, &dy, |x| exact(x, &gamma64, &beta64)), 1e-5);
            close(&format!("{isa:?} dgamma"), &got.dgamma, &slopes(&gamma64, &dy, |gamma| exact(&x64, gamma, &beta64)), 1e-5);
            close(&format!("{isa:?} dbeta"), &got.dbeta, &slopes(&beta64, &dy, |beta| exact(&x64, &gamma64, beta)), 1e-5);
        });
    }

    #[test]
    fn channels_without_a_response_have_a_plain_gradient() {
        each(1, 0usize..1, |_, _| {
            let norm = ResponseNorm { places: 2, gamma: &[0.5, 0.5], beta: &[0.0, 1.0], eps: 1e-6 };
            let (y, norms) = norm.forward(&[0.0, 3.0, 0.0, 4.0]);
            assert!(y[0] == 0.0 && y[2] == 0.0 && y.iter().all(|y| y.is_finite()), "{y:?}");
            let got = norm.backward(&[0.0, 3.0, 0.0, 4.0], &norms, &[1.0, 0.0, 2.0, 0.0]);
            assert_eq!([got.dx[0], got.dx[2]], [1.0, 2.0]);
            let (y, norms) = norm.forward(&[0.0; 4]);
            assert_eq!(y, [0.0, 1.0, 0.0, 1.0]);
            assert_eq!(norm.backward(&[0.0; 4], &norms, &[1.0; 4]).dx, [1.0; 4]);
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (x, gamma) = (values(3 * 1000 * 24, 1), values(24, 2));
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| {
                let norm = ResponseNorm { places: 1000, gamma: &gamma, beta: &gamma, eps: 1e-6 };
                let (y, norms) = norm.forward(&x);
                let got = norm.backward(&x, &norms, &x);
                vec![y, got.dx, got.dgamma, got.dbeta]
            });
        });
    }
}
