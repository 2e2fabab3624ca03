//! State dicts in PyTorch's own files (`.pth`, `.pt`, `.bin`, `.ckpt`), read without running what they hold.
//!
//! Such a file is a pickle: a program for a small stack machine that may call any Python function by its name, which is
//! how a checkpoint can take over the machine that loads it. derm has no such machine. [`pickle`] knows the instructions
//! that put values together, [`classes`] the few names that stand for tensors or for harmless data; whatever else a file asks
//! for ends the reading with a [`TorchFault`] that names it.
//!
//! Two layouts: a zip archive with the pickle `data.pkl` and one entry a storage (torch 1.6 and later), and a sequence of
//! pickles followed by the storages (before, or `_use_new_zipfile_serialization=False`).
//!
//! Source: <https://github.com/pytorch/pytorch/blob/main/torch/serialization.py>

mod archive;
mod classes;
mod legacy;
mod pickle;
mod state;
mod tensors;

use candle_core::Tensor;

use super::super::error::TorchFault;

/// What a file holds, as read: nothing is renamed.
#[derive(Debug)]
pub(super) struct StateDict {
    /// Floating-point tensors by name, as f32.
    pub tensors: Vec<(String, Tensor)>,
    /// Other tensors: name and type.
    pub others: Vec<(String, &'static str)>,
    /// Keys under which the state dict lay, outermost first.
    pub under: Vec<String>,
}

/// The layout of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Zip,
    Legacy,
    Tar,
}

impl Layout {
    /// `None` for what PyTorch did not write.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"PK\x03\x04") {
            return Some(Self::Zip);
        }
        // A safetensors file begins with the length of its header, which may look like a pickle's first bytes.
        if matches!(bytes, [0x80, 2..=5, ..]) && bytes.get(8) != Some(&b'{') {
            return Some(Self::Legacy);
        }
        (bytes.get(257..262) == Some(b"ustar")).then_some(Self::Tar)
    }
}

/// Reads a file of this layout.
pub(super) fn read(bytes: &[u8], layout: Layout) -> Result<StateDict, TorchFault> {
    match layout {
        Layout::Zip => archive::read(bytes),
        Layout::Legacy => legacy::read(bytes),
        Layout::Tar => Err(TorchFault::Tar),
    }
}
