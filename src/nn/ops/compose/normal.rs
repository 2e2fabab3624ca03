//! Values normalised by their own mean and variance.

use candle_core::{Result, Tensor};

/// What [`normalised`] gives; moments have length 1 along the axes that they are taken over.
pub struct Normalised {
    /// `(x - mean) / sqrt(variance + eps)`.
    pub values: Tensor,
    /// Means, detached.
    pub mean: Tensor,
    /// Sums of squared distances from them, detached.
    pub squares: Tensor,
}

/// `x` normalised over the axes `over`, by the biased variance.
///
/// Distances are first taken from one of the values, so that nothing cancels however far the mean is from 0.
pub fn normalised(x: &Tensor, over: &[usize], eps: f32) -> Result<Normalised> {
    let count: usize = over.iter().map(|&axis| x.dims()[axis]).product();
    let share = 1.0 / count as f64;
    let origin = over.iter().try_fold(x.detach(), |origin, &axis| origin.narrow(axis, 0, 1))?;
    let near = x.broadcast_sub(&origin)?;
    let mean = (near.sum_keepdim(over)? * share)?;
    let distances = near.broadcast_sub(&mean)?;
    let squares = distances.sqr()?.sum_keepdim(over)?;
    let deviation = (((&squares * share)? + f64::from(eps))?).sqrt()?;
    let values = distances.broadcast_div(&deviation)?;
    Ok(Normalised { values, mean: (origin + mean.detach())?, squares: squares.detach() })
}
