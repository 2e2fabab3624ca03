//! Adding settings that a configuration file does not hold yet; what it holds is kept, with its comments.

use std::io::ErrorKind;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, Value};

use super::{Error, atomic};

/// A setting: its name in parts (`remote`, `lab`, `url`) and its value.
pub type Assignment = (Vec<String>, Value);

/// Adds the `settings` that the file at `path` lacks and says which those are. With `dry` the file is only read.
pub fn complete(path: &Path, settings: &[Assignment], dry: bool) -> Result<Vec<bool>, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let broken = |error: toml_edit::TomlError| Error::io("read", path)(std::io::Error::new(ErrorKind::InvalidData, error.to_string()));
    let mut document: DocumentMut = text.parse().map_err(broken)?;
    let added: Vec<bool> = settings.iter().map(|(name, value)| add(document.as_table_mut(), name, value)).collect();
    if !dry && added.contains(&true) {
        atomic::write(path, document.to_string().as_bytes())?;
    }
    Ok(added)
}

fn add(table: &mut Table, name: &[String], value: &Value) -> bool {
    match name {
        [] => false,
        [last] if table.contains_key(last) => false,
        [last] => {
            table.insert(last, Item::Value(value.clone()));
            true
        }
        [first, rest @ ..] => {
            let inner = table.entry(first).or_insert_with(|| {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            });
            // Written in another way by a person: left as it is.
            inner.as_table_mut().is_some_and(|inner| add(inner, rest, value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_with_its_comments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "# mine\n[remote.lab]\nurl = \"x\" # why\n").unwrap();
        let name = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let settings =
            [(name("remote.lab.url"), "y".into()), (name("remote.lab.region"), "eu".into()), (name("core.remote"), "lab".into())];
        assert_eq!(complete(&path, &settings, false).unwrap(), [false, true, true]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# mine\n[remote.lab]\nurl = \"x\" # why\nregion = \"eu\"\n\n[core]\nremote = \"lab\"\n");
        assert_eq!(complete(&path, &settings, false).unwrap(), [false; 3]);
    }
}
