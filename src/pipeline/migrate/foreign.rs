//! DVC's data in another repository: what it tracks at a revision, and getting it from its cache or its remotes.
//!
//! Every file is compared with its MD5 before it counts as fetched, and so is the manifest of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use toml_edit::DocumentMut;

use super::hashes::{self, md5_of};
use super::settings::understand;
use super::theirs::{self, FOLDER, Hash};
use crate::pipeline::origin::Origin;
use crate::pipeline::paramfile::ParamFiles;
use crate::pipeline::problem::Source;
use crate::pipeline::project::nested;
use crate::pipeline::{Error, schema};
use crate::relpath::RelPath;
use crate::store::remote::elsewhere::Elsewhere;
use crate::store::{self, Work};
use crate::workspace::{Config, Revision, config};

/// A path that DVC tracks.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// Its content.
    pub hash: Hash,
    /// Bytes, if DVC says so.
    pub size: Option<u64>,
    /// Files, if DVC says so.
    pub files: Option<u64>,
}

/// What pointers and locks of a revision name. Files that cannot be understood are passed over.
pub fn tracked(revision: Revision) -> Result<BTreeMap<RelPath, Tracked>, Error> {
    let is_theirs = |path: &RelPath| path.as_str().ends_with(".dvc") || path.name() == Some("dvc.lock");
    let mut sources = Vec::new();
    for file in revision.files(is_theirs)? {
        let bytes = revision.read(&file)?.unwrap_or_default();
        sources.push(Source { path: file, text: String::from_utf8_lossy(&bytes).into_owned().into() });
    }
    let files = ParamFiles::from(Origin::Commit(Mutex::new(revision)));
    let mut found = BTreeMap::new();
    for source in sources {
        let folder = source.path.parent().unwrap_or_default();
        let items: Vec<(RelPath, theirs::Item)> = if source.path.name() == Some("dvc.lock") {
            let folders = folders_of_stages(&files, &folder);
            let base = |name: &str| folders.get(name).unwrap_or(&folder).clone();
            let stages = theirs::lock(&source).unwrap_or_default().into_iter();
            stages.flat_map(|(name, stage)| stage.outs.into_iter().map(move |item| (base(&name), item)).collect::<Vec<_>>()).collect()
        } else {
            let Ok(pointer) = theirs::pointer(&source) else { continue };
            let Ok(base) = RelPath::resolve(&folder, &pointer.wdir) else { continue };
            pointer.outs.into_iter().map(|item| (base.clone(), item)).collect()
        };
        for (base, item) in items.into_iter().filter(|(_, item)| item.cache) {
            let number = |key: &str| theirs::text(&item.node, key).and_then(|text| text.parse().ok());
            if let (Ok(path), Some(hash)) = (RelPath::resolve(&base, &item.path), item.hash.clone()) {
                found.insert(path, Tracked { hash, size: number("size"), files: number("nfiles") });
            }
        }
    }
    Ok(found)
}

/// Which folder the paths of each stage in the lock of `folder` are relative to: its `wdir`, which only the definition tells. Of a
/// definition that cannot be read, the lock's own.
fn folders_of_stages(files: &ParamFiles, folder: &RelPath) -> BTreeMap<String, RelPath> {
    let pipeline = nested(folder.join("dvc.yaml"));
    let definition = match files.origin().text(&pipeline.file) {
        Ok(Some(source)) => schema::read(&source, pipeline, files).ok(),
        _ => None,
    };
    definition.into_iter().flat_map(|definition| definition.stages).map(|stage| (stage.name, stage.wdir)).collect()
}

/// Where the data of a repository may be.
pub struct Sources {
    places: Vec<Elsewhere>,
}

impl Sources {
    /// The cache of the repository at `root`, if it is on this machine, and its remotes, the default one first.
    pub fn of(revision: &Revision, root: &Path, work: &Work) -> Result<Self, Error> {
        let file = RelPath::root().join(super::FOLDER).join("config");
        let text = revision.read(&file)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let local = std::fs::read_to_string(root.join(super::FOLDER).join("config.local")).unwrap_or_default();
        let mut places = Vec::new();
        let mut caches: Vec<PathBuf> = vec![root.join(super::FOLDER).join("cache")];
        let mut document = DocumentMut::new();
        for text in [text, local] {
            let settings = understand(&text, root);
            caches.extend(settings.cache);
            for (key, value) in settings.assignments {
                match key.as_slice() {
                    [first, last] => document[first][last] = toml_edit::value(value),
                    [first, name, last] => document[first][name][last] = toml_edit::value(value),
                    _ => {}
                }
            }
        }
        let plain = config::Remote::default();
        for cache in caches.iter().filter(|cache| cache.is_dir()) {
            places.push(Elsewhere::open(&cache.to_string_lossy(), root, &plain, work)?);
        }
        let config = Config::of_text(&document.to_string()).unwrap_or_default();
        let first = config.default_remote.as_ref().map(|setting| setting.value.clone());
        let mut remotes: Vec<_> = config.remotes.iter().collect();
        remotes.sort_by_key(|(name, _)| Some(*name) != first.as_ref());
        for (_, settings) in remotes {
            if let Some(url) = &settings.url {
                places.push(Elsewhere::open(url, root, settings, work)?);
            }
        }
        Ok(Self { places })
    }

    /// Copies what `hash` names, or what is at `inside` of a folder, to `to`; `false` where it is nowhere whole.
    pub fn fetch(&self, hash: &Hash, inside: &RelPath, to: &Path, work: &Work) -> Result<bool, Error> {
        if !hash.is_folder() {
            return Ok(inside.is_root() && self.file(&hash.md5, hash.legacy, hash.executable, to, work)?);
        }
        let Some(files) = self.manifest(hash)? else { return Ok(false) };
        let mut any = false;
        for (path, md5) in files {
            let Ok(path) = RelPath::new(&path) else { return Ok(false) };
            if !path.is_within(inside) {
                continue;
            }
            let below = path.as_str().get(inside.as_str().len()..).unwrap_or_default().trim_start_matches('/');
            let target = if below.is_empty() { to.to_owned() } else { to.join(below) };
            if !self.file(&md5, hash.legacy, false, &target, work)? {
                return Ok(false);
            }
            any = true;
        }
        Ok(any)
    }

    fn manifest(&self, hash: &Hash) -> Result<Option<Vec<(String, String)>>, Error> {
        if let Some(files) = &hash.files {
            return Ok(Some(files.clone()));
        }
        for place in &self.places {
            for path in object_paths(&hash.md5) {
                if let Some(bytes) = place.read_below(&path)?
                    && format!("{}{FOLDER}", md5_of(&bytes)) == hash.md5
                {
                    return Ok(theirs::manifest(&bytes));
                }
            }
        }
        Ok(None)
    }

    fn file(&self, md5: &str, legacy: bool, executable: bool, to: &Path, work: &Work) -> Result<bool, Error> {
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        for place in &self.places {
            for path in object_paths(md5) {
                if !place.download_below(&path, to)? {
                    let _ = std::fs::remove_file(to);
                    continue;
                }
                let found = hashes::read(to, work.interrupt).map_err(|error| match error.kind() {
                    std::io::ErrorKind::Interrupted => Error::from(store::Error::Interrupted),
                    _ => Error::io("read", to)(error),
                })?;
                if found.is(md5, legacy) {
                    if executable {
                        make_executable(to).map_err(Error::io("write", to))?;
                    }
                    return Ok(true);
                }
                let _ = std::fs::remove_file(to);
            }
        }
        Ok(false)
    }
}

/// Where DVC 3 and DVC 2 keep an object.
fn object_paths(md5: &str) -> [String; 2] {
    let (shard, rest) = md5.split_at(2);
    [format!("files/md5/{shard}/{rest}"), format!("{shard}/{rest}")]
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)?.permissions().mode();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
