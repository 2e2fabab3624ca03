//! What happens inside a network: values of its nodes, and where an output falls if one of them changes.
//!
//! In evaluation mode: running statistics, no dropout. Values are in the kernels' order: images `[n, height, width, channels]`, tokens
//! `[n, tokens, channels]`.

use candle_core::Tensor;

use super::Error;
use super::exec;
use super::graph::NodeId;
use super::input::{Entry, Input};
use super::network::{Network, Norms, Pass};
use super::precision::Precision;

/// As the network is used, with a way back.
const EVALUATION: Pass = Pass { key: 0, norms: Norms::Frozen, dropout: false, grad_checkpointing: false, precision: Precision::F32 };

impl Network {
    /// The values of `nodes`, which are in running order, for normalised images f32 `[n, 3, height, width]`.
    ///
    /// A node can be asked for if everything passes it ([`Graph::cuts`](super::graph::Graph::cuts)), or if what comes after it is no
    /// addition and no activation, which would be one operation with it.
    pub fn values(&self, images: &Tensor, nodes: &[NodeId]) -> Result<Vec<Tensor>, Error> {
        let Some(&end) = nodes.last() else { return Ok(Vec::new()) };
        exec::values(self, &Entry::new(self, Input::images(images))?, end, EVALUATION, nodes)
    }

    /// The logits `[n, classes]` where a node that everything passes has this value, and the gradient by the value of the sum of
    /// `weights`, a function of the logits and of their shape, times the logits. `metadata`: of a network that takes them.
    pub fn slope(
        &self,
        node: NodeId,
        value: &Tensor,
        metadata: Option<&Tensor>,
        weights: impl FnOnce(&Tensor) -> Result<Tensor, Error>,
    ) -> Result<(Tensor, Tensor), Error> {
        self.slope_from(&Entry::at(self, node, value.clone(), metadata)?, weights)
    }

    /// [`slope`](Self::slope) by the images themselves, f32 `[n, 3, height, width]`; so is the gradient.
    pub fn image_slope(
        &self,
        images: &Tensor,
        metadata: Option<&Tensor>,
        weights: impl FnOnce(&Tensor) -> Result<Tensor, Error>,
    ) -> Result<(Tensor, Tensor), Error> {
        let (logits, gradient) = self.slope_from(&Entry::new(self, Input::images(images).with(metadata))?, weights)?;
        Ok((logits, gradient.permute((0, 3, 1, 2))?))
    }

    fn slope_from(&self, entry: &Entry, weights: impl FnOnce(&Tensor) -> Result<Tensor, Error>) -> Result<(Tensor, Tensor), Error> {
        let (logits, tape) = exec::record(self, entry, self.graph().output(), EVALUATION)?;
        let weights = weights(&logits)?;
        let gradient = tape.backward_to(entry.node.0, self, weights)?;
        Ok((logits, gradient.map_or_else(|| entry.value.zeros_like(), Ok)?))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::nn::zoo;

    fn images(size: usize, seed: u32) -> Tensor {
        let value = |i: usize| ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 16) as f32 / 65536.0 - 0.5;
        Tensor::from_vec((0..2 * 3 * size * size).map(value).collect::<Vec<_>>(), (2, 3, size, size), &Device::Cpu).unwrap()
    }

    fn first_logits(logits: &Tensor) -> Result<Tensor, Error> {
        let (n, classes) = logits.dims2()?;
        let weights = (0..n * classes).map(|i| if i % classes == 0 { 1f32 } else { 0.0 }).collect();
        Ok(Tensor::from_vec(weights, (n, classes), logits.device())?)
    }

    #[test]
    fn slopes_by_the_image_are_finite_differences() {
        for name in ["resnet18", "vit_tiny_patch16_224", "efficientnet_lite0"] {
            let network = Network::at(zoo::find(name).unwrap(), 3, [64, 64], 5, &Device::Cpu).unwrap();
            let images = images(64, 9);
            let (logits, gradient) = network.image_slope(&images, None, first_logits).unwrap();
            assert_eq!(gradient.dims(), images.dims());
            let direction = self::images(64, 77);
            let slope = (&gradient * &direction).unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
            let at = |step: f64| {
                let moved = (&images + (&direction * step).unwrap()).unwrap();
                let logits = network.forward(&moved).unwrap().to_vec2::<f32>().unwrap();
                f64::from(logits[0][0]) + f64::from(logits[1][0])
            };
            let difference = (at(1e-3) - at(-1e-3)) / 2e-3;
            assert!((difference - f64::from(slope)).abs() < 1e-2 * difference.abs().max(0.05), "{name}: {difference} and {slope}");
            let alone = network.forward(&images).unwrap();
            let apart = (logits - alone).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(apart < 1e-4, "{name}: {apart}");
        }
    }

    #[test]
    fn a_network_can_be_cut_where_everything_passes() {
        for name in ["resnet18", "densenet121", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"] {
            let network = Network::at(zoo::find(name).unwrap(), 3, [224, 224], 5, &Device::Cpu).unwrap();
            let images = images(224, 3);
            let whole = network.forward(&images).unwrap();
            let cuts = network.graph().cuts();
            assert_eq!((cuts[0], *cuts.last().unwrap()), (NodeId(0), network.graph().output()));
            let node = cuts[cuts.len() * 2 / 3];
            let value = network.values(&images, &[node]).unwrap().swap_remove(0);
            let (logits, _) = network.slope(node, &value, None, first_logits).unwrap();
            let largest = |values: Tensor| values.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            let (apart, size) = (largest((logits - &whole).unwrap()), largest(whole));
            assert!(apart < 1e-4 * size.max(1.0), "{name}: {apart} of {size}");
        }
    }
}
