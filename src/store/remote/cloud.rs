//! Buckets and HTTP servers, through `object_store`. Its futures are waited for on the calling thread, which looks up every
//! tenth of a second to see whether it should stop.
//!
//! Tried again: what the library tries again (no connection, 429, 5xx, with growing pauses), and an answer that broke off.
//! Not tried again: refusals (401, 403).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::http::{HttpBuilder, HttpStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::{ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use tokio::runtime::Runtime;

use super::address::Address;
use super::credentials;
use super::fault::{Fault, without_secrets};
use super::pool::on_threads;
use super::transport::{Listed, Progress, Transport};
use super::uploads::Journal;
use crate::digest::ObjectId;
use crate::observer::Interrupt;
use crate::store::cache;
use crate::workspace::config;

/// How often a waiting thread looks whether it should stop.
const PAUSE: Duration = Duration::from_millis(100);

/// How often an answer that broke off is asked for again.
const ATTEMPTS: u32 = 4;

/// Larger files are sent in parts of at least this size, so that a stop costs one part.
const PART: u64 = 16 << 20;

/// So many parts of one file are sent at once.
const ABREAST: usize = 4;

/// S3 takes 10,000 parts.
const MOST_PARTS: u64 = 9_000;

/// Seconds without an answer after which a request failed, unless the configuration says otherwise.
const TIMEOUT: u64 = 30;

/// What can take a file in parts.
type Parts = Option<Arc<dyn MultipartStore>>;

/// A bucket or a server.
pub struct Cloud {
    store: Arc<dyn ObjectStore>,
    parts: Parts,
    prefix: String,
    /// What stands before paths in a listing: the prefix, or the path of the server's URL.
    listed: String,
    /// A server that may know GET and nothing else.
    plain: bool,
    runtime: Runtime,
    interrupt: Interrupt,
}

impl Cloud {
    /// Prepares the connection; asks nothing yet.
    pub fn open(address: &Address, settings: &config::Remote, interrupt: Interrupt) -> Result<Self, Fault> {
        // reqwest takes the process's choice of ciphers. It fails only when there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = options(settings);
        let retry = retry(settings);
        let built: object_store::Result<(Arc<dyn ObjectStore>, Parts, &str)> = match address {
            Address::S3 { bucket, prefix } => {
                let builder = credentials::s3(settings)?.with_bucket_name(bucket).with_client_options(options).with_retry(retry);
                builder.build().map(Arc::new).map(|store: Arc<AmazonS3>| (store.clone() as _, Some(store as _), prefix.as_str()))
            }
            Address::Google { bucket, prefix } => {
                let mut builder =
                    GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_client_options(options).with_retry(retry);
                if settings.anonymous == Some(true) {
                    builder = builder.with_skip_signature(true);
                }
                if let Some(endpoint) = &settings.endpoint {
                    builder = builder.with_base_url(endpoint);
                }
                builder.build().map(Arc::new).map(|store: Arc<GoogleCloudStorage>| (store.clone() as _, Some(store as _), prefix.as_str()))
            }
            Address::Azure { container, prefix } => {
                let builder = azure(settings).with_container_name(container).with_client_options(options).with_retry(retry);
                builder.build().map(Arc::new).map(|store: Arc<MicrosoftAzure>| (store.clone() as _, Some(store as _), prefix.as_str()))
            }
            Address::Http { url } => {
                let builder = HttpBuilder::new().with_url(url).with_client_options(credentials::http(options, url)).with_retry(retry);
                builder.build().map(Arc::new).map(|store: Arc<HttpStore>| (store as _, None, ""))
            }
            Address::Folder(_) => return Err(Fault::Unsupported("a folder is no bucket".to_owned())),
        };
        let (store, parts, prefix) = built.map_err(|error| fault(&error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(Fault::io("start", "the network threads"))?;
        let plain = matches!(address, Address::Http { .. });
        let listed = match address {
            Address::Http { url } => url.splitn(4, '/').nth(3).unwrap_or_default(),
            _ => prefix,
        };
        Ok(Self { store, parts, prefix: prefix.to_owned(), listed: listed.to_owned(), plain, runtime, interrupt })
    }

    fn path(&self, path: &str) -> object_store::path::Path {
        let full = if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) };
        object_store::path::Path::from(full)
    }

    /// Waits for an answer; `None` when there is no such file.
    fn wait<T>(&self, answer: impl Future<Output = object_store::Result<T>>) -> Result<Option<T>, Fault> {
        let answered = self.runtime.block_on(async {
            let mut answer = pin!(answer);
            loop {
                match tokio::time::timeout(PAUSE, answer.as_mut()).await {
                    Ok(answered) => return Some(answered),
                    Err(_) if self.interrupt.is_raised() => return None,
                    Err(_) => {}
                }
            }
        });
        match answered {
            None => Err(Fault::Interrupted),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(object_store::Error::NotFound { .. })) => Ok(None),
            Some(Err(error)) => Err(fault(&error)),
        }
    }

    /// As [`Self::wait`], and again while it fails for a reason that may pass.
    fn again<T, F: Future<Output = object_store::Result<T>>>(&self, ask: impl Fn() -> F) -> Result<Option<T>, Fault> {
        let mut attempt = 1;
        loop {
            match self.wait(ask()) {
                Err(Fault::Failed(_)) if attempt < ATTEMPTS => self.rest(Duration::from_millis(250) * 3u32.pow(attempt - 1))?,
                answered => return answered,
            }
            attempt += 1;
        }
    }

    fn rest(&self, time: Duration) -> Result<(), Fault> {
        let mut left = time;
        while !left.is_zero() {
            if self.interrupt.is_raised() {
                return Err(Fault::Interrupted);
            }
            let step = left.min(PAUSE);
            std::thread::sleep(step);
            left -= step;
        }
        Ok(())
    }

    /// Sends a large file part by part, those that the journal does not have.
    fn upload_parts(
        &self,
        store: &dyn MultipartStore,
        path: &str,
        from: &Path,
        size: u64,
        journal: &Path,
        progress: Progress,
    ) -> Result<(), Fault> {
        let target = self.path(path);
        let part_size = PART.max(size.div_ceil(MOST_PARTS).next_multiple_of(1 << 20));
        let gone = || Fault::Failed(format!("the upload of `{path}` was given up by the service"));
        let mut notes = match Journal::read(journal, size, part_size) {
            Some(notes) => notes,
            None => Journal::new(self.again(|| store.create_multipart(&target))?.ok_or_else(gone)?, size, part_size),
        };
        let numbers: Vec<usize> = (0..notes.parts.len()).collect();
        let shared = Mutex::new(&mut notes);
        let notes_now = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        let given_up = AtomicBool::new(false);
        let sent = on_threads(ABREAST, &numbers, |number| {
            let (id, range, is_there) = {
                let notes = notes_now();
                (notes.id.clone(), notes.range(*number), notes.parts[*number].is_some())
            };
            if !is_there {
                let bytes = bytes::Bytes::from(part_of(from, &range).map_err(Fault::io("read", from))?);
                let sent = self.again(|| store.put_part(&target, &id, *number, bytes.clone().into()));
                // The service keeps unfinished uploads for a while only.
                given_up.fetch_or(matches!(&sent, Ok(None)) || sent.as_ref().is_err_and(Journal::is_over), Ordering::Relaxed);
                let part = sent?.ok_or_else(gone)?;
                let mut notes = notes_now();
                notes.parts[*number] = Some(part.content_id);
                notes.write(journal);
            }
            progress(range.end - range.start);
            Ok(())
        });
        if given_up.into_inner() {
            Journal::forget(journal);
        }
        sent?;
        let parts = notes.parts.iter().flatten().map(|part| PartId { content_id: part.clone() }).collect::<Vec<_>>();
        let done = self.again(|| store.complete_multipart(&target, &notes.id, parts.clone()));
        Journal::forget(journal);
        done?.map(|_| ()).ok_or_else(gone)
    }
}

/// A part of a file.
fn part_of(path: &Path, range: &Range<u64>) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn options(settings: &config::Remote) -> ClientOptions {
    let timeout = Duration::from_secs(settings.timeout.map_or(TIMEOUT, |seconds| seconds.get() as u64));
    // Whoever writes `http://` means it. A whole transfer may take as long as it likes, as long as something comes.
    let plain =
        [&settings.url, &settings.endpoint].into_iter().flatten().any(|url| url.starts_with("http://") || url.starts_with("webdav://"));
    let options = ClientOptions::new().with_allow_http(plain || std::env::var("AWS_ALLOW_HTTP").is_ok_and(|value| value == "true"));
    options.with_timeout_disabled().with_read_timeout(timeout).with_connect_timeout(timeout.min(Duration::from_secs(10)))
}

fn retry(settings: &config::Remote) -> RetryConfig {
    let timeout = settings.timeout.map_or(TIMEOUT, |seconds| seconds.get() as u64);
    RetryConfig { max_retries: 6, retry_timeout: Duration::from_secs(2 * timeout), ..RetryConfig::default() }
}

fn azure(settings: &config::Remote) -> MicrosoftAzureBuilder {
    let mut builder = MicrosoftAzureBuilder::from_env();
    if let Some(account) = &settings.account {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint.clone()).with_allow_http(endpoint.starts_with("http://"));
    }
    match settings.anonymous {
        Some(true) => builder.with_skip_signature(true),
        // The environment has no secret: `az login` may have one.
        _ if !std::env::vars().any(|(name, _)| credentials::is_azure_secret(&name)) => builder.with_use_azure_cli(true),
        _ => builder,
    }
}

/// What the library says, in one line.
fn fault(error: &object_store::Error) -> Fault {
    use object_store::Error::{NotImplemented, NotSupported, PermissionDenied, Unauthenticated};
    let said = without_secrets(&innermost(error));
    match error {
        PermissionDenied { .. } | Unauthenticated { .. } => Fault::Denied(said),
        NotSupported { .. } | NotImplemented { .. } => Fault::Unsupported(said),
        _ if said.contains("405") || said.contains("501 Not Implemented") => Fault::Unsupported(said),
        _ if said.contains("NoSuchBucket") || said.contains("ContainerNotFound") => Fault::NoPlace(said),
        _ if said.contains("az account get-access-token") => {
            Fault::NoCredentials("no AZURE_… variable holds a key or a token, and `az` does not help out".to_owned())
        }
        _ => Fault::Failed(said),
    }
}

/// The last two sentences of a chain of errors: what failed, and why.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut here = Some(error);
    while let Some(error) = here {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        // A message often ends with that of its source.
        if let Some(last) = said.last_mut().filter(|last| last.ends_with(&text)) {
            let kept = last.len() - text.len();
            last.truncate(kept);
            *last = last.trim_end_matches([' ', ':', '-']).to_owned();
        }
        said.push(text);
        here = error.source();
    }
    let said: Vec<&str> = said.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    said[said.len().saturating_sub(2)..].join(": ")
}

impl Transport for Cloud {
    fn is_near(&self) -> bool {
        false
    }

    fn read(&self, path: &str, range: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        let target = self.path(path);
        let got = self.again(|| async {
            let options = GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::default() };
            self.store.get_opts(&target, options).await?.bytes().await
        });
        Ok(got?.map(Into::into))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, Fault> {
        let target = self.path(path);
        Ok(self.again(|| self.store.head(&target))?.map(|meta| meta.size))
    }

    fn list(&self, folder: &str, each: &mut dyn FnMut(Listed)) -> Result<(), Fault> {
        let target = self.path(folder);
        // Collected before anything is told: a listing that broke off is asked for again from its beginning.
        let listed = self.again(|| self.store.list(Some(&target)).try_collect::<Vec<ObjectMeta>>());
        match listed {
            Err(Fault::Failed(said) | Fault::Denied(said)) if self.plain => Err(Fault::Unsupported(said)),
            Err(fault) => Err(fault),
            Ok(found) => {
                for meta in found.unwrap_or_default() {
                    let path = meta.location.as_ref();
                    let below = path.strip_prefix(&self.listed).map(|path| path.trim_start_matches('/'));
                    if let Some(path) = below {
                        each(Listed { path, size: meta.size, modified: meta.last_modified.into() });
                    }
                }
                Ok(())
            }
        }
    }

    fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        let target = self.path(path);
        let bytes = bytes::Bytes::from(bytes);
        // "Not found" is an answer to a question, not to a file that is sent.
        let nowhere = || Fault::NoPlace(format!("`{target}` was not taken: 404 Not Found"));
        self.again(|| self.store.put(&target, bytes.clone().into()))?.map(drop).ok_or_else(nowhere)
    }

    fn upload(&self, path: &str, from: &Path, id: &ObjectId, size: u64, journal: &Path, progress: Progress) -> Result<(), Fault> {
        let found = ObjectId::of_file(from).map_err(Fault::io("read", from))?;
        if found != *id {
            return Err(Fault::Failed(format!("`{}` is damaged", from.display())));
        }
        match &self.parts {
            Some(parts) if size > PART => match self.upload_parts(parts.as_ref(), path, from, size, journal, progress) {
                // An unfinished upload of another day that the service has forgotten.
                Err(Fault::Failed(_)) if !journal.exists() => self.upload_parts(parts.as_ref(), path, from, size, journal, progress),
                done => done,
            },
            _ => {
                let bytes = File::open(from).and_then(|mut file| cache::whole(&mut file, size)).map_err(Fault::io("read", from))?;
                self.write(path, bytes)?;
                progress(size);
                Ok(())
            }
        }
    }

    fn download(&self, path: &str, to: &Path, progress: Progress) -> Result<bool, Fault> {
        let target = self.path(path);
        let mut file = File::create_new(to).map_err(Fault::io("write", to))?;
        let mut have = 0u64;
        let mut attempt = 1;
        loop {
            let before = have;
            let got = self.wait(async {
                let range = (have > 0).then_some(GetRange::Offset(have));
                let mut stream = self.store.get_opts(&target, GetOptions { range, ..GetOptions::default() }).await?.into_stream();
                while let Some(bytes) = stream.next().await {
                    let bytes = bytes?;
                    let written = std::io::Write::write_all(&mut file, &bytes);
                    written.map_err(|source| object_store::Error::Generic { store: "file", source: Box::new(source) })?;
                    have += bytes.len() as u64;
                    progress(bytes.len() as u64);
                }
                Ok(())
            });
            match got {
                Err(Fault::Failed(_)) if attempt < ATTEMPTS || have > before => {
                    self.rest(Duration::from_millis(250) * 3u32.pow(attempt.min(4) - 1))?
                }
                // A server that cannot send the rest alone sends it all again.
                Err(Fault::Unsupported(_)) if have > 0 && attempt < ATTEMPTS => {
                    file = File::create(to).map_err(Fault::io("write", to))?;
                    have = 0;
                }
                got => return Ok(got?.is_some()),
            }
            attempt = if have > before { 1 } else { attempt + 1 };
        }
    }

    fn stamp(&self, path: &str) -> Result<Option<String>, Fault> {
        let target = self.path(path);
        let head = self.again(|| self.store.head(&target))?;
        Ok(head.map(|meta| meta.e_tag.unwrap_or_else(|| format!("{}-{}", meta.size, meta.last_modified.timestamp()))))
    }

    fn remove(&self, path: &str) -> Result<(), Fault> {
        let target = self.path(path);
        self.again(|| self.store.delete(&target))?;
        Ok(())
    }
}
