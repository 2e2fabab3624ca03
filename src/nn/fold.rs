//! Batch norm folded into the convolution before it.
//!
//! At inference a norm is `y = (x - mean) * scale / sqrt(var + eps) + shift`, a factor and an offset a channel:
//! `w' = w * f`, `b' = (b - mean) * f + shift` with `f = scale / sqrt(var + eps)`. Worked out in 64 bits and
//! rounded once, so that folding loses nothing worth naming.

/// A norm's parameters, one value a channel.
#[derive(Clone, Debug)]
pub struct Norm {
    /// Scale.
    pub weight: Vec<f32>,
    /// Shift.
    pub bias: Vec<f32>,
    /// Running mean.
    pub mean: Vec<f32>,
    /// Running variance.
    pub variance: Vec<f32>,
    /// Added to the variance.
    pub eps: f32,
}

/// Folds `norm` into `weight [out, ...]` and `bias [out]` (zeros if the convolution has none); gives both.
pub fn fold(weight: &[f32], bias: Option<&[f32]>, norm: &Norm) -> (Vec<f32>, Vec<f32>) {
    let channels = norm.weight.len();
    let each = weight.len() / channels.max(1);
    let mut folded = Vec::with_capacity(weight.len());
    let mut offsets = Vec::with_capacity(channels);
    for channel in 0..channels {
        let factor = f64::from(norm.weight[channel]) / (f64::from(norm.variance[channel]) + f64::from(norm.eps)).sqrt();
        let own = &weight[channel * each..(channel + 1) * each];
        folded.extend(own.iter().map(|w| (f64::from(*w) * factor) as f32));
        let before = bias.map_or(0.0, |bias| f64::from(bias[channel]));
        offsets.push(((before - f64::from(norm.mean[channel])) * factor + f64::from(norm.bias[channel])) as f32);
    }
    (folded, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Factors 2 / sqrt(3 + 1) = 1 and 6 / sqrt(8 + 1) = 2.
        let norm = Norm { weight: vec![2.0, 6.0], bias: vec![0.5, -1.0], mean: vec![1.0, 2.0], variance: vec![3.0, 8.0], eps: 1.0 };
        let (weight, bias) = fold(&[1.0, 2.0, 3.0, 4.0], Some(&[5.0, 7.0]), &norm);
        assert_eq!(weight, [1.0, 2.0, 6.0, 8.0]);
        assert_eq!(bias, [4.5, 9.0]);
        assert_eq!(fold(&[1.0, 2.0], None, &norm).1, [-0.5, -5.0]);
    }
}
