//! From a convolution's settings and the shapes it meets to the sizes that the kernels take.

use candle_core::{Result, bail};

use crate::nn::graph::Conv2d;
use derm_kernels::conv::Geometry;
use derm_kernels::window::{Axis, Window};

/// Checks that input `[n, h, w, in]` and weight `[out, in / groups, kh, kw]` fit the settings.
pub(super) fn geometry(x: &[usize], weight: &[usize], settings: &Conv2d) -> Result<Geometry> {
    let &[n, h, w, channels] = x else { bail!("a convolution reads [n, h, w, c], not {x:?}") };
    let groups = settings.groups;
    let divided = groups > 0 && channels.is_multiple_of(groups) && settings.out_channels.is_multiple_of(groups);
    if !divided {
        bail!("a convolution in {groups} groups cannot turn {channels} channels into {}", settings.out_channels);
    }
    let expected = [settings.out_channels, channels / groups, settings.kernel[0], settings.kernel[1]];
    let output = settings.output([h, w]);
    if weight != expected || n * output[0] * output[1] == 0 {
        bail!("a convolution {settings:?} with weight {weight:?} cannot read {x:?}");
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

/// The same sizes where every group has one channel in and one out; none where it has not.
pub(super) fn depthwise(g: &Geometry) -> Option<Window> {
    let axis = |axis: usize| Axis {
        input: g.input[axis],
        output: g.output[axis],
        kernel: g.kernel[axis],
        stride: g.stride[axis],
        padding: g.pad[axis] as isize,
        dilation: g.dilation[axis],
    };
    let single = g.groups > 1 && g.c_in == 1 && g.c_out == 1;
    single.then(|| Window { n: g.n, channels: g.groups, rows: axis(0), columns: axis(1) })
}
