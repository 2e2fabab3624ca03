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

/// What the server does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mischief {
    None,
    /// Announces all bytes, sends half, once.
    Truncate,
    /// Announces a sha256 that is not the file's.
    WrongHash,
    /// Asks for a token.
    Locked,
    /// Takes the request and never answers.
    Silence,
    /// 503.
    Down,
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
        let truncated = Mutex::new(false);
        for stream in listener.incoming().flatten() {
            answer(stream, &content, mischief, &seen, &truncated);
        }
    });
    Hub { endpoint, log }
}

fn answer(mut stream: TcpStream, content: &[u8], mischief: Mischief, log: &Log, truncated: &Mutex<bool>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let headers: HashMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned())))
        .collect();
    let range = headers.get("range").and_then(|range| range.strip_prefix("bytes=")).and_then(|range| range.split_once('-'));
    let start: usize = range.map_or(0, |(start, _)| start.parse().unwrap());
    let end = range.and_then(|(_, end)| end.parse::<usize>().ok()).map_or(content.len(), |end| end + 1);
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    log.lock().unwrap().push((request, headers.clone()));
    let status = match mischief {
        Mischief::Locked if headers.get("authorization").is_none_or(|token| token != "Bearer secret") => "401 Unauthorized",
        Mischief::Down => "503 Service Unavailable",
        Mischief::Silence => return thread::sleep(Duration::from_secs(20)),
        _ if path != "/owner/tiny/resolve/main/model.safetensors" => "404 Not Found",
        _ => "206 Partial Content",
    };
    if !status.starts_with("206") {
        let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    let mut hash = hex(&Sha256::digest(content));
    if mischief == Mischief::WrongHash {
        hash = hash.chars().rev().collect();
    }
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nETag: \"small\"\r\nX-Linked-Etag: \"{hash}\"\r\nX-Repo-Commit: {}\r\nContent-Range: bytes {start}-{}/{}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        "c".repeat(40),
        end - 1,
        content.len(),
        end - start,
    );
    let mut body = &content[start..end];
    let mut truncated = truncated.lock().unwrap();
    if mischief == Mischief::Truncate && body.len() > 1 && !*truncated {
        *truncated = true;
        body = &body[..body.len() / 2];
    }
    let _ = stream.write_all(body);
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
