//! Metrics, intervals and the report of a segmenter, from pairs of masks.
//!
//! In: for each image its true and its predicted mask, one plane a class, at the truth's size ([`score`]). Out: [`MaskEvaluation`].
//!
//! | metric | of one image and class |
//! | --- | --- |
//! | Dice | 2 TP / (2 TP + FP + FN); both masks empty: 1 |
//! | Jaccard | TP / (TP + FP + FN); both empty: 1 |
//! | thresholded Jaccard | the Jaccard where it is 0.65 or more, else 0: ISIC 2018 task 1 |
//! | sensitivity, specificity | TP / (TP + FN), TN / (TN + FP); 0/0 is 1, as ISIC's scorer has it |
//! | HD95 | the larger of the two directions' 95th percentiles of the distances from one outline to the other |
//! | ASSD | the mean of those distances in both directions together |
//!
//! An outline is the pixels of a mask with a neighbour (of four) that is not, or that lies outside the image; distances are exact and
//! Euclidean, in pixels of the true mask; percentiles are interpolated linearly. So MONAI has them
//! (`compute_hausdorff_distance`, `compute_average_surface_distance`), and SciPy's erosion and distance transform.
//!
//! Where one of two masks is empty there is no distance. MONAI leaves such images out of its mean, so that a model gets better the more
//! lesions it misses. Here they are failures: counted, left out of the mean beside the count, and in a second, penalised mean taken for the image's
//! diagonal. Images where both are empty have nothing to measure and are in neither mean.
//!
//! Everything is averaged over images, each counting the same. Intervals are percentiles of the bootstrap over groups (patients or
//! lesions) that the evaluation of classifiers uses too.

mod aggregate;
mod overlap;
pub mod overlay;
pub mod page;
mod result;
mod score;
mod surface;

pub use aggregate::evaluate;
pub use overlap::{Overlap, THRESHOLD};
pub use result::{Case, ClassResult, MaskEvaluation, MaskIntervals, Means, to_csv};
pub use score::{Scores, score};
