//! One file from the hub into the cache, in the layout of Python's client: `blobs/ETAG`, `snapshots/COMMIT/FILE` pointing at it,
//! `refs/REVISION`, an unfinished download as `blobs/ETAG.incomplete`, a lock as `.locks/…/ETAG.lock`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hf_hub::{Cache, CacheRepo, Repo};
use ureq::Body;
use ureq::http::Response;

use super::http::{Ask, Client, header};
use super::{HubName, HubSettings, is_plain};
use crate::nn::error::HubFault;

/// What is told on the way.
pub(super) enum Step {
    /// The file has so many bytes.
    Size(u64),
    /// So many more are there.
    Bytes(u64),
    /// So many bytes were there from a transfer that broke off.
    Before(u64),
    /// Nothing will come for so long.
    Wait(Duration),
}

/// What the hub says about a file.
struct Facts {
    /// Names the content: the sha256 of a large file, git's hash of a small one.
    etag: String,
    /// The commit that the revision stands for.
    commit: String,
    size: u64,
}

/// Brings the file into the cache.
pub(super) fn download(name: &HubName, repo: &Repo, settings: &HubSettings, tell: &dyn Fn(Step)) -> Result<PathBuf, HubFault> {
    let client = Client::new(settings, tell);
    let path = format!("/{}/resolve/{}/{}", name.repo, name.revision.replace('/', "%2F"), name.file);
    let facts = ask(&client, &path)?;
    let cache = Cache::new(settings.cache.clone()).repo(repo.clone());
    let blob = settings.cache.join(repo.folder_name()).join("blobs").join(&facts.etag);
    let _lock = lock(settings, repo, &facts.etag)?;
    if !blob.exists() {
        let part = blob.with_file_name(format!("{}.incomplete", facts.etag));
        in_folder(&part)?;
        tell(Step::Size(facts.size));
        fill(&client, &path, &facts, &part, tell)?;
        super::check_hash(&part, &facts.etag).map_err(io_fault)?.map_or(Ok(()), |fault| {
            // The next try begins anew.
            fs::remove_file(&part).map_err(io_fault)?;
            Err(fault)
        })?;
        fs::rename(&part, &blob).map_err(io_fault)?;
    }
    publish(&cache, &facts, &name.file, &blob).map_err(io_fault)
}

fn ask(client: &Client<'_>, path: &str) -> Result<Facts, HubFault> {
    let (answer, _) = client.ask(path, Ask::Head)?;
    let lacks = |what: &str| HubFault::Transport(format!("the server's answer has no usable {what}: it is no hub"));
    let linked = header(&answer, "x-linked-etag").or(header(&answer, "etag"));
    let etag = linked.map(bare).filter(|etag| is_plain(etag)).ok_or_else(|| lacks("ETag"))?;
    let commit = header(&answer, "x-repo-commit").filter(|commit| is_plain(commit)).ok_or_else(|| lacks("X-Repo-Commit"))?;
    let direct = if answer.status().is_redirection() { None } else { header(&answer, "content-length") };
    let size = header(&answer, "x-linked-size").or(direct).and_then(|size| size.parse().ok()).ok_or_else(|| lacks("length"))?;
    Ok(Facts { etag: etag.to_owned(), commit: commit.to_owned(), size })
}

/// An ETag without quotes and mark of weakness.
fn bare(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/").trim_matches('"')
}

/// Another process that fetches the same file is left to it.
fn lock(settings: &HubSettings, repo: &Repo, etag: &str) -> Result<File, HubFault> {
    let path = settings.cache.join(".locks").join(repo.folder_name()).join(format!("{etag}.lock"));
    in_folder(&path)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io_fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HubFault::Transport("another process is downloading the same file".into())),
        Err(TryLockError::Error(error)) => Err(io_fault(error)),
    }
}

/// Fetches what is missing of the file.
fn fill(client: &Client<'_>, path: &str, facts: &Facts, part: &Path, tell: &dyn Fn(Step)) -> Result<(), HubFault> {
    let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(part).map_err(io_fault)?;
    let mut start = file.metadata().map_err(io_fault)?.len();
    if start > facts.size {
        start = 0;
    }
    if start < facts.size || facts.size == 0 {
        let (mut answer, mut own) = client.ask(path, Ask::Bytes(start))?;
        if answer.status() == 416 {
            start = 0;
            (answer, own) = client.ask(path, Ask::Bytes(0))?;
        }
        if own && header(&answer, "x-linked-etag").or(header(&answer, "etag")).is_some_and(|etag| bare(etag) != facts.etag) {
            return Err(HubFault::Changed);
        }
        start = begins(&answer, start)?;
        file.set_len(start).and_then(|()| file.seek(SeekFrom::Start(start))).map_err(io_fault)?;
        tell(Step::Before(start));
        copy(answer, &mut file, facts.size - start, tell)?;
    }
    file.sync_all().map_err(io_fault)
}

/// Where the answer's bytes begin: a server may not know ranges.
fn begins(answer: &Response<Body>, asked: u64) -> Result<u64, HubFault> {
    match answer.status().as_u16() {
        200 => Ok(0),
        206 => {
            let range = header(answer, "content-range").and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
            match range {
                Some(start) if start == asked => Ok(start),
                _ => Err(HubFault::Transport("the server sent another part of the file than was asked for".into())),
            }
        }
        code => Err(HubFault::Status(code)),
    }
}

/// Writes as many bytes as are missing; fewer leave a file that the next try goes on with.
fn copy(answer: Response<Body>, file: &mut File, missing: u64, tell: &dyn Fn(Step)) -> Result<(), HubFault> {
    let mut body = answer.into_body().into_reader();
    let (mut block, mut left) = (vec![0; 1 << 16], missing);
    loop {
        let count = match body.read(&mut block) {
            Ok(0) if left > 0 => return Err(HubFault::Truncated),
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if left > 0 => return Err(HubFault::Truncated),
            Err(error) => return Err(HubFault::Transport(error.to_string())),
        };
        left = left.checked_sub(count as u64).ok_or(HubFault::Changed)?;
        file.write_all(&block[..count]).map_err(io_fault)?;
        tell(Step::Bytes(count as u64));
    }
}

/// Points the snapshot at the blob and the revision at the snapshot.
fn publish(cache: &CacheRepo, facts: &Facts, file: &str, blob: &Path) -> io::Result<PathBuf> {
    let mut pointer = cache.pointer_path(&facts.commit);
    pointer.push(file);
    if let Some(folder) = pointer.parent() {
        fs::create_dir_all(folder)?;
    }
    if !pointer.exists() {
        // A link to a blob that was removed.
        if pointer.is_symlink() {
            fs::remove_file(&pointer)?;
        }
        let up: PathBuf = file.split('/').map(|_| "..").collect();
        link(&Path::new("..").join(up).join("blobs").join(blob.file_name().unwrap_or_default()), blob, &pointer)?;
    }
    cache.create_ref(&facts.commit)?;
    Ok(pointer)
}

#[cfg(unix)]
fn link(relative: &Path, _: &Path, pointer: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(relative, pointer)
}

#[cfg(not(unix))]
fn link(_: &Path, blob: &Path, pointer: &Path) -> io::Result<()> {
    fs::copy(blob, pointer).map(drop)
}

fn in_folder(path: &Path) -> Result<(), HubFault> {
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(io_fault)
}

fn io_fault(error: io::Error) -> HubFault {
    HubFault::Transport(format!("the cache cannot be written: {error}"))
}
