//! Images of another size: upsampling, transposed convolution, and pools to a given size.

use candle_core::Tensor;

use super::compose::{self, AxisMap, shapes};
use super::custom::apply;
use super::error::{Error, Result};
use super::geometry::LARGEST;
use super::operation::{Array, Gradient, Operation, View, both_wanted, image, wanted};
use derm_kernels::arithmetic;
use derm_kernels::conv::{self, Geometry, Mode};
use derm_kernels::pool::Adaptive;
use derm_kernels::upsample;

pub use derm_kernels::upsample::Rule;

/// `x [n, h, w, c]` at another height and width.
pub fn upsample(x: &Tensor, size: [usize; 2], rule: Rule) -> candle_core::Result<Tensor> {
    apply(Upsample { size: Size::Fixed(size), rule }, &[x])
}

/// Means of `x [n, h, w, c]` in as many bins as `size` says: `AdaptiveAvgPool2d`.
pub fn adaptive_avg_pool(x: &Tensor, size: [usize; 2]) -> candle_core::Result<Tensor> {
    apply(AdaptiveAverage { size }, &[x])
}

/// `x [n, h, w, in]`, `weight [in, out / groups, kh, kw]`, `bias [out]` to `[n, h', w', out]`: the transpose of a convolution.
pub fn conv_transpose2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, settings: Transposed) -> candle_core::Result<Tensor> {
    let inputs: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
    apply(ConvTranspose(settings), &inputs)
}

/// What size comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// This height and width.
    Fixed([usize; 2]),
    /// So many times as large.
    Times(usize),
}

/// See [`upsample`].
pub struct Upsample {
    /// What size comes out.
    pub size: Size,
    /// How.
    pub rule: Rule,
}

impl Upsample {
    fn kernel(&self, inputs: &[View<'_>]) -> Result<(usize, upsample::Upsample)> {
        let [n, h, w, channels] = image(self.name(), inputs, 0)?;
        let output = match self.size {
            Size::Fixed(size) => size,
            Size::Times(factor) => [h * factor, w * factor],
        };
        if h * w == 0 || output.contains(&0) {
            return Err(Error::new(self.name(), inputs, format!("an image cannot be made {output:?} from nothing, nor nothing of it")));
        }
        Ok((n, upsample::Upsample { input: [h, w], output, channels, rule: self.rule }))
    }
}

impl Operation for Upsample {
    fn name(&self) -> &'static str {
        "upsample"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let (n, kernel) = self.kernel(inputs)?;
        Ok(vec![n, kernel.output[0], kernel.output[1], kernel.channels])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (n, kernel) = self.kernel(inputs)?;
        Ok(Array::new(kernel.forward(inputs[0].values), [n, kernel.output[0], kernel.output[1], kernel.channels]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (_, whole) = self.kernel(&shapes(inputs))?;
        let along = |axis: usize| {
            let [input, output] = [whole.input[axis], whole.output[axis]];
            let column = upsample::Upsample { input: [input, 1], output: [output, 1], channels: input, rule: self.rule };
            AxisMap::of(input, |units| column.forward(units))
        };
        along(1).apply(&along(0).apply(inputs[0], 1)?, 2)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok((_, kernel)) = self.kernel(inputs) else { unreachable!("the forward pass took these shapes") };
        vec![wanted(want[0], || kernel.backward(dy))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// See [`adaptive_avg_pool`].
pub struct AdaptiveAverage {
    /// Height and width of the result.
    pub size: [usize; 2],
}

impl AdaptiveAverage {
    fn kernel(&self, inputs: &[View<'_>]) -> Result<(usize, Adaptive)> {
        let [n, h, w, channels] = image(self.name(), inputs, 0)?;
        if h * w == 0 || h * w >= 1 << 23 {
            return Err(Error::new(self.name(), inputs, "images have from 1 to 2^23 pixels"));
        }
        Ok((n, Adaptive { input: [h, w], output: self.size, channels }))
    }
}

impl Operation for AdaptiveAverage {
    fn name(&self) -> &'static str {
        "adaptive_avg_pool"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let (n, kernel) = self.kernel(inputs)?;
        Ok(vec![n, self.size[0], self.size[1], kernel.channels])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (n, kernel) = self.kernel(inputs)?;
        Ok(Array::new(kernel.average(inputs[0].values), [n, self.size[0], self.size[1], kernel.channels]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let (_, whole) = self.kernel(&shapes(inputs))?;
        let along = |axis: usize| {
            let [input, output] = [whole.input[axis], whole.output[axis]];
            let column = Adaptive { input: [input, 1], output: [output, 1], channels: input };
            AxisMap::of(input, |units| column.average(units))
        };
        along(1).apply(&along(0).apply(inputs[0], 1)?, 2)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok((_, kernel)) = self.kernel(inputs) else { unreachable!("the forward pass took these shapes") };
        vec![wanted(want[0], || kernel.average_backward(dy))]
    }

    fn reads_input(&self, _: usize) -> bool {
        false
    }
}

/// Settings of a transposed convolution; pairs are height, width, names and meaning PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transposed {
    /// Distance of the results of neighbouring inputs.
    pub stride: [usize; 2],
    /// What is cut off on all sides.
    pub padding: [usize; 2],
    /// What is added at the bottom and at the right.
    pub output_padding: [usize; 2],
    /// Distance between the kernel's taps.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Default for Transposed {
    fn default() -> Self {
        Self { stride: [1; 2], padding: [0; 2], output_padding: [0; 2], dilation: [1; 2], groups: 1 }
    }
}

/// See [`conv_transpose2d`].
pub struct ConvTranspose(pub Transposed);

impl ConvTranspose {
    /// The convolution of which this is the transpose: from this one's result to its input.
    fn geometry(&self, inputs: &[View<'_>]) -> Result<Geometry> {
        let [n, h, w, channels] = image(self.name(), inputs, 0)?;
        let Transposed { stride, padding, output_padding, dilation, groups } = self.0;
        let refuse = |reason: &str| Err(Error::new(self.name(), inputs, reason));
        let &[inner, per_group, kh, kw] = inputs[1].dims else { return refuse("the weight must be [in, out / groups, kh, kw]") };
        if inner != channels || groups == 0 || !channels.is_multiple_of(groups) || inputs[1].dims.contains(&0) {
            return refuse("the weight must be [in, out / groups, kh, kw], and groups divide the channels");
        }
        if stride.contains(&0) || dilation.contains(&0) || (0..2).any(|i| output_padding[i] >= stride[i].max(dilation[i])) {
            return refuse("stride and dilation are at least 1, and the output padding is below one of them");
        }
        if inputs.get(2).is_some_and(|bias| bias.dims != [per_group * groups]) {
            return refuse("the bias must be [out]");
        }
        let kernel = [kh, kw];
        if [stride, padding, output_padding, dilation, kernel].as_flattened().iter().any(|&length| length > LARGEST) {
            return refuse("kernel, stride, padding and dilation are too large");
        }
        let side = |axis: usize, length: usize| {
            let reach = length.checked_sub(1)? * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 + output_padding[axis];
            reach.checked_sub(2 * padding[axis]).filter(|side| *side > 0)
        };
        let (Some(height), Some(width)) = (side(0, h), side(1, w)) else { return refuse("nothing is left inside the padding") };
        let (c_in, c_out) = (per_group, channels / groups);
        Ok(Geometry { n, groups, c_in, c_out, input: [height, width], output: [h, w], kernel, stride, dilation, pad: padding })
    }
}

impl Operation for ConvTranspose {
    fn name(&self) -> &'static str {
        "conv_transpose2d"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let g = self.geometry(inputs)?;
        Ok(vec![g.n, g.input[0], g.input[1], g.groups * g.c_in])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let g = self.geometry(inputs)?;
        let y = conv::input_gradient(inputs[0].values, inputs[1].values, &g, Mode::default());
        let y = match inputs.get(2) {
            Some(bias) if !y.is_empty() => arithmetic::add_bias(&y, bias.values),
            _ => y,
        };
        Ok(Array::new(y, [g.n, g.input[0], g.input[1], g.groups * g.c_in]))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let g = self.geometry(&shapes(inputs))?;
        compose::transposed(inputs, &g)
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok(g) = self.geometry(inputs) else { unreachable!("the forward pass took these shapes") };
        let (x, weight, mode) = (inputs[0].values, inputs[1].values, Mode::default());
        let db = want.get(2).map(|&want| wanted(want, || arithmetic::bias_gradient(dy, g.groups * g.c_in)));
        let dx = || conv::forward(dy, weight, None, &g, mode);
        let dw = || conv::weight_gradient(dy, x, &g, mode);
        both_wanted([want[0], want[1]], dx, dw).into_iter().chain(db).collect()
    }
}
