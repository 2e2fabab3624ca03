//! The zip layout: `NAME/data.pkl`, `NAME/data/KEY` for each storage, `NAME/byteorder`.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::super::super::error::TorchFault;
use super::{StateDict, pickle, state, tensors};

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// The name that every pickle of such an archive ends in.
const PICKLE: &str = "data.pkl";

pub(super) fn read(bytes: &[u8]) -> Result<StateDict, TorchFault> {
    let mut archive = Archive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let folder = names.iter().find_map(|name| name.strip_suffix(PICKLE).filter(|folder| folder.is_empty() || folder.ends_with('/')));
    let folder = folder.ok_or(TorchFault::NoPickle)?.to_owned();
    if names.iter().any(|name| name.strip_prefix(&folder).is_some_and(|rest| rest == "constants.pkl")) {
        return Err(TorchFault::Script);
    }
    let program = entry(&mut archive, &format!("{folder}{PICKLE}"), pickle::LONGEST)?;
    let (made, root, _) = pickle::run(&program)?;
    let (names_and_places, under) = state::find(&made, root)?;
    let big = match names.iter().any(|name| *name == format!("{folder}byteorder")) {
        true => entry(&mut archive, &format!("{folder}byteorder"), 16)? == b"big",
        false => false,
    };
    let load = |key: &str| entry(&mut archive, &format!("{folder}data/{key}"), bytes.len());
    tensors::load(&made, &names_and_places, under, big, bytes.len(), load)
}

/// One entry whole; its checksum is checked on the way. Stored entries are never longer than the file.
fn entry(archive: &mut Archive<'_>, name: &str, longest: usize) -> Result<Vec<u8>, TorchFault> {
    let file = archive.by_name(name).map_err(|error| match error {
        ZipError::FileNotFound => TorchFault::NoEntry { name: name.to_owned() },
        error => broken(&error),
    })?;
    if file.size() > longest as u64 {
        return Err(TorchFault::Archive(format!("`{name}` claims to be {} bytes long", file.size())));
    }
    let mut content = Vec::with_capacity(file.size() as usize);
    file.take(longest as u64).read_to_end(&mut content).map_err(|error| TorchFault::Archive(format!("`{name}`: {error}")))?;
    Ok(content)
}

fn broken(error: &ZipError) -> TorchFault {
    TorchFault::Archive(error.to_string())
}
