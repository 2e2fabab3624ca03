//! Images with masks, in folders of their own or side by side: `images/1.jpg` and `masks/1.png`, `1.jpg` and `1_mask.png`; ISIC
//! 2018 Task 1. Which belong together is told by [`pairs`](super::pairs).

use std::path::Path;

use super::files::Files;
use super::{Found, Item, Options, pairs};
use crate::dataset::{Error, Row};

/// Lists images and masks. The classes are what the masks show.
pub fn read(source: &Path, options: &Options) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let mut found = Found { licence: "unknown".to_owned(), ..Found::default() };
    for pair in pairs::pair(source, &files, options.masks.as_deref(), &mut found.problems)? {
        let row = Row { image: pair.name, ..Row::default() };
        found.items.push(Item { file: pair.file, mask: pair.mask, row, subset: pair.subset });
    }
    found.classes.push("lesion".to_owned());
    found.problems.extend(files.problems);
    Ok(found)
}
