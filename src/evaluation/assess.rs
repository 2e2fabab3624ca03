//! Everything that is computed from one table.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::bootstrap::{Draws, Groups, number, quantile, stream};
use super::error::Error;
use super::intervals::{Interval, delong};
use super::metrics::confusion::{Confusion, mean, ratio};
use super::metrics::probability;
use super::metrics::ranking::{Ranking, one_vs_rest};
use super::metrics::{self, isic, ranking};
use super::predictions::{Prediction, Predictions, top};
use super::result::{Averages, ClassMetrics, Evaluation, Headline, Intervals, Isic, MedMnist};
use crate::observer::{Interrupt, Observer, Unit};

/// How to evaluate.
pub struct Options<'a> {
    /// Seed of the bootstrap and of the calibration's noise floor.
    pub seed: u64,
    /// Draws of the bootstrap; 0 leaves out the intervals that need it.
    pub resamples: usize,
    /// Told of the progress.
    pub observer: &'a dyn Observer,
    /// Stops the bootstrap.
    pub interrupt: Interrupt,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { seed: 0, resamples: 1000, observer: &crate::observer::Silent, interrupt: Interrupt::default() }
    }
}

/// The labelled rows in the order of their images, so that the order of the file changes nothing.
struct Rows {
    classes: Vec<String>,
    labels: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    predicted: Vec<usize>,
    groups: Groups,
}

/// Computes everything.
///
/// # Errors
/// What [`Predictions::check`] finds; [`Error::NoLabels`]; [`Error::Interrupted`].
pub fn evaluate(predictions: &Predictions, options: &Options<'_>) -> Result<Evaluation, Error> {
    predictions.check()?;
    let rows = Rows::of(predictions);
    if rows.labels.is_empty() {
        return Err(Error::NoLabels { rows: predictions.rows.len() });
    }
    let (labels, probabilities, k) = (&rows.labels, &rows.probabilities, rows.classes.len());
    let confusion = Confusion::of(labels, probabilities, k);
    let per_class: Vec<ClassMetrics> = (0..k).map(|class| rows.class(&confusion, class)).collect();
    let headline = rows.headline(&confusion, options);
    let intervals = rows.intervals(options)?;
    let named = || rows.classes.iter().cloned();
    let mut evaluation = Evaluation {
        n: labels.len(),
        unlabelled: predictions.rows.len() - labels.len(),
        groups: rows.groups.count(),
        averages: rows.averages(&per_class),
        medmnist: MedMnist { auc: ranking::medmnist_auc(labels, probabilities, k), acc: ranking::medmnist_acc(labels, probabilities, k) },
        isic: Isic {
            balanced_accuracy: isic::balanced_accuracy(labels, probabilities, k),
            undecided: probabilities.iter().filter(|row| isic::decided(row).is_none()).count() as u64,
            per_class: named().zip((0..k).map(|class| isic::class_score(labels, probabilities, class))).collect(),
        },
        headline,
        per_class: named().zip(per_class).collect(),
        intervals,
        undefined: Vec::new(),
        confusion: (0..k).map(|r| (0..k).map(|c| confusion.at(r, c) as u64).collect()).collect(),
        reliability: probability::reliability(labels, probabilities).to_vec(),
        classes: rows.classes,
    };
    evaluation.undefined = evaluation.name_undefined();
    Ok(evaluation)
}

impl Rows {
    fn of(predictions: &Predictions) -> Self {
        let mut rows: Vec<(usize, &Prediction)> = predictions.rows.iter().filter_map(|row| Some((row.label?, row))).collect();
        rows.sort_by(|a, b| a.1.image.cmp(&b.1.image));
        let of_row = number(rows.iter().map(|(_, row)| (row.group.as_deref(), row.image.as_str())));
        let labels: Vec<usize> = rows.iter().map(|(label, _)| *label).collect();
        Self {
            classes: predictions.classes.clone(),
            probabilities: rows.iter().map(|(_, row)| row.probabilities.clone()).collect(),
            predicted: rows.iter().map(|(_, row)| row.predicted()).collect(),
            groups: Groups::new(of_row, &labels, predictions.classes.len()),
            labels,
        }
    }

    fn class(&self, confusion: &Confusion, k: usize) -> ClassMetrics {
        let (scores, positive) = one_vs_rest(&self.labels, &self.probabilities, k);
        ClassMetrics::of(confusion, k, &Ranking::new(&scores, &positive))
    }

    fn headline(&self, confusion: &Confusion, options: &Options<'_>) -> Headline {
        let (labels, probabilities, k) = (&self.labels, &self.probabilities, self.classes.len());
        let brier = metrics::brier(labels, probabilities);
        let noise = self.calibration_noise(options.seed);
        Headline {
            balanced_accuracy: confusion.balanced_accuracy(),
            accuracy: confusion.accuracy(),
            macro_auc: metrics::macro_auc(labels, probabilities, k),
            macro_ap: metrics::macro_average_precision(labels, probabilities, k),
            macro_f1: metrics::macro_f1(labels, probabilities, k),
            log_loss: metrics::log_loss(labels, probabilities),
            brier,
            brier_halved: brier.map(|brier| brier / 2.0),
            ece: metrics::ece(labels, probabilities),
            ece_noise_mean: mean(noise.iter().copied()),
            ece_noise_p95: (!noise.is_empty()).then(|| quantile(&noise, 0.95)),
            mce: metrics::mce(labels, probabilities),
            kappa: confusion.kappa(),
            mcc: confusion.mcc(),
            top_2: metrics::top_k(labels, probabilities, 2),
            top_3: metrics::top_k(labels, probabilities, 3),
        }
    }

    /// ECEs, sorted, of 200 tables in which each prediction is right with the probability that the model gave it.
    fn calibration_noise(&self, seed: u64) -> Vec<f64> {
        use rand::Rng;
        use rayon::prelude::*;
        let confidence: Vec<f64> = self.probabilities.iter().map(|row| row[top(row)]).collect();
        let once = |simulation: u64| {
            // The bootstrap's streams begin at 0.
            let mut random = stream(seed, u64::MAX - simulation);
            probability::expected_error(&probability::bins(confidence.iter().map(|c| (*c, random.random::<f64>() < *c, 1.0))))
        };
        let mut found: Vec<f64> = (0..200u64).into_par_iter().filter_map(once).collect();
        found.sort_by(f64::total_cmp);
        found
    }

    fn averages(&self, per_class: &[ClassMetrics]) -> BTreeMap<&'static str, Averages> {
        let present = |class: &&ClassMetrics| class.support > 0;
        // An undefined precision, recall or F1 counts as 0, as in scikit-learn; an undefined AUC or AP is left out.
        let plain = |classes: &[&ClassMetrics]| Averages {
            precision: mean(classes.iter().map(|c| c.precision.unwrap_or(0.0))),
            recall: mean(classes.iter().map(|c| c.recall.unwrap_or(0.0))),
            f1: mean(classes.iter().map(|c| c.f1.unwrap_or(0.0))),
            auc: mean(classes.iter().filter_map(|c| c.auc)),
            ap: mean(classes.iter().filter_map(|c| c.ap)),
        };
        let weighted = |get: &dyn Fn(&ClassMetrics) -> Option<f64>| {
            let with = per_class.iter().filter(present).filter_map(|c| get(c).map(|value| (value, c.support as f64)));
            let (sum, weight) = with.fold((0.0, 0.0), |(sum, weight), (value, w)| (sum + value * w, weight + w));
            ratio(sum, weight)
        };
        let zero = |value: Option<f64>| Some(value.unwrap_or(0.0));
        BTreeMap::from([
            ("macro", plain(&per_class.iter().collect::<Vec<_>>())),
            ("macro_present", plain(&per_class.iter().filter(present).collect::<Vec<_>>())),
            (
                "weighted",
                Averages {
                    precision: weighted(&|c| zero(c.precision)),
                    recall: weighted(&|c| zero(c.recall)),
                    f1: weighted(&|c| zero(c.f1)),
                    auc: weighted(&|c| c.auc),
                    ap: weighted(&|c| c.ap),
                },
            ),
            ("micro", self.micro()),
        ])
    }

    /// One label a row: micro precision, recall and F1 are the accuracy; AUC and AP are those of all cells together.
    fn micro(&self) -> Averages {
        let right = self.labels.iter().zip(&self.predicted).filter(|(label, predicted)| label == predicted).count();
        let accuracy = ratio(right as f64, self.labels.len() as f64);
        let scores: Vec<f64> = self.probabilities.iter().flatten().copied().collect();
        let positive: Vec<bool> = self.labels.iter().flat_map(|label| (0..self.classes.len()).map(move |k| k == *label)).collect();
        let (auc, ap) = Ranking::new(&scores, &positive).areas(None);
        Averages { precision: accuracy, recall: accuracy, f1: accuracy, auc, ap }
    }

    fn intervals(&self, options: &Options<'_>) -> Result<Intervals, Error> {
        let k = self.classes.len();
        let drawn = self.bootstrap(options)?;
        let at = |i: usize| drawn.get(i).copied().flatten();
        let all = |_: usize| true;
        let mut headline = IndexMap::from([("accuracy", self.groups.share(&all, &|i| self.predicted[i] == self.labels[i]))]);
        headline.extend(DRAWN.iter().enumerate().map(|(i, name)| (*name, at(i))));
        let class = |c: usize| {
            let is = |i: usize| self.labels[i] == c;
            let said = |i: usize| self.predicted[i] == c;
            let (scores, positive) = one_vs_rest(&self.labels, &self.probabilities, c);
            IndexMap::from([
                ("precision", self.groups.share(&said, &is)),
                ("recall", self.groups.share(&is, &said)),
                ("specificity", self.groups.share(&|i| !is(i), &|i| !said(i))),
                ("npv", self.groups.share(&|i| !said(i), &|i| !is(i))),
                ("f1", at(DRAWN.len() + 2 * c)),
                ("auc", delong(&scores, &positive, self.groups.of_row())),
                ("ap", at(DRAWN.len() + 2 * c + 1)),
            ])
        };
        let per_class = self.classes.iter().cloned().zip((0..k).map(class)).collect();
        Ok(Intervals { resamples: options.resamples, seed: options.seed, headline, per_class })
    }

    /// The intervals of [`DRAWN`], then F1 and AP of each class.
    fn bootstrap(&self, options: &Options<'_>) -> Result<Vec<Option<Interval>>, Error> {
        if options.resamples == 0 {
            return Ok(Vec::new());
        }
        let k = self.classes.len();
        let rankings: Vec<Ranking> = (0..k)
            .map(|class| {
                let (scores, positive) = one_vs_rest(&self.labels, &self.probabilities, class);
                Ranking::new(&scores, &positive)
            })
            .collect();
        let pairs = || self.labels.iter().zip(&self.probabilities);
        let losses: Vec<f64> = pairs().map(|(label, row)| probability::row_log_loss(*label, row)).collect();
        let briers: Vec<f64> = pairs().map(|(label, row)| probability::row_brier(*label, row)).collect();
        let statistics = |weights: &[f64]| {
            let mut confusion = Confusion::empty(k);
            for ((label, predicted), weight) in self.labels.iter().zip(&self.predicted).zip(weights) {
                confusion.add(*label, *predicted, *weight);
            }
            let areas: Vec<(Option<f64>, Option<f64>)> = rankings.iter().map(|ranking| ranking.areas(Some(weights))).collect();
            let weighted = |values: &[f64]| ratio(values.iter().zip(weights).map(|(v, w)| v * w).sum(), weights.iter().sum());
            let f1 = mean((0..k).map(|class| confusion.f1(class).unwrap_or(0.0)));
            let (auc, ap) = (mean(areas.iter().filter_map(|a| a.0)), mean(areas.iter().filter_map(|a| a.1)));
            let mut out =
                vec![confusion.balanced_accuracy(), auc, ap, f1, weighted(&losses), weighted(&briers), confusion.kappa(), confusion.mcc()];
            out.extend((0..k).flat_map(|class| [confusion.f1(class), areas[class].1]));
            out
        };
        let task = options.observer.begin("resampling", Some(options.resamples as u64), Unit::Items("draws"));
        let draws = Draws { seed: options.seed, count: options.resamples, task: &*task, interrupt: &options.interrupt };
        let found = self.groups.intervals(&draws, statistics);
        if options.interrupt.is_raised() { Err(Error::Interrupted) } else { Ok(found) }
    }
}

/// What the bootstrap gives intervals of, in its order. Not the ECE: a resampled ECE is biased upwards, so that its
/// percentiles can miss the very value they belong to; its noise floor says what an interval could not.
const DRAWN: [&str; 8] = ["balanced_accuracy", "macro_auc", "macro_ap", "macro_f1", "log_loss", "brier", "kappa", "mcc"];

#[cfg(test)]
mod tests;
