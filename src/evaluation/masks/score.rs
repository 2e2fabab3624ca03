//! One true and one predicted mask.

use super::overlap::Overlap;
use super::surface;

/// What two masks of one image and class have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Their pixels.
    pub overlap: Overlap,
    /// 95th percentile Hausdorff distance in pixels; none where a mask is empty.
    pub hd95: Option<f64>,
    /// Average symmetric surface distance in pixels; none where a mask is empty.
    pub assd: Option<f64>,
    /// The image's diagonal in pixels: what a failure counts as.
    pub diagonal: f64,
}

/// Compares two masks of `width` x `height` pixels, each `[height, width]` of 0 and 1.
pub fn score(truth: &[u8], predicted: &[u8], width: usize, height: usize) -> Scores {
    let distances = surface::distances(truth, predicted, width, height);
    Scores {
        overlap: Overlap::of(truth.iter().zip(predicted).map(|(truth, predicted)| (*truth > 0, *predicted > 0))),
        hd95: distances.as_ref().map(surface::Distances::hd95),
        assd: distances.as_ref().map(surface::Distances::assd),
        diagonal: (width as f64).hypot(height as f64),
    }
}

impl Scores {
    /// A distance with failures as the diagonal; none where both masks are empty.
    pub(super) fn penalised(&self, distance: Option<f64>) -> Option<f64> {
        distance.or_else(|| (self.overlap.missed() || self.overlap.invented()).then_some(self.diagonal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_those_of_the_definitions() {
        // 3 in both, 1 false, 2 missed of 12 pixels.
        let truth = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        let said = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let scores = score(&truth, &said, 4, 3);
        assert_eq!((scores.overlap.dice(), scores.overlap.jaccard(), scores.overlap.thresholded_jaccard()), (6.0 / 9.0, 0.5, 0.0));
        assert_eq!((scores.overlap.sensitivity(), scores.overlap.specificity(), scores.diagonal), (0.6, 6.0 / 7.0, 5.0));
        assert_eq!(Overlap { false_negative: 0, true_positive: 13, false_positive: 7, ..scores.overlap }.thresholded_jaccard(), 0.65);
    }

    #[test]
    fn empty_masks_agree_and_one_empty_mask_is_a_failure() {
        let (nothing, all) = ([0; 6], [1; 6]);
        let both = score(&nothing, &nothing, 3, 2);
        assert_eq!(
            (both.overlap.dice(), both.overlap.jaccard(), both.overlap.sensitivity(), both.hd95, both.penalised(both.hd95)),
            (1.0, 1.0, 1.0, None, None)
        );
        let missed = score(&all, &nothing, 3, 2);
        assert!(missed.overlap.missed() && !missed.overlap.invented() && score(&nothing, &all, 3, 2).overlap.invented());
        assert_eq!((missed.overlap.dice(), missed.overlap.specificity(), missed.hd95), (0.0, 1.0, None));
        assert_eq!(missed.penalised(missed.hd95), Some(13f64.sqrt()));
    }
}
