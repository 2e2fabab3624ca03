//! A server on this machine that keeps files in memory and speaks as much of WebDAV as a remote needs; and that can be made
//! to fail in the ways that servers do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What it does instead of its duty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Answers with this status.
    Status(u16),
    /// Announces everything, sends half, closes.
    Break,
    /// Takes the request and does not answer for so long.
    Stall(Duration),
    /// Sends other bytes of the same length.
    Lie,
}

/// A rule: requests of this method whose path holds this text fail so often.
#[derive(Debug)]
struct Rule {
    method: &'static str,
    path: &'static str,
    fault: Fault,
    left: usize,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    rules: Vec<Rule>,
    log: Vec<String>,
}

/// The server; it ends with the test.
#[derive(Clone)]
pub struct Dav {
    state: Arc<Mutex<State>>,
    pub url: String,
}

impl Dav {
    /// Starts with no files.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/store/skin", listener.local_addr().unwrap());
        let dav = Self { state: Arc::default(), url };
        let served = dav.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let dav = served.clone();
                thread::spawn(move || drop(dav.serve(stream)));
            }
        });
        dav
    }

    /// From now on fails the next `times` requests of this kind.
    pub fn fails(&self, method: &'static str, path: &'static str, fault: Fault, times: usize) {
        self.state.lock().unwrap().rules.push(Rule { method, path, fault, left: times });
    }

    /// Forgets all faults.
    pub fn recovers(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// The paths of its files, below the remote.
    pub fn files(&self) -> Vec<String> {
        self.state.lock().unwrap().files.keys().map(|path| path.trim_start_matches("/store/skin/").to_owned()).collect()
    }

    /// Changes the bytes of a file.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.state.lock().unwrap().files.get_mut(&format!("/store/skin/{path}")).unwrap());
    }

    /// Removes a file.
    pub fn lose(&self, path: &str) {
        self.state.lock().unwrap().files.remove(&format!("/store/skin/{path}")).unwrap();
    }

    /// Puts a file there.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.state.lock().unwrap().files.insert(format!("/store/skin/{path}"), bytes.into());
    }

    /// How many requests of this method came.
    pub fn count(&self, method: &str) -> usize {
        self.state.lock().unwrap().log.iter().filter(|line| line.starts_with(method)).count()
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut input = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        input.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").trim_end_matches('/').to_owned());
        let (mut length, mut range, mut depth) = (0, None, String::new());
        loop {
            let mut header = String::new();
            if input.read_line(&mut header)? <= 2 {
                break;
            }
            let (name, value) = header.trim().split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).unwrap();
            match name.as_str() {
                "content-length" => length = value.parse().unwrap(),
                "range" => range = Some(value.trim_start_matches("bytes=").to_owned()),
                "depth" => depth = value,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body)?;
        let fault = self.fault(&method, &path);
        if let Some(Fault::Stall(time)) = fault {
            thread::sleep(time);
            return Ok(());
        }
        let (status, headers, content) = match fault {
            Some(Fault::Status(status)) => (status, String::new(), b"no".to_vec()),
            _ => self.answer(&method, &path, range.as_deref(), &depth, body),
        };
        let mut out = &stream;
        let announced = if method == "HEAD" { String::new() } else { format!("Content-Length: {}\r\n", content.len()) };
        write!(out, "HTTP/1.1 {status} X\r\nConnection: close\r\n{announced}{headers}\r\n")?;
        match fault {
            Some(Fault::Break) => out.write_all(&content[..content.len() / 2]),
            Some(Fault::Lie) => out.write_all(&content.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>()),
            _ => out.write_all(&content),
        }
    }

    fn fault(&self, method: &str, path: &str) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        state.log.push(format!("{method} {path}"));
        let rule = state.rules.iter_mut().find(|rule| rule.left > 0 && rule.method == method && path.contains(rule.path))?;
        rule.left -= 1;
        Some(rule.fault)
    }

    fn answer(&self, method: &str, path: &str, range: Option<&str>, depth: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
        let mut state = self.state.lock().unwrap();
        let time = "Last-Modified: Sun, 22 Nov 2020 10:00:00 GMT\r\n";
        match (method, state.files.get(path).cloned()) {
            ("PUT", _) => {
                state.files.insert(path.to_owned(), body);
                (201, String::new(), Vec::new())
            }
            ("DELETE", Some(_)) => {
                state.files.remove(path);
                (204, String::new(), Vec::new())
            }
            ("HEAD", Some(file)) => (200, format!("{time}Content-Length: {}\r\n", file.len()), Vec::new()),
            ("GET", Some(file)) => match range {
                None => (200, time.to_owned(), file),
                Some(range) => {
                    let (start, end) = range.split_once('-').unwrap();
                    let start: usize = start.parse().unwrap();
                    let end = end.parse::<usize>().map_or(file.len(), |end| (end + 1).min(file.len()));
                    let header = format!("{time}Content-Range: bytes {start}-{}/{}\r\n", end - 1, file.len());
                    (206, header, file[start..end].to_vec())
                }
            },
            ("PROPFIND", file) => {
                let below = format!("{path}/");
                let found: Vec<(&String, usize)> = match file {
                    Some(_) => state.files.iter().filter(|(name, _)| *name == path).map(|(name, file)| (name, file.len())).collect(),
                    None => {
                        state.files.iter().filter(|(name, _)| name.starts_with(&below)).map(|(name, file)| (name, file.len())).collect()
                    }
                };
                if found.is_empty() || depth == "0" && found[0].0 != path {
                    return (404, String::new(), Vec::new());
                }
                let line = |(name, size): &(&String, usize)| {
                    format!(
                        "<D:response><D:href>{name}</D:href><D:propstat><D:prop><D:getlastmodified>Sun, 22 Nov 2020 10:00:00 GMT</D:getlastmodified>\
                         <D:getcontentlength>{size}</D:getcontentlength><D:resourcetype/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
                    )
                };
                let lines: String = found.iter().map(line).collect();
                (207, String::new(), format!("<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">{lines}</D:multistatus>").into_bytes())
            }
            _ => (404, String::new(), Vec::new()),
        }
    }
}
