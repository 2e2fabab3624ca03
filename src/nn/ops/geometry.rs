//! From a convolution's settings and the shapes it meets to the sizes that the kernels take.

use super::error::{Error, Result};
use super::operation::{View, image};
use crate::nn::graph::{Conv2d, Padding};
use derm_kernels::conv::Geometry;
use derm_kernels::window::{Axis, Window};

/// Strides, dilations and paddings are at most this, so that no sum of them overflows.
pub(super) const LARGEST: usize = 1 << 24;

/// The operation's name.
pub(super) const NAME: &str = "conv2d";

/// Checks that input `[n, h, w, in]`, weight `[out, in / groups, kh, kw]` and bias `[out]` fit the settings.
pub(super) fn geometry(inputs: &[View<'_>], settings: &Conv2d) -> Result<Geometry> {
    let [n, h, w, channels] = image(NAME, inputs, 0)?;
    let refuse = |reason: String| Err(Error::new(NAME, inputs, reason));
    let groups = settings.groups;
    if groups == 0 || settings.out_channels == 0 || !channels.is_multiple_of(groups) || !settings.out_channels.is_multiple_of(groups) {
        return refuse(format!("{groups} groups do not divide {channels} channels into {}", settings.out_channels));
    }
    if settings.stride.contains(&0) || settings.dilation.contains(&0) || settings.kernel.contains(&0) {
        return refuse("kernel, stride and dilation are at least 1".into());
    }
    let pads = match settings.padding {
        Padding::Explicit { top, left, bottom, right } => [top, left, bottom, right],
        Padding::Same => [0; 4],
    };
    if settings.stride.iter().chain(&settings.dilation).chain(&settings.kernel).chain(&pads).any(|&length| length > LARGEST) {
        return refuse(format!("kernel, stride, dilation and padding are at most {LARGEST}"));
    }
    let expected = [settings.out_channels, channels / groups, settings.kernel[0], settings.kernel[1]];
    if inputs[1].dims != expected || inputs.get(2).is_some_and(|bias| bias.dims != [settings.out_channels]) {
        return refuse(format!("the weight must be {expected:?} and a bias [{}]", settings.out_channels));
    }
    let output = settings.output([h, w]);
    if output.contains(&0) {
        let [top, left, bottom, right] = settings.pads([h, w]);
        let padded = [h + top + bottom, w + left + right];
        return refuse(format!(
            "a kernel of {:?} with dilation {:?} is larger than the padded image, {padded:?}",
            settings.kernel, settings.dilation
        ));
    }
    let [top, left, _, _] = settings.pads([h, w]);
    Ok(Geometry {
        n,
        groups,
        c_in: channels / groups,
        c_out: settings.out_channels / groups,
        input: [h, w],
        output,
        kernel: settings.kernel,
        stride: settings.stride,
        dilation: settings.dilation,
        pad: [top, left],
    })
}

/// The windows of the rows (0) or of the columns (1).
pub(super) fn axis(g: &Geometry, axis: usize) -> Axis {
    Axis {
        input: g.input[axis],
        output: g.output[axis],
        kernel: g.kernel[axis],
        stride: g.stride[axis],
        padding: g.pad[axis] as isize,
        dilation: g.dilation[axis],
    }
}

/// The same sizes where every group has one channel in and one out; none where it has not.
pub(super) fn depthwise(g: &Geometry) -> Option<Window> {
    let single = g.groups > 1 && g.c_in == 1 && g.c_out == 1;
    single.then(|| Window { n: g.n, channels: g.groups, rows: axis(g, 0), columns: axis(g, 1) })
}
