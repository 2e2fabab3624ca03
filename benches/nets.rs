//! One training step and one forward pass of each network, timed.
//!
//!     cargo bench --bench nets -- resnet18 224 16
//!
//! `--grad-checkpointing` trains in less memory, `--bf16` rounds the factors of matrix products. Networks are the program's; those that give masks are trained by binary cross-entropy.
//!
//! Prints the best and the median of some rounds in milliseconds, the images a second of the median, and the least processor
//! time of a round, which other work on the machine disturbs less. The optimizer is included.

#![allow(clippy::print_stdout)] // Printing is what it is for.

use std::time::Instant;

use candle_core::{Device, Tensor};
use derm::nn::zoo;
use derm::nn::{Input, Network, Pass, Precision, loss, optim};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    derm::allocator::keep_freed_memory();
    let grad_checkpointing = std::env::args().any(|word| word == "--grad-checkpointing");
    if grad_checkpointing {
        derm::allocator::give_back_freed_memory();
    }
    let precision = if std::env::args().any(|word| word == "--bf16") { Precision::Bf16 } else { Precision::F32 };
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let named = |i: usize, default: &str| words.get(i).cloned().unwrap_or_else(|| default.to_owned());
    let (name, size, batch) = (named(0, "resnet18"), named(1, "224").parse::<usize>()?, named(2, "16").parse::<usize>()?);
    let rounds = named(3, "5").parse::<usize>()?;
    let architecture = zoo::find(&name)?;
    let masks = architecture.graph(2).gives_masks();
    let network = Network::new(architecture, if masks { 2 } else { 10 }, 1, &Device::Cpu)?;
    let pixels = (0..batch * size * size * 3).map(|i| (i as f32 * 0.37).sin()).collect();
    let images = Tensor::from_vec(pixels, (batch, size, size, 3), &Device::Cpu)?.permute((0, 3, 1, 2))?;
    let targets: Vec<u32> = (0..batch as u32).map(|i| i % 10).collect();
    let mut optimizer = optim::Optimizer::new(optim::Rule::AdamW(optim::AdamW::default()));
    let mut step = |number: u64| -> Result<f32, Box<dyn std::error::Error>> {
        let (logits, tape) = network.train(Input::images(&images), Pass { grad_checkpointing, precision, ..Pass::new(number) })?;
        let loss = match masks {
            true => loss::binary_cross_entropy(&logits, &logits.ones_like()?)?,
            false => loss::cross_entropy(&logits, &targets, None, 0.0)?,
        };
        let grads = tape.backward(&network, loss.gradient, |_| true)?;
        optimizer.step(&network, &grads, optim::Rates::all(1e-4), None)?;
        Ok(loss.value)
    };
    let mut number = 0;
    let train = timed(rounds, || {
        number += 1;
        step(number)
    })?;
    let frozen = network.frozen()?;
    let infer = timed(rounds, || Ok(frozen.forward(&images)?.sum_all()?.to_scalar()?))?;
    for (what, time) in [("train", train), ("infer", infer)] {
        let [best, median, cpu] = [time.best, time.median, time.cpu].map(|seconds| seconds * 1e3);
        let rate = batch as f64 / time.median;
        println!("{name} {size}x{size} b{batch} {what}: best {best:.1} ms, median {median:.1} ms, {rate:.1} img/s, cpu {cpu:.1} ms");
    }
    Ok(())
}

/// Seconds of a round.
struct Time {
    best: f64,
    median: f64,
    /// Least processor time of all threads.
    cpu: f64,
}

/// Times `rounds` calls, after one to warm up.
fn timed(rounds: usize, mut work: impl FnMut() -> Result<f32, Box<dyn std::error::Error>>) -> Result<Time, Box<dyn std::error::Error>> {
    work()?;
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (start, cpu_start) = (Instant::now(), processor_seconds());
        work()?;
        wall.push(start.elapsed().as_secs_f64());
        cpu.push(processor_seconds() - cpu_start);
    }
    wall.sort_by(f64::total_cmp);
    Ok(Time { best: wall[0], median: wall[wall.len() / 2], cpu: cpu.into_iter().fold(f64::INFINITY, f64::min) })
}

fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
