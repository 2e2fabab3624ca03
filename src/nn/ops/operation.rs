//! What a differentiable operation is: a value from inputs, and gradients of the inputs from that of the value.

use candle_core::Tensor;

use super::error::{Error, Result};

/// A contiguous f32 tensor to read, row-major. Backward passes get no values (but the shape) of what they said not to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Its values.
    pub values: &'a [f32],
    /// Its shape.
    pub dims: &'a [usize],
}

/// A contiguous f32 tensor that an operation made.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its values, row-major.
    pub values: Vec<f32>,
    /// Its shape.
    pub dims: Vec<usize>,
}

impl Array {
    /// `values` of shape `dims`.
    pub fn new(values: Vec<f32>, dims: impl Into<Vec<usize>>) -> Self {
        let dims = dims.into();
        debug_assert_eq!(values.len(), dims.iter().product::<usize>());
        Self { values, dims }
    }

    /// To read.
    pub fn view(&self) -> View<'_> {
        View { values: &self.values, dims: &self.dims }
    }
}

/// The gradient of one input, of that input's shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Gradient {
    /// Not asked for.
    Unwanted,
    /// These values.
    Values(Vec<f32>),
    /// The very values of the result's gradient.
    Passed,
    /// Those of an earlier input's.
    Like(usize),
}

/// An operation that is called once forward and at most once backward, or once composed.
///
/// What the backward pass needs beside inputs and result (a pool's winners, a batch's statistics) stays in the operation.
pub trait Operation: Send {
    /// Its name in errors and profiles.
    fn name(&self) -> &'static str;

    /// The shape of the result; values are not looked at. Shapes that do not fit are an error that names them.
    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>>;

    /// The result. Shapes that do not fit are an error that names them.
    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array>;

    /// The gradient of each input from `dy`, that of the result; `wanted` says of which.
    fn backward(&self, inputs: &[View<'_>], result: View<'_>, dy: &[f32], wanted: &[bool]) -> Vec<Gradient>;

    /// The result on any device, as a composition of candle's operations that candle differentiates rightly; see
    /// [`compose`](super::compose()), which calls it. Inputs are f32 on one device, [`shape`](Self::shape) took theirs, and the result
    /// has values.
    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor>;

    /// Whether the backward pass reads the values of this input: what it does not read can be freed after the forward pass.
    fn reads_input(&self, _input: usize) -> bool {
        true
    }

    /// Whether the backward pass reads the values of the result.
    fn reads_result(&self) -> bool {
        false
    }
}

/// `values` where they are wanted.
pub(super) fn wanted(wanted: bool, values: impl FnOnce() -> Vec<f32>) -> Gradient {
    if wanted { Gradient::Values(values()) } else { Gradient::Unwanted }
}

/// Two gradients that do not need each other, side by side: a thread that is done with one helps with the other instead of waiting at its end.
pub(super) fn both_wanted(
    want: [bool; 2],
    first: impl FnOnce() -> Vec<f32> + Send,
    second: impl FnOnce() -> Vec<f32> + Send,
) -> [Gradient; 2] {
    let (first, second) = rayon::join(|| wanted(want[0], first), || wanted(want[1], second));
    [first, second]
}

/// The shape of an image tensor, `[n, height, width, channels]`. There may be no image, and none of its pixels, but not no channel.
pub(super) fn image(operation: &'static str, inputs: &[View<'_>], which: usize) -> Result<[usize; 4]> {
    let refused =
        || Error::new(operation, inputs, format!("input {which} must be an image batch [n, height, width, channels] with channels"));
    inputs[which].dims.try_into().ok().filter(|&[.., channels]: &[usize; 4]| channels > 0).ok_or_else(refused)
}
