//! Images mixed in pairs, and their targets with them.
//!
//! Mixup (Zhang et al. 2017, <https://arxiv.org/abs/1710.09412>) blends two images; cutmix (Yun et al. 2019,
//! <https://arxiv.org/abs/1905.04899>) puts a box of one into the other. Both as timm does them: one draw for a batch, and an image's
//! partner is the one in its place counted from the batch's end. The draws depend on seed, epoch and step alone.

use std::ops::Range;

use rand::Rng;
use rand_distr::{Beta, Distribution};
use rayon::prelude::*;

use super::config::Config;
use super::random::{Purpose, stream};

/// How the images of one batch are mixed.
#[derive(Clone, Debug, PartialEq)]
pub enum Mix {
    /// This share of itself, the rest of its partner.
    Blend(f32),
    /// These rows and columns are its partner's.
    Box { rows: Range<usize>, columns: Range<usize> },
}

impl Mix {
    /// The draw of one batch of images of `[height, width]`; `None` where nothing is to be mixed.
    pub fn draw(config: &Config, epoch: usize, step: usize, [height, width]: [usize; 2]) -> Option<Self> {
        let Config { mixup, cutmix, seed, .. } = *config;
        let mut rng = stream(seed, Purpose::Mix, [epoch as u64, step as u64]);
        let boxed = cutmix > 0.0 && (mixup == 0.0 || rng.random_bool(0.5));
        let alpha = if boxed { cutmix } else { mixup };
        // Of no use where both are 0, and an error then.
        let share = Beta::new(alpha, alpha).ok()?.sample(&mut rng);
        if !boxed {
            return Some(Self::Blend(share as f32));
        }
        let side = (1.0 - share).sqrt();
        let mut cut = |size: usize| {
            let (half, centre) = ((size as f64 * side) as usize / 2, rng.random_range(0..size as u64) as usize);
            centre.saturating_sub(half)..size.min(centre + half)
        };
        Some(Self::Box { rows: cut(height), columns: cut(width) })
    }

    /// How much of an image of `[height, width]` stays its own.
    pub fn share(&self, [height, width]: [usize; 2]) -> f32 {
        match self {
            Self::Blend(share) => *share,
            Self::Box { rows, columns } => 1.0 - (rows.len() * columns.len()) as f32 / (height * width) as f32,
        }
    }

    /// Mixes images `[n, height, width, 3]` in place.
    pub fn apply(&self, images: &mut [f32], [height, width]: [usize; 2]) {
        let image = height * width * 3;
        let half = images.len() / image / 2 * image;
        let (first, rest) = images.split_at_mut(half);
        let last = rest.len() - half;
        // An image in the very middle is its own partner.
        let pairs = first.par_chunks_exact_mut(image).zip(rest[last..].par_chunks_exact_mut(image).rev());
        pairs.for_each(|(one, other)| match self {
            Self::Blend(share) => {
                for (one, other) in one.iter_mut().zip(other) {
                    (*one, *other) = (share * *one + (1.0 - share) * *other, share * *other + (1.0 - share) * *one);
                }
            }
            Self::Box { rows, columns } => {
                for row in rows.clone() {
                    let part = (row * width + columns.start) * 3..(row * width + columns.end) * 3;
                    one[part.clone()].swap_with_slice(&mut other[part]);
                }
            }
        });
    }
}

/// A share for each class of each image, `[n * classes]`, where `share` of an image is its own and the rest its partner's.
pub fn mixed_targets(labels: &[u32], classes: usize, share: f32) -> Vec<f32> {
    let mut targets = vec![0.0; labels.len() * classes];
    for ((row, &own), &other) in targets.chunks_exact_mut(classes.max(1)).zip(labels).zip(labels.iter().rev()) {
        row[own as usize] += share;
        row[other as usize] += 1.0 - share;
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::config::{Basis, Choices};

    const SIZE: [usize; 2] = [6, 5];

    fn config(mixup: f64, cutmix: f64) -> Config {
        Choices { mixup: Some(mixup), cutmix: Some(cutmix), ..Choices::default() }.resolve(Basis::default()).unwrap()
    }

    /// Images whose every value is their number.
    fn images(n: usize) -> Vec<f32> {
        (0..n * 90).map(|i| (i / 90) as f32).collect()
    }

    #[test]
    fn blends_and_boxes_add_up_to_what_the_targets_say() {
        for n in [1, 2, 5, 8] {
            for (mixup, cutmix) in [(0.4, 0.0), (0.0, 1.0), (0.8, 1.0)] {
                for step in 0..20 {
                    let mix = Mix::draw(&config(mixup, cutmix), 3, step, SIZE).unwrap();
                    let (mut mixed, share) = (images(n), mix.share(SIZE));
                    mix.apply(&mut mixed, SIZE);
                    for (i, image) in mixed.chunks(90).enumerate() {
                        let mean = image.iter().sum::<f32>() / 90.0;
                        let expected = share * i as f32 + (1.0 - share) * (n - 1 - i) as f32;
                        assert!((mean - expected).abs() < 1e-4, "{mix:?} of {n}: {mean} is not {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn draws_belong_to_their_step_and_both_kinds_occur() {
        let both = config(0.8, 1.0);
        let draw = |step| Mix::draw(&both, 0, step, SIZE);
        assert_eq!(draw(4), draw(4));
        assert_ne!(draw(4), draw(5));
        let boxes = (0..200).filter(|&step| matches!(draw(step), Some(Mix::Box { .. }))).count();
        assert!((70..130).contains(&boxes), "{boxes}");
        assert!(Mix::draw(&config(0.0, 0.0), 0, 0, SIZE).is_none());
    }

    #[test]
    fn targets_are_shared_between_partners() {
        assert_eq!(mixed_targets(&[0, 2, 1], 3, 0.75), [0.75, 0.25, 0.0, 0.0, 0.0, 1.0, 0.25, 0.75, 0.0]);
    }
}
