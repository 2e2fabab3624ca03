//! A training tried for a few steps, of which nothing is kept: what it will take, and which learning rate it bears.

use std::path::Path;
use std::time::Instant;

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use super::error::{Error, go_on};
use super::inputs::Data;
use super::learner::Learner;
use super::memory;
use super::plan::Plan;
use super::step::{self, At};
use super::validation;
use crate::dataset::Work;
use crate::observer::Unit;

/// Steps that are measured, after one that is not.
const MEASURED: usize = 3;

/// What a training will take on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Numbers in the network, running statistics included.
    pub parameters: usize,
    /// Numbers that training may move.
    pub trainable: usize,
    pub train_images: usize,
    pub val_images: usize,
    pub epochs: usize,
    pub steps_per_epoch: usize,
    /// The middle one of the measured steps, decoding included.
    pub seconds_per_step: f64,
    /// Steps and validation.
    pub seconds_per_epoch: f64,
    /// What the process holds after these steps, in bytes; 0 where the system does not say.
    pub memory: u64,
    /// What may still be had, in bytes.
    pub free_memory: u64,
}

/// Takes a few steps and looks at the clock. `folder`: where a frozen backbone's features are kept, which are computed first.
pub fn outlook(plan: &Plan<'_>, folder: &Path, work: Work<'_>) -> Result<Outlook, Error> {
    let mut learner = Learner::new(plan, plan.network()?, None)?;
    memory::check(plan, &learner.network)?;
    let data = Data::streamed(plan, &learner.network, folder, work)?;
    let extent = data.extent(plan, &learner.network);
    let (order, steps) = (plan.order(0), plan.steps());
    let mut seconds = Vec::new();
    for number in 0..=MEASURED.min(steps.len().max(2) - 1) {
        go_on(work)?;
        let started = Instant::now();
        let at = number % steps.len();
        let batches = step::batches(plan, &data.train, 0, at, &order[steps[at].clone()])?;
        let rate = plan.config.schedule.rate(number, steps.len(), plan.config.epochs, 0);
        step::take(plan, &mut learner, batches, &order[steps[at].clone()], At { number, rate })?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    let mut measured = seconds.split_off(1);
    measured.sort_by(f64::total_cmp);
    let seconds_per_step = measured[measured.len() / 2];
    let started = Instant::now();
    let judged = validation::first_batch(plan, &data, learner.judged())?;
    let seconds_per_val_image = if judged == 0 { 0.0 } else { started.elapsed().as_secs_f64() / judged as f64 };
    let (memory, free_memory) = (held(), memory::free());
    Ok(Outlook {
        parameters: learner.network.params().map(|param| param.var.elem_count()).sum(),
        trainable: extent.trainable,
        train_images: extent.train_images,
        val_images: extent.val_images,
        epochs: extent.epochs,
        steps_per_epoch: extent.steps_per_epoch,
        seconds_per_step,
        seconds_per_epoch: seconds_per_step * extent.steps_per_epoch as f64 + seconds_per_val_image * extent.val_images as f64,
        memory,
        free_memory,
    })
}

/// Bytes that this process holds.
fn held() -> u64 {
    let (Ok(pid), Ok(mut system)) = (sysinfo::get_current_pid(), System::new()) else { return 0 };
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, ProcessRefreshKind::nothing().with_memory());
    system.process(pid).map_or(0, sysinfo::Process::memory)
}

/// Steps of a range test.
const RANGE_STEPS: usize = 100;
/// The first and the last rate.
const RANGE: [f64; 2] = [1e-7, 10.0];
/// How much of the smoothed loss a step keeps.
const SMOOTH: f64 = 0.9;
/// The multiple of the best smoothed loss at which the training is lost.
const LOST: f64 = 4.0;

/// The learning rate range test of Smith 2015 (<https://arxiv.org/abs/1506.01186>).
#[derive(Clone, Debug, PartialEq)]
pub struct RangeTest {
    pub points: Vec<Point>,
    /// Where the smoothed loss falls fastest; `None` where it never falls.
    pub steepest: Option<f64>,
    /// A tenth of the rate with the lowest smoothed loss.
    pub tenth_of_lowest: Option<f64>,
}

/// One step of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The learning rate of the head.
    pub rate: f64,
    /// The loss of the step's images before the step.
    pub loss: f64,
    /// The mean of the losses up to here, those far back weighing less.
    pub smoothed: f64,
}

/// Trains with a rate that rises from step to step until the loss is lost.
pub fn range_test(plan: &Plan<'_>, folder: &Path, work: Work<'_>) -> Result<RangeTest, Error> {
    let mut learner = Learner::new(plan, plan.network()?, None)?;
    // Past the epochs in which the head learns alone.
    let epoch = plan.config.head_epochs;
    let data = Data::streamed(plan, &learner.network, folder, work)?;
    let steps = plan.steps();
    let task = work.observer.begin("trying learning rates", Some(RANGE_STEPS as u64), Unit::Items("steps"));
    let mut points: Vec<Point> = Vec::new();
    let (mut sum, mut weight) = (0.0, 0.0);
    for number in 0..RANGE_STEPS {
        go_on(work)?;
        let (round, at) = (epoch + number / steps.len(), number % steps.len());
        learner.state.epoch = round;
        let order = plan.order(round);
        let positions = &order[steps[at].clone()];
        let rate = RANGE[0] * (RANGE[1] / RANGE[0]).powf(number as f64 / (RANGE_STEPS - 1) as f64);
        let batches = step::batches(plan, &data.train, round, at, positions)?;
        let loss = match step::take(plan, &mut learner, batches, positions, At { number, rate }) {
            Err(Error::NotFinite { .. }) => break,
            done => done?.loss,
        };
        (sum, weight) = (SMOOTH * sum + (1.0 - SMOOTH) * loss, SMOOTH * weight + (1.0 - SMOOTH));
        points.push(Point { rate, loss, smoothed: sum / weight });
        task.advance(1);
        let lowest = points.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
        if sum / weight > LOST * lowest {
            break;
        }
    }
    Ok(RangeTest { steepest: steepest(&points), tenth_of_lowest: lowest(&points).map(|rate| rate / 10.0), points })
}

/// The rate in the middle of the fastest fall, before the lowest loss.
fn steepest(points: &[Point]) -> Option<f64> {
    let end = points.iter().position(|point| Some(point.rate) == lowest(points))?;
    let falls = points[..=end].windows(3).map(|three| (three[1].rate, three[2].smoothed - three[0].smoothed));
    falls.filter(|(_, slope)| *slope < 0.0).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(rate, _)| rate)
}

/// The rate with the lowest smoothed loss, if that lies behind the first.
fn lowest(points: &[Point]) -> Option<f64> {
    let (at, point) = points.iter().enumerate().min_by(|a, b| a.1.smoothed.total_cmp(&b.1.smoothed))?;
    (at > 0).then_some(point.rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(smoothed: &[f64]) -> Vec<Point> {
        let point = |(i, &smoothed): (usize, &f64)| Point { rate: 10f64.powi(i as i32 - 5), loss: smoothed, smoothed };
        smoothed.iter().enumerate().map(point).collect()
    }

    #[test]
    fn the_steepest_fall_and_the_lowest_place_are_found() {
        let curve = points(&[2.0, 1.99, 1.9, 1.4, 1.2, 1.1, 3.0]);
        assert_eq!(lowest(&curve), Some(1.0));
        // From 1.9 to 1.2 around the fourth and from 1.99 to 1.4 around the third: the former is more.
        assert_eq!(steepest(&curve), Some(1e-2));
        assert_eq!((lowest(&points(&[1.0, 2.0, 3.0])), steepest(&points(&[1.0, 2.0, 3.0]))), (None, None));
        assert_eq!((lowest(&[]), steepest(&[])), (None, None));
    }
}
