//! Random numbers that are a function of their purpose, never of what was drawn before.
//!
//! A stream is named by the run's seed, what it is for, and two counters. Training that goes on
//! from a checkpoint, or uses another number of threads, therefore draws the same numbers without
//! any generator's state being stored.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::digest::KeyHasher;

/// What a stream of random numbers is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The order of the images; counters: epoch, and 0 for all once or 1 for classes alike.
    Order,
    /// One image's augmentation; counters: epoch, position of the image among the training images.
    Augment,
    /// How a batch's images are mixed; counters: epoch, batch within the epoch.
    Mix,
    /// Dropout masks; counters: epoch, batch within the epoch.
    Dropout,
    /// Which fields of an image's metadata are taken as missing; counters: epoch, position of the image among the training images.
    Metadata,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Order => "order",
            Purpose::Augment => "augment",
            Purpose::Mix => "mix",
            Purpose::Dropout => "dropout",
            Purpose::Metadata => "metadata",
        }
    }
}

fn key(seed: u64, purpose: Purpose, counters: [u64; 2]) -> [u8; 32] {
    let mut hasher = KeyHasher::new("derm random stream 1");
    hasher.text(purpose.name()).field(&seed.to_le_bytes());
    hasher.field(&counters[0].to_le_bytes()).field(&counters[1].to_le_bytes());
    *hasher.finish().as_bytes()
}

/// The stream for `purpose` at these counters: ChaCha8 keyed by their hash.
pub fn stream(seed: u64, purpose: Purpose, counters: [u64; 2]) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(key(seed, purpose, counters))
}

/// One number for `purpose` at these counters, for users that expand a key themselves.
pub fn number(seed: u64, purpose: Purpose, counters: [u64; 2]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&key(seed, purpose, counters)[..8]);
    u64::from_le_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_name_counts() {
        let all = [
            number(1, Purpose::Order, [0, 0]),
            number(2, Purpose::Order, [0, 0]),
            number(1, Purpose::Augment, [0, 0]),
            number(1, Purpose::Order, [1, 0]),
            number(1, Purpose::Order, [0, 1]),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
        assert_eq!(all[0], number(1, Purpose::Order, [0, 0]));
    }
}
