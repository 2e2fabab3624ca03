//! Another repository that is read: what it tracks at a revision, and the bytes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Context, Failure, recorded};
use crate::pipeline::migrate::foreign::{self, Sources, Tracked};
use crate::relpath::RelPath;
use crate::store::remote::{self, Remote};
use crate::store::{Entry, Error, Store, Work};
use crate::workspace::{Config, Revision, Workspace, clone, config};

/// A repository of git at one revision.
pub struct Foreign {
    url: String,
    /// Where git's data is read.
    place: PathBuf,
    /// The folder in it that is derm's root.
    project: RelPath,
    revision: Revision,
    config: Config,
    tracked: BTreeMap<RelPath, Entry>,
    /// What DVC tracks there, from git's root.
    dvc: BTreeMap<RelPath, Tracked>,
}

/// Where what is read goes to.
pub struct Ours<'a> {
    pub workspace: &'a Workspace,
    pub store: &'a Store,
    pub work: &'a Work<'a>,
}

/// What a path is there.
pub enum Found {
    /// Data that derm tracks.
    Data(Entry),
    /// Data that DVC tracks, and what of it is meant.
    Dvc(Tracked, RelPath),
    /// Files that git keeps, relative to the path (the root path for a single file).
    Git(Vec<RelPath>),
}

impl Foreign {
    /// Opens `url`, which is cloned below `clones` unless it is on this machine; `refresh` asks for news.
    pub fn open(context: &Context, clones: &Path, url: &str, rev: Option<&str>, path: &RelPath, refresh: bool) -> Result<Self, Failure> {
        let local = context.cwd.join(url);
        let url = if !url.contains("://") && local.is_dir() { local.to_string_lossy().into_owned() } else { url.to_owned() };
        let (place, stale) = clone::of(&url, clones, refresh)?;
        if let Some(reason) = stale {
            context.ui.warn(format!("no news of `{url}`: {reason}; what was cloned before is used"));
        }
        let mut here = Some(path.clone());
        let mut project = RelPath::root();
        while let Some(folder) = here {
            if Revision::elsewhere(&place, rev, &folder)?.read(&config_file())?.is_some() {
                project = folder;
                break;
            }
            here = folder.parent();
        }
        let revision = Revision::elsewhere(&place, rev, &project)?;
        let config = match revision.read(&config_file())? {
            Some(bytes) => Config::of_text(&String::from_utf8_lossy(&bytes))?,
            None => Config::default(),
        };
        let tracked = recorded::of_revision(&revision, rev.unwrap_or("HEAD"))?;
        let dvc = foreign::tracked(Revision::elsewhere(&place, rev, &RelPath::root())?)?;
        Ok(Self { url, place, project, revision, config, tracked, dvc })
    }

    /// The full hash of the commit.
    pub fn commit(&self) -> &str {
        self.revision.commit()
    }

    /// All that it tracks, by path from derm's root there.
    pub fn tracked(&self) -> &BTreeMap<RelPath, Entry> {
        &self.tracked
    }

    /// What DVC tracks, by path from git's root.
    pub fn dvc(&self) -> &BTreeMap<RelPath, Tracked> {
        &self.dvc
    }

    /// What `path` is, from git's root; `None` when there is nothing. Listings on the way are fetched into `store`.
    pub fn find(&self, context: &Context, ours: &Ours, path: &RelPath) -> Result<Option<Found>, Failure> {
        let Ours { workspace, store, work } = *ours;
        let whole = path;
        let Some(path) = below(path, &self.project) else { return Ok(None) };
        if let Some((target, entry)) = self.tracked.iter().find(|(target, _)| path.is_within(target)) {
            let inside = below(&path, target).unwrap_or_default();
            loop {
                match store.find(entry, &inside) {
                    Err(Error::NoObject(id) | Error::Damaged(id)) => {
                        if !self.ask(context, workspace, |remote| remote::fetch_object(store, remote, &id, work))? {
                            return Err(self.lacks(&path));
                        }
                    }
                    found => return Ok(found?.map(Found::Data)),
                }
            }
        }
        if let Some((target, tracked)) = self.dvc.iter().find(|(target, _)| whole.is_within(target)) {
            return Ok(Some(Found::Dvc(tracked.clone(), below(whole, target).unwrap_or_default())));
        }
        let files = self.revision.files(|file| file.is_within(&path))?;
        let files: Vec<RelPath> = files.iter().filter_map(|file| below(file, &path)).collect();
        Ok((!files.is_empty()).then_some(Found::Git(files)))
    }

    /// Fetches all listings of these entries, without files.
    pub fn fetch_listings(&self, context: &Context, ours: &Ours, entries: &[(RelPath, Entry)]) -> Result<(), Failure> {
        let Ours { workspace, store, work } = *ours;
        self.ask(context, workspace, |remote| {
            remote::fetch_listings(store, remote, entries, work)?;
            Ok(entries.iter().all(|(path, entry)| store.files_of(entry, path, &mut |_, _| {}).is_ok()))
        })?;
        Ok(())
    }

    /// Puts what was found at `path` to `out` in the workspace.
    pub fn put(&self, context: &Context, ours: &Ours, found: &Found, path: &RelPath, out: &RelPath) -> Result<(), Failure> {
        let Ours { workspace, store, work } = *ours;
        match found {
            Found::Data(entry) => {
                let wanted = [(path.clone(), entry.clone())];
                if !self.ask(context, workspace, |remote| Ok(remote::fetch(store, remote, &wanted, work)?.absent.is_empty()))? {
                    return Err(self.lacks(path));
                }
                store.checkout(entry, out, work)?;
            }
            Found::Dvc(tracked, inside) => {
                let revision = Revision::elsewhere(&self.place, Some(self.commit()), &RelPath::root())?;
                let sources = Sources::of(&revision, &self.place, work)?;
                if !sources.fetch(&tracked.hash, inside, &out.on_disk(workspace.root()), work)? {
                    return Err(Failure::new(format!("the data of `{path}` cannot be had from `{}`", self.url))
                        .cause("neither DVC's cache nor its remotes have it whole")
                        .hint("type `dvc push` there"));
                }
            }
            Found::Git(files) => {
                let path = below(path, &self.project).unwrap_or_default();
                for file in files {
                    let from = file.parts().fold(path.clone(), |path, part| path.join(part));
                    let to = file.parts().fold(out.clone(), |out, part| out.join(part)).on_disk(workspace.root());
                    let bytes = self.revision.read(&from)?.unwrap_or_default();
                    write(&to, &bytes, self.revision.is_executable(&from)? == Some(true)).map_err(Error::io("write", &to))?;
                }
            }
        }
        Ok(())
    }

    /// Asks its cache, if it is on this machine, then its remotes, until one says yes.
    fn ask(&self, context: &Context, workspace: &Workspace, question: impl Fn(&Remote) -> Result<bool, Error>) -> Result<bool, Failure> {
        let root = self.project.on_disk(&self.place);
        let cache = root.join(&self.config.cache.dir.value);
        let mut sources: Vec<(String, config::Remote)> = Vec::new();
        if cache.is_dir() {
            let url = cache.to_string_lossy().into_owned();
            sources.push(("its cache".to_owned(), config::Remote { url: Some(url), ..config::Remote::default() }));
        }
        let first = self.config.default_remote.as_ref().map(|setting| &setting.value);
        let mut remotes: Vec<_> = self.config.remotes.iter().collect();
        remotes.sort_by_key(|(name, _)| Some(*name) != first);
        sources.extend(remotes.into_iter().map(|(name, settings)| (name.clone(), settings.clone())));
        let mut failed = None;
        for (name, settings) in &sources {
            let remote = Remote::of_another(workspace, &root, name, settings, &context.interrupt);
            match remote.and_then(|remote| question(&remote)) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(Error::Interrupted) => return Err(Error::Interrupted.into()),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(false), |error| Err(error.into()))
    }

    fn lacks(&self, path: &RelPath) -> Failure {
        Failure::new(format!("the data of `{path}` cannot be had from `{}`", self.url))
            .cause("neither its cache nor its remotes have it")
            .hint("type `derm push` there")
    }
}

fn config_file() -> RelPath {
    RelPath::root().join(".derm").join("config")
}

/// `path` seen from `folder`, if it lies in it.
pub fn below(path: &RelPath, folder: &RelPath) -> Option<RelPath> {
    let rest = path.is_within(folder).then(|| path.as_str().get(folder.as_str().len()..)).flatten()?;
    RelPath::new(rest.trim_start_matches('/')).ok()
}

fn write(to: &Path, bytes: &[u8], executable: bool) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(to, bytes)?;
    #[cfg(unix)]
    if executable {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(to)?.permissions().mode();
        std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    #[cfg(not(unix))]
    let _ = executable;
    Ok(())
}
