//! What a training will work on: settings, images, labels and the key that names all of it.
//!
//! The training key is the hash of everything that decides the result: settings, the dataset's
//! digest (with the hashes of image files that the manifest lacks), the split's digest, the digest of the
//! weights that training starts from, and the version of derm. Not part of it: paths, the number of threads, gradient checkpointing, names
//! of experiment and run, the time.

use std::ops::Range;

use candle_core::Device;
use rayon::prelude::*;

use super::config::{Config, Freeze, Sampler};
use super::error::Error;
use super::examples::Examples;
use super::goal::Goal;
use super::metadata::{self, Metadata};
use super::mixing::Mix;
use super::random::{Purpose, number};
use super::sampler;
use crate::dataset::{Dataset, Split, Subset};
use crate::digest::{KeyHasher, ObjectId};
use crate::nn::graph::Fusion;
use crate::nn::metadata::Encoding;
use crate::nn::optim::Rates;
use crate::nn::weights::{Loading, Weights};
use crate::nn::zoo::{self, Architecture};
use crate::nn::{HeadRule, Network, Norms, Pass, Preprocess};

/// Batches below this size have too few images for batch normalisation to measure them.
const SMALL_BATCH: usize = 16;

/// A training, ready to begin.
pub struct Plan<'a> {
    pub config: &'a Config,
    pub data: &'a Dataset,
    /// The weights to start from; `None`: from random ones.
    pub weights: Option<&'a Weights>,
    /// What becomes of them.
    pub loading: Option<Loading>,
    pub architecture: &'static Architecture,
    /// Where the network is trained.
    pub device: Device,
    /// The network's preprocessing at the asked size.
    pub preprocess: Preprocess,
    /// How what is known beside the images becomes numbers, where the network reads it.
    pub encoding: Option<Encoding>,
    /// What is learnt.
    pub goal: Goal,
    pub train: Examples,
    pub val: Examples,
    /// Names the dataset and its image files.
    pub data_digest: ObjectId,
    pub split_digest: ObjectId,
    pub weights_digest: Option<ObjectId>,
    /// Names everything that decides the result.
    pub key: ObjectId,
}

impl<'a> Plan<'a> {
    /// Checks that there is something to learn, and names it.
    ///
    /// # Errors
    ///
    /// An unknown network, metric or fold; weights that do not fit; a device this binary lacks; no images, no labels, one class or no
    /// masks in `train`, or nothing of a field of the metadata.
    pub fn new(config: &'a Config, data: &'a Dataset, split: &Split, weights: Option<&'a Weights>) -> Result<Self, Error> {
        let device = config.device.open()?;
        let network = zoo::select(&config.network)?;
        let architecture = network.architecture;
        let own = Preprocess { colour_constancy: config.colour_constancy, ..network.preprocess() };
        let preprocess = match config.image_size {
            0 => own,
            size => own.at_size(size, size),
        };
        let mut goal = Goal::new(config, data, architecture.gives_masks())?;
        let train = goal.examples(data, split.asked_rows(Subset::Train, config.fold)?);
        let val = goal.examples(data, split.asked_rows(Subset::Val, config.fold)?);
        train.check(data, goal.is_masks(), config.fold)?;
        goal.weigh(config, &train);
        let fields = config.metadata.as_ref().map(|metadata| &metadata.fields);
        let encoding = fields.map(|fields| metadata::fit(fields, data, &train.rows)).transpose()?;
        let size = [preprocess.height, preprocess.width].map(|pixels| pixels as usize);
        let graph = architecture.fused_graph(goal.outputs().len(), fusion(config, encoding.as_ref()), size)?;
        let loading = weights.map(|weights| weights.check(architecture, &graph, HeadRule::Replace)).transpose()?;
        let data_digest = data_digest(data, [&train, &val], goal.is_masks())?;
        let (split_digest, weights_digest) = (split.digest(), weights.map(digest).transpose()?);
        let key = training_key(config, &data_digest, &split_digest, weights_digest.as_ref());
        Ok(Self {
            config,
            data,
            weights,
            loading,
            architecture,
            device,
            preprocess,
            encoding,
            goal,
            train,
            val,
            data_digest,
            split_digest,
            weights_digest,
            key,
        })
    }

    /// The network before its first step.
    pub fn network(&self) -> Result<Network, Error> {
        let (fusion, outputs) = (fusion(self.config, self.encoding.as_ref()), self.goal.outputs().len());
        let mut network = Network::fused(self.architecture, outputs, fusion, self.image_size(), self.config.seed, &self.device)?;
        network.set_drop_path(self.config.drop_path as f32);
        if let Some(weights) = self.weights {
            network.load(weights, HeadRule::Replace)?;
        }
        if self.config.deep_supervision {
            network = network.with_side_heads(self.config.seed)?;
        }
        Ok(network)
    }

    /// What is known beside the images of a subset, where the network reads it.
    pub fn metadata(&self, subset: &Examples) -> Option<Metadata<'_>> {
        let (encoding, config) = self.encoding.as_ref().zip(self.config.metadata.as_ref())?;
        Some(Metadata::new(encoding, self.data, &subset.rows, config.missing))
    }

    /// Whether only the head is trained.
    pub fn frozen(&self) -> bool {
        self.config.freeze == Freeze::Backbone
    }

    /// How the training pass of one batch runs; dropout depends on seed, epoch and batch alone.
    pub fn pass(&self, epoch: usize, batch: usize) -> Pass {
        let small = self.weights.is_some() && self.config.batch_size < SMALL_BATCH;
        let key = number(self.config.seed, Purpose::Dropout, [epoch as u64, batch as u64]);
        let norms = if small { Norms::Frozen } else { Norms::Batch };
        Pass { norms, grad_checkpointing: self.config.grad_checkpointing, precision: self.config.precision, ..Pass::new(key) }
    }

    /// The learning rates in `epoch` where the schedule is at `lr`.
    pub fn rates(&self, lr: f64, epoch: usize) -> Rates {
        let head_alone = self.frozen() || epoch < self.config.head_epochs;
        let backbone = if head_alone { 0.0 } else { lr * self.config.backbone_lr_factor };
        Rates { backbone, head: lr, layer_decay: self.config.layer_decay }
    }

    /// The training images of `epoch` in the order that they are seen, as positions among them.
    pub fn order(&self, epoch: usize) -> Vec<usize> {
        match self.config.sampler {
            Sampler::Shuffled => sampler::order(self.config.seed, epoch, self.train.rows.len()),
            Sampler::Balanced => sampler::balanced(self.config.seed, epoch, &self.train.labels),
        }
    }

    /// The steps of an epoch, as parts of its order: each all the batches that one step accumulates.
    pub fn steps(&self) -> Vec<Range<usize>> {
        sampler::batches(self.train.rows.len(), self.config.batch_size * self.config.accumulate)
    }

    /// How the images of the `batch`th batch of `epoch` are mixed.
    pub fn mix(&self, epoch: usize, batch: usize) -> Option<Mix> {
        Mix::draw(self.config, epoch, batch, self.image_size())
    }

    /// Names of the training images at these positions.
    pub fn names(&self, positions: &[usize]) -> Vec<String> {
        let rows = positions.iter().filter_map(|&position| self.data.rows.get(*self.train.rows.get(position)?));
        rows.map(|row| row.image.clone()).collect()
    }

    /// Height and width of the images.
    pub fn image_size(&self) -> [usize; 2] {
        [self.preprocess.height as usize, self.preprocess.width as usize]
    }

    /// Classes of the dataset without a training image, where classes are learnt.
    pub fn absent_classes(&self) -> Vec<&str> {
        let train = &self.train;
        let is_there = |class: usize| match &self.goal {
            Goal::Classes(_) => train.labels.contains(&(class as u32)),
            Goal::Labels(_) => train.sets.iter().any(|set| set.contains(&class)),
            Goal::Masks(_) => true,
        };
        let names = self.goal.outputs().iter().enumerate();
        names.filter(|(class, _)| !is_there(*class)).map(|(_, name)| name.as_str()).collect()
    }
}

/// The dataset's digest, and the bytes of those used files whose hash the manifest lacks: images, and masks where they are learnt.
fn data_digest(data: &Dataset, used: [&Examples; 2], masks: bool) -> Result<ObjectId, Error> {
    let rows: Vec<_> = used.iter().flat_map(|subset| &subset.rows).filter_map(|&row| data.rows.get(row)).collect();
    let images = rows.iter().filter(|row| row.hash.is_none()).map(|row| data.image_path(row));
    let masks = rows.iter().filter(|row| masks && row.mask_hash.is_none()).filter_map(|row| data.mask_path(row));
    let lacking: Vec<_> = images.chain(masks).collect();
    if lacking.is_empty() {
        return Ok(data.digest());
    }
    let hash = |path: &std::path::PathBuf| ObjectId::of_file(path).map_err(Error::io("read", path));
    let hashes: Result<Vec<ObjectId>, Error> = lacking.par_iter().map(hash).collect();
    let mut key = KeyHasher::new("derm training data 1");
    key.field(data.digest().as_bytes());
    for hash in hashes? {
        key.field(hash.as_bytes());
    }
    Ok(key.finish())
}

fn fusion(config: &Config, encoding: Option<&Encoding>) -> Option<Fusion> {
    let (encoding, config) = encoding.zip(config.metadata.as_ref())?;
    Some(Fusion { inputs: encoding.width(), dropout: config.dropout as f32 })
}

fn training_key(config: &Config, data: &ObjectId, split: &ObjectId, weights: Option<&ObjectId>) -> ObjectId {
    let mut key = KeyHasher::new("derm training key 1");
    key.text(env!("CARGO_PKG_VERSION"));
    // It trades time for memory and leaves every bit as it is.
    let deciding = Config { grad_checkpointing: false, ..config.clone() };
    // A struct of plain fields always has a JSON form, its fields in the order of declaration.
    key.text(&serde_json::to_string(&deciding).unwrap_or_default());
    key.field(data.as_bytes()).field(split.as_bytes());
    key.field(weights.map_or(&[][..], |digest| digest.as_bytes()));
    key.finish()
}

/// Names the tensors of a weights file: their names, shapes and values.
fn digest(weights: &Weights) -> Result<ObjectId, Error> {
    let mut key = KeyHasher::new("derm weights 1");
    for name in weights.names() {
        if let Some(tensor) = weights.get(name) {
            let values = tensor.flatten_all()?.to_vec1::<f32>()?;
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            key.text(name).text(&format!("{:?}", tensor.dims())).field(&bytes);
        }
    }
    Ok(key.finish())
}
