//! What is known beside images, for models that read it.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Context, Failure};
use crate::dataset::Row;
use crate::dataset::facts::Facts;
use crate::nn::Bundle;
use crate::nn::metadata::{Encoding, Field, Record};
use crate::text;
use crate::training::metadata::record;

/// As many unknown words as a message names.
const SHOWN: usize = 10;

/// What a table says of the images `names`, one record each; without a table nothing is known. People are told what is missing.
///
/// # Errors
///
/// A table for a model that sees images alone, one that cannot be read, or one that has none of the images.
pub fn of_table<'a>(
    context: &Context,
    bundle: &Bundle,
    table: Option<&Path>,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Record>, Failure> {
    let (encoding, typed) = match (&bundle.config.metadata, table) {
        (None, None) => return Ok(Vec::new()),
        (None, Some(_)) => {
            return Err(Failure::usage("`--metadata` is for models that were trained with it; this one sees images alone"));
        }
        (Some(encoding), None) => {
            let fields = fields(encoding.fields());
            context.ui.warn(format!("this model also reads {fields}, which are taken as missing: name a table with `--metadata CSV`"));
            return Ok(Vec::new());
        }
        (Some(encoding), Some(typed)) => (encoding, typed),
    };
    let wanted: Vec<&str> = encoding.fields().map(Field::name).collect();
    let facts = Facts::read(&context.cwd.join(typed), &wanted)?;
    let found: Vec<Option<&Row>> = names.map(|name| facts.find(name)).collect();
    let absent = found.iter().filter(|row| row.is_none()).count();
    if absent == found.len() && absent > 0 {
        let message = format!("`{}` names none of these images", typed.display());
        return Err(Failure::usage(message).hint("the column `image` holds their names, with or without folders and extension"));
    }
    if absent > 0 {
        let images = text::count(absent, "image is", "images are");
        context.ui.warn(format!("{images} not in `{}`: {} are taken as missing", typed.display(), fields(encoding.fields())));
    }
    let records: Vec<Record> = found.into_iter().map(|row| row.map(record).unwrap_or_default()).collect();
    if let Some(caution) = unknown(encoding, &records) {
        context.ui.warn(caution);
    }
    Ok(records)
}

/// What is to be said of what a dataset knows of its images.
pub fn cautions(bundle: &Bundle, records: &[Record]) -> Vec<String> {
    let Some(encoding) = &bundle.config.metadata else { return Vec::new() };
    let absent: Vec<Field> = encoding.fields().filter(|field| !records.iter().any(|record| record.knows(*field))).collect();
    let nowhere = (!absent.is_empty()).then(|| {
        format!(
            "The model also reads {}, which the dataset does not record of these images: taken as missing.",
            fields(absent.iter().copied())
        )
    });
    nowhere.into_iter().chain(unknown(encoding, records)).collect()
}

/// Words that no training image had.
fn unknown(encoding: &Encoding, records: &[Record]) -> Option<String> {
    let words: BTreeSet<(Field, String)> =
        records.iter().flat_map(|record| encoding.unknown(record)).map(|(field, word)| (field, word.to_lowercase())).collect();
    let words: Vec<String> = words.into_iter().map(|(field, word)| format!("{} `{word}`", field.name())).collect();
    let more = words.len().checked_sub(SHOWN + 1).map(|more| format!(" and {} more", more + 1)).unwrap_or_default();
    let shown = words.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    (!words.is_empty()).then(|| format!("No training image had {shown}{more}: taken as missing."))
}

fn fields(fields: impl Iterator<Item = Field>) -> String {
    text::quoted_list(&fields.map(Field::name).collect::<Vec<_>>())
}
