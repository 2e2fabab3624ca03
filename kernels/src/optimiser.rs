//! Steps of AdamW and SGD, moving averages and norms of gradients, each over all parameters of a network in one pass.
//!
//! Parameters are cut into pieces of at most [`CHUNK`] values, and pieces that follow each other go to one task until it has as many:
//! a hundred biases cost no more than one weight of their size. Sums are in f64, those of pieces in their order.

mod steps;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::map::CHUNK;
use super::simd;
use steps::{AdamWStep, AverageStep, SgdStep, Squares};

/// AdamW (Loshchilov and Hutter 2019, <https://arxiv.org/abs/1711.05101>), by PyTorch's formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate.
    pub rate: f64,
    /// How much of the mean gradient stays.
    pub beta1: f64,
    /// How much of the mean squared gradient stays.
    pub beta2: f64,
    /// Added to the root below.
    pub eps: f64,
    /// `rate * weight_decay` of each value goes, whatever its gradient.
    pub weight_decay: f64,
    /// Factor of every gradient, as clipping wants it.
    pub scale: f32,
}

/// SGD by PyTorch's formula, without dampening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub rate: f64,
    /// How much of the velocity stays.
    pub momentum: f64,
    /// Look ahead along the velocity.
    pub nesterov: bool,
    /// `weight_decay * value` is added to a gradient.
    pub weight_decay: f64,
    /// Factor of every gradient, as clipping wants it.
    pub scale: f32,
}

/// A parameter that AdamW moves; all slices are of one length.
#[derive(Debug)]
pub struct AdamWParameter<'a> {
    /// Its rule.
    pub rule: AdamW,
    /// Number of its step, from 1.
    pub step: u64,
    /// Its values.
    pub values: &'a mut [f32],
    /// Their gradient.
    pub gradient: &'a [f32],
    /// What earlier steps left, zeros at first.
    pub mean: &'a mut [f32],
    /// What earlier steps left, zeros at first.
    pub square: &'a mut [f32],
}

/// A parameter that SGD moves.
#[derive(Debug)]
pub struct SgdParameter<'a> {
    /// Its rule.
    pub rule: Sgd,
    /// Its values.
    pub values: &'a mut [f32],
    /// Their gradient.
    pub gradient: &'a [f32],
    /// What earlier steps left, zeros at first; with momentum 0 it is neither read nor written, and may be empty.
    pub velocity: &'a mut [f32],
}

/// A parameter and the moving average of it.
#[derive(Debug)]
pub struct Averaged<'a> {
    /// The average.
    pub average: &'a mut [f32],
    /// The parameter's values.
    pub values: &'a [f32],
}

/// Moves all parameters; panics where slices of one differ in length, or at a step 0.
pub fn adamw(parameters: &mut [AdamWParameter]) {
    let pieces = parameters.iter_mut().flat_map(|p| {
        assert!(p.step > 0 && [p.gradient.len(), p.mean.len(), p.square.len()] == [p.values.len(); 3]);
        let factors = steps::Factors::new(&p.rule, p.step);
        let memory = p.mean.chunks_mut(CHUNK).zip(p.square.chunks_mut(CHUNK));
        let pieces = p.values.chunks_mut(CHUNK).zip(p.gradient.chunks(CHUNK)).zip(memory);
        pieces.map(move |((values, gradient), (mean, square))| (values.len(), AdamWStep { factors, values, gradient, mean, square }))
    });
    tasks(pieces).into_par_iter().for_each(|task| task.into_iter().for_each(simd::run));
}

/// Moves all parameters; panics where slices of one differ in length.
pub fn sgd(parameters: &mut [SgdParameter]) {
    let pieces = parameters.iter_mut().flat_map(|p| {
        let kept = p.rule.momentum != 0.0;
        assert!(p.gradient.len() == p.values.len() && (!kept || p.velocity.len() == p.values.len()));
        let factors = steps::SgdFactors::new(&p.rule);
        let mut velocities = p.velocity.chunks_mut(CHUNK);
        let pieces = p.values.chunks_mut(CHUNK).zip(p.gradient.chunks(CHUNK));
        pieces.map(move |(values, gradient)| {
            let velocity = if kept { velocities.next() } else { None };
            (values.len(), SgdStep { factors, values, gradient, velocity })
        })
    });
    tasks(pieces).into_par_iter().for_each(|task| task.into_iter().for_each(simd::run));
}

/// Moves each average by `weight` of its distance to the values, that is, keeps `1 - weight` of it. Panics where they
/// differ in length.
pub fn average(weight: f64, parameters: &mut [Averaged]) {
    let pieces = parameters.iter_mut().flat_map(|p| {
        assert_eq!(p.average.len(), p.values.len());
        let pieces = p.average.chunks_mut(CHUNK).zip(p.values.chunks(CHUNK));
        pieces.map(move |(average, values)| (values.len(), AverageStep { weight: weight as f32, average, values }))
    });
    tasks(pieces).into_par_iter().for_each(|task| task.into_iter().for_each(simd::run));
}

/// The sum of squares of all values, whose root clipping compares with its limit.
pub fn sum_of_squares(gradients: &[&[f32]]) -> f64 {
    let pieces = gradients.iter().flat_map(|x| x.chunks(CHUNK)).map(|x| (x.len(), x));
    let sums: Vec<Vec<f64>> = tasks(pieces).into_par_iter().map(|task| task.into_iter().map(|x| simd::run(Squares(x))).collect()).collect();
    sums.iter().flatten().sum()
}

/// Neighbours together until a task has [`CHUNK`] values; each piece comes with how many it has.
fn tasks<T>(pieces: impl Iterator<Item = (usize, T)>) -> Vec<Vec<T>> {
    let (mut tasks, mut room) = (Vec::new(), 0);
    for (len, piece) in pieces {
        match tasks.last_mut() {
            Some(task) if len <= room => Vec::push(task, piece),
            _ => {
                room = CHUNK;
                tasks.push(vec![piece]);
            }
        }
        room = room.saturating_sub(len);
    }
    tasks
}
