//! Images from a folder to batches of a network's input, timed on one thread.
//!
//!     cargo bench --bench loader -- FOLDER SIZE [STRENGTH] [IMAGES]
//!
//! STRENGTH is a name that `--augment` takes; `none` by default. Prints images a second of processor time: `decode` reads, decodes and
//! resizes every image for each batch, `keep` is the first epoch of a training, which also keeps what it decoded, and `kept` any later
//! one. Batches hold 32 images in an order of their own.

#![allow(clippy::print_stdout)] // Printing is what it is for.

use std::path::{Path, PathBuf};

use derm::dataset::Work;
use derm::dataset::pixels::Source;
use derm::nn::{Fit, Interpolation, Preprocess};
use derm::observer::{Interrupt, Silent};
use derm::training::augment::{Augment, Strength};
use derm::training::images::{Augmentation, Images};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 32;
/// Processor time that a figure rests on, at least.
const SECONDS: f64 = 1.5;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    derm::allocator::keep_freed_memory();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let [folder, size, rest @ ..] = words.as_slice() else { return Err("usage: loader FOLDER SIZE [STRENGTH] [IMAGES]".into()) };
    let size: u32 = size.parse()?;
    let limit = rest.iter().find_map(|word| word.parse().ok()).unwrap_or(1000);
    let strength = match rest.iter().find(|word| word.parse::<usize>().is_err()) {
        Some(word) => serde_json::from_value::<Strength>(word.as_str().into())?,
        None => Strength::None,
    };
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    files.sort();
    files.truncate(limit);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| measure(files, size, strength))
}

fn measure(files: Vec<PathBuf>, size: u32, strength: Strength) -> Result<(), Failure> {
    let settings = Augment::preset(strength);
    let preprocess = Preprocess { fit: Fit::Squash, ..Preprocess::imagenet(size, Interpolation::Bilinear, 1.0) };
    let sources: Vec<Source> = files.into_iter().map(|path| Source { path, hash: None }).collect();
    let n = sources.len();
    let interrupt = Interrupt::default();
    let work = Work { observer: &Silent, interrupt: &interrupt };
    let epoch = |images: &Images, epoch: usize| -> Result<(), Failure> {
        let order: Vec<usize> = (0..n).map(|i| (i * 7919 + epoch) % n).collect();
        for positions in order.chunks(BATCH) {
            images.batch(positions, Some(Augmentation { settings: &settings, seed: 1, epoch }), None)?;
        }
        Ok(())
    };
    let streamed = Images::streamed(sources.clone(), preprocess);
    let decode = rate(n, |i| epoch(&streamed, i))?;
    let keep = rate(n, |i| {
        let folder = tempfile::tempdir()?;
        epoch(&Images::load(sources.clone(), preprocess, Some(folder.path()), work)?, i)
    })?;
    let folder = tempfile::tempdir()?;
    let loaded = Images::load(sources, preprocess, Some(folder.path()), work)?;
    let kept = rate(n, |i| epoch(&loaded, i))?;
    for (what, rate) in [("decode", decode), ("keep", keep), ("kept", kept)] {
        println!("{what} {rate:.0}");
    }
    Ok(())
}

/// Images a second of processor time, after one epoch to warm up.
fn rate(n: usize, mut epoch: impl FnMut(usize) -> Result<(), Failure>) -> Result<f64, Failure> {
    epoch(0)?;
    let (start, mut epochs) = (processor_seconds(), 0);
    loop {
        epochs += 1;
        epoch(epochs)?;
        let taken = processor_seconds() - start;
        if taken >= SECONDS {
            return Ok((n * epochs) as f64 / taken);
        }
    }
}

/// All files below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false if derm::dataset::decode::is_image_name(&path) => files.push(path),
            false => {}
        }
    }
    Ok(())
}

fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
