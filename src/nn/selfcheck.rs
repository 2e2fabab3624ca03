//! Checks this machine's arithmetic against an independent implementation.

use std::collections::HashMap;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::resnet;

use super::{Error, Network, zoo};

/// Largest absolute difference between derm's and candle-transformers' logits of one small ResNet-18.
///
/// Both get the same fresh parameters and the same made-up image of 64x64 pixels; logits are of the order of 1, so
/// anything above 0.0001 means that one of them computes wrongly on this machine.
pub fn selfcheck() -> Result<f64, Error> {
    let network = Network::new(zoo::find("resnet18")?, 7, 1, &Device::Cpu)?;
    let tensors: HashMap<String, Tensor> = network.tensors()?.into_iter().map(waken).collect::<Result<_, _>>()?;
    for param in network.params() {
        param.var.set(&tensors[&param.name])?;
    }
    let image: Vec<f32> = (0..3 * 64 * 64).map(|i| (i as f32 * 0.37).sin()).collect();
    let image = Tensor::from_vec(image, (1, 3, 64, 64), &Device::Cpu)?;
    let own = network.forward(&image)?;
    let other = resnet::resnet18(7, VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu))?.forward(&image)?;
    let difference = (own - other)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
    Ok(f64::from(difference))
}

/// Fresh residual branches are scaled by 0; a scale of 1/2 lets them take part.
fn waken((name, tensor): (String, Tensor)) -> Result<(String, Tensor), Error> {
    let asleep = name.ends_with(".bn2.weight");
    let tensor = if asleep { Tensor::full(0.5f32, tensor.dims(), &Device::Cpu)? } else { tensor };
    Ok((name, tensor))
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_candle_transformers() {
        let difference = super::selfcheck().unwrap();
        assert!(difference < 1e-4, "{difference}");
    }
}
