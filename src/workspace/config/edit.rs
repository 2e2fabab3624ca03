//! Changing a settings file: one key at a time, with comments, order and spacing of all else kept.
//!
//! The changed text is read by the same parser that will read the file later, before it replaces the file: what
//! derm would refuse never reaches the disk. A file that derm cannot understand is not changed either. Two
//! processes that edit at once must not lose one another's change, so the caller holds
//! [`crate::workspace::WorkspaceLock`].

use std::io::ErrorKind;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::{Error, parse};
use crate::workspace::atomic;

/// The settings of this repository that are committed.
pub const SHARED: &str = ".derm/config";

/// Those of this machine alone.
pub const LOCAL: &str = ".derm/config.local";

/// Sets `key`, such as `["cache", "dir"]` or `["remote", "lab", "url"]`, in `.derm/config` or (`local`) in
/// `.derm/config.local` below `root`; `None` takes it out, a whole table too. Taking out what is not there changes nothing.
///
/// # Errors
/// [`Error::Config`] when the file cannot be understood, before or after the change: then nothing is written.
pub fn set(root: &Path, local: bool, key: &[&str], value: Option<Value>) -> Result<(), Error> {
    let name = if local { LOCAL } else { SHARED };
    let path = root.join(name);
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", name)(error)),
    };
    parse(name, &old)?;
    let new = edited(name, &old, key, value)?;
    if new == old {
        return Ok(());
    }
    parse(name, &new)?;
    atomic::write(&path, new.as_bytes())
}

/// The text with one key changed.
fn edited(name: &'static str, text: &str, key: &[&str], value: Option<Value>) -> Result<String, Error> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let start = error.span().map_or(0, |span| span.start);
        Error::Config {
            place: Box::new(super::place_at(name, text, start)),
            message: format!("this is not TOML: {}", error.message()),
            key: None,
        }
    })?;
    let Some((last, above)) = key.split_last() else { return Ok(text.to_owned()) };
    match value {
        Some(value) => {
            keep_comments_above(&mut document, above);
            put(document.as_table_mut(), above, last, value);
        }
        None => take(document.as_table_mut(), above, last),
    }
    Ok(document.to_string())
}

/// A new section is written at the end of the file, below comments that stand there, not above them.
fn keep_comments_above(document: &mut DocumentMut, above: &[&str]) {
    let mut missing = None;
    let mut here: &dyn TableLike = document.as_table();
    for (depth, part) in above.iter().enumerate() {
        match here.get(part).and_then(Item::as_table_like) {
            Some(table) => here = table,
            None => {
                missing = Some(depth);
                break;
            }
        }
    }
    let Some(depth) = missing else { return };
    let mut before = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    if (!before.is_empty() && !before.ends_with("\n\n")) || (before.is_empty() && !document.as_table().is_empty()) {
        before.push('\n');
    }
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (at, part) in above.iter().enumerate() {
        let mut new = Table::new();
        new.set_implicit(at + 1 < above.len());
        if at >= depth && at + 1 == above.len() {
            new.decor_mut().set_prefix(std::mem::take(&mut before));
        }
        let Some(inner) = table.entry(part).or_insert(Item::Table(new)).as_table_like_mut() else { return };
        table = inner;
    }
}

fn put(table: &mut dyn TableLike, above: &[&str], last: &str, mut value: Value) {
    let Some((first, rest)) = above.split_first() else {
        match table.get_mut(last) {
            Some(Item::Value(old)) => {
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            _ => {
                table.insert(last, Item::Value(value));
            }
        }
        return;
    };
    let new = || Item::Table(Table::new());
    if let Some(inner) = table.entry(first).or_insert_with(new).as_table_like_mut() {
        put(inner, rest, last, value);
    }
}

fn take(table: &mut dyn TableLike, above: &[&str], last: &str) {
    match above.split_first() {
        None => {
            table.remove(last);
        }
        Some((first, rest)) => {
            if let Some(inner) = table.get_mut(first).and_then(Item::as_table_like_mut) {
                take(inner, rest, last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, key: &[&str], value: Option<&str>) -> String {
        edited("config", text, key, value.map(Value::from)).unwrap()
    }

    #[test]
    fn comments_order_and_spacing_stay() {
        let text = "# head\n\n[core]\nremote = 'lab'   # ours\n\n[cache] # where\n  dir = \"x\"  # here\n# tail\n";
        let new = changed(text, &["cache", "dir"], Some("/big"));
        assert_eq!(new, text.replace("\"x\"", "\"/big\""));
        assert_eq!(changed(&new, &["cache", "dir"], Some("x")), text);
        assert_eq!(changed(text, &["core", "nothing"], None), text);
        assert_eq!(changed(text, &["core", "remote"], None), text.replace("remote = 'lab'   # ours\n", ""));
    }

    #[test]
    fn new_sections_come_last_and_whole_tables_go() {
        let template = super::super::TEMPLATE;
        let new = changed(template, &["remote", "lab", "url"], Some("s3://b/p"));
        assert_eq!(new, format!("{template}\n[remote.lab]\nurl = \"s3://b/p\"\n"));
        let two = changed(&new, &["remote", "far", "url"], Some("/mnt"));
        assert_eq!(two, format!("{new}\n[remote.far]\nurl = \"/mnt\"\n"));
        assert_eq!(changed(&two, &["remote", "far"], None), new);
        assert_eq!(changed("", &["core", "remote"], Some("lab")), "[core]\nremote = \"lab\"\n");
        parse("config", &two).unwrap();
    }

    #[test]
    fn what_would_be_refused_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".derm")).unwrap();
        let path = folder.path().join(SHARED);
        set(folder.path(), false, &["cache", "dir"], Some("/big".into())).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[cache]\ndir = \"/big\"\n");
        assert!(matches!(set(folder.path(), false, &["cache", "dir"], Some(3.into())), Err(Error::Config { .. })));
        assert!(matches!(set(folder.path(), false, &["cache", "colour"], Some("x".into())), Err(Error::Config { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[cache]\ndir = \"/big\"\n");
        set(folder.path(), true, &["cache", "dir"], Some("/small".into())).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(LOCAL)).unwrap(), "[cache]\ndir = \"/small\"\n");
    }
}
