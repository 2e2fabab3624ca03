//! Weights by hub name, in the cache layout that Python's client shares.
//!
//! hf-hub knows the cache; the transfer is derm's own, for hf-hub 0.5 sends the token on to where a redirect leads, checks no hash,
//! and knows no offline mode, no timeout and no `Retry-After`. A file whose hash is wrong is removed from the cache.

mod http;
mod transfer;

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use hf_hub::{Cache, Repo, RepoType};
use sha2::{Digest, Sha256};

use crate::nn::Error;
use crate::nn::error::HubFault;
use crate::observer::{Observer, Unit};
use transfer::Step;

/// `owner/name[@revision][:file]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubName {
    /// `owner/name`.
    pub repo: String,
    /// A branch, tag or commit; `main` unless given.
    pub revision: String,
    /// Path of the file in it; `model.safetensors` unless given.
    pub file: String,
}

impl FromStr for HubName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |reason| Error::HubSpec { spec: text.to_owned(), reason };
        let (rest, file) = text.split_once(':').unwrap_or((text, "model.safetensors"));
        let (repo, revision) = rest.split_once('@').unwrap_or((rest, "main"));
        if repo.split('/').count() != 2 || !repo.split('/').all(is_plain) {
            return Err(refuse("it begins with `owner/name`, made of letters, digits, `-`, `_` and `.`"));
        }
        if !revision.split('/').all(is_plain) {
            return Err(refuse("after `@` comes a branch, a tag or a commit"));
        }
        if !file.split('/').all(is_plain) {
            return Err(refuse("after `:` comes the path of a file in the repository"));
        }
        Ok(Self { repo: repo.to_owned(), revision: revision.to_owned(), file: file.to_owned() })
    }
}

/// One part of a path that stays where it is put, in a URL and in the cache.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Where the hub and the cache are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubSettings {
    /// The hub's address, without a slash at its end.
    pub endpoint: String,
    /// The folder with `models--OWNER--NAME` folders.
    pub cache: PathBuf,
    /// Sent as a bearer token.
    pub token: Option<String>,
    /// Use the cache alone.
    pub offline: bool,
    /// Give up after this long without a byte.
    pub timeout: Duration,
}

impl HubSettings {
    /// From the environment, as Python's client: `HF_ENDPOINT`, `HF_TOKEN` (or the file `token` in `HF_HOME`), `HF_HOME`,
    /// `HF_HUB_CACHE`, `HF_HUB_OFFLINE`, and `HF_HUB_DOWNLOAD_TIMEOUT` in seconds (60 when unset).
    pub fn from_env() -> Self {
        Self::from_lookup(|name| env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let home = || text("XDG_CACHE_HOME").map_or_else(|| PathBuf::from(text("HOME").unwrap_or_default()).join(".cache"), PathBuf::from);
        let hf_home = text("HF_HOME").map_or_else(|| home().join("huggingface"), PathBuf::from);
        let stored = || Some(fs::read_to_string(hf_home.join("token")).ok()?.trim().to_owned());
        let truth = |value: String| ["1", "on", "true", "yes"].contains(&value.to_lowercase().as_str());
        let seconds = text("HF_HUB_DOWNLOAD_TIMEOUT").and_then(|s| s.parse().ok()).filter(|&s| s > 0);
        Self {
            endpoint: text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into()).trim_end_matches('/').to_owned(),
            token: text("HF_TOKEN").or_else(stored).filter(|token| !token.is_empty()),
            offline: text("HF_HUB_OFFLINE").is_some_and(truth),
            timeout: Duration::from_secs(seconds.unwrap_or(60)),
            cache: text("HF_HUB_CACHE").map_or_else(|| hf_home.join("hub"), PathBuf::from),
        }
    }
}

/// The file's place in the cache, after a download where needed; its hash is checked where the hub announced one.
pub(super) fn fetch(name: &HubName, settings: &HubSettings, observer: &dyn Observer) -> Result<PathBuf, Error> {
    let fault = |fault| Error::Hub { repo: name.repo.clone(), file: name.file.clone(), endpoint: settings.endpoint.clone(), fault };
    let repo = Repo::with_revision(name.repo.clone(), RepoType::Model, name.revision.clone());
    let path = match cached(name, &repo, settings) {
        Some(path) => path,
        None if settings.offline => return Err(fault(HubFault::Offline)),
        None => download(name, repo, settings, observer).map_err(fault)?,
    };
    match verify(&path).map_err(|error| Error::io("read", &path, error))? {
        Some(wrong) => Err(fault(wrong)),
        None => Ok(path),
    }
}

/// The file in the cache. A commit needs no reference: it names its snapshot.
fn cached(name: &HubName, repo: &Repo, settings: &HubSettings) -> Option<PathBuf> {
    let cache = Cache::new(settings.cache.clone()).repo(repo.clone());
    let snapshot = || {
        let commit = name.revision.len() == 40 && name.revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = cache.pointer_path(&name.revision).join(&name.file);
        (commit && path.exists()).then_some(path)
    };
    cache.get(&name.file).or_else(snapshot)
}

/// What the downloading thread tells.
enum News {
    Step(Step),
    Ended(Result<PathBuf, HubFault>),
}

/// Downloads on another thread, because a silent server is not waited for. After a timeout that thread is left behind; it ends with
/// the process.
fn download(name: &HubName, repo: Repo, settings: &HubSettings, observer: &dyn Observer) -> Result<PathBuf, HubFault> {
    let (sender, news) = mpsc::channel();
    let (wanted, how) = (name.clone(), settings.clone());
    thread::spawn(move || {
        // The receiver is gone after a timeout; then nobody wants to know.
        let tell = |step| drop(sender.send(News::Step(step)));
        let ended = transfer::download(&wanted, &repo, &how, &tell);
        let _ = sender.send(News::Ended(ended));
    });
    let label = format!("download {}", name.repo);
    let (mut task, mut pause) = (None, Duration::ZERO);
    loop {
        let next = news.recv_timeout(settings.timeout + pause);
        pause = Duration::ZERO;
        match next {
            Ok(News::Step(Step::Size(total))) => {
                task.get_or_insert_with(|| observer.begin(&label, Some(total), Unit::Bytes));
            }
            Ok(News::Step(Step::Bytes(n))) => task.iter().for_each(|task| task.advance(n)),
            Ok(News::Step(Step::Before(n))) => task.iter().for_each(|task| task.resume(n)),
            Ok(News::Step(Step::Wait(wait))) => pause = wait,
            Ok(News::Ended(result)) => return result,
            Err(RecvTimeoutError::Timeout) => {
                return Err(HubFault::Transport(format!("the server was silent for {} s", settings.timeout.as_secs())));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(HubFault::Transport("the answer could not be understood".into())),
        }
    }
}

/// Compares the file with the sha256 that names its blob in the cache; removes both where they differ.
fn verify(pointer: &Path) -> io::Result<Option<HubFault>> {
    let blob = pointer.canonicalize()?;
    let name = blob.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let wrong = check_hash(&blob, name)?;
    if wrong.is_some() {
        fs::remove_file(pointer)?;
        if blob.exists() {
            fs::remove_file(&blob)?;
        }
    }
    Ok(wrong)
}

/// What is wrong with a file whose content is named so.
///
/// The hub names large files by their sha256 and small ones by git's own hash (40 digits), which is not checked.
fn check_hash(path: &Path, name: &str) -> io::Result<Option<HubFault>> {
    let expected = name.to_lowercase();
    if expected.len() != 64 || !expected.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let got = sha256(path)?;
    Ok((got != expected).then_some(HubFault::WrongHash { expected, got }))
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => break,
            n => hasher.update(&block[..n]),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> HubSettings {
        HubSettings::from_lookup(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn names_have_an_owner_and_may_have_a_revision_and_a_file() {
        let name: HubName = "timm/resnet18.a1_in1k".parse().unwrap();
        assert_eq!(
            (name.repo.as_str(), name.revision.as_str(), name.file.as_str()),
            ("timm/resnet18.a1_in1k", "main", "model.safetensors")
        );
        let name: HubName = "o/n@refs/pr/3:sub/w.safetensors".parse().unwrap();
        assert_eq!((name.repo.as_str(), name.revision.as_str(), name.file.as_str()), ("o/n", "refs/pr/3", "sub/w.safetensors"));
        for wrong in ["resnet18", "a/b/c", "/b", "a/..", "a/b@", "a/b@../x", "a/b:", "a/b:../../etc/passwd", "a/b:/etc/passwd", "a b/c"] {
            assert!(wrong.parse::<HubName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_come_from_the_variables_of_pythons_client() {
        let all = settings(&[("HF_ENDPOINT", "http://mirror:1/"), ("HF_HOME", "/h"), ("HF_TOKEN", "t"), ("HF_HUB_OFFLINE", "1")]);
        assert_eq!((all.endpoint.as_str(), all.cache, all.token.as_deref()), ("http://mirror:1", PathBuf::from("/h/hub"), Some("t")));
        assert!(all.offline);
        assert_eq!(settings(&[("HOME", "/u")]).cache, PathBuf::from("/u/.cache/huggingface/hub"));
        assert_eq!(settings(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")]).cache, PathBuf::from("/c"));
        assert!(!settings(&[("HF_HUB_OFFLINE", "0")]).offline);
        assert_eq!(settings(&[("HF_HUB_DOWNLOAD_TIMEOUT", "7")]).timeout, Duration::from_secs(7));
    }
}
