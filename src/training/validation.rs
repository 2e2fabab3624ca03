//! The validation images, judged.

use super::ahead::ahead;
use super::error::Error;
use super::goal::{Goal, Judgement, Targets};
use super::infer;
use super::inputs::Data;
use super::plan::Plan;
use crate::nn::Network;

/// Images in a forward pass.
const BATCH: usize = 64;
/// Where masks are drawn, which are large.
const MASK_BATCH: usize = 16;

/// Judges the first batch alone, for the time it takes; the number of its images.
pub fn first_batch(plan: &Plan<'_>, data: &Data<'_>, network: &Network) -> Result<usize, Error> {
    let positions: Vec<usize> = (0..plan.val.rows.len().min(MASK_BATCH)).collect();
    if !positions.is_empty() {
        network.frozen()?.forward(data.val.batch(&positions, None, None)?.input())?;
    }
    Ok(positions.len())
}

/// How well `network` tells the validation images; `None` without such images.
pub fn validate(plan: &Plan<'_>, data: &Data<'_>, network: &Network) -> Result<Option<Judgement>, Error> {
    let positions: Vec<usize> = (0..plan.val.rows.len()).collect();
    if positions.is_empty() {
        return Ok(None);
    }
    let size = if plan.goal.is_masks() { MASK_BATCH } else { BATCH };
    let batches: Vec<&[usize]> = positions.chunks(size).collect();
    let frozen = network.frozen()?;
    let (mut probabilities, mut overlaps) = (Vec::new(), Vec::new());
    ahead(
        0..batches.len(),
        |i| data.val.batch(batches[i], None, None),
        |_, batch| {
            let logits = frozen.forward(batch.input())?;
            match (&plan.goal, batch.targets) {
                (Goal::Masks(masks), Targets::Masks(truth)) => overlaps.extend(masks.overlaps(&logits, &truth)?),
                _ => probabilities.extend(infer::shares(&logits, plan.goal.is_multi_label())?),
            }
            Ok::<(), Error>(())
        },
    )?;
    Ok(Some(match &plan.goal {
        Goal::Classes(classes) => classes.judge(&plan.val.labels, &probabilities),
        Goal::Labels(labels) => labels.judge(&plan.val.sets, &probabilities),
        Goal::Masks(masks) => masks.judge(&overlaps),
    }))
}
