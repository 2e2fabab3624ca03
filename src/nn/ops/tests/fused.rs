//! What is done in one pass and what its parts do.

use candle_core::{Device, Tensor};

use super::planes::{batch_norm_eval, batch_norm_train};
use super::support::{gradients, var};
use crate::nn::ops::{After, add, add_relu, relu, relu6};

/// What is done in one pass is what its parts do one after the other, to the bit.
#[test]
fn fused_operations_are_their_parts() {
    let inputs = [var(&[3, 2, 3, 4], 1), var(&[2], 2), var(&[2], 3)];
    let apart = |t: &[Tensor]| relu(&batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Nothing).unwrap().0).unwrap();
    let fused = |t: &[Tensor]| batch_norm_train(&t[0], &t[1], &t[2], 1e-3, After::Relu).unwrap().0;
    assert_eq!(gradients(&inputs, &apart), gradients(&inputs, &fused));
    let statistics = [&Tensor::new(&[0.5f32, -0.25], &Device::Cpu).unwrap(), &Tensor::new(&[0.1f32, 0.02], &Device::Cpu).unwrap()];
    let apart = |t: &[Tensor]| relu6(&batch_norm_eval(&t[0], &t[1], &t[2], statistics, 1e-3, After::Nothing).unwrap()).unwrap();
    let fused = |t: &[Tensor]| batch_norm_eval(&t[0], &t[1], &t[2], statistics, 1e-3, After::Relu6).unwrap();
    assert_eq!(gradients(&inputs, &apart), gradients(&inputs, &fused));
    let inputs = [var(&[3, 2, 3, 4], 1), var(&[3, 2, 3, 4], 2)];
    let apart = |t: &[Tensor]| relu(&add(&t[0], &t[1]).unwrap()).unwrap();
    let fused = |t: &[Tensor]| add_relu(&t[0], &t[1]).unwrap();
    assert_eq!(gradients(&inputs, &apart), gradients(&inputs, &fused));
    assert!(add_relu(&inputs[0], &var(&[3, 2, 4, 3], 1)).is_err());
}
