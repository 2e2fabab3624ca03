//! Whether a training fits into memory: said before it begins, rather than by a kernel that kills it.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::config::{Config, OptimizerKind};
use super::error::Error;
use super::plan::Plan;
use crate::nn::Network;

/// Bytes of memory that may be used without pushing others out, within a container's limit; none where the system does not say.
pub fn free() -> u64 {
    let wanted = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let Ok(system) = System::new_with_specifics(wanted) else { return 0 };
    let within = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    system.available_memory().min(within)
}

/// What a training needs, in bytes, beside what is there before its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Gradients, what the optimiser remembers, and other weights.
    steady: u64,
    /// For each image of a batch.
    per_image: u64,
}

impl Needs {
    /// `None` where they cannot be told, or are small: a frozen backbone's features.
    pub fn of(plan: &Plan<'_>, network: &Network) -> Result<Option<Self>, Error> {
        if plan.frozen() {
            return Ok(None);
        }
        let size = plan.image_size();
        let Some(kept) = network.kept_per_image(size, plan.config.grad_checkpointing)? else { return Ok(None) };
        // The batch, and the next one, which is made ahead.
        let pixels = 2 * 4 * 3 * (size[0] * size[1]) as u64;
        Ok(Some(Self { steady: 4 * network.trainable_count() as u64 * copies(plan.config), per_image: kept + pixels }))
    }

    fn of_batch(self, images: usize) -> u64 {
        self.steady + self.per_image * images as u64
    }

    /// The largest batch for so much memory that leaves a fifth of it to all else.
    fn fits(self, free: u64) -> Option<usize> {
        let images = (free / 5 * 4).saturating_sub(self.steady) / self.per_image.max(1);
        let images = if images >= 16 { images / 8 * 8 } else { images };
        (images > 0).then_some(images as usize)
    }
}

/// How many numbers are held for each weight beside itself: its gradient, what the optimiser remembers, the average and the best so far.
fn copies(config: &Config) -> u64 {
    let remembered = match config.optimizer {
        OptimizerKind::AdamW => 2,
        OptimizerKind::Sgd => 1,
    };
    2 + remembered + u64::from(config.ema > 0.0)
}

/// Refuses a training whose batches cannot fit. What it needs is estimated from below, so that nothing is refused that would run.
///
/// # Errors
///
/// [`Error::NoRoom`].
pub fn check(plan: &Plan<'_>, network: &Network) -> Result<(), Error> {
    let free = free();
    let Some(needs) = Needs::of(plan, network)?.filter(|_| free > 0) else { return Ok(()) };
    let images = plan.config.batch_size.min(plan.train.rows.len());
    if needs.of_batch(images) <= free {
        return Ok(());
    }
    Err(Error::NoRoom {
        network: plan.config.network.clone(),
        images,
        needed: Some((needs.of_batch(images), free)),
        fits: needs.fits(free),
    })
}

/// A device's complaint that it has no memory left, in derm's words; other errors as they are.
pub fn explained(plan: &Plan<'_>, error: Error) -> Error {
    let text = error.to_string().to_ascii_lowercase().replace('_', " ");
    if plan.device.is_cpu() || !text.contains("out of memory") {
        return error;
    }
    let images = plan.config.batch_size.min(plan.train.rows.len());
    Error::NoRoom { network: plan.config.network.clone(), images, needed: None, fits: (images > 1).then_some(images / 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_batch_that_fits_leaves_room() {
        let needs = Needs { steady: 1_000, per_image: 100 };
        assert_eq!(needs.of_batch(32), 4_200);
        // Of 10,000 bytes 8,000 may be used: 70 images, by eights 64.
        assert_eq!(needs.fits(10_000), Some(64));
        assert_eq!(needs.fits(2_000), Some(6));
        assert_eq!(needs.fits(1_200), None);
    }
}
