//! From a name to a network.

use super::{Architecture, Licence, Preprocess, Published, all};
use crate::nn::{Error, error::Suggestion};

/// A network as a user names it: an architecture, and perhaps one of its sets of published weights.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The architecture.
    pub architecture: &'static Architecture,
    /// The weights that were meant, if it was said.
    pub published: Option<&'static Published>,
}

impl Choice {
    /// `resnet50`, or `resnet50.tv_in1k` where weights are meant.
    pub fn name(&self) -> String {
        match self.published {
            Some(published) => format!("{}.{}", self.architecture.name, published.tag),
            None => self.architecture.name.to_owned(),
        }
    }

    /// What the input must be: as the weights were trained, or the architecture's own.
    pub fn preprocess(&self) -> Preprocess {
        self.published.map_or(self.architecture.preprocess, |published| published.preprocess)
    }

    /// The weights that `published` means: those that were named, else the first that are on the hub.
    pub fn on_hub(&self) -> Option<(&'static Published, &'static str)> {
        let candidates = self.published.map_or(self.architecture.published, std::slice::from_ref);
        candidates.iter().find_map(|published| Some((published, published.repo?)))
    }

    /// The licence of weights whose file says nothing: that of the named ones, or the one that all published ones share.
    pub fn licence(&self) -> Option<Licence> {
        let candidates = self.published.map_or(self.architecture.published, std::slice::from_ref);
        let licence = candidates.first()?.licence;
        candidates.iter().all(|other| other.licence == licence).then_some(licence)
    }
}

impl Architecture {
    /// The published weights with this tag.
    pub fn tagged(&self, tag: &str) -> Option<&'static Published> {
        self.published.iter().find(|published| published.tag == tag)
    }

    /// The published weights that this repository of the hub holds.
    pub fn published_in(&self, repo: &str) -> Option<&'static Published> {
        self.published.iter().find(|published| published.repo == Some(repo))
    }
}

/// The architecture of this name.
pub fn find(name: &str) -> Result<&'static Architecture, Error> {
    all()
        .find(|a| a.name == name)
        .ok_or_else(|| Error::UnknownArchitecture { name: name.to_owned(), suggestion: Suggestion::of(name, all().map(|a| a.name)) })
}

/// An architecture, or one with the tag of published weights as timm's users write it: `resnet50.tv_in1k`.
pub fn select(name: &str) -> Result<Choice, Error> {
    let Some((name, tag)) = name.split_once('.') else {
        return Ok(Choice { architecture: find(name)?, published: None });
    };
    let architecture = find(name)?;
    match architecture.tagged(tag) {
        Some(published) => Ok(Choice { architecture, published: Some(published) }),
        None => Err(Error::UnknownTag {
            architecture: architecture.name,
            tag: tag.to_owned(),
            known: architecture.published.iter().map(|published| published.tag).collect(),
        }),
    }
}
