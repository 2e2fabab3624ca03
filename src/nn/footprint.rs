//! How much memory a training pass needs.

use candle_core::{DType, Device, Tensor};

use super::input::{Entry, Input};
use super::network::{Network, Norms, Pass};
use super::ops::Way;
use super::{Error, exec};

/// An image of at most so many pixels is enough to measure by.
const ENOUGH: usize = 256 * 256;

impl Network {
    /// Bytes that a training pass keeps for its way back, for each image `[3, height, width]` of a batch; parameters and their gradients are
    /// not among them. Measured on one blank image, a smaller one where the network takes any size: what is kept grows with the
    /// pixels. `None` where operations are composed, which keeps more than can be told.
    pub fn kept_per_image(&self, [height, width]: [usize; 2], grad_checkpointing: bool) -> Result<Option<u64>, Error> {
        if self.way() == Way::Compositions {
            return Ok(None);
        }
        let measured = self.smaller([height, width]);
        let image = Tensor::zeros((1, 3, measured[0], measured[1]), DType::F32, &Device::Cpu)?;
        let metadata = self.graph().fusion().map(|fusion| Tensor::zeros((1, fusion.inputs), DType::F32, &Device::Cpu)).transpose()?;
        let entry = Entry::new(self, Input::images(&image).with(metadata.as_ref()))?;
        // Running statistics stay as they are.
        let pass = Pass { norms: Norms::Frozen, grad_checkpointing, ..Pass::new(0) };
        let (_, tape) = exec::record(self, &entry, self.graph().training_output(), pass)?;
        let share = (height * width) as f64 / (measured[0] * measured[1]) as f64;
        Ok(Some((tape.kept_bytes() as f64 * share) as u64))
    }

    /// A size of about the same shape and not many pixels that runs through the same operations; the size itself where there is none.
    fn smaller(&self, size: [usize; 2]) -> [usize; 2] {
        let factor = (size[0] * size[1]).div_ceil(ENOUGH).isqrt();
        let [height, width] = size.map(|side| (side / factor.max(1)).next_multiple_of(self.graph().multiple()));
        let runs = self.graph_at([height, width]).is_ok_and(|graph| graph.runs_as(&self.graph().without_side_heads()));
        if factor > 1 && runs { [height, width] } else { size }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use crate::nn::{Network, zoo};

    #[test]
    fn what_is_kept_is_what_the_layers_read_again() {
        let network = |name: &str| Network::new(zoo::find(name).unwrap(), 2, 0, &Device::Cpu).unwrap();
        // The stem of ResNet-18 at 224 pixels: its input and the convolution's result, of 112 x 112 x 64, are read on the way back, and so are
        // values of sixteen convolutions behind; PyTorch keeps 22 MB an image, hence about as much.
        let resnet = network("resnet18");
        let kept = resnet.kept_per_image([224, 224], false).unwrap().unwrap();
        assert!((12_000_000..32_000_000).contains(&kept), "{kept}");
        let checkpointed = resnet.kept_per_image([224, 224], true).unwrap().unwrap();
        assert!(checkpointed < kept / 2, "{checkpointed} of {kept}");
        // A larger image is judged by a smaller one.
        let four = resnet.kept_per_image([448, 448], false).unwrap().unwrap() as f64 / kept as f64;
        assert!((3.9..4.1).contains(&four), "{four}");
        assert!(network("vit_tiny_patch16_224").kept_per_image([224, 224], false).unwrap().unwrap() > 10_000_000);
    }
}
