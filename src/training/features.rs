//! What a frozen backbone says about each image: computed once, kept as files, trained on many times.
//!
//! # Format
//!
//! `.derm/tmp/features/<key>/` holds `NNNNN.safetensors`, each with one tensor `features` `[n, f]` of at most
//! [`CHUNK`] images, in the order of the rows. The key is the hash of the backbone (architecture, weights or seed,
//! version of derm), the preprocessing, the image files' hashes and, if it is no CPU, the device. A killed computation goes on with the first
//! missing chunk, and the next training of another head reads all of them. The folder may be removed at any time.

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};

use super::ahead::ahead;
use super::config::DeviceKind;
use super::error::{Error, go_on};
use super::examples::Examples;
use super::images::Images;
use super::plan::Plan;
use super::tensors::{self, Named};
use crate::dataset::Work;
use crate::dataset::pixels::Source;
use crate::digest::{KeyHasher, ObjectId};
use crate::nn::Network;
use crate::observer::Unit;

/// The folder of features below a repository's folder for what may be removed at any time.
pub const FOLDER: &str = "features";
/// Images in a file.
const CHUNK: usize = 256;
/// Images in a forward pass.
const BATCH: usize = 32;

/// Features of the images of one subset: f32 `[n, width]`.
pub struct Features {
    values: Vec<f32>,
    width: usize,
}

impl Features {
    /// Reads the features of `subset` from `folder`, and computes and writes those that are missing.
    pub fn load(plan: &Plan<'_>, subset: &Examples, network: &Network, folder: &Path, work: Work<'_>) -> Result<Self, Error> {
        let folder = folder.join(key(plan, subset).hex());
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let task = work.observer.begin("computing features", Some(subset.rows.len() as u64), Unit::Items("images"));
        let mut all = Self { values: Vec::new(), width: 0 };
        for (number, rows) in subset.rows.chunks(CHUNK).enumerate() {
            let path = folder.join(format!("{number:05}.safetensors"));
            let chunk = match read_chunk(&path, rows.len()) {
                Some(chunk) => {
                    task.advance(rows.len() as u64);
                    chunk
                }
                None => {
                    let chunk = compute(plan, rows, network, work, &|n| task.advance(n as u64))?;
                    write_chunk(path, &chunk)?;
                    chunk
                }
            };
            all.width = chunk.dims2()?.1;
            all.values.extend(chunk.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(all)
    }

    /// The features at these positions: f32 `[n, width]`.
    pub fn batch(&self, positions: &[usize]) -> Result<Tensor, Error> {
        let values: Vec<f32> = positions.iter().flat_map(|&at| &self.values[at * self.width..(at + 1) * self.width]).copied().collect();
        Ok(Tensor::from_vec(values, (positions.len(), self.width), &Device::Cpu)?)
    }
}

/// Names the features of the rows of `subset`.
fn key(plan: &Plan<'_>, subset: &Examples) -> ObjectId {
    let mut key = KeyHasher::new("derm features 1");
    key.text(env!("CARGO_PKG_VERSION")).text(plan.architecture.name).text(&format!("{:?}", plan.preprocess));
    match &plan.weights_digest {
        Some(digest) => key.field(digest.as_bytes()),
        None => key.field(&plan.config.seed.to_le_bytes()),
    };
    // Devices round differently.
    if plan.config.device != DeviceKind::Cpu {
        key.text(plan.config.device.word());
    }
    // Without hashes in the manifest the dataset's digest stands for the bytes of all its images.
    key.field(plan.data_digest.as_bytes());
    for row in subset.rows.iter().filter_map(|&row| plan.data.rows.get(row)) {
        key.text(&row.image);
    }
    key.finish()
}

fn read_chunk(path: &Path, n: usize) -> Option<Tensor> {
    // A file that is missing or damaged is computed again; it cannot be mistaken, for it carries a checksum.
    let (tensors, ()): (Named, ()) = tensors::read(path).ok()?;
    tensors.into_iter().next().map(|(_, tensor)| tensor).filter(|tensor| tensor.dims().len() == 2 && tensor.dims()[0] == n)
}

fn write_chunk(path: PathBuf, chunk: &Tensor) -> Result<(), Error> {
    let named = vec![("features".to_owned(), chunk.clone())];
    tensors::write(&path, &named, &()).map_err(|source| Error::Checkpoint { path, source })
}

fn compute(plan: &Plan<'_>, rows: &[usize], network: &Network, work: Work<'_>, done: &dyn Fn(usize)) -> Result<Tensor, Error> {
    let images = Images::streamed(Source::of_rows(plan.data, rows)?, plan.preprocess);
    let positions: Vec<usize> = (0..rows.len()).collect();
    let batches: Vec<&[usize]> = positions.chunks(BATCH).collect();
    let frozen = network.frozen()?;
    let mut parts = Vec::with_capacity(batches.len());
    ahead(
        0..batches.len(),
        |i| images.batch(batches[i], None, None),
        |i, pixels| {
            go_on(work)?;
            parts.push(frozen.features(&pixels)?);
            done(batches[i].len());
            Ok::<(), Error>(())
        },
    )?;
    Ok(Tensor::cat(&parts, 0)?)
}
