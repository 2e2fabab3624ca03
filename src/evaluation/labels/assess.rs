//! Everything that is computed from one table.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::columns::{Columns, THRESHOLD};
use super::result::{Headline, LabelEvaluation};
use crate::evaluation::bootstrap::{Draws, Groups, number};
use crate::evaluation::intervals::delong;
use crate::evaluation::metrics::confusion::{Confusion, mean, ratio};
use crate::evaluation::metrics::ranking::Ranking;
use crate::evaluation::result::{Averages, ClassMetrics, Intervals};
use crate::evaluation::{Error, Interval, Options, Prediction, Predictions};
use crate::observer::Unit;

/// What the bootstrap gives intervals of, in its order; then F1 and AP of each label.
const DRAWN: [&str; 6] = ["macro_auc", "macro_ap", "macro_f1", "micro_f1", "log_loss", "hamming_loss"];

/// The rows whose labels are known, in the order of their images, so that the order of the file changes nothing.
struct Rows {
    columns: Columns,
    rankings: Vec<Ranking>,
    losses: Vec<f64>,
    errors: Vec<f64>,
    groups: Groups,
}

/// Computes everything.
///
/// # Errors
///
/// What [`Predictions::check`] finds; [`Error::NoLabels`]; [`Error::Interrupted`].
pub fn evaluate(predictions: &Predictions, options: &Options<'_>) -> Result<LabelEvaluation, Error> {
    predictions.check()?;
    let rows = Rows::of(predictions);
    let n = rows.columns.rows;
    if n == 0 {
        return Err(Error::NoLabels { rows: predictions.rows.len() });
    }
    let labels = rows.columns.labels();
    let per_class: Vec<ClassMetrics> =
        (0..labels).map(|label| ClassMetrics::of(&rows.columns.confusion(label, None), 1, &rows.rankings[label])).collect();
    let averages = rows.averages(&per_class);
    let intervals = rows.intervals(&predictions.classes, options)?;
    let each = |get: &dyn Fn(&ClassMetrics) -> u64| ratio(per_class.iter().map(get).sum::<u64>() as f64, n as f64);
    let mut evaluation = LabelEvaluation {
        n,
        unlabelled: predictions.rows.len() - n,
        groups: rows.groups.count(),
        headline: Headline {
            macro_auc: averages["macro"].auc,
            macro_ap: averages["macro"].ap,
            macro_f1: averages["macro"].f1,
            micro_f1: averages["micro"].f1,
            log_loss: mean(rows.losses.iter().copied()),
            subset_accuracy: mean(rows.errors.iter().map(|share| f64::from(u8::from(*share == 0.0)))),
            hamming_loss: mean(rows.errors.iter().copied()),
        },
        averages,
        labels_per_image: [each(&|label| label.support), each(&|label| label.predicted)],
        per_class: predictions.classes.iter().cloned().zip(per_class).collect(),
        intervals,
        undefined: Vec::new(),
        classes: predictions.classes.clone(),
        threshold: THRESHOLD,
    };
    evaluation.undefined = evaluation.name_undefined();
    Ok(evaluation)
}

impl Rows {
    fn of(predictions: &Predictions) -> Self {
        let mut rows: Vec<(&[usize], &Prediction)> =
            predictions.rows.iter().filter_map(|row| Some((row.labels.as_deref()?, row))).collect();
        rows.sort_by(|a, b| a.1.image.cmp(&b.1.image));
        let shown: Vec<&[usize]> = rows.iter().map(|(shown, _)| *shown).collect();
        let probabilities: Vec<Vec<f64>> = rows.iter().map(|(_, row)| row.probabilities.clone()).collect();
        let labels = predictions.classes.len();
        let columns = Columns::of(&shown, &probabilities, labels);
        let of_row = number(rows.iter().map(|(_, row)| (row.group.as_deref(), row.image.as_str())));
        Self {
            rankings: (0..labels).map(|label| columns.ranking(label)).collect(),
            losses: columns.row_log_losses(),
            errors: columns.row_errors(),
            groups: Groups::new(of_row, &rarest(&shown, labels), labels + 1),
            columns,
        }
    }

    fn averages(&self, per_class: &[ClassMetrics]) -> BTreeMap<&'static str, Averages> {
        // An undefined precision, recall or F1 counts as 0, as in scikit-learn; an undefined AUC or AP is left out.
        let plain = Averages {
            precision: mean(per_class.iter().map(|c| c.precision.unwrap_or(0.0))),
            recall: mean(per_class.iter().map(|c| c.recall.unwrap_or(0.0))),
            f1: mean(per_class.iter().map(|c| c.f1.unwrap_or(0.0))),
            auc: mean(per_class.iter().filter_map(|c| c.auc)),
            ap: mean(per_class.iter().filter_map(|c| c.ap)),
        };
        let weighted = |get: &dyn Fn(&ClassMetrics) -> Option<f64>| {
            let with = per_class.iter().filter(|c| c.support > 0).filter_map(|c| get(c).map(|value| (value, c.support as f64)));
            let (sum, weight) = with.fold((0.0, 0.0), |(sum, weight), (value, w)| (sum + value * w, weight + w));
            ratio(sum, weight)
        };
        let zero = |value: Option<f64>| Some(value.unwrap_or(0.0));
        let weighted = Averages {
            precision: weighted(&|c| zero(c.precision)),
            recall: weighted(&|c| zero(c.recall)),
            f1: weighted(&|c| zero(c.f1)),
            auc: weighted(&|c| c.auc),
            ap: weighted(&|c| c.ap),
        };
        BTreeMap::from([("macro", plain), ("weighted", weighted), ("micro", self.micro())])
    }

    /// Of all rows and labels together, as if they were one label.
    fn micro(&self) -> Averages {
        let all = self.all(None);
        let (scores, truth) = (self.columns.scores.concat(), self.columns.truth.concat());
        let (auc, ap) = Ranking::new(&scores, &truth).areas(None);
        Averages { precision: all.precision(1), recall: all.recall(1), f1: all.f1(1), auc, ap }
    }

    fn all(&self, weights: Option<&[f64]>) -> Confusion {
        let mut all = Confusion::empty(2);
        for label in 0..self.columns.labels() {
            let own = self.columns.confusion(label, weights);
            (0..4).for_each(|cell| all.add(cell / 2, cell % 2, own.at(cell / 2, cell % 2)));
        }
        all
    }

    fn intervals(&self, names: &[String], options: &Options<'_>) -> Result<Intervals, Error> {
        let drawn = self.bootstrap(options)?;
        let at = |i: usize| drawn.get(i).copied().flatten();
        let mut headline = IndexMap::from([("subset_accuracy", self.groups.share(&|_| true, &|i| self.errors[i] == 0.0))]);
        headline.extend(DRAWN.iter().enumerate().map(|(i, name)| (*name, at(i))));
        let of_label = |label: usize| {
            let (truth, scores) = (&self.columns.truth[label], &self.columns.scores[label]);
            let (is, said) = (|i: usize| truth[i], |i: usize| self.columns.said(label, i));
            IndexMap::from([
                ("precision", self.groups.share(&said, &is)),
                ("recall", self.groups.share(&is, &said)),
                ("specificity", self.groups.share(&|i| !is(i), &|i| !said(i))),
                ("npv", self.groups.share(&|i| !said(i), &|i| !is(i))),
                ("f1", at(DRAWN.len() + 2 * label)),
                ("auc", delong(scores, truth, self.groups.of_row())),
                ("ap", at(DRAWN.len() + 2 * label + 1)),
            ])
        };
        let per_class = names.iter().cloned().zip((0..names.len()).map(of_label)).collect();
        Ok(Intervals { resamples: options.resamples, seed: options.seed, headline, per_class })
    }

    /// The intervals of [`DRAWN`], then F1 and AP of each label.
    fn bootstrap(&self, options: &Options<'_>) -> Result<Vec<Option<Interval>>, Error> {
        if options.resamples == 0 {
            return Ok(Vec::new());
        }
        let statistics = |weights: &[f64]| {
            let f1s: Vec<Option<f64>> =
                (0..self.columns.labels()).map(|label| self.columns.confusion(label, Some(weights)).f1(1)).collect();
            let areas: Vec<(Option<f64>, Option<f64>)> = self.rankings.iter().map(|ranking| ranking.areas(Some(weights))).collect();
            let weighted = |values: &[f64]| ratio(values.iter().zip(weights).map(|(v, w)| v * w).sum(), weights.iter().sum());
            let mut out = vec![
                mean(areas.iter().filter_map(|a| a.0)),
                mean(areas.iter().filter_map(|a| a.1)),
                mean(f1s.iter().map(|f1| f1.unwrap_or(0.0))),
                self.all(Some(weights)).f1(1),
                weighted(&self.losses),
                weighted(&self.errors),
            ];
            out.extend(f1s.iter().zip(&areas).flat_map(|(f1, areas)| [*f1, areas.1]));
            out
        };
        let task = options.observer.begin("resampling", Some(options.resamples as u64), Unit::Items("draws"));
        let draws = Draws { seed: options.seed, count: options.resamples, task: &*task, interrupt: &options.interrupt };
        let found = self.groups.intervals(&draws, statistics);
        if options.interrupt.is_raised() { Err(Error::Interrupted) } else { Ok(found) }
    }
}

/// The rarest label of each row, or how many labels there are for a row that shows none: what keeps a draw from losing a label.
fn rarest(shown: &[&[usize]], labels: usize) -> Vec<usize> {
    let mut support = vec![0usize; labels];
    shown.iter().copied().flatten().for_each(|&label| support[label] += 1);
    shown.iter().map(|shown| shown.iter().copied().min_by_key(|&label| (support[label], label)).unwrap_or(labels)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: usize) -> Predictions {
        let rows = (0..n).map(|i| {
            let labels: Vec<usize> =
                [2, 3, 50].into_iter().enumerate().filter(|(_, every)| i % every == 0).map(|(label, _)| label).collect();
            let p = |label: usize| {
                let lean = if labels.contains(&label) { 0.3 } else { 0.0 };
                0.1 + lean + ((i * (label + 3) * 13) % 97) as f64 / 190.0
            };
            Prediction {
                image: format!("{i:04}.jpg"),
                group: Some(format!("g{}", i / 2)),
                probabilities: (0..3).map(p).collect(),
                labels: Some(labels),
                label: None,
            }
        });
        Predictions { classes: ["dots", "network", "streaks"].map(str::to_owned).to_vec(), multi_label: true, rows: rows.collect() }
    }

    #[test]
    fn the_order_of_rows_changes_no_bit_and_rare_labels_have_intervals() {
        let straight = table(200);
        let mut turned = straight.clone();
        turned.rows.reverse();
        let options = Options { resamples: 100, ..Options::default() };
        let one = evaluate(&straight, &options).unwrap();
        assert_eq!(evaluate(&turned, &options).unwrap().to_json(), one.to_json());
        assert_eq!((one.n, one.groups, one.per_class["streaks"].support), (200, 100, 4));
        // Four images in as many groups, which every draw keeps in number.
        let ap = one.intervals.per_class["streaks"]["ap"].unwrap();
        assert!(ap.lower <= one.per_class["streaks"].ap.unwrap() && one.per_class["streaks"].ap.unwrap() <= ap.upper);
        let macro_auc = one.intervals.headline["macro_auc"].unwrap();
        assert!(macro_auc.lower < one.headline.macro_auc.unwrap() && one.headline.macro_auc.unwrap() < macro_auc.upper);
        assert!(one.undefined.is_empty(), "{:?}", one.undefined);
    }

    #[test]
    fn what_has_no_value_is_named() {
        let mut predictions = table(30);
        predictions.rows.iter_mut().for_each(|row| row.labels.iter_mut().for_each(|labels| labels.retain(|label| *label != 2)));
        predictions.rows[3].labels = None;
        let found = evaluate(&predictions, &Options { resamples: 0, ..Options::default() }).unwrap();
        assert_eq!((found.n, found.unlabelled, found.per_class["streaks"].auc), (29, 1, None));
        assert!(found.undefined.iter().any(|line| line == "per_class.streaks.auc: no rows"), "{:?}", found.undefined);
        assert!(found.headline.macro_auc.is_some());
        predictions.rows.iter_mut().for_each(|row| row.labels = None);
        assert!(matches!(evaluate(&predictions, &Options::default()), Err(Error::NoLabels { rows: 30 })));
    }
}
