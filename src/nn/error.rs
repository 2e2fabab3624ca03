//! What can go wrong with networks and their files.

mod torch;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use torch::TorchFault;

/// A failure of this module. Messages name files and parameters; advice is the commands' part.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No architecture of this name.
    #[error("there is no network called `{name}`")]
    UnknownArchitecture {
        /// What was asked for.
        name: String,
        /// The name that may have been meant.
        suggestion: Suggestion,
    },
    /// No published weights of this tag.
    #[error("no weights of `{architecture}` are published as `{tag}`")]
    UnknownTag {
        /// The architecture.
        architecture: &'static str,
        /// What was asked for.
        tag: String,
        /// The tags there are.
        known: Vec<&'static str>,
    },
    /// A value that is never there by itself.
    #[error("`{node}` is one operation with what comes after it")]
    InsideGroup {
        /// The node.
        node: String,
    },
    /// Something that is worked out by the kernels alone.
    #[error("{what} are worked out on the CPU alone")]
    CpuOnly {
        /// What.
        what: &'static str,
    },
    /// Deep supervision of a network without coarser masks.
    #[error("`{architecture}` has no coarser steps whose masks could be learnt")]
    NoSideHeads {
        /// Which.
        architecture: &'static str,
    },
    /// A network needs two classes or more.
    #[error("a network needs at least 2 classes, not {0}")]
    Classes(usize),
    /// Nothing would be left of the image inside the network.
    #[error("{width}x{height} pixels are too few for `{architecture}`: nothing is left at `{node}`")]
    InputTooSmall {
        /// The network.
        architecture: &'static str,
        /// Height of the input.
        height: usize,
        /// Width of the input.
        width: usize,
        /// The first empty node.
        node: String,
    },
    /// A network that cuts its input into parts, or halves it and doubles it again, gets one that does not come out.
    #[error("{width}x{height} pixels do not suit `{architecture}`, whose sides are multiples of {multiple}")]
    InputMultiple {
        /// The network.
        architecture: &'static str,
        /// Height of the input.
        height: usize,
        /// Width of the input.
        width: usize,
        /// What both must be multiples of.
        multiple: usize,
    },
    /// A size for which the network would have other tables of places than it has.
    #[error("this `{architecture}` was made for images of {}x{} pixels and cannot read {}x{}", made[1], made[0], got[1], got[0])]
    InputSize {
        /// The network.
        architecture: &'static str,
        /// Height and width that it was made for.
        made: [usize; 2],
        /// Those of the input.
        got: [usize; 2],
    },
    /// Metadata stand beside the features of a classifier.
    #[error("`{architecture}` gives masks, and takes no metadata")]
    NoFusion {
        /// The network.
        architecture: &'static str,
    },
    /// A tensor of another shape or type than an operation takes.
    #[error("{what} must be {expected}, not {got}")]
    Argument {
        /// Which argument.
        what: &'static str,
        /// What is taken.
        expected: String,
        /// What came.
        got: String,
    },
    /// Parameters in the file and in the network differ.
    #[error("the weights in `{source_name}` do not fit `{architecture}`: {misfit}")]
    Misfit {
        /// The file or hub name.
        source_name: String,
        /// The network.
        architecture: &'static str,
        /// What differs.
        misfit: Box<Misfit>,
        /// Only the classifier differs, so replacing the head would work.
        only_head: bool,
        /// A network whose backbone has exactly these parameters.
        belongs_to: Option<&'static str>,
    },
    /// A file could not be read or written.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create the folder`.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file that is no safetensors file, or is damaged.
    #[error("`{}` is not a valid safetensors file: {reason}", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A PyTorch file whose tensors are not read.
    #[error("`{}` is not a checkpoint that derm reads: {fault}", path.display())]
    Torch {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: TorchFault,
    },
    /// Not `owner/name[@revision][:file]`.
    #[error("`{spec}` is not a hub name: {reason}")]
    HubSpec {
        /// What was typed.
        spec: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The hub did not give the file.
    #[error("cannot get `{file}` of `{repo}` from {endpoint}: {fault}")]
    Hub {
        /// Owner and name.
        repo: String,
        /// The file in it.
        file: String,
        /// The hub's address.
        endpoint: String,
        /// What happened.
        fault: HubFault,
    },
    /// A bundle's file cannot be understood or does not agree with the others.
    #[error("`{}` is not a usable bundle: {reason}", path.display())]
    Bundle {
        /// The file, or the folder where a file is missing.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An optimiser's saved state does not belong to this network.
    #[error("the optimiser's saved state does not fit: {0}")]
    OptimiserState(String),
    /// A trusted file could not be written.
    #[error(transparent)]
    Workspace(#[from] crate::workspace::Error),
    /// An operation met shapes that it cannot read.
    #[error(transparent)]
    Operation(#[from] super::ops::Error),
    /// candle refused an operation.
    #[error("a tensor operation failed")]
    Tensor(#[from] candle_core::Error),
}

impl Error {
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { operation, path: path.to_owned(), source }
    }
}

/// What happened on the way to the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubFault {
    /// 404: no such repository, revision or file.
    NotFound,
    /// 401 or 403.
    Denied {
        /// Whether a token was sent.
        with_token: bool,
    },
    /// Another HTTP status.
    Status(u16),
    /// `HF_HUB_OFFLINE` is set and the file is not in the cache.
    Offline,
    /// Fewer bytes than announced.
    Truncated,
    /// The bytes are not those the hub announced.
    WrongHash {
        /// sha256 the hub announced.
        expected: String,
        /// sha256 of what came.
        got: String,
    },
    /// The file is not the one that was announced a moment before.
    Changed,
    /// No connection, a timeout, a broken answer.
    Transport(String),
}

impl fmt::Display for HubFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "not found (404)"),
            Self::Denied { with_token: true } => write!(f, "access denied, although a token was sent"),
            Self::Denied { with_token: false } => write!(f, "access denied"),
            Self::Status(code) => write!(f, "the server answered with status {code}"),
            Self::Offline => write!(f, "it is not in the cache and HF_HUB_OFFLINE is set"),
            Self::Truncated => write!(f, "the download ended early"),
            Self::WrongHash { expected, got } => write!(f, "its sha256 is {got}, but the hub announced {expected}"),
            Self::Changed => write!(f, "the file changed while it was fetched"),
            Self::Transport(reason) => f.write_str(reason),
        }
    }
}

/// How the parameters of a file and of a network differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    /// In the network, not in the file.
    pub missing: Vec<String>,
    /// In the file, not in the network.
    pub unexpected: Vec<String>,
    /// In both with different shapes: name, shape in the file, shape in the network.
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Misfit {
    /// Names shown of each list; the count says how many there are.
    pub const SHOWN: usize = 10;

    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshapen.is_empty()
    }

    /// One line for each way in which they differ, with the first names.
    pub fn lines(&self) -> Vec<String> {
        let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let shapes = self.misshapen.iter().map(|(name, file, own)| format!("`{name}` is {file:?}, expected {own:?}")).collect();
        [("missing", quoted(&self.missing)), ("unexpected", quoted(&self.unexpected)), ("of another shape", shapes)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| {
                let more = if names.len() > Self::SHOWN { ", …" } else { "" };
                format!("{} {what}: {}{more}", names.len(), names[..names.len().min(Self::SHOWN)].join(", "))
            })
            .collect()
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.missing.len(), "missing"), (self.unexpected.len(), "unexpected"), (self.misshapen.len(), "of another shape")];
        let parts: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// A name that may have been meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion(pub Option<&'static str>);

impl Suggestion {
    pub(super) fn of(word: &str, names: impl IntoIterator<Item = &'static str>) -> Self {
        Self(crate::text::suggest(word, names))
    }
}
