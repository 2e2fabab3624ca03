//! Why a PyTorch file was not read.

/// A failure of reading a PyTorch file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TorchFault {
    /// It mentions a Python name that stands neither for a tensor nor for harmless data.
    #[error("it asks Python for `{name}`, which derm does not run")]
    Class {
        /// Module and name.
        name: String,
    },
    /// An instruction that state dicts do not need.
    #[error("its pickle has the instruction {code:#04x} at byte {at}, which is not among those that hold tensors")]
    Opcode {
        /// The instruction.
        code: u8,
        /// Where in the pickle.
        at: usize,
    },
    /// Instructions that do not fit together.
    #[error("its pickle is damaged near byte {at}: {what}")]
    Malformed {
        /// What was met.
        what: &'static str,
        /// Where in the pickle.
        at: usize,
    },
    /// It ends early.
    #[error("it is cut short")]
    Truncated,
    /// The pickle alone is longer than any state dict's.
    #[error("its pickle is longer than 16 MiB")]
    LongProgram,
    /// The archive cannot be read.
    #[error("its archive is damaged: {0}")]
    Archive(String),
    /// An archive without a pickle.
    #[error("it is an archive without a `data.pkl`")]
    NoPickle,
    /// A storage that the pickle names is not there.
    #[error("it lacks the tensor storage `{name}`")]
    NoEntry {
        /// Name of the entry.
        name: String,
    },
    /// TorchScript.
    #[error("it is a TorchScript program")]
    Script,
    /// The format of 2017.
    #[error("it has the tar layout of torch 0.1")]
    Tar,
    /// A pickle that torch did not write.
    #[error("it is a pickle, but not one of PyTorch's")]
    PlainPickle,
    /// A tensor that reaches past its storage.
    #[error("the tensor `{name}` reaches past the end of its storage")]
    View {
        /// Name of the tensor.
        name: String,
    },
    /// Tensors that take far more memory than the file has bytes.
    #[error("its tensors unfold to far more than the file holds (at `{name}`)")]
    Unfolds {
        /// Name of the tensor.
        name: String,
    },
    /// No mapping from names to tensors.
    #[error("it holds no state dict")]
    NoStateDict {
        /// The keys it has.
        keys: Vec<String>,
    },
    /// More than one, under keys that do not say which is meant.
    #[error("it holds more than one state dict: `{}`", keys.join("`, `"))]
    Ambiguous {
        /// The keys they are under.
        keys: Vec<String>,
    },
    /// candle refused a tensor.
    #[error("a tensor cannot be made: {0}")]
    Tensor(String),
}

impl TorchFault {
    pub(in crate::nn) fn tensor(error: candle_core::Error) -> Self {
        Self::Tensor(error.to_string())
    }
}
