//! Inverted residual blocks whose weights do not change: see [`derm_kernels::inverted`]. Forward only.

use super::error::{Error, Result};
use super::geometry;
use super::operation::{Array, View, image};
use super::packed_conv::{PackedConv, Weight};
use derm_kernels::conv::{Epilogue, Packed};
use derm_kernels::inverted::{self, Inverted};

/// Perhaps a 1x1 convolution, one of each channel, perhaps another of 1x1; what follows each of them is part of it.
pub struct PackedInverted {
    widen: Option<PackedConv>,
    depthwise: PackedConv,
    narrow: Option<PackedConv>,
}

impl PackedInverted {
    /// The convolutions in their order, one of them of each channel; panics where they are none of these.
    pub fn new(convs: Vec<PackedConv>) -> Self {
        let (mut widen, mut depthwise, mut narrow) = (None, None, None);
        for conv in convs {
            match (&conv.weight, &depthwise) {
                (Weight::Depthwise(_), None) => depthwise = Some(conv),
                (Weight::Packed(_), None) => widen = Some(conv),
                _ => narrow = Some(conv),
            }
        }
        let Some(depthwise) = depthwise else { panic!("no convolution of each channel") };
        Self { widen, depthwise, narrow }
    }

    /// Of `x [n, h, w, in]`; what is added to the last convolution is like the result.
    pub fn forward(&self, x: View<'_>, added: Option<View<'_>>) -> Result<Array> {
        let [n, h, w, channels] = image(geometry::NAME, &[x], 0)?;
        let settings = &self.depthwise.settings;
        let expected = self.widen.as_ref().map_or(settings.in_channels, |conv| conv.settings.in_channels);
        if channels != expected {
            return Err(Error::new(geometry::NAME, &[x], format!("the input must have {expected} channels")));
        }
        let [rows, columns] = settings.kernel;
        let (wide, weight) = ([n, h, w, settings.in_channels], [settings.out_channels, 1, rows, columns]);
        let g = geometry::geometry(&[&wide[..], &weight[..]].map(|dims| View { values: &[], dims }), settings)?;
        let results = self.narrow.as_ref().map_or(settings.out_channels, |conv| conv.settings.out_channels);
        let dims = [g.n, g.output[0], g.output[1], results];
        if let Some(added) = added.filter(|added| added.dims != dims || self.narrow.is_none()) {
            return Err(Error::new(geometry::NAME, &[x, added], format!("what is added must be {dims:?}, to a last convolution of 1x1")));
        }
        let (Some(window), Weight::Depthwise(depthwise)) = (geometry::depthwise(&g), &self.depthwise.weight) else {
            unreachable!("the channels stand alone by the same settings")
        };
        let block = Inverted {
            widen: self.widen.as_ref().and_then(|conv| matrix(conv, None)),
            depthwise: (depthwise, self.depthwise.epilogue(None)),
            narrow: self.narrow.as_ref().and_then(|conv| matrix(conv, added.map(|added| added.values))),
            window,
        };
        Ok(Array::new(inverted::forward(x.values, &block), dims))
    }
}

fn matrix<'a>(conv: &'a PackedConv, residual: Option<&'a [f32]>) -> Option<(&'a Packed, Epilogue<'a>)> {
    match &conv.weight {
        Weight::Packed(weight) => Some((weight, conv.epilogue(residual))),
        Weight::Depthwise(_) => None,
    }
}
