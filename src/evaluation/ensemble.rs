//! Several models' predictions as one.
//!
//! Of an image that several tables have, the mean of its probabilities, plain or of their logarithms, each table with a weight; classes meet by
//! name. Labels and groups must agree where more than one table knows them. Folds' tables of the images that each did not learn from
//! have no image in common: with [`Cover::Any`] they become one table of predictions out of fold.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::predictions::{Prediction, Predictions};
use crate::dataset::labels;
use crate::text;

/// How probabilities are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mean {
    /// The sum of each class's probabilities, divided by the weights.
    #[default]
    Arithmetic,
    /// The product of their powers, brought to a sum of 1: the softmax of the mean log-probabilities. Of labels that do not exclude each
    /// other, each against its absence: the sigmoid of the mean logits.
    Geometric,
}

/// Which images the result has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cover {
    /// Every table must have every image.
    #[default]
    All,
    /// Those of any table.
    Any,
}

/// One model's predictions.
#[derive(Clone, Debug)]
pub struct Member {
    /// What messages call it.
    pub name: String,
    pub predictions: Predictions,
    /// How much it counts, above 0.
    pub weight: f64,
}

/// Why tables do not make one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Not one table.
    #[error("there is nothing to put together")]
    Empty,
    /// Other classes.
    #[error("`{table}` has the classes {}, `{first}` has {}", text::quoted_list(own), text::quoted_list(classes))]
    Classes {
        /// The first table.
        first: String,
        /// Its classes.
        classes: Vec<String>,
        /// The other table.
        table: String,
        /// Its classes.
        own: Vec<String>,
    },
    /// Tables of one label an image and of several.
    #[error("`{table}` says {} an image, `{first}` {}", labels::how_many(*several), labels::how_many(!*several))]
    OtherTask {
        /// The first table.
        first: String,
        /// The other table.
        table: String,
        /// Whether the other says any number of labels.
        several: bool,
    },
    /// Other images.
    #[error("{} of {} not in `{table}`, such as `{image}`", text::count(*missing, "image", "images"), if *missing == 1 { "the others is" } else { "the others are" })]
    Images {
        /// The table.
        table: String,
        /// An image that it lacks.
        image: String,
        /// How many it lacks.
        missing: usize,
    },
    /// Two tables say different things about an image.
    #[error("`{image}` has another {what} in `{table}` than in a table before it")]
    Contradiction {
        /// The image.
        image: String,
        /// `label`, `set of labels` or `group`.
        what: &'static str,
        /// The later table.
        table: String,
    },
}

/// One image's sums.
struct Sum {
    label: Option<usize>,
    labels: Option<Vec<usize>>,
    group: Option<String>,
    values: Vec<f64>,
    weight: f64,
    tables: usize,
}

/// Puts the members together; images stand in the order in which they first come.
pub fn ensemble(members: &[Member], mean: Mean, cover: Cover) -> Result<Predictions, Error> {
    let first = members.first().ok_or(Error::Empty)?;
    let (classes, several) = (first.predictions.classes.clone(), first.predictions.multi_label);
    if let Some(other) = members.iter().find(|member| member.predictions.multi_label != several) {
        return Err(Error::OtherTask { first: first.name.clone(), table: other.name.clone(), several: !several });
    }
    let mut sums: IndexMap<String, Sum> = IndexMap::new();
    for member in members {
        let places = places(&classes, first, member)?;
        for row in &member.predictions.rows {
            add(&mut sums, member, row, &places, mean)?;
        }
    }
    if cover == Cover::All {
        check_cover(members, &sums)?;
    }
    let row = |(image, sum): (String, Sum)| Prediction {
        image,
        group: sum.group,
        label: sum.label,
        labels: sum.labels,
        probabilities: finish(sum.values, sum.weight, mean, several),
    };
    Ok(Predictions { classes, multi_label: several, rows: sums.into_iter().map(row).collect() })
}

/// For each class of a member its place among `classes`.
fn places(classes: &[String], first: &Member, member: &Member) -> Result<Vec<usize>, Error> {
    let own = &member.predictions.classes;
    let place = |name: &String| classes.iter().position(|class| class == name);
    let found: Option<Vec<usize>> = own.iter().map(place).collect();
    found.filter(|found| found.len() == classes.len()).ok_or_else(|| Error::Classes {
        first: first.name.clone(),
        classes: classes.to_vec(),
        table: member.name.clone(),
        own: own.clone(),
    })
}

fn add(sums: &mut IndexMap<String, Sum>, member: &Member, row: &Prediction, places: &[usize], mean: Mean) -> Result<(), Error> {
    let empty = || Sum { label: None, labels: None, group: None, values: vec![0.0; places.len()], weight: 0.0, tables: 0 };
    let sum = sums.entry(row.image.clone()).or_insert_with(empty);
    let label = row.label.map(|label| places[label]);
    let wrong = |what| Error::Contradiction { image: row.image.clone(), what, table: member.name.clone() };
    let mut labels: Option<Vec<usize>> = row.labels.as_ref().map(|labels| labels.iter().map(|&label| places[label]).collect());
    labels.iter_mut().for_each(|labels| labels.sort_unstable());
    if matches!((&sum.labels, &labels), (Some(before), Some(now)) if before != now) {
        return Err(wrong("set of labels"));
    }
    sum.labels = sum.labels.take().or(labels);
    if matches!((sum.label, label), (Some(before), Some(now)) if before != now) {
        return Err(wrong("label"));
    }
    if matches!((&sum.group, &row.group), (Some(before), Some(now)) if before != now) {
        return Err(wrong("group"));
    }
    sum.label = sum.label.or(label);
    sum.group = sum.group.take().or_else(|| row.group.clone());
    for (&place, &probability) in places.iter().zip(&row.probabilities) {
        sum.values[place] += member.weight
            * match mean {
                Mean::Arithmetic => probability,
                // A class that one model rules out is ruled out, as far as numbers go.
                Mean::Geometric => log(probability) - if member.predictions.multi_label { log(1.0 - probability) } else { 0.0 },
            };
    }
    sum.weight += member.weight;
    sum.tables += 1;
    Ok(())
}

fn log(probability: f64) -> f64 {
    probability.max(f64::MIN_POSITIVE).ln()
}

fn check_cover(members: &[Member], sums: &IndexMap<String, Sum>) -> Result<(), Error> {
    for member in members {
        let own: HashMap<&str, ()> = member.predictions.rows.iter().map(|row| (row.image.as_str(), ())).collect();
        let missing: Vec<&String> = sums.keys().filter(|image| !own.contains_key(image.as_str())).collect();
        if let Some(image) = missing.first() {
            return Err(Error::Images { table: member.name.clone(), image: (*image).clone(), missing: missing.len() });
        }
    }
    Ok(())
}

fn finish(values: Vec<f64>, weight: f64, mean: Mean, several: bool) -> Vec<f64> {
    let means = values.into_iter().map(|value| value / weight);
    match mean {
        Mean::Arithmetic => means.map(|value| value.clamp(0.0, 1.0)).collect(),
        Mean::Geometric if several => means.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
        Mean::Geometric => {
            let logs: Vec<f64> = means.collect();
            let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = logs.iter().map(|log| (log - top).exp()).collect();
            let sum: f64 = powers.iter().sum();
            powers.into_iter().map(|power| power / sum).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, classes: [&str; 2], weight: f64, rows: &[(&str, Option<usize>, [f64; 2])]) -> Member {
        let row = |&(image, label, probabilities): &(&str, Option<usize>, [f64; 2])| Prediction {
            image: image.to_owned(),
            group: None,
            label,
            probabilities: probabilities.to_vec(),
            ..Prediction::default()
        };
        let classes = classes.map(str::to_owned).to_vec();
        let predictions = Predictions { classes, rows: rows.iter().map(row).collect(), ..Predictions::default() };
        Member { name: name.to_owned(), predictions, weight }
    }

    #[test]
    fn classes_meet_by_name_and_weights_count() {
        let one = member("one", ["mel", "nv"], 1.0, &[("a", Some(0), [0.8, 0.2]), ("b", None, [0.5, 0.5])]);
        let two = member("two", ["nv", "mel"], 3.0, &[("b", Some(0), [0.9, 0.1]), ("a", Some(1), [0.6, 0.4])]);
        let both = ensemble(&[one.clone(), two.clone()], Mean::Arithmetic, Cover::All).unwrap();
        assert_eq!(both.classes, ["mel", "nv"]);
        let rows: Vec<(&str, Option<usize>)> = both.rows.iter().map(|row| (row.image.as_str(), row.label)).collect();
        assert_eq!(rows, [("a", Some(0)), ("b", Some(1))]);
        assert!((both.rows[0].probabilities[0] - (0.8 + 3.0 * 0.4) / 4.0).abs() < 1e-15);
        // sqrt(0.8 * 0.4) to sqrt(0.2 * 0.6), brought to a sum of 1.
        let equal = [Member { weight: 2.0, ..one }, Member { weight: 2.0, ..two }];
        let both = ensemble(&equal, Mean::Geometric, Cover::All).unwrap();
        let (mel, nv) = (0.32f64.sqrt(), 0.12f64.sqrt());
        assert!((both.rows[0].probabilities[0] - mel / (mel + nv)).abs() < 1e-15);
    }

    #[test]
    fn labels_that_do_not_exclude_each_other_have_means_of_their_own() {
        let mut one = member("one", ["dots", "streaks"], 1.0, &[("a", None, [0.8, 0.9])]);
        let mut two = member("two", ["streaks", "dots"], 1.0, &[("a", None, [0.5, 0.6])]);
        let mixed = ensemble(&[one.clone(), Member { ..two.clone() }], Mean::Arithmetic, Cover::All).unwrap();
        assert!(!mixed.multi_label);
        two.predictions.multi_label = true;
        let error = ensemble(&[one.clone(), two.clone()], Mean::Arithmetic, Cover::All).unwrap_err();
        assert_eq!(error.to_string(), "`two` says any number of labels an image, `one` one label");
        one.predictions.multi_label = true;
        (one.predictions.rows[0].labels, two.predictions.rows[0].labels) = (Some(vec![0]), Some(vec![1]));
        let both = ensemble(&[one.clone(), two.clone()], Mean::Geometric, Cover::All).unwrap();
        assert_eq!((both.multi_label, both.rows[0].labels.as_deref()), (true, Some(&[0][..])));
        // sqrt(0.8 * 0.6) against sqrt(0.2 * 0.4); sqrt(0.9 * 0.5) against sqrt(0.1 * 0.5).
        for (found, (yes, no)) in both.rows[0].probabilities.iter().zip([(0.48f64, 0.08f64), (0.45, 0.05)]) {
            assert!((found - yes.sqrt() / (yes.sqrt() + no.sqrt())).abs() < 1e-15, "{found}");
        }
        two.predictions.rows[0].labels = Some(vec![]);
        let error = ensemble(&[one, two], Mean::Geometric, Cover::All).unwrap_err();
        assert_eq!(error.to_string(), "`a` has another set of labels in `two` than in a table before it");
    }

    #[test]
    fn tables_that_contradict_each_other_are_refused() {
        let one = member("one", ["mel", "nv"], 1.0, &[("a", Some(0), [0.8, 0.2])]);
        let other = |classes, rows: &[(&str, Option<usize>, [f64; 2])]| [one.clone(), member("two", classes, 1.0, rows)];
        let of = |members: &[Member], cover| ensemble(members, Mean::Arithmetic, cover);
        let classes = of(&other(["mel", "bcc"], &[("a", None, [0.5, 0.5])]), Cover::All).unwrap_err();
        assert!(matches!(classes, Error::Classes { .. }), "{classes}");
        let label = of(&other(["mel", "nv"], &[("a", Some(1), [0.5, 0.5])]), Cover::All).unwrap_err();
        assert_eq!(label.to_string(), "`a` has another label in `two` than in a table before it");
        let folds = other(["mel", "nv"], &[("b", Some(1), [0.5, 0.5])]);
        assert_eq!(of(&folds, Cover::All).unwrap_err().to_string(), "1 image of the others is not in `one`, such as `b`");
        assert_eq!(of(&folds, Cover::Any).unwrap().rows.len(), 2);
        assert_eq!(of(&[], Cover::All), Err(Error::Empty));
    }
}
