//! Which images make which batch: a pure function of seed, epoch and batch size.
//!
//! Every epoch visits every training image once, in an order shuffled by Fisher and Yates' method, or draws as many images with
//! every class as likely as any other (torch's `WeightedRandomSampler` with one over the class's count as weights).
//! The last batch is smaller when the sizes do not divide; a last batch of one image joins the batch
//! before it, because batch normalisation has no variance over one image at 1x1.

use rand::Rng;

use super::random::{Purpose, stream};

/// The order of `n` images in `epoch`, each position once.
pub fn order(seed: u64, epoch: usize, n: usize) -> Vec<usize> {
    let mut rng = stream(seed, Purpose::Order, [epoch as u64, 0]);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, rng.random_range(0..=i as u64) as usize);
    }
    order
}

/// `labels.len()` draws in `epoch`: a class, each alike, and an image of it, each alike.
pub fn balanced(seed: u64, epoch: usize, labels: &[u32]) -> Vec<usize> {
    let mut rng = stream(seed, Purpose::Order, [epoch as u64, 1]);
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (position, &label) in labels.iter().enumerate() {
        classes.resize(classes.len().max(label as usize + 1), Vec::new());
        classes[label as usize].push(position);
    }
    classes.retain(|images| !images.is_empty());
    let mut below = |end: usize| rng.random_range(0..end as u64) as usize;
    labels
        .iter()
        .map(|_| {
            let images = &classes[below(classes.len())];
            images[below(images.len())]
        })
        .collect()
}

/// The bounds of the batches over `n` images: consecutive, complete, none of one image unless `n` is 1.
pub fn batches(n: usize, size: usize) -> Vec<std::ops::Range<usize>> {
    let size = size.max(1);
    let mut all: Vec<_> = (0..n).step_by(size).map(|start| start..(start + size).min(n)).collect();
    if size > 1 && all.len() > 1 && all.last().is_some_and(|last| last.len() == 1) {
        all.pop();
        if let Some(last) = all.last_mut() {
            last.end = n;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_visits_every_image_once_in_its_own_order() {
        let first = order(7, 0, 100);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(first, order(7, 0, 100));
        assert_ne!(first, order(7, 1, 100));
        assert_ne!(first, order(8, 0, 100));
        assert!(order(7, 0, 0).is_empty());
    }

    #[test]
    fn balanced_draws_show_every_class_alike() {
        let labels: Vec<u32> = (0..1000)
            .map(|i| {
                if i < 950 {
                    0
                } else if i < 990 {
                    3
                } else {
                    1
                }
            })
            .collect();
        let drawn = balanced(7, 2, &labels);
        assert_eq!((drawn.len(), &drawn), (1000, &balanced(7, 2, &labels)));
        for class in [0, 1, 3] {
            let count = drawn.iter().filter(|&&position| labels[position] == class).count();
            assert!((270..400).contains(&count), "class {class}: {count}");
        }
        assert!(balanced(0, 0, &[]).is_empty());
    }

    #[test]
    fn batches_cover_everything_and_are_never_a_lone_image() {
        let ends = |n, size| batches(n, size).iter().map(|batch| (batch.start, batch.end)).collect::<Vec<_>>();
        assert_eq!(ends(10, 4), [(0, 4), (4, 8), (8, 10)]);
        assert_eq!(ends(9, 4), [(0, 4), (4, 9)]);
        assert_eq!(ends(3, 8), [(0, 3)]);
        assert_eq!(ends(2, 1), [(0, 1), (1, 2)]);
        assert_eq!(ends(1, 4), [(0, 1)]);
        assert!(batches(0, 4).is_empty());
    }
}
