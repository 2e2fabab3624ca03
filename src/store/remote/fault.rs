//! What can go wrong on the way to a remote.

use std::io;

/// Why a remote did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It knows us not, or forbids it.
    #[error("access is denied: {0}")]
    Denied(String),
    /// No credentials were found.
    #[error("no credentials: {0}")]
    NoCredentials(String),
    /// It has no such bucket, container or folder.
    #[error("{0}")]
    NoPlace(String),
    /// It did not answer, or went on failing after several tries.
    #[error("{0}")]
    Failed(String),
    /// It cannot do this at all.
    #[error("it cannot do this: {0}")]
    Unsupported(String),
    /// A file of the folder, or of our own.
    #[error("cannot {operation} `{path}`")]
    Io {
        /// A verb.
        operation: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Stopped by the user.
    #[error("interrupted")]
    Interrupted,
}

impl Fault {
    /// For `map_err`: adds the operation and the path to an I/O error.
    pub(super) fn io(operation: &'static str, path: impl AsRef<std::path::Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.as_ref().display().to_string(), source }
    }
}

/// Takes queries and user names out of the URLs in a message: they may hold signatures and passwords.
pub(super) fn without_secrets(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for (i, word) in message.split(' ').enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(&match word.find("://") {
            Some(_) => clean_url(word),
            None => word.to_owned(),
        });
    }
    out
}

fn clean_url(word: &str) -> String {
    let (path, query) = word.split_once('?').map_or((word, false), |(path, _)| (path, true));
    let (scheme, rest) = path.split_once("://").unwrap_or(("", path));
    let (host, tail) = rest.split_once('/').map_or((rest, None), |(host, tail)| (host, Some(tail)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let tail = tail.map_or(String::new(), |tail| format!("/{tail}"));
    format!("{scheme}://{host}{tail}{}", if query { "?…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_urls_are_left_out() {
        let text = "GET https://me:pass@x.blob.core.windows.net/c/b3/ab?sv=2024&sig=SECRET in 3s";
        assert_eq!(without_secrets(text), "GET https://x.blob.core.windows.net/c/b3/ab?… in 3s");
        assert_eq!(without_secrets("no URL at all"), "no URL at all");
    }
}
