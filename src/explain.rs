//! Where in an image a classifier sees what it says.
//!
//! | method | networks | map | source |
//! | --- | --- | --- | --- |
//! | [`Method::GradCam`] | all | channels of the last image-like value, weighted by their mean slopes | Selvaraju et al. 2016, <https://arxiv.org/abs/1610.02391> |
//! | [`Method::GradCamPlusPlus`] | all | the same with weights from higher derivatives | Chattopadhay et al. 2017, <https://arxiv.org/abs/1710.11063> |
//! | [`Method::Rollout`] | transformers with global attention | attention from layer to layer | Abnar and Zuidema 2020, <https://arxiv.org/abs/2005.00928> |
//! | [`Method::IntegratedGradients`] | all | slopes by pixels, summed from the mean image to the image | Sundararajan et al. 2017, <https://arxiv.org/abs/1703.01365> |
//!
//! A map shows what the network used, not what is ill, and some maps show little but the image's edges whatever the network learnt
//! (Adebayo et al. 2018, <https://arxiv.org/abs/1810.03292>): [`check`] compares it with that of the same network at random weights.
//!
//! Everything is worked out on the CPU, and the same image and network give the same map bit for bit. Nothing here reads or writes files.

mod attention;
mod cam;
pub mod check;
mod integrated;
mod map;
pub mod overlay;

use candle_core::Tensor;

pub use map::Map;

use crate::nn::{self, Network};

/// How a map is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    GradCam,
    GradCamPlusPlus,
    Rollout,
    IntegratedGradients,
}

/// What may go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Rollout follows attention of every token to every token.
    #[error("`{network}` has no attention of all tokens to all tokens, which rollout follows")]
    NoAttention {
        /// The network.
        network: &'static str,
    },
    /// A mask is its own explanation.
    #[error("`{network}` gives masks: they show where it sees something")]
    Masks {
        /// The network.
        network: &'static str,
    },
    /// Nothing image-like is left to weigh.
    #[error("`{network}` has no value inside that is an image or the tokens of one")]
    NoImage {
        /// The network.
        network: &'static str,
    },
    /// The network failed.
    #[error(transparent)]
    Network(#[from] Box<nn::Error>),
}

impl From<nn::Error> for Error {
    fn from(error: nn::Error) -> Self {
        Error::Network(Box::new(error))
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        nn::Error::Tensor(error).into()
    }
}

impl Method {
    /// All.
    pub const ALL: [Self; 4] = [Self::GradCam, Self::GradCamPlusPlus, Self::Rollout, Self::IntegratedGradients];

    /// As on the command line and in names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::GradCam => "grad-cam",
            Self::GradCamPlusPlus => "grad-cam++",
            Self::Rollout => "attention-rollout",
            Self::IntegratedGradients => "integrated-gradients",
        }
    }

    /// What suits a network: rollout where it has attention to follow, else Grad-CAM.
    pub fn usual(network: &Network) -> Self {
        if attention::has_attention(network.graph()) { Self::Rollout } else { Self::GradCam }
    }

    /// Whether the map is of one class; rollout's is of the network's attention, whatever the class.
    pub fn is_of_class(self) -> bool {
        self != Self::Rollout
    }
}

/// The map of one image, f32 `[1, 3, height, width]`, normalised, for the logit of `class`; metadata `[1, k]` for a network that takes them,
/// which stay what they are.
///
/// # Errors
///
/// A network that the method does not suit.
pub fn explain(network: &Network, image: &Tensor, metadata: Option<&Tensor>, class: usize, method: Method) -> Result<Map, Error> {
    if network.graph().gives_masks() {
        return Err(Error::Masks { network: network.architecture().name });
    }
    match method {
        Method::GradCam => cam::cam(network, image, metadata, class, cam::Weights::Slopes),
        Method::GradCamPlusPlus => cam::cam(network, image, metadata, class, cam::Weights::HigherSlopes),
        Method::Rollout => attention::rollout(network, image),
        Method::IntegratedGradients => Ok(integrated::gradients(network, image, metadata, class)?.0),
    }
}

/// One for the logit of `class` of every image, 0 for the others.
fn one_class(class: usize) -> impl Fn(&Tensor) -> Result<Tensor, nn::Error> {
    move |logits| {
        let (n, classes) = logits.dims2()?;
        let weights = (0..n * classes).map(|i| if i % classes == class { 1f32 } else { 0.0 }).collect();
        Ok(Tensor::from_vec(weights, (n, classes), logits.device())?)
    }
}
