//! Activations, pools and what makes images larger.

use super::Writer;
use crate::export::Error;
use crate::export::proto::{Attribute, Tensor};
use crate::nn::graph::{AvgPool, ConvTranspose2d, Node, Op};
use crate::nn::ops::{Activation, Rule};

impl Writer<'_> {
    pub(super) fn activation(&mut self, node: &Node, activation: Activation, x: &str) -> Result<String, Error> {
        let name = node.name.as_str();
        Ok(match activation {
            Activation::Relu => self.push("Relu", name, &[x], vec![]),
            Activation::Relu6 => {
                let (low, high) = (self.scalar("zero", 0.0), self.scalar("six", 6.0));
                self.push("Clip", name, &[x, &low, &high], vec![])
            }
            Activation::Sigmoid => self.push("Sigmoid", name, &[x], vec![]),
            Activation::HardSigmoid => {
                let line = vec![Attribute::float("alpha", 1.0 / 6.0), Attribute::float("beta", 0.5)];
                self.push("HardSigmoid", name, &[x], line)
            }
            Activation::HardSwish => self.push("HardSwish", name, &[x], vec![]),
            Activation::Silu => {
                let gate = self.push("Sigmoid", &format!("{name}.gate"), &[x], vec![]);
                self.push("Mul", name, &[x, &gate], vec![])
            }
            Activation::Gelu | Activation::GeluTanh => return Err(refused(node)),
        })
    }

    /// Of a pool that rounds up and counts its padding, readers do not agree what the last window counts.
    pub(super) fn avg_pool(&mut self, node: &Node, settings: &AvgPool, x: &str) -> Result<String, Error> {
        if settings.window.ceil && settings.count_padding {
            return Err(refused(node));
        }
        let mut attributes = self.pool_attributes(&settings.window, node.inputs[0]);
        attributes.push(Attribute::int("count_include_pad", settings.count_padding.into()));
        Ok(self.push("AveragePool", &node.name, &[x], attributes))
    }

    /// Readers' defaults give each new pixel the old one below its centre.
    pub(super) fn upsample(&mut self, node: &Node, factor: usize, rule: Rule, x: &str) -> Result<String, Error> {
        if rule != Rule::Nearest {
            return Err(refused(node));
        }
        let side = factor as f32;
        let scales = self.constant(Tensor::floats(format!("times_{factor}"), &[4], &[1.0, 1.0, side, side]));
        Ok(self.push("Resize", &node.name, &[x, "", &scales], vec![]))
    }

    pub(super) fn up_conv(&mut self, node: &Node, settings: &ConvTranspose2d, x: &str) -> Result<String, Error> {
        let [kh, kw] = settings.kernel;
        let rest = settings.settings;
        let dims = [settings.in_channels, settings.out_channels / rest.groups.max(1), kh, kw];
        let mut inputs = vec![x.to_owned(), self.parameter(&node.name, "weight", &dims)?];
        if settings.bias {
            inputs.push(self.parameter(&node.name, "bias", &[settings.out_channels])?);
        }
        let [rows, columns] = rest.padding;
        let attributes = vec![
            Attribute::ints("dilations", &rest.dilation),
            Attribute::int("group", rest.groups as i64),
            Attribute::ints("kernel_shape", &settings.kernel),
            Attribute::ints("output_padding", &rest.output_padding),
            Attribute::ints("pads", &[rows, columns, rows, columns]),
            Attribute::ints("strides", &rest.stride),
        ];
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(self.push("ConvTranspose", &node.name, &inputs, attributes))
    }
}

/// A node that no operator is written for.
pub(super) fn refused(node: &Node) -> Error {
    Error::NoOperator { node: node.name.clone(), kind: Op::kind(&node.op) }
}
