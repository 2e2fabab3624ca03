//! A residual branch with layer scale and drop path.

use candle_core::Tensor;

use super::custom::apply;
use super::dropout;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View};
use derm_kernels::dropout::{drop_path, seed};
use derm_kernels::residual;

/// `trunk + x * gamma`, with one factor for each channel (layer scale, Touvron et al. 2021, <https://arxiv.org/abs/2103.17239>).
pub fn scaled_branch(trunk: &Tensor, x: &Tensor, gamma: &Tensor) -> candle_core::Result<Tensor> {
    apply(Branch::whole(), &[trunk, x, gamma])
}

/// `trunk + x * factor`, where the factor of each sample is 0 with probability `p` and else `1 / (1 - p)`: stochastic depth
/// (Huang et al. 2016, <https://arxiv.org/abs/1603.09382>), from the counter-based stream that `key` and `stream` name.
pub fn drop_path_branch(trunk: &Tensor, x: &Tensor, p: f32, key: u64, stream: u64) -> candle_core::Result<Tensor> {
    apply(Branch::dropping(p, key, stream), &[trunk, x])
}

/// Inputs `trunk [n, .., c]`, `x` like it and, if the branch is scaled, `gamma [c]`.
pub struct Branch {
    /// Probability and seed of leaving a sample's branch out.
    drop: Option<(f32, u64)>,
    factors: Vec<f32>,
}

impl Branch {
    /// Of every sample.
    pub fn whole() -> Self {
        Self { drop: None, factors: Vec::new() }
    }

    /// Left out of a sample with probability `p`.
    pub fn dropping(p: f32, key: u64, stream: u64) -> Self {
        Self { drop: Some((p, seed(key, stream))), factors: Vec::new() }
    }

    fn kernel<'a>(&'a self, inputs: &[View<'a>]) -> residual::Branch<'a> {
        let channels = inputs[0].dims.last().copied().unwrap_or(0);
        let samples = self.drop.is_some().then_some(self.factors.as_slice());
        residual::Branch { channels, gamma: inputs.get(2).map(|gamma| gamma.values), samples }
    }
}

impl Operation for Branch {
    fn name(&self) -> &'static str {
        "branch"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let dims = inputs[0].dims;
        let Some(&channels) = dims.last() else { return Err(Error::new(self.name(), inputs, "the trunk must be [n, .., c]")) };
        if dims != inputs[1].dims || inputs.get(2).is_some_and(|gamma| gamma.dims != [channels]) {
            return Err(Error::new(self.name(), inputs, format!("the branch must be like the trunk, and gamma [{channels}]")));
        }
        if let Some((p, _)) = self.drop {
            dropout::check(self.name(), inputs, p)?;
            if dims.len() < 2 {
                return Err(Error::new(self.name(), inputs, "samples and channels are two axes"));
            }
        }
        Ok(dims.to_vec())
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let dims = self.shape(inputs)?;
        if let Some((p, seed)) = self.drop {
            self.factors = drop_path(dims[0], p, seed);
        }
        Ok(Array::new(self.kernel(inputs).forward(inputs[0].values, inputs[1].values), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let mut x = inputs[1].clone();
        if let Some((p, seed)) = self.drop {
            let samples = x.dim(0)?;
            let mut each = vec![1; x.rank()];
            each[0] = samples;
            x = x.broadcast_mul(&Tensor::from_vec(drop_path(samples, p, seed), each, x.device())?)?;
        }
        if let Some(gamma) = inputs.get(2) {
            x = x.broadcast_mul(gamma)?;
        }
        inputs[0] + x
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        if inputs.len() == 2 && self.drop.is_none() {
            return vec![Gradient::Passed; 2];
        }
        let (dx, dgamma) = self.kernel(inputs).backward(inputs[1].values, dy);
        [Gradient::Passed, Gradient::Values(dx)].into_iter().chain(dgamma.map(Gradient::Values)).collect()
    }

    fn reads_input(&self, input: usize) -> bool {
        input > 0
    }
}
