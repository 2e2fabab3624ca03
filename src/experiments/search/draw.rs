//! Random numbers as a function of seed, point and axis.

use super::Point;
use crate::experiments::overrides::Given;
use crate::pipeline::value::Value;

/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mix of its bits.
#[derive(Clone, Debug)]
pub(super) struct Numbers(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Numbers {
    /// The stream of one axis of one point. `purpose` keeps streams of different uses apart.
    pub(super) fn of(seed: u64, purpose: u64, point: usize, axis: usize) -> Self {
        let fold = |state: u64, part: u64| mix(state.wrapping_add(STEP) ^ mix(part.wrapping_add(STEP)));
        Self([purpose, point as u64, axis as u64].into_iter().fold(mix(seed.wrapping_add(STEP)), fold))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// From 0 to below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `end`: the bias is below `end` / 2^64.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

const POINT: u64 = 1;
const SHUFFLE: u64 = 2;

/// The point of number `number`.
pub(super) fn point(space: &[Given], seed: u64, number: usize) -> Point {
    space.iter().enumerate().map(|(axis, given)| coordinate(given, &mut Numbers::of(seed, POINT, number, axis))).collect()
}

fn coordinate(given: &Given, numbers: &mut Numbers) -> Value {
    match given {
        Given::One(value) => value.clone(),
        Given::Choice(values) => values[numbers.below(values.len() as u64) as usize].clone(),
        Given::Int { low, high } => {
            let width = high.wrapping_sub(*low) as u64;
            let offset = if width == u64::MAX { numbers.next() } else { numbers.below(width + 1) };
            Value::Int(i128::from(*low) + i128::from(offset))
        }
        Given::Uniform { low, high, log: false } => Value::Float((low + (high - low) * numbers.unit()).clamp(*low, *high)),
        Given::Uniform { low, high, log: true } => {
            let (from, to) = (low.ln(), high.ln());
            Value::Float((from + (to - from) * numbers.unit()).exp().clamp(*low, *high))
        }
    }
}

/// The numbers below `n` in another order (Fisher and Yates).
pub(super) fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        let other = Numbers::of(seed, SHUFFLE, last, 0).below(last as u64 + 1) as usize;
        order.swap(last, other);
    }
    order
}
