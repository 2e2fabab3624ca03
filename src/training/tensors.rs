//! Files of named tensors that derm trusts later: safetensors with a checksum.
//!
//! The header's metadata has one entry, `derm`: a JSON object with `blake3`, the hash of all tensor bytes
//! in the order of their names, and `about`, whatever the writer wants to know again. Tensors are f32 or i64,
//! little-endian. Files are written through [`atomic`], so that a reader finds the old file or the whole new one.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::ObjectId;
use crate::workspace::{self, atomic};

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
pub fn write(path: &Path, tensors: &Named, about: &impl Serialize) -> Result<(), WriteError> {
    let mut sorted: Vec<(&str, &Tensor, Dtype, Vec<u8>)> = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let (dtype, bytes) = bytes(tensor)?;
        sorted.push((name, tensor, dtype, bytes));
    }
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    let header = Header { blake3: digest(sorted.iter().map(|(.., bytes)| bytes.as_slice())), about };
    let header = serde_json::to_string(&header).map_err(|error| WriteError::Encode(error.to_string()))?;
    let view = |dtype: &Dtype, tensor: &Tensor, bytes| TensorView::new(*dtype, tensor.dims().to_vec(), bytes);
    let views: Result<Vec<_>, _> = sorted.iter().map(|(name, tensor, dtype, bytes)| Ok((name, view(dtype, tensor, bytes)?))).collect();
    let views = views.map_err(|error: safetensors::SafeTensorError| WriteError::Encode(error.to_string()))?;
    let metadata = HashMap::from([("derm".to_owned(), header)]);
    let encoded = safetensors::serialize(views, Some(metadata)).map_err(|error| WriteError::Encode(error.to_string()))?;
    Ok(atomic::write(path, &encoded)?)
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
    if digest(views.iter().map(|(_, view)| view.data())) != header.blake3 {
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

/// A tensor's type and values, little-endian.
fn bytes(tensor: &Tensor) -> Result<(Dtype, Vec<u8>), candle_core::Error> {
    let flat = tensor.flatten_all()?;
    Ok(match tensor.dtype() {
        DType::I64 => (Dtype::I64, flat.to_vec1::<i64>()?.iter().flat_map(|value| value.to_le_bytes()).collect()),
        _ => (Dtype::F32, flat.to_dtype(DType::F32)?.to_vec1::<f32>()?.iter().flat_map(|value| value.to_le_bytes()).collect()),
    })
}

fn digest<'a>(parts: impl Iterator<Item = &'a [u8]>) -> ObjectId {
    let mut all = crate::digest::KeyHasher::new("derm tensors 1");
    for part in parts {
        all.field(part);
    }
    all.finish()
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
