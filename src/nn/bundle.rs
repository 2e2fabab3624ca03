//! A model folder: everything that is needed to run a network, and where it came from.
//!
//! | file | content |
//! | --- | --- |
//! | `model.safetensors` | all parameters and buffers, f32, under the architecture's published names |
//! | `config.json` | architecture, classes in order, input size, mean, std, interpolation; laid out as timm's |
//! | `MLmodel` | YAML that MLflow's tools read: flavour `derm`, signature |
//! | `README.md` | the model card, given by the caller |
//! | `provenance.json` | data and split hashes, parameters, commit, versions, given by the caller |
//!
//! All files are written and synced under temporary names before the first of them takes its place, `config.json` last,
//! and `config.json` holds the BLAKE3 hash of `model.safetensors`: a folder that was interrupted, mixed or damaged is refused
//! when opened. A bundle holds no time and no random name: the same training gives the same bytes.

mod config;
mod mlmodel;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use candle_core::Device;

use super::weights::{self, Weights};
use super::{Error, HeadRule, Network};
use crate::digest::ObjectId;
use crate::workspace::atomic::{self, AtomicFile};

pub use config::Config;

/// The file with all parameters.
pub const WEIGHTS: &str = "model.safetensors";
/// The file with everything else that is needed to run.
pub const CONFIG: &str = "config.json";
/// MLflow's description.
pub const MLMODEL: &str = "MLmodel";
/// The model card.
pub const CARD: &str = "README.md";
/// Where the model came from.
pub const PROVENANCE: &str = "provenance.json";

/// A bundle that was opened and checked.
#[derive(Debug)]
pub struct Bundle {
    /// Its folder.
    pub dir: PathBuf,
    /// Architecture, classes, preprocessing.
    pub config: Config,
    /// The network with its weights.
    pub network: Network,
    /// What the caller of [`Bundle::save`] gave; `null` where the file is missing.
    pub provenance: serde_json::Value,
    /// BLAKE3 of `model.safetensors`: the model's identity.
    pub weights: ObjectId,
}

impl Bundle {
    /// Reads and checks all parts.
    pub fn open(dir: &Path, device: &Device) -> Result<Self, Error> {
        let unusable = |name: &str, reason: String| Error::Bundle { path: dir.join(name), reason };
        if !dir.is_dir() {
            return Err(Error::Bundle { path: dir.to_owned(), reason: "there is no such folder".into() });
        }
        let config_path = dir.join(CONFIG);
        if !config_path.exists() {
            return Err(Error::Bundle { path: dir.to_owned(), reason: format!("it has no `{CONFIG}`") });
        }
        let stored = config::Stored::parse(&read(&config_path)?).map_err(|reason| unusable(CONFIG, reason))?;
        let (config, expected) = stored.check().map_err(|reason| unusable(CONFIG, reason))?;
        let path = dir.join(WEIGHTS);
        let bytes = read(&path)?;
        let weights = ObjectId::of(&bytes);
        if expected != weights {
            return Err(unusable(
                WEIGHTS,
                format!("it is not the file that `{CONFIG}` describes; the folder was changed or its writing was interrupted"),
            ));
        }
        let size = [config.preprocess.height, config.preprocess.width].map(|pixels| pixels as usize);
        let network = Network::fused(config.architecture, config.classes.len(), config.fusion(), size, 0, device)?;
        network.load(&Weights::parse(&bytes, &path)?, HeadRule::Keep)?;
        let provenance = match dir.join(PROVENANCE) {
            path if path.exists() => serde_json::from_slice(&read(&path)?).map_err(|error| unusable(PROVENANCE, error.to_string()))?,
            _ => serde_json::Value::Null,
        };
        Ok(Self { dir: dir.to_owned(), config, network, provenance, weights })
    }

    /// Writes a bundle into `dir`, made where missing; other files there are left alone.
    pub fn save(dir: &Path, config: &Config, network: &Network, card: &str, provenance: &serde_json::Value) -> Result<ObjectId, Error> {
        fs::create_dir_all(dir).map_err(|error| Error::io("create the folder", dir, error))?;
        atomic::sweep(dir);
        let weights = weights::encode(network)?;
        let id = ObjectId::of(&weights);
        let mlmodel = mlmodel::text(config, weights.len());
        let settings = config::Stored::new(config, network, id).to_json();
        let settings = settings.map_err(|error| Error::Bundle { path: dir.join(CONFIG), reason: error.to_string() })?;
        let files = [
            (WEIGHTS, weights),
            (MLMODEL, mlmodel.into_bytes()),
            (CARD, card.as_bytes().to_vec()),
            (PROVENANCE, format!("{provenance:#}\n").into_bytes()),
            (CONFIG, settings),
        ];
        let mut ready = Vec::new();
        for (name, bytes) in files {
            let path = dir.join(name);
            let mut file = AtomicFile::create(&path)?;
            file.write_all(&bytes).map_err(|error| Error::io("write", &path, error))?;
            ready.push(file);
        }
        ready.into_iter().try_for_each(AtomicFile::commit)?;
        Ok(id)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::io("read", path, error))
}

#[cfg(test)]
mod tests;
