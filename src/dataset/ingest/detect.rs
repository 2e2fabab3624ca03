//! Which layout a folder has.

use std::path::Path;

use super::files::{Files, tables_with};
use super::{Format, class_folders, listed, one_hot};
use crate::dataset::{Error, Problem};

/// The first format that fits: tables say more than folders, so they are looked for first.
pub fn detect(source: &Path) -> Result<Format, Error> {
    let files = Files::below(source)?;
    if files.images.is_empty() && files.tables.is_empty() && files.problems.is_empty() {
        return Err(Error::Source { path: source.to_owned(), problems: vec![Problem::NoImages], skip: Vec::new() });
    }
    let fits = |format: &Format| match format {
        Format::Ham10000 => !tables_with(source, &files, listed::HAM10000.signature).is_empty(),
        Format::Isic2020 => !tables_with(source, &files, listed::ISIC2020.signature).is_empty(),
        Format::Isic2019 => !tables_with(source, &files, one_hot::SIGNATURE).is_empty(),
        Format::ClassFolders => class_folders::fits(&files),
    };
    Format::ALL.into_iter().find(fits).ok_or_else(|| Error::UnknownFormat { path: source.to_owned(), tried: tried() })
}

fn tried() -> Vec<String> {
    let columns = |names: &[&str]| crate::text::quoted_list(names);
    vec![
        format!("ham10000: no CSV with the columns {}", columns(listed::HAM10000.signature)),
        format!("isic2019: no CSV with the columns {}", columns(one_hot::SIGNATURE)),
        format!("isic2020: no CSV with the columns {}", columns(listed::ISIC2020.signature)),
        "class-folders: no images in folders named after their classes".to_owned(),
    ]
}
