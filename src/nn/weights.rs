//! Named tensors in safetensors and PyTorch files, from a path or from the hub.
//!
//! Names stay as published. Values are f32 in memory; half and double precision are converted. Integers are left out, and so
//! are the counters that torch's batch norms keep (`num_batches_tracked`): nothing reads them, and torch fills them in.

mod adapt;
mod fit;
mod hub;
mod loading;
pub mod names;
mod torch;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::safetensors::Load;
use candle_core::{DType, Device, Tensor};
use indexmap::IndexMap;
use safetensors::tensor::{Dtype, SafeTensors, View};

use super::error::TorchFault;
use super::{Error, Network, ops};
use crate::observer::Observer;
use crate::workspace::atomic;

pub use adapt::Adaptation;
pub use hub::{HubName, HubSettings};
pub use loading::{Fate, Fresh, LeftOut, Loaded, Loading};

/// Tensors by name, with where they came from.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    tensors: IndexMap<String, Tensor>,
    /// Tensors of other types than floating point: name and type.
    others: Vec<(String, String)>,
    /// Keys of a checkpoint under which the tensors lay, outermost first.
    under: Vec<String>,
    source: String,
}

impl Weights {
    /// Reads a safetensors or PyTorch file; its first bytes say which it is.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|error| Error::io("read", path, error))?;
        Self::parse(&bytes, path)
    }

    /// Reads what the bytes of a file hold; `path` is for messages.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let mut weights = match torch::Layout::of(bytes) {
            Some(layout) => Self::parse_torch(bytes, layout).map_err(|fault| Error::Torch { path: path.to_owned(), fault })?,
            None => Self::parse_safetensors(bytes, path)?,
        };
        weights.tensors.sort_keys();
        weights.others.sort();
        Ok(Self { source: path.display().to_string(), ..weights })
    }

    fn parse_torch(bytes: &[u8], layout: torch::Layout) -> Result<Self, TorchFault> {
        let torch::StateDict { tensors, others, under } = torch::read(bytes, layout)?;
        let others = others.into_iter().map(|(name, kind)| (name, kind.to_owned()));
        let (tensors, others) = (tensors.into_iter().filter(|(name, _)| !is_counter(name)), others.filter(|(name, _)| !is_counter(name)));
        Ok(Self { tensors: tensors.collect(), others: others.collect(), under, source: String::new() })
    }

    fn parse_safetensors(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let invalid = |reason: String| Error::Safetensors { path: path.to_owned(), reason };
        let file = SafeTensors::deserialize(bytes).map_err(|error| invalid(error.to_string()))?;
        let mut weights = Self::default();
        for (name, view) in file.iter().filter(|(name, _)| !is_counter(name)) {
            if matches!(view.dtype(), Dtype::F32 | Dtype::F16 | Dtype::BF16 | Dtype::F64) {
                weights.tensors.insert(name.to_owned(), view.load(&Device::Cpu)?.to_dtype(DType::F32)?);
            } else {
                weights.others.push((name.to_owned(), view.dtype().to_string().to_lowercase()));
            }
        }
        Ok(weights)
    }

    /// From the hub or its cache: `owner/name[@revision][:file]`, by default revision `main` and file `model.safetensors`.
    ///
    /// The environment says where ([`HubSettings::from_env`]). What is in the cache is not asked for again; where the hub
    /// announced a sha256, the file is checked against it every time.
    pub fn from_hub(spec: &str, observer: &dyn Observer) -> Result<Self, Error> {
        Self::from_hub_with(spec, &HubSettings::from_env(), observer)
    }

    /// As [`from_hub`](Self::from_hub) with given settings.
    pub fn from_hub_with(spec: &str, settings: &HubSettings, observer: &dyn Observer) -> Result<Self, Error> {
        let path = hub::fetch(&spec.parse()?, settings, observer)?;
        Ok(Self { source: spec.to_owned(), ..Self::open(&path)? })
    }

    /// Made of tensors in memory; `source` is for messages.
    pub fn from_tensors(tensors: impl IntoIterator<Item = (String, Tensor)>, source: impl Into<String>) -> Self {
        Self { tensors: tensors.into_iter().collect(), source: source.into(), ..Self::default() }
    }

    /// One tensor.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Tensors that are no weights, since they are not of floating point: name and type.
    pub fn others(&self) -> &[(String, String)] {
        &self.others
    }

    /// Keys of a checkpoint under which the tensors lay, outermost first.
    pub fn under(&self) -> &[String] {
        &self.under
    }

    /// The path or hub name.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// What torch's batch norms count and nothing reads.
fn is_counter(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

/// Writes all of a network's parameters and buffers as a safetensors file, whole or not at all.
pub fn save(path: &Path, network: &Network) -> Result<(), Error> {
    Ok(atomic::write(path, &encode(network)?)?)
}

/// The bytes of such a file: a pure function of the values.
pub fn encode(network: &Network) -> Result<Vec<u8>, Error> {
    encode_tensors(network.params().map(|p| (p.name.as_str(), p.var.as_tensor())))
}

/// The bytes of a safetensors file with these f32 or i64 tensors: a pure function of names and values.
pub fn encode_tensors<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>) -> Result<Vec<u8>, Error> {
    let raw: Vec<(&str, Raw)> = tensors.into_iter().map(|(name, tensor)| Ok((name, Raw::new(tensor)?))).collect::<Result<_, Error>>()?;
    // Python's loaders want to know in which framework's layout a file is; everything is row-major.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(raw, Some(metadata)).map_err(|error| Error::Tensor(candle_core::Error::wrap(error)))
}

/// A tensor's little-endian bytes.
struct Raw {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Raw {
    fn new(tensor: &Tensor) -> Result<Self, Error> {
        let (dtype, bytes) = match tensor.dtype() {
            DType::I64 => (Dtype::I64, tensor.flatten_all()?.to_vec1::<i64>()?.iter().flat_map(|v| v.to_le_bytes()).collect()),
            _ => (Dtype::F32, ops::with(tensor, |values| values.iter().flat_map(|v| v.to_le_bytes()).collect())?),
        };
        Ok(Self { dtype, shape: tensor.dims().to_vec(), bytes })
    }
}

impl View for Raw {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
