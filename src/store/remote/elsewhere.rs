//! Files that are on no remote of derm's but somewhere by themselves: at a URL, in a bucket, in a folder.

use std::path::{Path, PathBuf};

use super::address::{self, Address};
use super::pool::on_threads;
use super::transport::{Listed, Transport};
use super::{CONNECTIONS, Error, Fault, cloud, folder};
use crate::digest::KeyHasher;
use crate::observer::Unit;
use crate::store::Work;
use crate::workspace::config;

/// A file, or a folder with all below it.
pub struct Elsewhere {
    url: String,
    transport: Box<dyn Transport>,
    /// The file's path, or the folder's, in the transport's words.
    path: String,
}

/// What is there.
pub struct Content {
    /// Each file's path below the source (empty for a single file) and its length.
    pub files: Vec<(String, u64)>,
    /// Changes when the content does.
    pub stamp: String,
}

impl Elsewhere {
    /// Understands a URL or a path, relative to `here`; asks nothing yet.
    pub fn open(url: &str, here: &Path, settings: &config::Remote, work: &Work) -> Result<Self, Error> {
        let shown = address::shown(url);
        let address = Address::parse(url, here).map_err(|reason| Error::BadUrl { url: shown.clone(), reason })?;
        let failed = |fault| Error::Elsewhere { url: shown.clone(), fault };
        let cloud = |address: &Address| {
            cloud::Cloud::open(address, settings, work.interrupt.clone()).map(|cloud| Box::new(cloud) as Box<dyn Transport>)
        };
        let (transport, path): (Box<dyn Transport>, String) = match address {
            Address::Folder(path) => {
                let (parent, name) = (path.parent().map(PathBuf::from).unwrap_or_default(), path.file_name());
                let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                (Box::new(folder::Folder::new(parent, work.interrupt.clone())), name)
            }
            Address::Http { url } => {
                let (base, name) =
                    url.rsplit_once('/').filter(|(base, _)| base.contains("://") && !base.ends_with('/')).unwrap_or((&url, ""));
                let (base, name) = (base.to_owned(), name.to_owned());
                let settings = config::Remote { url: Some(base.clone()), ..settings.clone() };
                let opened = cloud::Cloud::open(&Address::Http { url: base }, &settings, work.interrupt.clone()).map_err(failed)?;
                (Box::new(opened), name)
            }
            Address::S3 { bucket, prefix } => (cloud(&Address::S3 { bucket, prefix: String::new() }).map_err(failed)?, prefix),
            Address::Google { bucket, prefix } => (cloud(&Address::Google { bucket, prefix: String::new() }).map_err(failed)?, prefix),
            Address::Azure { container, prefix } => (cloud(&Address::Azure { container, prefix: String::new() }).map_err(failed)?, prefix),
        };
        Ok(Self { url: shown, transport, path })
    }

    /// The last part of its path: what a copy is called unless told otherwise.
    pub fn name(&self) -> Option<&str> {
        self.path.rsplit('/').next().filter(|name| !name.is_empty())
    }

    /// Looks what is there; `None` when nothing is.
    pub fn content(&self) -> Result<Option<Content>, Error> {
        if let Some(stamp) = self.at(self.transport.stamp(&self.path))? {
            let size = self.at(self.transport.size(&self.path))?.unwrap_or(0);
            return Ok(Some(Content { files: vec![(String::new(), size)], stamp }));
        }
        let mut files: Vec<(String, u64)> = Vec::new();
        let above = format!("{}/", self.path);
        let listed = self.transport.list(&self.path, &mut |Listed { path, size, .. }| {
            // No name may lead out of the place where the copy goes.
            let below = path.strip_prefix(&above).filter(|below| below.split('/').all(|part| !matches!(part, "" | "." | "..")));
            files.extend(below.map(|below| (below.to_owned(), size)));
        });
        match listed {
            Err(Fault::Unsupported(_)) => return Ok(None),
            listed => self.at(listed)?,
        }
        files.sort();
        let mut key = KeyHasher::new("derm import 1");
        for (path, size) in &files {
            key.text(path).text(&size.to_string()).text(&self.at(self.transport.stamp(&format!("{above}{path}")))?.unwrap_or_default());
        }
        Ok((!files.is_empty()).then(|| Content { files, stamp: key.finish().hex() }))
    }

    /// Copies everything to `to`, which must not exist.
    pub fn download(&self, content: &Content, to: &Path, work: &Work) -> Result<(), Error> {
        let task = work.observer.begin("fetching", Some(content.files.iter().map(|(_, size)| size).sum()), Unit::Bytes);
        let jobs = if self.transport.is_near() { 2 } else { CONNECTIONS };
        on_threads(jobs, &content.files, |(path, _)| {
            crate::store::batch::check(work.interrupt)?;
            let (from, to) =
                if path.is_empty() { (self.path.clone(), to.to_owned()) } else { (format!("{}/{path}", self.path), to.join(path)) };
            if let Some(folder) = to.parent() {
                std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
            }
            if !self.at(self.transport.download(&from, &to, &|n| task.advance(n)))? {
                return self.at(Err(Fault::Failed(format!("`{from}` is gone"))));
            }
            Ok(())
        })
    }

    /// The bytes of a file below the folder that it is; `None` when there is no such file.
    pub fn read_below(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.at(self.transport.read(&self.below(path), None))
    }

    /// Copies a file below the folder that it is to the new file `to`; `false` when there is no such file.
    pub fn download_below(&self, path: &str, to: &Path) -> Result<bool, Error> {
        self.at(self.transport.download(&self.below(path), to, &|_| ()))
    }

    fn below(&self, path: &str) -> String {
        if self.path.is_empty() { path.to_owned() } else { format!("{}/{path}", self.path) }
    }

    fn at<T>(&self, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| match fault {
            Fault::Interrupted => Error::Interrupted,
            fault => Error::Elsewhere { url: self.url.clone(), fault },
        })
    }
}
