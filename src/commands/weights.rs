//! Where the weights that `--weights` names come from.

use std::path::PathBuf;

use serde::Serialize;

use super::{Context, Failure};
use crate::nn::bundle;
use crate::nn::weights::{Fate, HubName, Loading, Weights};
use crate::nn::zoo::{self, Choice, Licence};
use crate::observer::Observer;
use crate::text;
use crate::ui::{Align, Page, Table};

/// A network and what it starts from, as `--network` and `--weights` say.
#[derive(Clone, Debug)]
pub struct StartingPoint {
    /// With the published weights that are taken, as far as it is known which those are.
    pub network: Choice,
    pub source: Source,
}

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

impl StartingPoint {
    /// What is meant: `none`, `published`, a file or bundle that is there, or a name on the hub.
    pub fn find(context: &Context, weights: Option<&str>, network: &str) -> Result<Self, Failure> {
        let network = zoo::select(network)?;
        let of = |source| Ok(Self { network, source });
        match weights {
            None | Some("none") => of(Source::Random),
            Some("published") => match network.on_hub() {
                Some((published, repo)) => {
                    Ok(Self { network: Choice { published: Some(published), ..network }, source: Source::Hub(repo.to_owned()) })
                }
                None => Err(Failure::usage(format!("no weights of `{}` are published on the hub under its names", network.name()))
                    .hint("name a file or another repository: `--weights FILE`")),
            },
            Some(text) if context.cwd.join(text).exists() => of(Source::File(text.into())),
            Some(text) if is_hub_name(text) => {
                let known = text.parse::<HubName>().ok().and_then(|name| network.architecture.published_in(&name.repo));
                Ok(Self { network: Choice { published: network.published.or(known), ..network }, source: Source::Hub(text.to_owned()) })
            }
            Some(text) => Err(Failure::usage(format!("there is no file `{text}` to take weights from"))
                .hint("`--weights` takes a safetensors or PyTorch file, a bundle, or `owner/name` on the Hugging Face hub")),
        }
    }

    /// The licence of the weights, as far as the zoo knows which they are.
    pub fn licence(&self) -> Option<Licence> {
        self.network.licence().filter(|_| self.source != Source::Random)
    }

    /// What a licence keeps the user of these weights from, as a sentence.
    pub fn restriction(&self) -> Option<String> {
        let licence = self.licence().filter(|licence| licence.restriction.is_some())?;
        Some(format!("the published weights of `{}` are under {}", self.network.name(), licence.words()))
    }
}

impl Source {
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

/// What became of a file's parameters, in JSON.
#[derive(Debug, Serialize)]
pub struct Summary {
    source: String,
    /// Whose names they had; none for the network's own.
    naming: Option<&'static str>,
    fates: Vec<Fate>,
}

impl From<&Loading> for Summary {
    fn from(loading: &Loading) -> Self {
        Self { source: loading.source.clone(), naming: loading.naming, fates: loading.fates() }
    }
}

/// What became of a file's parameters, a line each fate.
pub fn describe(loading: &Loading) -> String {
    let naming = loading.naming();
    let naming = if naming.is_empty() { naming } else { format!(" ({naming})") };
    let mut page = Page::for_width(None);
    page.table(&table(loading));
    let lines: Vec<String> = page.into_text().lines().map(|line| format!("  {line}")).collect();
    format!("parameters of `{}`{naming}\n{}", loading.source, lines.join("\n"))
}

/// The same as a table.
pub fn table(loading: &Loading) -> Table {
    let mut table = Table::new([("fate", Align::Left), ("number", Align::Right), ("how or why", Align::Left), ("first", Align::Left)]);
    for Fate { what, how, count, first } in loading.fates() {
        table.row([what.to_owned(), text::grouped(count as u64), how, first]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::zoo::{Architecture, Published};

    #[test]
    fn a_licence_that_forbids_something_says_so_where_its_weights_are_used() {
        let free = zoo::find("resnet18").unwrap();
        let bound: &'static [Published] =
            Box::leak(Box::new([Published { tag: "x", repo: None, licence: Licence::CC_BY_NC, classes: 3, preprocess: free.preprocess }]));
        let architecture: &'static Architecture = Box::leak(Box::new(Architecture { name: "bound", published: bound, ..*free }));
        let start = |architecture, source| StartingPoint { network: Choice { architecture, published: None }, source };
        let file = Source::File("w.safetensors".into());
        let said = start(architecture, file.clone()).restriction().unwrap();
        assert_eq!(said, "the published weights of `bound` are under CC-BY-NC-4.0: no commercial use");
        assert_eq!(start(architecture, Source::Random).restriction(), None);
        assert_eq!(start(free, file).restriction(), None);
    }
}
