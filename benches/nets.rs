//! One training step and one forward pass of each network, timed.
//!
//!     cargo bench --bench nets -- resnet18 224 16
//!
//! Prints the best and the median of some rounds in milliseconds and images a second, the optimizer included.

#![allow(clippy::print_stdout)] // Printing is what it is for.

use std::time::Instant;

use candle_core::{Device, Tensor};
use derm::nn::{Mode, Network, Norms, loss, optim, zoo};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    derm::allocator::keep_freed_memory();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let named = |i: usize, default: &str| words.get(i).cloned().unwrap_or_else(|| default.to_owned());
    let (name, size, batch) = (named(0, "resnet18"), named(1, "224").parse::<usize>()?, named(2, "16").parse::<usize>()?);
    let rounds = named(3, "5").parse::<usize>()?;
    let network = Network::new(zoo::find(&name)?, 10, 1, &Device::Cpu)?;
    let pixels = (0..batch * size * size * 3).map(|i| (i as f32 * 0.37).sin()).collect();
    let images = Tensor::from_vec(pixels, (batch, size, size, 3), &Device::Cpu)?.permute((0, 3, 1, 2))?;
    let targets: Vec<u32> = (0..batch as u32).map(|i| i % 10).collect();
    let mut optimizer = optim::Optimizer::new(optim::Rule::AdamW(optim::AdamW::default()));
    let mut step = |number: u64| -> Result<f32, Box<dyn std::error::Error>> {
        let logits = network.forward(&images, Mode::Train { key: number, norms: Norms::Batch })?;
        let loss = loss::cross_entropy(&logits, &targets, None, 0.0)?;
        let grads = loss.backward()?;
        optimizer.step(&network, &grads, optim::Rates::all(1e-4), None)?;
        Ok(loss.to_scalar()?)
    };
    let mut number = 0;
    let train = timed(rounds, || {
        number += 1;
        step(number)
    })?;
    let infer = timed(rounds, || Ok(network.forward(&images, Mode::Eval)?.sum_all()?.to_scalar()?))?;
    for (what, (best, median)) in [("train", train), ("infer", infer)] {
        let rate = batch as f64 / median;
        println!("{name} {size}x{size} b{batch} {what}: best {:.1} ms, median {:.1} ms, {rate:.1} img/s", best * 1e3, median * 1e3);
    }
    Ok(())
}

/// Best and median seconds of `rounds` calls, after one to warm up.
fn timed(
    rounds: usize,
    mut work: impl FnMut() -> Result<f32, Box<dyn std::error::Error>>,
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    work()?;
    let mut seconds = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[0], seconds[seconds.len() / 2]))
}
