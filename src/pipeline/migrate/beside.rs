//! DVC's own cache in this repository, read in place: numbers of commits from before a migration, or of a project that stays DVC's.
//!
//! Only small files are meant, metrics and plots. Every file is compared with its MD5 before it counts as read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::hashes::{self, md5_of};
use super::settings::understand;
use super::theirs::{self, FOLDER, Hash};
use crate::observer::Interrupt;
use crate::pipeline::origin::Origin;
use crate::pipeline::stage::{Pipeline, Stage};
use crate::relpath::RelPath;

/// DVC's cache folders of one repository.
#[derive(Debug)]
pub struct Beside {
    caches: Vec<PathBuf>,
}

impl Beside {
    /// Those of the repository at `root`; `None` where DVC never was.
    pub fn of(root: &Path) -> Option<Self> {
        let folder = root.join(super::FOLDER);
        let mut caches = vec![folder.join("cache")];
        for name in ["config", "config.local"] {
            let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            caches.extend(understand(&text, root).cache);
        }
        caches.retain(|cache| cache.is_dir());
        (!caches.is_empty()).then_some(Self { caches })
    }

    /// The bytes that a hash names, or of a folder's the file at `inside`; `None` when no cache has them whole.
    pub fn bytes(&self, hash: &Hash, inside: &RelPath) -> Option<Vec<u8>> {
        if !hash.is_folder() {
            return inside.is_root().then(|| self.file(&hash.md5, hash.legacy)).flatten();
        }
        let files = match &hash.files {
            Some(files) => files.clone(),
            None => self.places(&hash.md5).find_map(|path| {
                let bytes = std::fs::read(path).ok()?;
                if format!("{}{FOLDER}", md5_of(&bytes)) == hash.md5 { theirs::manifest(&bytes) } else { None }
            })?,
        };
        let (_, md5) = files.into_iter().find(|(path, _)| path == inside.as_str())?;
        self.file(&md5, hash.legacy)
    }

    fn file(&self, md5: &str, legacy: bool) -> Option<Vec<u8>> {
        let whole = |path: &PathBuf| hashes::read(path, &Interrupt::default()).is_ok_and(|found| found.is(md5, legacy));
        self.places(md5).find(whole).and_then(|path| std::fs::read(path).ok())
    }

    /// Where DVC 3 and DVC 2 keep an object.
    fn places(&self, md5: &str) -> impl Iterator<Item = PathBuf> + use<'_> {
        let (shard, rest) = md5.split_at_checked(2).unwrap_or((md5, ""));
        let below = [format!("files/md5/{shard}/{rest}"), format!("{shard}/{rest}")];
        self.caches.iter().flat_map(move |cache| below.clone().map(|below| cache.join(below)))
    }
}

/// What the `dvc.lock` files beside these pipelines record of outputs that DVC's cache keeps. Files that cannot be understood record
/// nothing.
pub fn recorded(origin: &Origin, pipelines: &[Pipeline], stages: &[Stage]) -> BTreeMap<RelPath, Hash> {
    let mut found = BTreeMap::new();
    for (index, pipeline) in pipelines.iter().enumerate().filter(|(_, pipeline)| pipeline.file.name() == Some("dvc.yaml")) {
        let Ok(Some(source)) = origin.text(&pipeline.base.join("dvc.lock")) else { continue };
        let locked = theirs::lock(&source).unwrap_or_default();
        for stage in stages.iter().filter(|stage| stage.pipeline == index) {
            for item in locked.get(&stage.name).into_iter().flat_map(|locked| &locked.outs) {
                if let (Ok(path), Some(hash)) = (RelPath::resolve(&stage.wdir, &item.path), item.hash.clone()) {
                    found.insert(path, hash);
                }
            }
        }
    }
    found
}

/// What `PATH.dvc` says of `path`.
pub fn pointed(origin: &Origin, path: &RelPath) -> Option<Hash> {
    let folder = path.parent()?;
    let source = origin.text(&folder.join(&format!("{}.dvc", path.name()?))).ok().flatten()?;
    theirs::pointer(&source).ok()?.outs.into_iter().find_map(|item| item.hash.filter(|_| Some(item.path.as_str()) == path.name()))
}
