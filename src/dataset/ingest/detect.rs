//! Which layout a folder has.

use std::path::Path;

use super::files::{Files, tables_with};
use super::{Format, class_folders, listed, one_hot, pairs, several, stacks};
use crate::dataset::{Error, Problem};

/// The first format that fits: tables say more than folders, so they are looked for first. `masks`: the folder with the masks is named,
/// so that only formats with masks and without labels come into question. `several`: images have any number of labels.
pub fn detect(source: &Path, masks: bool, several: bool) -> Result<Format, Error> {
    let files = Files::below(source)?;
    if files.images.is_empty() && files.tables.is_empty() && files.problems.is_empty() {
        return Err(Error::Source { path: source.to_owned(), problems: vec![Problem::NoImages], skip: Vec::new() });
    }
    if masks {
        return Ok(if stacks::fits(source, &files) { Format::TiffStacks } else { Format::MaskFolders });
    }
    if several {
        return Ok(if several::label_tables(source, &files).is_empty() { Format::OneHot } else { Format::LabelTable });
    }
    let fits = |format: &Format| match format {
        Format::Ham10000 => !tables_with(source, &files, listed::HAM10000.signature).is_empty(),
        Format::Isic2020 => !tables_with(source, &files, listed::ISIC2020.signature).is_empty(),
        Format::Isic2019 => !tables_with(source, &files, one_hot::SIGNATURE).is_empty(),
        Format::LabelTable => !several::label_tables(source, &files).is_empty(),
        // Looks like any table: taken where it is asked for.
        Format::OneHot => false,
        Format::TiffStacks => stacks::fits(source, &files),
        Format::MaskFolders => pairs::fits(&files),
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
        "label-table: no CSV with the columns `image` and `labels`".to_owned(),
        "tiff-stacks: not TIFF files alone, or none with several pages".to_owned(),
        "mask-folders: no masks (`x_mask.png`, `masks/x.png`), or folders that could be classes".to_owned(),
        "class-folders: no images in folders named after their classes".to_owned(),
    ]
}
