//! Attention of channels to channels.

use candle_core::Tensor;

use super::attention::attend;
use super::custom::apply;
use super::error::{Error, Result};
use super::operation::{Array, Gradient, Operation, View};
use derm_kernels::attention::Attention;
use derm_kernels::cosine::Cosine;
use derm_kernels::layout::{inverse, pick, transpose};

/// Cross-covariance attention (El-Nouby et al. 2021, <https://arxiv.org/abs/2106.09681>): of `qkv [n, .., 3 * heads * d]` every channel of
/// a head's queries, over all places, asks every channel of its keys; products are cosines times `temperature [heads, 1, 1]`.
/// To `[n, .., heads * d]`.
pub fn cross_covariance(qkv: &Tensor, temperature: &Tensor) -> candle_core::Result<Tensor> {
    apply(CrossCovariance::default(), &[qkv, temperature])
}

/// See [`cross_covariance`].
#[derive(Default)]
pub struct CrossCovariance {
    /// Queries, keys and values with places last, `[n, d, 3, heads, places]`, and the same after they were made cosines.
    turned: Vec<f32>,
    units: Vec<f32>,
    log_sums: Vec<f32>,
}

/// Sizes of one call.
#[derive(Clone, Copy)]
struct Sizes {
    n: usize,
    places: usize,
    heads: usize,
    /// Channels of a head.
    d: usize,
}

impl Sizes {
    /// `[n, places, parts, d]` as `[n, d, parts, places]`.
    fn turn(self, x: &[f32], parts: usize) -> Vec<f32> {
        let channels = transpose(x, self.places, parts * self.d);
        pick(&channels, parts * self.d, self.places, &self.order(parts))
    }

    /// `[n, d, parts, places]` as `[n, places, parts, d]`.
    fn turn_back(self, x: &[f32], parts: usize) -> Vec<f32> {
        let channels = pick(x, parts * self.d, self.places, &inverse(&self.order(parts), parts * self.d));
        transpose(&channels, parts * self.d, self.places)
    }

    /// Where each of `[d, parts]` is in `[parts, d]`.
    fn order(self, parts: usize) -> Vec<u32> {
        (0..self.d).flat_map(|channel| (0..parts).map(move |part| (part * self.d + channel) as u32)).collect()
    }

    /// Channels as the tokens of attention.
    fn attention(self) -> Attention<'static> {
        let Self { n, places, heads, d } = self;
        Attention { n, queries: d, keys: d, heads, d: places, scale: 1.0, bias: None, turns: &[] }
    }
}

impl CrossCovariance {
    fn sizes(&self, inputs: &[View<'_>]) -> Result<Sizes> {
        let (x, heads) = (inputs[0].dims, inputs[1].dims.first().copied().unwrap_or(0));
        match *x {
            [n, .., packed] if x.len() > 2 && heads > 0 && inputs[1].dims == [heads, 1, 1] && packed > 0 && packed % (3 * heads) == 0 => {
                Ok(Sizes { n, places: x[1..x.len() - 1].iter().product(), heads, d: packed / 3 / heads })
            }
            _ => Err(Error::new(self.name(), inputs, "the inputs must be [n, places.., 3 * heads * channels] and [heads, 1, 1]")),
        }
    }
}

impl Operation for CrossCovariance {
    fn name(&self) -> &'static str {
        "cross_covariance"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let (Sizes { heads, d, .. }, mut dims) = (self.sizes(inputs)?, inputs[0].dims.to_vec());
        dims.pop();
        dims.push(heads * d);
        Ok(dims)
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (sizes, dims) = (self.sizes(inputs)?, self.shape(inputs)?);
        self.turned = sizes.turn(inputs[0].values, 3 * sizes.heads);
        self.units = Cosine { d: sizes.places, scales: inputs[1].values }.forward(&self.turned);
        let attended = sizes.attention().forward_packed(&self.units);
        self.log_sums = attended.log_sums;
        Ok(Array::new(sizes.turn_back(&attended.y, sizes.heads), dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let views = super::compose::shapes(inputs);
        let (Sizes { n, places, heads, d }, dims) = (self.sizes(&views)?, self.shape(&views)?);
        let turned = inputs[0].reshape((n, places, 3, heads, d))?.permute((0, 4, 2, 3, 1))?;
        let units = super::cosine::composed(&turned.contiguous()?, inputs[1])?.reshape((n, d, 3 * heads * places))?;
        let y = attend(&units, heads, 1.0, None)?.reshape((n, d, heads, places))?;
        y.permute((0, 3, 2, 1))?.contiguous()?.reshape(dims)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], _: &[bool]) -> Vec<Gradient> {
        let Ok(sizes) = self.sizes(inputs) else { unreachable!("the forward pass took these shapes") };
        let dy = sizes.turn(dy, sizes.heads);
        let dunits = sizes.attention().backward_packed(&self.units, &self.log_sums, &dy, false).dqkv;
        let (dturned, dtemperature) = Cosine { d: sizes.places, scales: inputs[1].values }.backward(&self.turned, &dunits);
        vec![Gradient::Values(sizes.turn_back(&dturned, 3 * sizes.heads)), Gradient::Values(dtemperature)]
    }

    fn reads_input(&self, input: usize) -> bool {
        input == 1
    }
}
