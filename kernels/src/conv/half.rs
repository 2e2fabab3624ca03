//! Convolutions of single pixels, which are matrix products, with factors of half the precision.

use super::super::bf16::{self, Matrix};
use super::{Geometry, Mode, Precision};

/// [`super::forward`].
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, g: &Geometry, mode: Mode) -> Vec<f32> {
    if !bf16::is_fast(mode.isa) {
        return super::forward(&bf16::rounded(x), &bf16::rounded(weight), bias, g, whole(mode));
    }
    bf16::product(Matrix::new(x, pixels(g), g.c_in), Matrix::new(weight, g.c_out, g.c_in).turned(), bias)
}

/// [`super::input_gradient`].
pub fn input_gradient(dy: &[f32], weight: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    if !bf16::is_fast(mode.isa) {
        return super::input_gradient(&bf16::rounded(dy), &bf16::rounded(weight), g, whole(mode));
    }
    bf16::product(Matrix::new(dy, pixels(g), g.c_out), Matrix::new(weight, g.c_out, g.c_in), None)
}

/// [`super::weight_gradient`].
pub fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry, mode: Mode) -> Vec<f32> {
    if !bf16::is_fast(mode.isa) {
        return super::weight_gradient(&bf16::rounded(x), &bf16::rounded(dy), g, whole(mode));
    }
    bf16::product(Matrix::new(dy, pixels(g), g.c_out).turned(), Matrix::new(x, pixels(g), g.c_in), None)
}

fn pixels(g: &Geometry) -> usize {
    g.n * g.input[0] * g.input[1]
}

fn whole(mode: Mode) -> Mode {
    Mode { precision: Precision::F32, ..mode }
}
