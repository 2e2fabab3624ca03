//! Remotes: objects kept elsewhere, for other machines and for the day the cache is lost. This page is the specification of
//! format 1.
//!
//! # What a remote holds
//!
//! A remote is a folder, or a prefix of a bucket:
//!
//! | path | what |
//! | --- | --- |
//! | `derm-remote` | the text `format: 1` and a line end; written by the first push |
//! | `b3/ab/cdef…` | one object: its bytes, as in the cache |
//! | `packs/ID.pack` | many small objects, one after the other ([`pack`]) |
//! | `packs/ID.index` | which they are; `ID` is the BLAKE3 hash of the index itself |
//! | `tmp/`, `b3/ab/.derm-tmp-…` | in folders only: files that are not finished |
//!
//! In buckets and on HTTP servers a request costs more than a small object: there objects below 1 MiB travel in packs of up to
//! 16 MiB, unless there are only a few. In folders every object is a file of its own. A reader looks in both places whatever the kind.
//! An index counts only beside a pack of the length that it states, and it is written after it.
//!
//! # Promises
//!
//! - What comes from a remote is hashed before it gets a name in the cache. Bytes that do not have their name are reported and
//!   nothing is written; listings are read by the strict rules of [`super::tree`], so no remote can name a path outside of the workspace.
//! - A push looks for every object that an entry needs, not for its listing alone, and takes a file of another length as absent: so pushing
//!   again repairs a remote that lost something. Files go before the listings that name them.
//! - Objects never change, so two machines may push and fetch at once.
//! - A transfer that was killed goes on where it was, also inside a large file.
//! - Credentials come from the environment and the files of the service's own tools, and are never written or shown.
//!
//! # A reader of another version
//!
//! A `derm-remote` with another number is refused before anything is read or written. Paths that are not in the table are passed over.

pub mod address;
mod cloud;
mod credentials;
pub mod elsewhere;
mod fault;
mod fetch;
mod folder;
mod holdings;
pub(super) mod pack;
mod partial;
mod pool;
mod push;
mod results;
mod sweep;
mod transport;
mod uploads;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use fault::Fault;
pub use fetch::{Fetched, Verified, fetch, fetch_listings, fetch_object, verify};
pub use push::{Lacking, Pushed, lacking, push, push_workspace, send_again};
pub use results::{fetch_files, push_files, sweep_files};
pub use sweep::{SweptRemote, sweep};

use address::Address;
use holdings::Packs;
use transport::Transport;

use super::{Error, Work};
use crate::digest::KeyHasher;
use crate::observer::Interrupt;
use crate::workspace::Workspace;
use crate::workspace::config;

/// The file that says what a folder or a prefix is, and what it says.
const MARK: &str = "derm-remote";
const FORMAT: &str = "format: 1\n";

/// Transfers at once where a request waits for a network; a folder is served by as many threads as there are.
const CONNECTIONS: usize = 16;

/// An opened remote.
pub struct Remote {
    name: String,
    transport: Box<dyn Transport>,
    jobs: usize,
    /// Indexes of packs seen before; they never change.
    known_packs: PathBuf,
    packs: OnceLock<Packs>,
}

impl Remote {
    /// Opens the remote of this name, or the default one. Nothing is asked of it yet.
    pub fn open(workspace: &Workspace, name: Option<&str>, interrupt: &Interrupt, jobs: Option<NonZeroUsize>) -> Result<Self, Error> {
        let config = workspace.config();
        let only = || (config.remotes.len() == 1).then(|| config.remotes.keys().next().cloned()).flatten();
        let name = name.map(str::to_owned).or_else(|| config.default_remote.as_ref().map(|setting| setting.value.clone())).or_else(only);
        let name = name.ok_or_else(|| Error::NoRemote { known: config.remotes.keys().cloned().collect() })?;
        match config.remotes.get(&name) {
            Some(settings) => Self::connect(workspace, &name, settings, interrupt, jobs),
            // Whoever has a URL needs no name for it.
            None if name.contains("://") || name.contains('/') => {
                let settings = config::Remote { url: Some(name.clone()), ..config::Remote::default() };
                Self::connect(workspace, &name, &settings, interrupt, jobs)
            }
            None => Err(Error::UnknownRemote { name, known: config.remotes.keys().cloned().collect() }),
        }
    }

    /// Opens a remote with these settings, which another repository may have given it: relative paths begin at `root`.
    pub fn of_another(
        workspace: &Workspace,
        root: &Path,
        name: &str,
        settings: &config::Remote,
        interrupt: &Interrupt,
    ) -> Result<Self, Error> {
        let url = settings.url.as_deref().unwrap_or_default();
        let is_relative = !url.is_empty() && !url.contains("://") && Path::new(url).is_relative();
        let url = if is_relative { root.join(url).to_string_lossy().into_owned() } else { url.to_owned() };
        let settings = config::Remote { url: (!url.is_empty()).then_some(url), ..settings.clone() };
        Self::connect(workspace, name, &settings, interrupt, None)
    }

    fn connect(
        workspace: &Workspace,
        name: &str,
        settings: &config::Remote,
        interrupt: &Interrupt,
        jobs: Option<NonZeroUsize>,
    ) -> Result<Self, Error> {
        let url = settings.url.as_deref().ok_or_else(|| Error::NoUrl { name: name.to_owned() })?;
        let bad = |reason| Error::BadUrl { url: address::shown(url), reason };
        let address = Address::parse(url, workspace.root()).map_err(bad)?;
        let transport: Box<dyn Transport> = match &address {
            Address::Folder(folder) => Box::new(folder::Folder::new(folder.clone(), interrupt.clone())),
            other => Box::new(cloud::Cloud::open(other, settings, interrupt.clone()).map_err(|fault| Error::Remote {
                remote: name.to_owned(),
                path: String::new(),
                fault,
            })?),
        };
        let default = if transport.is_near() { std::thread::available_parallelism().map_or(1, usize::from) } else { CONNECTIONS };
        let jobs = jobs.or(settings.jobs).map_or(default, NonZeroUsize::get);
        let key = KeyHasher::new("derm remote 1").text(url).text(settings.endpoint.as_deref().unwrap_or_default()).finish();
        let known_packs = workspace.derm_dir().join("tmp/remotes").join(&key.hex()[..16]);
        Ok(Self { name: name.to_owned(), transport, jobs, known_packs, packs: OnceLock::new() })
    }

    /// The name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Fails if what is there was written by a newer derm; `false` where nothing was pushed yet.
    fn check_format(&self) -> Result<bool, Error> {
        match self.at(MARK, self.transport.read(MARK, None))? {
            None => Ok(false),
            Some(text) if text == FORMAT.as_bytes() => Ok(true),
            Some(_) => Err(Error::RemoteFormat { remote: self.name.clone() }),
        }
    }

    /// Adds the remote's name and the path to a fault.
    fn at<T>(&self, path: &str, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| match fault {
            Fault::Interrupted => Error::Interrupted,
            fault => Error::Remote { remote: self.name.clone(), path: path.to_owned(), fault },
        })
    }

    /// The packs that it has, read once.
    fn packs(&self, work: &Work) -> Result<&Packs, Error> {
        if let Some(packs) = self.packs.get() {
            return Ok(packs);
        }
        let packs = Packs::read(self, work)?;
        Ok(self.packs.get_or_init(|| packs))
    }
}
