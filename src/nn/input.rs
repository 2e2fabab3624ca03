//! What a network reads, and where a pass through it begins.

use candle_core::{DType, Tensor};

use super::graph::NodeId;
use super::{Error, Network};

/// What a network reads.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    what: What<'a>,
    metadata: Option<&'a Tensor>,
}

#[derive(Clone, Copy, Debug)]
enum What<'a> {
    Images(&'a Tensor),
    Features(&'a Tensor),
}

impl<'a> Input<'a> {
    /// Normalised images, f32 `[n, 3, height, width]`, in main memory or on the network's device.
    pub fn images(images: &'a Tensor) -> Self {
        Self { what: What::Images(images), metadata: None }
    }

    /// What the backbone makes of them, f32 `[n, f]`: only the head runs.
    pub fn features(features: &'a Tensor) -> Self {
        Self { what: What::Features(features), metadata: None }
    }

    /// Beside it metadata, f32 `[n, k]`, or `[1, k]` for all images: for a network that takes them, and only for such a one.
    #[must_use]
    pub fn with(self, metadata: Option<&'a Tensor>) -> Self {
        Self { metadata, ..self }
    }
}

/// Images.
impl<'a> From<&'a Tensor> for Input<'a> {
    fn from(images: &'a Tensor) -> Self {
        Self::images(images)
    }
}

/// Where a pass begins, in the kernels' order and on the network's device.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The node whose value is known.
    pub node: NodeId,
    /// That value.
    pub value: Tensor,
    /// `[n, k]`, if they were given.
    metadata: Option<(NodeId, Tensor)>,
}

impl Entry {
    /// At the images or at the features.
    pub fn new(network: &Network, input: Input<'_>) -> Result<Self, Error> {
        let (node, value) = match input.what {
            What::Images(images) => {
                network.check_images(images)?;
                (NodeId(0), channels_last(images)?)
            }
            What::Features(features) => {
                let wide = network.graph().feature_count();
                let fits = features.dims().len() == 2 && features.dims()[1] == wide;
                check("features", features, fits, || format!("f32 [n, {wide}]"))?;
                (network.graph().features(), features.clone())
            }
        };
        Self::at(network, node, value.to_device(network.device())?, input.metadata)
    }

    /// At any node, whose value is in the kernels' order.
    pub fn at(network: &Network, node: NodeId, value: Tensor, given: Option<&Tensor>) -> Result<Self, Error> {
        let images = value.dims()[0];
        let metadata = match (network.graph().metadata(), given) {
            (_, None) => None,
            (None, Some(given)) => {
                let (expected, got) = ("left out: the network takes none".to_owned(), format!("{:?}", given.dims()));
                return Err(Error::Argument { what: "metadata", expected, got });
            }
            (Some(own), Some(given)) => {
                let wide = network.graph().node(own).shape[0];
                let fits = matches!(*given.dims(), [rows, values] if (rows == images || rows == 1) && values == wide);
                check("metadata", given, fits, || format!("f32 [{images}, {wide}]"))?;
                let all = given.broadcast_as((images, wide))?.contiguous()?;
                Some((own, all.to_device(network.device())?))
            }
        };
        Ok(Self { node, value, metadata })
    }

    /// The same pass from a later node on.
    pub fn on(self, node: NodeId, value: Tensor) -> Self {
        Self { node, value, ..self }
    }

    /// What is known at the beginning, by the numbers of nodes.
    ///
    /// # Errors
    ///
    /// The way to `end` needs metadata, and there are none.
    pub fn values(&self, network: &Network, end: NodeId) -> Result<Vec<Option<Tensor>>, Error> {
        let mut values: Vec<Option<Tensor>> = vec![None; network.graph().nodes().len()];
        values[self.node.0] = Some(self.value.clone());
        match (&self.metadata, network.graph().metadata()) {
            (Some((node, metadata)), _) => values[node.0] = Some(metadata.clone()),
            (None, Some(needed)) if needed <= end => {
                let expected = format!("f32 [n, {}]", network.graph().node(needed).shape[0]);
                return Err(Error::Argument { what: "metadata", expected, got: "left out".to_owned() });
            }
            (None, _) => {}
        }
        Ok(values)
    }
}

/// `[n, 3, h, w]` to `[n, h, w, 3]`; nothing moves where memory is in that order already, as [`normalise`](super::normalise) makes it.
fn channels_last(images: &Tensor) -> Result<Tensor, Error> {
    Ok(images.permute((0, 2, 3, 1))?.contiguous()?)
}

pub(super) fn check(what: &'static str, tensor: &Tensor, fits: bool, expected: impl Fn() -> String) -> Result<(), Error> {
    if fits && tensor.dtype() == DType::F32 {
        return Ok(());
    }
    Err(Error::Argument { what, expected: expected(), got: format!("{:?} {:?}", tensor.dtype(), tensor.dims()) })
}
