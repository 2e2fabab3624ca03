//! A network's weights averaged over its training, which often classify better than any of them (Polyak and Juditsky 1992,
//! <https://doi.org/10.1137/0330046>; as TensorFlow's `ExponentialMovingAverage` does it).

use rayon::prelude::*;

use super::ops::{self, Way};
use super::{Error, Network, Param};

/// Values that a task handles.
const CHUNK: usize = 1 << 16;

/// The exponential moving average of all weights and running statistics, as a network of its own.
#[derive(Debug)]
pub struct Average {
    /// The network that has them.
    pub network: Network,
    decay: f64,
}

impl Average {
    /// Begins at the network as it is. `decay`: how much of the average a step keeps, from 0 to below 1.
    pub fn new(network: &Network, decay: f64) -> Result<Self, Error> {
        Ok(Self { network: network.copy()?, decay })
    }

    /// Moves the average towards the network after its `step`th step, from 1: `average = d * average + (1 - d) * value`.
    ///
    /// Early on there is little to keep: d is the decay, and at most `(1 + step) / (10 + step)`. Only parameters for which `moves` is true are
    /// looked at; the others are taken not to change.
    pub fn update(&self, network: &Network, step: usize, moves: impl Fn(&Param) -> bool) -> Result<(), Error> {
        let decay = self.decay.min((1.0 + step as f64) / (10.0 + step as f64));
        for (own, other) in self.network.params().zip(network.params()).filter(|(_, other)| moves(other)) {
            if network.way() == Way::Compositions {
                own.var.set(&(own.var.affine(decay, 0.0)? + other.var.affine(1.0 - decay, 0.0)?)?)?;
                continue;
            }
            let (keep, take) = (decay as f32, (1.0 - decay) as f32);
            let mut moved = Ok(());
            ops::with(&other.var, |values| {
                moved = ops::in_place(&own.var, |average| {
                    let chunks = average.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK));
                    chunks.for_each(|(average, values)| {
                        average.iter_mut().zip(values).for_each(|(average, value)| *average = keep * *average + take * value);
                    });
                });
            })?;
            moved?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::nn::zoo;

    #[test]
    fn an_average_follows_slowly_and_faster_at_first() {
        let network = Network::new(zoo::find("squeezenet1_1").unwrap(), 2, 0, &Device::Cpu).unwrap();
        let average = Average::new(&network, 0.9).unwrap();
        let param = network.params().find(|param| param.name == "conv1.bias").unwrap();
        let of = |network: &Network| network.param("conv1.bias").unwrap().var.to_vec1::<f32>().unwrap()[0];
        let start = of(&network);
        param.var.set(&(param.var.as_tensor() + 1.0).unwrap()).unwrap();
        // d = 2 / 11 in the first step, 0.9 later on.
        average.update(&network, 1, |_| true).unwrap();
        assert!((of(&average.network) - start - 9.0 / 11.0).abs() < 1e-6);
        average.update(&network, 1000, |_| true).unwrap();
        assert!((of(&average.network) - start - (0.9 * 9.0 / 11.0 + 0.1)).abs() < 1e-6);
        average.update(&network, 1000, |_| false).unwrap();
        assert!((of(&average.network) - start - (0.9 * 9.0 / 11.0 + 0.1)).abs() < 1e-6);
    }
}
