//! Where the weights that `--weights` names come from.

use std::path::PathBuf;

use super::{Context, Failure};
use crate::nn::bundle;
use crate::nn::weights::{HubName, Weights};
use crate::nn::zoo;
use crate::observer::Observer;

/// Where a network's weights come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The seed.
    Random,
    /// A file or a bundle, as it was typed.
    File(PathBuf),
    /// `owner/name[@revision][:file]` on the hub.
    Hub(String),
}

impl Source {
    /// What is meant: `none`, `published`, a file or bundle that is there, or a name on the hub.
    pub fn find(context: &Context, typed: Option<&str>, network: &str) -> Result<Self, Failure> {
        match typed {
            None | Some("none") => Ok(Self::Random),
            Some("published") => match zoo::find(network)?.hub {
                Some((repo, file)) => Ok(Self::Hub(format!("{repo}:{file}"))),
                None => Err(Failure::usage(format!("no weights of `{network}` are published on the hub under its names"))
                    .hint("name a file or another repository: `--weights FILE`")),
            },
            Some(text) if context.cwd.join(text).exists() => Ok(Self::File(text.into())),
            Some(text) if is_hub_name(text) => Ok(Self::Hub(text.to_owned())),
            Some(text) => Err(Failure::usage(format!("there is no file `{text}` to take weights from"))
                .hint("`--weights` takes a safetensors or PyTorch file, a bundle, or `owner/name` on the Hugging Face hub")),
        }
    }

    /// Reads the file or what the hub has.
    pub fn open(&self, context: &Context, observer: &dyn Observer) -> Result<Option<Weights>, Failure> {
        Ok(match self {
            Self::Random => None,
            Self::File(path) => {
                let path = context.cwd.join(path);
                Some(Weights::open(&if path.is_dir() { path.join(bundle::WEIGHTS) } else { path })?)
            }
            Self::Hub(spec) => Some(Weights::from_hub(spec, observer)?),
        })
    }
}

/// What names of weight files end in.
const FILES: [&str; 5] = [".safetensors", ".pth", ".pt", ".bin", ".ckpt"];

/// A file that is not there is missed as a file, where its name says that it is meant as one.
fn is_hub_name(text: &str) -> bool {
    let file = text.starts_with('.') || (FILES.iter().any(|ending| text.ends_with(ending)) && !text.contains(':'));
    !file && text.parse::<HubName>().is_ok()
}
