//! Cells that hold any number of labels.
//!
//! Names separated by `;` (or `|`), blanks around them left out; an empty cell says that the image shows none of them, `?` that nobody knows.

/// What a cell says where nobody knows.
pub const UNKNOWN: &str = "?";

/// Between two labels, where derm writes them.
const SEPARATOR: char = ';';

/// The names in a cell in their order; `None`: not known.
///
/// # Errors
///
/// What is wrong: a name that is empty, or stands there twice.
pub fn names(cell: &str) -> Result<Option<Vec<&str>>, String> {
    match cell.trim() {
        UNKNOWN => return Ok(None),
        "" => return Ok(Some(Vec::new())),
        _ => {}
    }
    let names: Vec<&str> = cell.split([SEPARATOR, '|']).map(str::trim).collect();
    if names.iter().any(|name| name.is_empty() || *name == UNKNOWN) {
        return Err(format!("`{cell}` lacks a label before or after a `;`"));
    }
    match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        Some((_, twice)) => Err(format!("`{cell}` names `{twice}` twice")),
        None => Ok(Some(names)),
    }
}

/// The positions in `classes` of the names in a cell, ascending; `None`: not known.
///
/// # Errors
///
/// As [`names`], and a name that is not in `classes`, which `place` tells in words.
pub fn parse(cell: &str, classes: &[String], place: &str) -> Result<Option<Vec<usize>>, String> {
    let Some(names) = names(cell)? else { return Ok(None) };
    let position = |name: &&str| {
        let found = classes.iter().position(|class| class == name);
        found.ok_or_else(|| {
            let near = crate::text::suggest(name, classes.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("label `{name}` is not among {place}{near}")
        })
    };
    let mut found = names.iter().map(position).collect::<Result<Vec<usize>, String>>()?;
    found.sort_unstable();
    Ok(Some(found))
}

/// The cell of labels given by their positions.
pub fn cell(labels: Option<&[usize]>, classes: &[String]) -> String {
    match labels {
        None => UNKNOWN.to_owned(),
        Some(labels) => labels.iter().filter_map(|label| classes.get(*label)).cloned().collect::<Vec<_>>().join(";"),
    }
}

/// How many labels an image has, in words.
pub fn how_many(several: bool) -> &'static str {
    if several { "any number of labels" } else { "one label" }
}

/// Why a label's name cannot stand in a cell with others, if it cannot.
pub fn fault(name: &str) -> Option<String> {
    let bad = name.trim().is_empty() || name.trim() != name || name == UNKNOWN || name.contains([SEPARATOR, '|']);
    bad.then(|| format!("`{name}` cannot name a label among others: it is empty, `{UNKNOWN}`, or has `;`, `|` or blanks around it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_none_one_or_several_labels() {
        let classes = ["dots", "network", "streaks"].map(str::to_owned);
        let parsed = |cell: &str| parse(cell, &classes, "the labels");
        assert_eq!(parsed(""), Ok(Some(vec![])));
        assert_eq!(parsed("?"), Ok(None));
        assert_eq!(parsed("streaks ; dots"), Ok(Some(vec![0, 2])));
        assert_eq!(parsed("network|dots"), Ok(Some(vec![0, 1])));
        for (cell, why) in [("dots;;streaks", "lacks a label"), ("dots;", "lacks a label"), ("dots; dots", "names `dots` twice")] {
            assert!(parsed(cell).unwrap_err().contains(why), "{cell}");
        }
        assert_eq!(parsed("dost").unwrap_err(), "label `dost` is not among the labels; did you mean `dots`?");
        for labels in [None, Some(vec![]), Some(vec![0, 2])] {
            assert_eq!(parsed(&cell(labels.as_deref(), &classes)), Ok(labels));
        }
    }
}
