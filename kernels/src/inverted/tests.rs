//! Bands against the convolutions by themselves.

use proptest::prelude::*;

use super::super::activation::Activation;
use super::super::conv::{Geometry, Mode, forward_packed};
use super::super::simd::forced;
use super::super::testing::{each, same_for_any_threads, values};
use super::super::window::Axis;
use super::*;

/// A block with its weights: channels in, channels between, channels out.
struct Case {
    window: Window,
    channels: [usize; 3],
    widen: Option<conv::Packed>,
    depthwise: depthwise::Packed,
    narrow: Option<conv::Packed>,
    bias: Vec<f32>,
    activation: Option<Activation>,
}

fn matrix([c_in, c_out]: [usize; 2], salt: u64) -> conv::Packed {
    let mode = Mode { isa: forced::isa().unwrap(), exact: false, ..Mode::default() };
    conv::Packed::new(values(c_in * c_out, salt), &pixels([c_in, c_out], [0; 2], 0), mode)
}

fn pixels([c_in, c_out]: [usize; 2], size: [usize; 2], n: usize) -> Geometry {
    Geometry { n, groups: 1, c_in, c_out, input: size, output: size, kernel: [1; 2], stride: [1; 2], dilation: [1; 2], pad: [0; 2] }
}

impl Case {
    fn new(window: Window, [c_in, c_out]: [usize; 2], parts: [bool; 2], activation: Option<Activation>) -> Self {
        let channels = [if parts[0] { c_in } else { window.channels }, window.channels, if parts[1] { c_out } else { window.channels }];
        let kernel = [window.rows.kernel, window.columns.kernel];
        Self {
            window,
            channels,
            widen: parts[0].then(|| matrix([channels[0], channels[1]], 1)),
            depthwise: depthwise::Packed::new(&values(window.channels * window.taps(), 2), window.channels, kernel),
            narrow: parts[1].then(|| matrix([channels[1], channels[2]], 3)),
            bias: values(channels[1].max(channels[2]), 4),
            activation,
        }
    }

    fn x(&self) -> Vec<f32> {
        values(self.window.n * self.window.rows.input * self.window.columns.input * self.channels[0], 5)
    }

    fn residual(&self) -> Vec<f32> {
        values(self.window.n * self.window.rows.output * self.window.columns.output * self.channels[2], 6)
    }

    fn epilogue<'a>(&'a self, channels: usize, residual: Option<&'a [f32]>) -> Epilogue<'a> {
        Epilogue { bias: Some(&self.bias[..channels]), residual, activation: self.activation }
    }

    /// The three convolutions, one after the other.
    fn apart(&self) -> Vec<f32> {
        let Window { n, rows, columns, .. } = self.window;
        let [c_in, wide, c_out] = self.channels;
        let (mut y, residual) = (self.x(), self.residual());
        if let Some(weight) = &self.widen {
            y = forward_packed(&y, weight, self.epilogue(wide, None), &pixels([c_in, wide], [rows.input, columns.input], n));
        }
        y = depthwise::forward_packed(&y, &self.depthwise, self.epilogue(wide, None), &self.window);
        if let Some(weight) = &self.narrow {
            let g = pixels([wide, c_out], [rows.output, columns.output], n);
            y = forward_packed(&y, weight, self.epilogue(c_out, Some(&residual)), &g);
        }
        y
    }

    fn together(&self) -> Vec<f32> {
        let [_, wide, c_out] = self.channels;
        let residual = self.residual();
        let block = Inverted {
            widen: self.widen.as_ref().map(|weight| (weight, self.epilogue(wide, None))),
            depthwise: (&self.depthwise, self.epilogue(wide, None)),
            narrow: self.narrow.as_ref().map(|weight| (weight, self.epilogue(c_out, Some(&residual)))),
            window: self.window,
        };
        forward(&self.x(), &block)
    }
}

fn case() -> impl Strategy<Value = (Window, [usize; 2], [bool; 2], Option<Activation>)> {
    let axis = || {
        let sizes = (1usize..30, prop::sample::select(vec![1usize, 2, 3, 5, 7]), 1usize..4, 0usize..4, 1usize..3);
        sizes.prop_filter_map("larger than the input", |(input, kernel, stride, padding, dilation)| {
            Axis::new(input, kernel, stride, padding, dilation)
        })
    };
    // Some so wide that a band is a row or two.
    let window = (0usize..3, prop_oneof![3 => 1usize..70, 1 => 700usize..1500], axis(), axis())
        .prop_map(|(n, channels, rows, columns)| Window { n, channels, rows, columns });
    let activation = prop::sample::select(vec![None, Some(Activation::Relu), Some(Activation::HardSwish), Some(Activation::Silu)]);
    (window, [1usize..40, 1usize..40], any::<[bool; 2]>(), activation)
}

#[test]
fn bands_are_the_convolutions_one_by_one() {
    each(60, case(), |isa, (window, channels, parts, activation)| {
        let case = Case::new(window, channels, parts, activation);
        let bits = |y: Vec<f32>| y.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert!(bits(case.together()) == bits(case.apart()), "{isa:?}");
    });
}

#[test]
fn threads_do_not_change_bits() {
    let axis = |stride| Axis::new(40, 5, stride, 2, 1).unwrap();
    each(1, Just(()), |_, ()| {
        for stride in [1, 2] {
            let window = Window { n: 1, channels: 96, rows: axis(stride), columns: axis(stride) };
            let case = Case::new(window, [24, 40], [true; 2], Some(Activation::HardSwish));
            same_for_any_threads(|| vec![case.together()]);
        }
    });
}
