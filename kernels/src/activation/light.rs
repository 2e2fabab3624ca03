//! Functions of so few instructions that they are worked out while sums are still in registers: a pass over memory for them costs
//! as much as the products of a layer with few channels.

use super::Activation;

/// One of them, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Light {
    Identity,
    Relu,
    Relu6,
    HardSwish,
}

impl Light {
    /// This activation, if it is one of them.
    pub(crate) fn of(activation: Option<Activation>) -> Option<Self> {
        match activation {
            None => Some(Self::Identity),
            Some(Activation::Relu) => Some(Self::Relu),
            Some(Activation::Relu6) => Some(Self::Relu6),
            Some(Activation::HardSwish) => Some(Self::HardSwish),
            Some(Activation::Sigmoid | Activation::HardSigmoid | Activation::Silu | Activation::Gelu | Activation::GeluTanh) => None,
        }
    }
}

/// Runs `$body` with `$function` being the [`Function`](super::Function) of a [`Light`].
macro_rules! with_light {
    ($light:expr, $function:ident => $body:expr) => {
        match $light {
            $crate::activation::Light::Identity => {
                let $function = $crate::activation::Identity;
                $body
            }
            $crate::activation::Light::Relu => {
                let $function = $crate::activation::Relu;
                $body
            }
            $crate::activation::Light::Relu6 => {
                let $function = $crate::activation::Relu6;
                $body
            }
            $crate::activation::Light::HardSwish => {
                let $function = $crate::activation::HardSwish;
                $body
            }
        }
    };
}
pub(crate) use with_light;
