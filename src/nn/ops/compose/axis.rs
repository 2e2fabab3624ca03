//! Linear maps along one axis: average pools and other sizes of an image are one for rows and one for columns.

use candle_core::{Result, Tensor};

/// Output `o` is the sum of `weight * input[place]` over its terms.
pub struct AxisMap {
    terms: Vec<Vec<(u32, f32)>>,
}

impl AxisMap {
    /// Read off what a kernel makes of an image of one column, `[input, 1, input]`, whose channels are the unit vectors: so the
    /// rule of what reads what stands in the kernel alone.
    pub fn of(input: usize, kernel: impl FnOnce(&[f32]) -> Vec<f32>) -> Self {
        let mut units = vec![0.0; input * input];
        units.iter_mut().step_by(input + 1).for_each(|unit| *unit = 1.0);
        let places = |weights: &[f32]| (0u32..).zip(weights.iter().copied()).filter(|(_, weight)| *weight != 0.0).collect();
        Self { terms: kernel(&units).chunks_exact(input).map(places).collect() }
    }

    /// The image with this axis mapped.
    ///
    /// One selection for the first terms of all outputs, one for the second, and so on: unlike in a product with a matrix, an
    /// infinity spoils what reads it and nothing else.
    pub fn apply(&self, x: &Tensor, axis: usize) -> Result<Tensor> {
        let x = x.contiguous()?;
        let most = self.terms.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let parts = (0..most).map(|number| self.part(&x, axis, number));
        parts.reduce(|sum, part| sum? + part?).unwrap_or(Ok(x))
    }

    /// The terms of this number, of all outputs.
    fn part(&self, x: &Tensor, axis: usize, number: usize) -> Result<Tensor> {
        let outputs = self.terms.len();
        let mut shape = vec![1; x.rank()];
        shape[axis] = outputs;
        let terms: Vec<Option<(u32, f32)>> = self.terms.iter().map(|terms| terms.get(number).copied()).collect();
        let places: Vec<u32> = terms.iter().map(|term| term.map_or(0, |(place, _)| place)).collect();
        let weights: Vec<f32> = terms.iter().map(|term| term.map_or(0.0, |(_, weight)| weight)).collect();
        let mut part = x.index_select(&Tensor::from_vec(places, outputs, x.device())?, axis)?;
        if terms.contains(&None) {
            let present: Vec<u8> = terms.iter().map(|term| u8::from(term.is_some())).collect();
            let present = Tensor::from_vec(present, shape.as_slice(), x.device())?.broadcast_as(part.shape())?;
            part = present.contiguous()?.where_cond(&part, &part.zeros_like()?)?;
        }
        part.broadcast_mul(&Tensor::from_vec(weights, shape, x.device())?)
    }
}
