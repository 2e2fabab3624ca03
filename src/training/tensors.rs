//! Files of named tensors that derm trusts later: safetensors with a checksum.
//!
//! The header's metadata has one entry, `derm`: a JSON object with `blake3`, the hash of all tensor bytes
//! in the order of their names (each tensor's preceded by its length), and `about`, whatever the writer wants to know again. Tensors are f32 or i64,
//! little-endian. Files are written through [`AtomicFile`], so that a reader finds the old file or the whole new one.

use std::io::Write;
use std::path::Path;

use candle_core::{DType, Device, Storage, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::ObjectId;
use crate::workspace::{self, atomic::AtomicFile};

/// Tensors with their names, in the order they are to be used.
pub type Named = Vec<(String, Tensor)>;

/// Why a file cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system does not give it.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is not what was written.
    #[error("{0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Header<A> {
    blake3: ObjectId,
    about: A,
}

/// Writes f32 and i64 tensors and what is known `about` them.
///
/// Values go from the tensors to the file in small pieces: a checkpoint is several times a network, and one is written every epoch.
pub fn write(path: &Path, tensors: &Named, about: &impl Serialize) -> Result<(), WriteError> {
    let mut sorted: Vec<(&str, &Tensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    let mut digest = Digest::new();
    for (_, tensor) in &sorted {
        digest.begin(size(tensor));
        pieces(tensor, |piece| {
            digest.update(piece);
            Ok(())
        })?;
    }
    let mut file = AtomicFile::create(path)?;
    let mut put =
        |bytes: &[u8]| file.write_all(bytes).map_err(|source| workspace::Error::Io { operation: "write", path: path.to_owned(), source });
    put(&header(&sorted, &Header { blake3: digest.finish(), about })?)?;
    for (_, tensor) in &sorted {
        pieces(tensor, |piece| Ok(put(piece)?))?;
    }
    Ok(file.commit()?)
}

/// The head of a safetensors file: its length, then JSON padded with spaces to eight bytes.
/// Format: <https://github.com/huggingface/safetensors#format>.
fn header(sorted: &[(&str, &Tensor)], own: &Header<impl Serialize>) -> Result<Vec<u8>, WriteError> {
    let own = serde_json::to_string(own).map_err(|error| WriteError::Encode(error.to_string()))?;
    let mut entries = serde_json::Map::new();
    entries.insert("__metadata__".to_owned(), serde_json::json!({ "derm": own }));
    let mut offset = 0;
    for (name, tensor) in sorted {
        let end = offset + size(tensor);
        let dtype = if tensor.dtype() == DType::I64 { "I64" } else { "F32" };
        entries.insert((*name).to_owned(), serde_json::json!({ "dtype": dtype, "shape": tensor.dims(), "data_offsets": [offset, end] }));
        offset = end;
    }
    let mut text = serde_json::Value::Object(entries).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    Ok([&(text.len() as u64).to_le_bytes()[..], &text].concat())
}

/// Bytes of a tensor in the file.
fn size(tensor: &Tensor) -> u64 {
    tensor.elem_count() as u64 * if tensor.dtype() == DType::I64 { 8 } else { 4 }
}

/// Hands a tensor's values, little-endian, to `take` in small pieces.
fn pieces(tensor: &Tensor, mut take: impl FnMut(&[u8]) -> Result<(), WriteError>) -> Result<(), WriteError> {
    if tensor.dtype() == DType::I64 {
        let values = tensor.flatten_all()?.to_vec1::<i64>()?;
        return take(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
    }
    let tensor = tensor.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        return Err(WriteError::Encode("a copy in main memory is not there".to_owned()));
    };
    let start = layout.start_offset();
    let values = storage.as_slice::<f32>()?.get(start..start + layout.shape().elem_count()).unwrap_or_default();
    let mut buffer = [0u8; PIECE * 4];
    for part in values.chunks(PIECE) {
        for (slot, value) in buffer.as_chunks_mut().0.iter_mut().zip(part) {
            *slot = value.to_le_bytes();
        }
        take(&buffer[..part.len() * 4])?;
    }
    Ok(())
}

/// Values in a piece.
const PIECE: usize = 16 << 10;

/// The hash of all tensor bytes, each tensor's preceded by its length.
struct Digest(blake3::Hasher);

impl Digest {
    fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    fn begin(&mut self, size: u64) {
        self.0.update(&size.to_le_bytes());
    }

    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self) -> ObjectId {
        ObjectId::from_bytes(*self.0.finalize().as_bytes())
    }
}

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system refuses.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// The values cannot be taken out of the tensors.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// The values have no form in a file.
    #[error("cannot encode: {0}")]
    Encode(String),
}

/// Reads what [`write`] wrote, sorted by name, and holds it against its checksum.
pub fn read<A: DeserializeOwned>(path: &Path) -> Result<(Named, A), ReadError> {
    let encoded = std::fs::read(path)?;
    let damaged = |what: &dyn std::fmt::Display| ReadError::Damaged(what.to_string());
    let (_, metadata) = SafeTensors::read_metadata(&encoded).map_err(|error| damaged(&error))?;
    let header = metadata.metadata().as_ref().and_then(|entries| entries.get("derm"));
    let header = header.ok_or_else(|| damaged(&"it has no header of derm's"))?;
    let header: Header<A> = serde_json::from_str(header).map_err(|error| damaged(&error))?;
    let file = SafeTensors::deserialize(&encoded).map_err(|error| damaged(&error))?;
    let mut views = file.tensors();
    views.sort_by(|a, b| a.0.cmp(&b.0));
    let mut digest = Digest::new();
    for (_, view) in &views {
        digest.begin(view.data().len() as u64);
        digest.update(view.data());
    }
    if digest.finish() != header.blake3 {
        return Err(damaged(&"its checksum is wrong"));
    }
    let tensor = |(name, view): (String, TensorView<'_>)| {
        let tensor = match view.dtype() {
            Dtype::F32 => Tensor::from_vec(numbers(view.data(), f32::from_le_bytes), view.shape(), &Device::Cpu),
            Dtype::I64 => Tensor::from_vec(numbers(view.data(), i64::from_le_bytes), view.shape(), &Device::Cpu),
            other => return Err(damaged(&format!("it holds a tensor of type {other:?}"))),
        };
        Ok((name, tensor.map_err(|error| damaged(&error))?))
    };
    let tensors: Result<Named, ReadError> = views.into_iter().map(tensor).collect();
    Ok((tensors?, header.about))
}

fn numbers<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&chunk| number(chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let values = Tensor::new(&[[1.5f32, -0.0], [f32::MIN_POSITIVE, 3e38]], &Device::Cpu).unwrap();
        write(&path, &vec![("b".into(), values.clone()), ("a".into(), Tensor::new(&[i64::MAX], &Device::Cpu).unwrap())], &7u32).unwrap();
        let (tensors, about): (Named, u32) = read(&path).unwrap();
        assert_eq!(about, 7);
        assert_eq!((tensors[0].0.as_str(), tensors[0].1.to_vec1::<i64>().unwrap()), ("a", vec![i64::MAX]));
        assert_eq!(tensors[1].1.to_vec2::<f32>().unwrap(), values.to_vec2::<f32>().unwrap());

        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(read::<u32>(&path), Err(ReadError::Damaged(_))));
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(read::<u32>(&path), Err(ReadError::Damaged(_))));
    }
}
