//! Making splits: fractions or folds, stratified and grouped; or somebody else's table.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::stratify::{self, Counts};
use super::{Part, Split, Subset};
use crate::dataset::decode::{decode, is_blank};
use crate::dataset::grouping::{Grouping, Key};
use crate::dataset::table::Table;
use crate::dataset::{Dataset, Error, Kind, Row};
use crate::digest::ObjectId;

/// Which images must stay together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// All that is known: images that share a patient, a lesion or their bytes, also by way of other images.
    #[default]
    Auto,
    /// Images of one lesion (`group`), and those with the same bytes.
    Group,
    /// Images of one patient, and those with the same bytes.
    Patient,
    /// Every image by itself.
    None,
}

/// The relative sizes of the subsets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// Of training.
    pub train: f64,
    /// Of validation.
    pub val: f64,
    /// Of the test.
    pub test: f64,
}

/// How a split is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The sizes; with folds, `val` is not used and `test` may be 0.
    pub shares: Shares,
    /// Deals what is not `test` into this many folds.
    pub folds: Option<u32>,
    /// What stays together.
    pub group: GroupBy,
    /// Draws the order of like units.
    pub seed: u64,
}

/// A finished split and how well it came out.
#[derive(Clone, Debug)]
pub struct Made {
    /// The split.
    pub split: Split,
    /// The counts.
    pub balance: Balance,
    /// What a user should know.
    pub warnings: Vec<String>,
}

/// Images of every class in every part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Balance {
    /// Names of the parts: `train`, `val`, `test`, or `fold 0` and so on.
    pub parts: Vec<String>,
    /// The share asked for each part, as a fraction of all images; empty for a table by others.
    pub asked: Vec<f64>,
    /// Per class, then images of no class and images without a label if there are any.
    pub classes: Vec<ClassBalance>,
    /// Units that were kept together; not known of a table by others.
    pub units: Option<usize>,
}

/// Images of one class in every part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassBalance {
    /// The class; `None`: of no class, or not labelled.
    pub class: Option<String>,
    /// Whether it is known that the images are of none of the classes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_none: bool,
    /// Images, in the order of the parts.
    pub counts: Vec<usize>,
}

fn patient(row: &Row) -> Option<String> {
    row.patient.clone()
}

fn group(row: &Row) -> Option<String> {
    row.group.clone()
}

/// Makes a split.
///
/// # Errors
///
/// [`Error::Settings`]: shares that are negative or all 0, fewer than two folds, more parts than units, a group that
/// the dataset does not know.
pub fn make(dataset: &Dataset, options: &Options) -> Result<Made, Error> {
    check(dataset, options)?;
    let grouping = grouping(dataset, options.group);
    let members = grouping.members();
    let units: Vec<Counts> = members.iter().map(|rows| counts(dataset, rows)).collect();
    let shares = options.shares;
    let parts = match options.folds {
        None => {
            let wanted: Vec<(Part, f64)> = [(Subset::Train, shares.train), (Subset::Val, shares.val), (Subset::Test, shares.test)]
                .into_iter()
                .filter(|(_, share)| *share > 0.0)
                .map(|(subset, share)| (Part { subset, fold: None }, share))
                .collect();
            deal(&units, &wanted, options.seed)?
        }
        Some(folds) => deal_folds(&units, folds, shares, options.seed)?,
    };
    let split = Split::new(dataset, grouping.unit_of.iter().map(|&unit| parts[unit]).collect());
    let balance = balance(dataset, &split, asked(options), Some(grouping.units));
    let warnings = warnings(dataset, options, &balance);
    Ok(Made { split, balance, warnings })
}

/// Reads a table by others, such as a challenge's own split, and checks it against the dataset.
pub fn official(dataset: &Dataset, path: &Path) -> Result<Made, Error> {
    let split = Split::from_table(&Table::read(path)?, dataset)?;
    let balance = balance(dataset, &split, Vec::new(), None);
    Ok(Made { split, balance, warnings: Vec::new() })
}

fn check(dataset: &Dataset, options: &Options) -> Result<(), Error> {
    let Shares { train, val, test } = options.shares;
    if [train, val, test].iter().any(|share| !share.is_finite() || *share < 0.0) || train <= 0.0 {
        return Err(Error::settings(format!(
            "shares must not be negative and `train` must be above 0: train {train}, val {val}, test {test}"
        )));
    }
    if train + val + test > 1.0 + 1e-6 {
        let hint = Some("0.7, 0.15 and 0.15 are common".to_owned());
        return Err(Error::Settings {
            message: format!("shares add up to {}, more than 1", (1e6 * (train + val + test)).round() / 1e6),
            hint,
        });
    }
    if options.folds.is_some_and(|folds| !(2..=1000).contains(&folds)) {
        return Err(Error::settings("there must be 2 to 1000 folds"));
    }
    if dataset.rows.is_empty() {
        return Err(Error::settings("the dataset has no images to split"));
    }
    let knows = |key: fn(&Row) -> Option<String>| dataset.rows.iter().any(|row| key(row).is_some());
    let (asked, known) = match options.group {
        GroupBy::Group => ("group", knows(group)),
        GroupBy::Patient => ("patient", knows(patient)),
        _ => return Ok(()),
    };
    let hint = Some("leave `--group` out to use all that is known".to_owned());
    if known { Ok(()) } else { Err(Error::Settings { message: format!("the dataset knows no `{asked}`"), hint }) }
}

fn grouping(dataset: &Dataset, by: GroupBy) -> Grouping {
    let blank = if by == GroupBy::None { HashSet::new() } else { blank_copies(dataset) };
    let bytes = |row: &Row| row.hash.filter(|hash| !blank.contains(hash)).map(|hash| hash.hex());
    let keys: &[Key<'_>] = match by {
        GroupBy::Auto => &[&patient, &group, &bytes],
        GroupBy::Group => &[&group, &bytes],
        GroupBy::Patient => &[&patient, &bytes],
        GroupBy::None => &[],
    };
    Grouping::by(&dataset.rows, keys)
}

/// The hashes of images that are there more than once and show a single colour: the black ends of stacks are copies of nothing, and must not
/// tie all stacks together. Opens one file of each set of copies.
fn blank_copies(dataset: &Dataset) -> HashSet<ObjectId> {
    let mut copies: BTreeMap<ObjectId, Vec<&Row>> = BTreeMap::new();
    for row in &dataset.rows {
        if let Some(hash) = row.hash {
            copies.entry(hash).or_default().push(row);
        }
    }
    let blank = |rows: &[&Row]| decode(&dataset.image_path(rows[0])).is_ok_and(|image| is_blank(&image));
    copies.into_iter().filter(|(_, rows)| rows.len() > 1 && blank(rows)).map(|(hash, _)| hash).collect()
}

/// Rows of each of the dataset's kinds; one with several labels counts for each.
fn counts(dataset: &Dataset, rows: &[usize]) -> Counts {
    let mut counts = vec![0; dataset.kinds().len()];
    for kind in rows.iter().flat_map(|&row| dataset.kinds_of(&dataset.rows[row])) {
        counts[kind] += 1;
    }
    counts
}

fn deal(units: &[Counts], wanted: &[(Part, f64)], seed: u64) -> Result<Vec<Part>, Error> {
    if units.len() < wanted.len() {
        let message = format!(
            "{} cannot be dealt into {} parts",
            crate::text::count(units.len(), "group of images", "groups of images"),
            wanted.len()
        );
        return Err(Error::settings(message));
    }
    let shares: Vec<f64> = wanted.iter().map(|(_, share)| *share).collect();
    Ok(stratify::deal(units, &shares, seed).into_iter().map(|part| wanted[part].0).collect())
}

/// The test first, then the rest into folds.
fn deal_folds(units: &[Counts], folds: u32, shares: Shares, seed: u64) -> Result<Vec<Part>, Error> {
    let rest = Part { subset: Subset::Train, fold: None };
    let mut wanted = vec![(rest, 1.0 - shares.test)];
    if shares.test > 0.0 {
        wanted.push((Part { subset: Subset::Test, fold: None }, shares.test));
    }
    let mut parts = deal(units, &wanted, seed)?;
    let inside: Vec<usize> = (0..units.len()).filter(|&unit| parts[unit] == rest).collect();
    let own: Vec<Counts> = inside.iter().map(|&unit| units[unit].clone()).collect();
    let wanted: Vec<(Part, f64)> = (0..folds).map(|fold| (Part { subset: Subset::Train, fold: Some(fold) }, 1.0)).collect();
    for (unit, part) in inside.into_iter().zip(deal(&own, &wanted, seed.wrapping_add(1))?) {
        parts[unit] = part;
    }
    Ok(parts)
}

fn asked(options: &Options) -> Vec<f64> {
    let Shares { train, val, test } = options.shares;
    match options.folds {
        None => {
            let sum = train + val + test;
            [train, val, test].into_iter().filter(|share| *share > 0.0).map(|share| share / sum).collect()
        }
        Some(folds) => {
            let each = (1.0 - test) / f64::from(folds);
            std::iter::repeat_n(each, folds as usize).chain((test > 0.0).then_some(test)).collect()
        }
    }
}

fn balance(dataset: &Dataset, split: &Split, asked: Vec<f64>, units: Option<usize>) -> Balance {
    let folds: Vec<u32> = (0..split.folds()).collect();
    let mut parts: Vec<(String, Vec<usize>)> =
        folds.iter().map(|&fold| (format!("fold {fold}"), split.rows(Subset::Val, Some(fold)))).collect();
    for subset in Subset::ALL {
        let rows = split.rows(subset, None);
        if !(rows.is_empty() || subset == Subset::Train && !folds.is_empty()) {
            parts.push((subset.to_string(), rows));
        }
    }
    let counted: Vec<Counts> = parts.iter().map(|(_, rows)| counts(dataset, rows)).collect();
    let of_kind = |(at, kind): (usize, Kind)| ClassBalance {
        of_none: kind == Kind::OfNone,
        class: if let Kind::Class(class) = kind { Some(class) } else { None },
        counts: counted.iter().map(|counts| counts[at]).collect(),
    };
    let classes = dataset.kinds().into_iter().enumerate().map(of_kind);
    let classes = classes.filter(|class| class.class.is_some() || class.counts.iter().any(|count| *count > 0)).collect();
    Balance { parts: parts.into_iter().map(|(name, _)| name).collect(), asked, classes, units }
}

fn warnings(dataset: &Dataset, options: &Options, balance: &Balance) -> Vec<String> {
    let mut warnings = Vec::new();
    let known = |key: fn(&Row) -> Option<String>| dataset.rows.iter().any(|row| key(row).is_some());
    let ids: Vec<&str> =
        [("patient", known(patient)), ("group", known(group))].into_iter().filter(|(_, known)| *known).map(|(name, _)| name).collect();
    match options.group {
        GroupBy::None if !ids.is_empty() => warnings.push(format!(
            "images are split one by one although the dataset knows {}: images of one lesion or patient may straddle the split, and results will look better than they are",
            crate::text::quoted_list(&ids)
        )),
        GroupBy::Group if ids.contains(&"patient") => {
            warnings.push("images are kept together by lesion only: lesions of one patient may straddle the split".to_owned());
        }
        _ if ids.is_empty() => {
            warnings.push("the dataset knows neither lesions nor patients: images of one lesion may straddle the split unnoticed".to_owned());
        }
        _ => {}
    }
    for class in &balance.classes {
        let empty: Vec<&str> =
            balance.parts.iter().zip(&class.counts).filter(|(_, count)| **count == 0).map(|(part, _)| part.as_str()).collect();
        if let (Some(name), false) = (&class.class, empty.is_empty()) {
            warnings.push(format!("class `{name}` has too few groups of images: none in {}", crate::text::quoted_list(&empty)));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Info;
    use proptest::prelude::*;
    use std::path::PathBuf;

    fn dataset(rows: Vec<Row>) -> Dataset {
        let text = "schema: 1\ntask: classification\nclasses: [a, b, c]\nimages: 0\nformat: x\nsource: x\nlicence: x\n";
        let info: Info = serde_yaml::from_str(text).unwrap();
        Dataset { root: PathBuf::new(), info, rows }
    }

    prop_compose! {
        /// Lesions of one class with one to four images, patients with a few lesions, some unknown.
        fn rows()(lesions in proptest::collection::vec((0usize..3, 1usize..5, 0usize..40, proptest::bool::weighted(0.2)), 40..120)) -> Vec<Row> {
            let mut rows = Vec::new();
            for (lesion, (label, images, patient, unknown)) in lesions.into_iter().enumerate() {
                for _ in 0..images {
                    rows.push(Row {
                        image: format!("{:05}.jpg", rows.len()),
                        label: Some(label),
                        group: (!unknown).then(|| format!("lesion {lesion}")),
                        patient: (patient < 30).then(|| format!("patient {patient}-{}", lesion % 3)),
                        ..Row::default()
                    });
                }
            }
            rows
        }
    }

    fn straddlers(dataset: &Dataset, split: &Split, id: fn(&Row) -> Option<String>) -> usize {
        let mut parts = std::collections::HashMap::new();
        let rows = dataset.rows.iter().enumerate();
        rows.filter(|(at, row)| id(row).is_some_and(|id| *parts.entry(id).or_insert(split.part(*at)) != split.part(*at))).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn nothing_straddles_and_every_image_is_used_once(rows in rows(), seed in any::<u64>(), folds in proptest::option::of(2u32..6)) {
            let dataset = dataset(rows);
            let options = Options { shares: Shares { train: 0.6, val: 0.2, test: 0.2 }, folds, group: GroupBy::Auto, seed };
            let made = make(&dataset, &options).unwrap();
            prop_assert_eq!(straddlers(&dataset, &made.split, group), 0);
            prop_assert_eq!(straddlers(&dataset, &made.split, patient), 0);
            let all: usize = Subset::ALL.iter().map(|subset| made.split.rows(*subset, None).len()).sum();
            prop_assert_eq!(all, dataset.rows.len());
            for fold in 0..made.split.folds() {
                let mut used = made.split.rows(Subset::Train, Some(fold));
                used.extend(made.split.rows(Subset::Val, Some(fold)));
                used.sort_unstable();
                prop_assert_eq!(used, made.split.rows(Subset::Train, None));
            }
            let again = make(&dataset, &options).unwrap();
            prop_assert_eq!(made.split.to_csv(), again.split.to_csv());
        }

        #[test]
        fn shares_hold_per_class(rows in rows(), seed in any::<u64>()) {
            let dataset = dataset(rows);
            let options = Options { shares: Shares { train: 0.6, val: 0.2, test: 0.2 }, folds: None, group: GroupBy::Group, seed };
            let made = make(&dataset, &options).unwrap();
            for class in &made.balance.classes {
                let total: usize = class.counts.iter().sum();
                for (count, asked) in class.counts.iter().zip(&made.balance.asked) {
                    // A lesion has at most four images.
                    prop_assert!((*count as f64 - asked * total as f64).abs() <= 4.0, "{class:?}");
                }
            }
        }

        #[test]
        fn a_written_split_reads_back(rows in rows(), seed in any::<u64>(), folds in proptest::option::of(2u32..6)) {
            let dataset = dataset(rows);
            let options = Options { shares: Shares { train: 0.6, val: 0.2, test: 0.2 }, folds, group: GroupBy::None, seed };
            let made = make(&dataset, &options).unwrap();
            let table = Table::from_bytes(Path::new("split.csv"), made.split.to_csv()).unwrap();
            prop_assert_eq!(Split::from_table(&table, &dataset).unwrap(), made.split);
        }
    }
}
