//! Weights by hub name, from a server on this machine that speaks as much of the hub's protocol as a download needs.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use candle_core::{DType, Device, Tensor};
use derm::nn::error::HubFault;
use derm::nn::weights::{self, HubSettings, Weights};
use derm::nn::{Error, HeadRule, Network, zoo};
use derm::observer::Silent;
use sha2::{Digest, Sha256};

/// What the server does, and does wrong.
#[derive(Clone, PartialEq)]
enum Mischief {
    None,
    /// Announces all bytes, sends half, once.
    Truncate,
    /// As before, and sends the whole file whatever range is asked for.
    TruncateWithoutRanges,
    /// Announces a sha256 that is not the file's.
    WrongHash,
    /// Asks for a token.
    Locked,
    /// Takes the request and never answers.
    Silence,
    /// 503.
    Down,
    /// The file is on another host: the address.
    Elsewhere(String),
    /// Says so often that it has moved on this host.
    Moved(usize),
    /// Says so often to come again after so many seconds.
    Busy(usize, u64),
    /// The file is another one when it is fetched.
    Changes,
    /// Sends more than it announced.
    TooMuch,
    /// A small file, named by git's hash.
    Small,
    /// An ETag that is no file name.
    EvilTag,
}

/// Requests that came, as `METHOD path` and their headers.
type Log = Arc<Mutex<Vec<(String, HashMap<String, String>)>>>;

struct Hub {
    endpoint: String,
    log: Log,
}

/// Serves one file as `owner/tiny`'s `model.safetensors` at revision `main`.
fn hub(content: Vec<u8>, mischief: Mischief) -> Hub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let log: Log = Arc::default();
    let seen = log.clone();
    thread::spawn(move || {
        let mut served = 0;
        for stream in listener.incoming().flatten() {
            answer(stream, &content, &mischief, &seen, &mut served);
        }
    });
    Hub { endpoint, log }
}

impl Hub {
    /// What was asked for, in order: `GET /path`.
    fn requests(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter().map(|(line, _)| line.trim_end_matches(" HTTP/1.1").to_owned()).collect()
    }

    /// A header of every request.
    fn headers(&self, name: &str) -> Vec<Option<String>> {
        self.log.lock().unwrap().iter().map(|(_, headers)| headers.get(name).cloned()).collect()
    }
}

const PATH: &str = "/owner/tiny/resolve/main/model.safetensors";

fn answer(mut stream: TcpStream, content: &[u8], mischief: &Mischief, log: &Log, bodies: &mut usize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let headers: HashMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned())))
        .collect();
    let range = headers.get("range").and_then(|range| range.strip_prefix("bytes=")).and_then(|range| range.split('-').next());
    let ranges = *mischief != Mischief::TruncateWithoutRanges;
    let start: usize = range.filter(|_| ranges).map_or(0, |start| start.parse().unwrap());
    let (method, path) =
        request.split_once(' ').map(|(m, rest)| (m.to_owned(), rest.split(' ').next().unwrap_or_default().to_owned())).unwrap();
    log.lock().unwrap().push((request, headers.clone()));
    let asked = log.lock().unwrap().len();
    let mut say = |status: &str, more: &str| {
        let _ = write!(stream, "HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n");
    };
    let empty = |more: String| format!("{more}Content-Length: 0\r\n");
    let mut hash = hex(&Sha256::digest(content));
    match mischief {
        Mischief::Locked if headers.get("authorization").is_none_or(|token| token != "Bearer secret") => {
            return say("401 Unauthorized", &empty(String::new()));
        }
        Mischief::Down => return say("503 Service Unavailable", &empty(String::new())),
        Mischief::Silence => return thread::sleep(Duration::from_secs(20)),
        Mischief::Busy(times, seconds) if asked <= *times => {
            return say("429 Too Many Requests", &empty(format!("Retry-After: {seconds}\r\n")));
        }
        Mischief::Moved(times) if asked <= *times => return say("307 Temporary Redirect", &empty(format!("Location: {PATH}\r\n"))),
        _ if path != PATH && path != "/lfs/file" => return say("404 Not Found", &empty(String::new())),
        Mischief::Elsewhere(address) => {
            let commit = "c".repeat(40);
            let facts = format!("X-Linked-Etag: \"{hash}\"\r\nX-Linked-Size: {}\r\nX-Repo-Commit: {commit}\r\n", content.len());
            return say("302 Found", &empty(format!("{facts}Location: {address}/lfs/file\r\n")));
        }
        Mischief::WrongHash => hash = hash.chars().rev().collect(),
        Mischief::Changes if method == "GET" => hash = "0".repeat(64),
        _ => {}
    }
    if start >= content.len() {
        return say("416 Range Not Satisfiable", &empty(format!("Content-Range: bytes */{}\r\n", content.len())));
    }
    let mut body = content[start..].to_vec();
    let tag = match mischief {
        Mischief::Small => format!("ETag: \"{}\"\r\n", "a".repeat(40)),
        Mischief::EvilTag => "ETag: \"../../../evil\"\r\n".to_owned(),
        // A storage of files has tags of its own.
        _ if path == "/lfs/file" => "ETag: \"storage\"\r\n".to_owned(),
        _ => format!("ETag: \"small\"\r\nX-Linked-Etag: \"{hash}\"\r\n"),
    };
    let length = body.len();
    if *mischief == Mischief::TooMuch && method == "GET" {
        body.extend(b"and more");
    }
    let length = if *mischief == Mischief::TooMuch && method == "GET" { length + 8 } else { length };
    let part = if start > 0 { format!("Content-Range: bytes {start}-{}/{}\r\n", content.len() - 1, content.len()) } else { String::new() };
    let status = if start > 0 { "206 Partial Content" } else { "200 OK" };
    say(status, &format!("{tag}{part}X-Repo-Commit: {}\r\nContent-Length: {length}\r\n", "c".repeat(40)));
    if method == "HEAD" {
        return;
    }
    *bodies += 1;
    if matches!(mischief, Mischief::Truncate | Mischief::TruncateWithoutRanges) && *bodies == 1 {
        body.truncate(length / 2);
    }
    let _ = stream.write_all(&body);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn settings(hub: &Hub, cache: &Path) -> HubSettings {
    HubSettings { endpoint: hub.endpoint.clone(), cache: cache.to_owned(), token: None, offline: false, timeout: Duration::from_secs(10) }
}

/// A small file under which nobody would look for a network.
fn tiny() -> Vec<u8> {
    let tensor = Tensor::arange(0f32, 3000.0, &Device::Cpu).unwrap();
    weights::encode_tensors([("w", &tensor)]).unwrap()
}

fn fault(result: Result<Weights, Error>) -> HubFault {
    match result.unwrap_err() {
        Error::Hub { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(files_below(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

#[test]
fn a_network_s_weights_come_by_name_once_and_then_from_the_cache() {
    let architecture = zoo::find("squeezenet1_1").unwrap();
    let source = Network::new(architecture, 3, 5, &Device::Cpu).unwrap();
    let hub = hub(weights::encode(&source).unwrap(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    let online = settings(&hub, cache.path());
    let weights = Weights::from_hub_with("owner/tiny", &online, &Silent).unwrap();
    assert_eq!(weights.source(), "owner/tiny");
    let target = Network::new(architecture, 3, 6, &Device::Cpu).unwrap();
    target.load(&weights, HeadRule::Keep).unwrap();
    assert_eq!(weights::encode(&source).unwrap(), weights::encode(&target).unwrap());

    let requests = hub.log.lock().unwrap().len();
    let offline = HubSettings { offline: true, ..online.clone() };
    Weights::from_hub_with("owner/tiny@main", &offline, &Silent).unwrap();
    Weights::from_hub_with("owner/tiny", &online, &Silent).unwrap();
    assert_eq!(hub.log.lock().unwrap().len(), requests, "what is in the cache is not asked for again");
    assert!(cache.path().join("models--owner--tiny/refs/main").exists(), "the layout is that of Python's client");
}

#[test]
fn a_missing_repository_is_not_found() {
    let hub = hub(tiny(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    for spec in ["owner/other", "owner/tiny@v9", "owner/tiny:other.safetensors"] {
        assert_eq!(fault(Weights::from_hub_with(spec, &settings(&hub, cache.path()), &Silent)), HubFault::NotFound, "{spec}");
    }
}

#[test]
fn without_the_right_token_access_is_denied() {
    let hub = hub(tiny(), Mischief::Locked);
    let cache = tempfile::tempdir().unwrap();
    let bare = settings(&hub, cache.path());
    assert_eq!(fault(Weights::from_hub_with("owner/tiny", &bare, &Silent)), HubFault::Denied { with_token: false });
    let wrong = HubSettings { token: Some("guess".into()), ..bare.clone() };
    assert_eq!(fault(Weights::from_hub_with("owner/tiny", &wrong, &Silent)), HubFault::Denied { with_token: true });
    let right = HubSettings { token: Some("secret".into()), ..bare };
    assert_eq!(Weights::from_hub_with("owner/tiny", &right, &Silent).unwrap().names().collect::<Vec<_>>(), ["w"]);
}

#[test]
fn a_download_that_ends_early_is_taken_up_where_it_stopped() {
    let hub = hub(tiny(), Mischief::Truncate);
    let cache = tempfile::tempdir().unwrap();
    let settings = settings(&hub, cache.path());
    assert_eq!(fault(Weights::from_hub_with("owner/tiny", &settings, &Silent)), HubFault::Truncated);
    let weights = Weights::from_hub_with("owner/tiny", &settings, &Silent).unwrap();
    assert_eq!(weights.get("w").unwrap().dims(), [3000]);
    let resumed = hub.log.lock().unwrap().last().unwrap().1["range"].clone();
    assert_ne!(resumed, "bytes=0-");
}

#[test]
fn a_file_with_another_hash_is_refused_and_removed() {
    let hub = hub(tiny(), Mischief::WrongHash);
    let cache = tempfile::tempdir().unwrap();
    let result = fault(Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent));
    assert!(matches!(result, HubFault::WrongHash { got, .. } if got == hex(&Sha256::digest(tiny()))));
    let blobs: Vec<_> =
        files_below(cache.path()).into_iter().filter(|p| p.parent().unwrap().ends_with("blobs") && p.extension().is_none()).collect();
    assert!(blobs.is_empty(), "{blobs:?}");
}

#[test]
fn damage_in_the_cache_is_noticed() {
    let hub = hub(tiny(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    let settings = settings(&hub, cache.path());
    Weights::from_hub_with("owner/tiny", &settings, &Silent).unwrap();
    let blob = files_below(&cache.path().join("models--owner--tiny/blobs")).into_iter().find(|p| p.extension().is_none()).unwrap();
    std::fs::write(&blob, &tiny()[..200]).unwrap();
    assert!(matches!(fault(Weights::from_hub_with("owner/tiny", &settings, &Silent)), HubFault::WrongHash { .. }));
    Weights::from_hub_with("owner/tiny", &settings, &Silent).unwrap();
}

#[test]
fn a_silent_or_failing_server_does_not_hold_up_derm() {
    let cache = tempfile::tempdir().unwrap();
    let quiet = hub(tiny(), Mischief::Silence);
    let impatient = HubSettings { timeout: Duration::from_millis(300), ..settings(&quiet, cache.path()) };
    assert!(matches!(fault(Weights::from_hub_with("owner/tiny", &impatient, &Silent)), HubFault::Transport(_)));
    let down = hub(tiny(), Mischief::Down);
    assert_eq!(fault(Weights::from_hub_with("owner/tiny", &settings(&down, cache.path()), &Silent)), HubFault::Status(503));
    let nobody = HubSettings { endpoint: "http://127.0.0.1:9".into(), ..settings(&down, cache.path()) };
    assert!(matches!(fault(Weights::from_hub_with("owner/tiny", &nobody, &Silent)), HubFault::Transport(_)));
}

#[test]
fn a_token_does_not_follow_to_another_host() {
    let storage = hub(tiny(), Mischief::None);
    let hub = hub(tiny(), Mischief::Elsewhere(storage.endpoint.clone()));
    let cache = tempfile::tempdir().unwrap();
    let settings = HubSettings { token: Some("secret".into()), ..settings(&hub, cache.path()) };
    let weights = Weights::from_hub_with("owner/tiny", &settings, &Silent).unwrap();
    assert_eq!(weights.get("w").unwrap().dims(), [3000]);
    assert_eq!(hub.requests(), [format!("HEAD {PATH}"), format!("GET {PATH}")]);
    assert_eq!(hub.headers("authorization"), vec![Some("Bearer secret".to_owned()); 2]);
    assert_eq!(storage.requests(), ["GET /lfs/file"]);
    assert_eq!(storage.headers("authorization"), [None]);
    let blob = hex(&Sha256::digest(tiny()));
    assert!(cache.path().join("models--owner--tiny/blobs").join(blob).exists(), "named by the sha256 that the hub announced");
}

#[test]
fn a_repository_that_moved_is_followed_on_its_host() {
    let moved = hub(tiny(), Mischief::Moved(2));
    let cache = tempfile::tempdir().unwrap();
    let with_token = HubSettings { token: Some("secret".into()), ..settings(&moved, cache.path()) };
    Weights::from_hub_with("owner/tiny", &with_token, &Silent).unwrap();
    assert!(moved.headers("authorization").iter().all(Option::is_some));
    let circle = hub(tiny(), Mischief::Moved(1000));
    let cache = tempfile::tempdir().unwrap();
    let fault = fault(Weights::from_hub_with("owner/tiny", &settings(&circle, cache.path()), &Silent));
    assert!(matches!(&fault, HubFault::Transport(reason) if reason.contains("redirects")), "{fault}");
}

#[test]
fn a_busy_hub_is_asked_again_when_it_says() {
    let busy = hub(tiny(), Mischief::Busy(2, 0));
    let cache = tempfile::tempdir().unwrap();
    Weights::from_hub_with("owner/tiny", &settings(&busy, cache.path()), &Silent).unwrap();
    assert_eq!(busy.requests().len(), 4);
    for (times, seconds, requests) in [(100, 0, 4), (100, 3600, 1)] {
        let busy = hub(tiny(), Mischief::Busy(times, seconds));
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(fault(Weights::from_hub_with("owner/tiny", &settings(&busy, cache.path()), &Silent)), HubFault::Status(429));
        assert_eq!(busy.requests().len(), requests, "it is not waited for an hour, nor for ever");
    }
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let hub = hub(tiny(), Mischief::TruncateWithoutRanges);
    let cache = tempfile::tempdir().unwrap();
    let settings = settings(&hub, cache.path());
    assert_eq!(fault(Weights::from_hub_with("owner/tiny", &settings, &Silent)), HubFault::Truncated);
    assert_eq!(Weights::from_hub_with("owner/tiny", &settings, &Silent).unwrap().get("w").unwrap().dims(), [3000]);
}

#[test]
fn what_lies_there_of_an_earlier_download_is_checked() {
    let whole = tiny();
    let sha = hex(&Sha256::digest(&whole));
    // What lies there, what comes of it, how many times the file is fetched.
    let cases: [(Vec<u8>, bool, usize); 4] = [
        (whole.clone(), true, 0),
        ([&whole[..], b"too long"].concat(), true, 1),
        (vec![0; whole.len()], false, 0),
        ([&[0; 100][..], &whole[100..500]].concat(), false, 1),
    ];
    for (there, good, fetched) in cases {
        let hub = hub(whole.clone(), Mischief::None);
        let cache = tempfile::tempdir().unwrap();
        let part = cache.path().join(format!("models--owner--tiny/blobs/{sha}.incomplete"));
        std::fs::create_dir_all(part.parent().unwrap()).unwrap();
        std::fs::write(&part, &there).unwrap();
        let result = Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent);
        assert_eq!(hub.requests().iter().filter(|line| line.starts_with("GET")).count(), fetched);
        if good {
            result.unwrap();
        } else {
            assert!(matches!(fault(result), HubFault::WrongHash { .. }));
            Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent).unwrap();
        }
        assert!(!part.exists());
    }
}

#[test]
fn a_file_that_changes_on_the_way_is_refused() {
    for mischief in [Mischief::Changes, Mischief::TooMuch] {
        let hub = hub(tiny(), mischief);
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(fault(Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent)), HubFault::Changed);
    }
}

#[test]
fn a_small_file_has_gits_hash_and_a_tag_is_no_path() {
    let small = hub(tiny(), Mischief::Small);
    let cache = tempfile::tempdir().unwrap();
    Weights::from_hub_with("owner/tiny", &settings(&small, cache.path()), &Silent).unwrap();
    assert!(cache.path().join("models--owner--tiny/blobs").join("a".repeat(40)).exists());
    let evil = hub(tiny(), Mischief::EvilTag);
    let cache = tempfile::tempdir().unwrap();
    let fault = fault(Weights::from_hub_with("owner/tiny", &settings(&evil, cache.path()), &Silent));
    assert!(matches!(&fault, HubFault::Transport(reason) if reason.contains("ETag")), "{fault}");
    assert!(files_below(cache.path()).is_empty());
}

#[test]
fn a_commit_in_the_cache_needs_no_hub() {
    let hub = hub(tiny(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    let online = settings(&hub, cache.path());
    Weights::from_hub_with("owner/tiny", &online, &Silent).unwrap();
    let offline = HubSettings { offline: true, ..online };
    Weights::from_hub_with(&format!("owner/tiny@{}", "c".repeat(40)), &offline, &Silent).unwrap();
    assert_eq!(fault(Weights::from_hub_with(&format!("owner/tiny@{}", "d".repeat(40)), &offline, &Silent)), HubFault::Offline);
}

#[test]
fn two_downloads_of_one_file_do_not_mix() {
    let hub = hub(tiny(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    let lock = cache.path().join(format!(".locks/models--owner--tiny/{}.lock", hex(&Sha256::digest(tiny()))));
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    let held = std::fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let fault = fault(Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent));
    assert!(matches!(&fault, HubFault::Transport(reason) if reason.contains("another process")), "{fault}");
    held.unlock().unwrap();
    Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent).unwrap();
}

#[test]
fn offline_without_the_file_says_so() {
    let hub = hub(tiny(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    let offline = HubSettings { offline: true, ..settings(&hub, cache.path()) };
    assert_eq!(fault(Weights::from_hub_with("owner/tiny", &offline, &Silent)), HubFault::Offline);
    assert!(hub.log.lock().unwrap().is_empty());
}

#[test]
fn what_is_no_safetensors_file_is_refused() {
    let hub = hub(b"<html>sign in</html>".to_vec(), Mischief::None);
    let cache = tempfile::tempdir().unwrap();
    let error = Weights::from_hub_with("owner/tiny", &settings(&hub, cache.path()), &Silent).unwrap_err();
    assert!(matches!(error, Error::Safetensors { .. }), "{error}");
}

#[test]
fn half_precision_is_widened_and_counters_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let tensors = HashMap::from([
        ("w".to_owned(), Tensor::new(&[0.5f32, -2.0], &Device::Cpu).unwrap().to_dtype(DType::F16).unwrap()),
        ("bn.num_batches_tracked".to_owned(), Tensor::new(7i64, &Device::Cpu).unwrap()),
    ]);
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let weights = Weights::open(&path).unwrap();
    assert_eq!(weights.names().collect::<Vec<_>>(), ["w"]);
    assert_eq!(weights.get("w").unwrap().to_vec1::<f32>().unwrap(), [0.5, -2.0]);
}
