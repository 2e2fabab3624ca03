//! Where a remote is: the text of `remote.NAME.url`.

use std::path::{Path, PathBuf};

/// What a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `s3://BUCKET/PREFIX`.
    S3 { bucket: String, prefix: String },
    /// `gs://BUCKET/PREFIX`.
    Google { bucket: String, prefix: String },
    /// `az://CONTAINER/PREFIX`.
    Azure { container: String, prefix: String },
    /// `https://HOST/PATH`: a server that speaks WebDAV, or plain HTTP for reading alone.
    Http { url: String },
    /// A local or mounted folder.
    Folder(PathBuf),
}

impl Address {
    /// Understands a URL or a path; a relative one begins at `root`.
    ///
    /// # Errors
    /// Why not, as a sentence's end.
    pub fn parse(text: &str, root: &Path) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(Self::Folder(folder(text, root))) };
        };
        let (first, prefix) = rest.split_once('/').map_or((rest, ""), |(first, prefix)| (first, prefix));
        let (first, prefix) = (first.to_owned(), prefix.trim_matches('/').to_owned());
        if first.contains('@') {
            return Err("user names and passwords have no place in it: they would be committed to git".to_owned());
        }
        let named = |what: &str| if first.is_empty() { Err(format!("it names no {what}")) } else { Ok(()) };
        match scheme {
            "s3" | "s3a" => named("bucket").map(|()| Self::S3 { bucket: first, prefix }),
            "gs" | "gcs" => named("bucket").map(|()| Self::Google { bucket: first, prefix }),
            "az" | "azure" => named("container").map(|()| Self::Azure { container: first, prefix }),
            "http" | "https" => named("host").map(|()| Self::Http { url: text.trim_end_matches('/').to_owned() }),
            "webdav" | "webdavs" => {
                let scheme = if scheme == "webdav" { "http" } else { "https" };
                named("host").map(|()| Self::Http { url: format!("{scheme}://{}", rest.trim_end_matches('/')) })
            }
            "file" => Ok(Self::Folder(PathBuf::from(rest))),
            "ssh" | "sftp" => Err("derm does not speak SSH; mount the folder with sshfs and give its path".to_owned()),
            other => Err(format!("`{other}` is no kind of remote: s3, gs, az, https, webdavs, file, or a path")),
        }
    }
}

fn folder(text: &str, root: &Path) -> PathBuf {
    match text.strip_prefix("~/").and_then(|rest| std::env::var_os("HOME").map(|home| Path::new(&home).join(rest))) {
        Some(path) => path,
        None => root.join(text),
    }
}

/// A URL for messages: without a user's name and password, if someone put them there all the same.
pub fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((who, host)) if !who.contains('/') => format!("{scheme}://…@{host}"),
            _ => url.to_owned(),
        },
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths() {
        let parse = |text: &str| Address::parse(text, Path::new("/r"));
        assert_eq!(parse("s3://skin/ham/"), Ok(Address::S3 { bucket: "skin".into(), prefix: "ham".into() }));
        assert_eq!(parse("gs://skin"), Ok(Address::Google { bucket: "skin".into(), prefix: String::new() }));
        assert_eq!(parse("../store"), Ok(Address::Folder("/r/../store".into())));
        assert_eq!(parse("file:///mnt/x"), Ok(Address::Folder("/mnt/x".into())));
        assert_eq!(parse("webdavs://h/x/"), Ok(Address::Http { url: "https://h/x".into() }));
        assert!(parse("s3://").unwrap_err().contains("bucket"));
        assert!(parse("ssh://h/x").unwrap_err().contains("sshfs"));
        assert!(parse("https://me:secret@h/x").unwrap_err().contains("passwords"));
        assert_eq!(shown("https://me:secret@h/x"), "https://…@h/x");
        assert!(parse("ftp://h").is_err() && parse("").is_err());
    }
}
