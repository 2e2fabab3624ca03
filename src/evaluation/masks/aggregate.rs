//! Means over images with their intervals.

use indexmap::IndexMap;

use super::result::{Case, ClassResult, MaskEvaluation, MaskIntervals, Means};
use super::{overlap::THRESHOLD, score::Scores};
use crate::evaluation::bootstrap::{Draws, Groups, number, quantile};
use crate::evaluation::metrics::confusion::mean;
use crate::evaluation::{Error, Interval, Options};
use crate::observer::Unit;

/// The numbers of one image and class, in the order of [`Means::NAMES`].
fn numbers(scores: &Scores) -> [Option<f64>; 9] {
    [
        Some(scores.overlap.dice()),
        Some(scores.overlap.jaccard()),
        Some(scores.overlap.thresholded_jaccard()),
        Some(scores.overlap.sensitivity()),
        Some(scores.overlap.specificity()),
        scores.hd95,
        scores.penalised(scores.hd95),
        scores.assd,
        scores.penalised(scores.assd),
    ]
}

/// Averages the cases; every case has one [`Scores`] for each of `classes`.
///
/// # Errors
///
/// [`Error::NoMasks`] of no case; [`Error::Interrupted`].
pub fn evaluate(classes: &[String], cases: &[Case], options: &Options<'_>) -> Result<MaskEvaluation, Error> {
    if cases.is_empty() || classes.is_empty() || cases.iter().any(|case| case.scores.len() != classes.len()) {
        return Err(Error::NoMasks);
    }
    // In the order of the images, so that the order of the cases changes nothing.
    let mut cases: Vec<&Case> = cases.iter().collect();
    cases.sort_by(|a, b| a.image.cmp(&b.image));
    let groups = grouped(&cases);
    let table: Vec<Vec<[Option<f64>; 9]>> = cases.iter().map(|case| case.scores.iter().map(numbers).collect()).collect();
    let of_class = |class: usize, weights: Option<&[f64]>| weighted(&table, class, weights);
    let means: Vec<[Option<f64>; 9]> = (0..classes.len()).map(|class| of_class(class, None)).collect();
    let drawn = if options.resamples == 0 {
        Vec::new()
    } else {
        let task = options.observer.begin("resampling", Some(options.resamples as u64), Unit::Items("draws"));
        let draws = Draws { seed: options.seed, count: options.resamples, task: &*task, interrupt: &options.interrupt };
        groups.intervals(&draws, |weights| {
            let each: Vec<[Option<f64>; 9]> = (0..classes.len()).map(|class| of_class(class, Some(weights))).collect();
            over_classes(&each).into_iter().chain(each.into_iter().flatten()).collect()
        })
    };
    if options.interrupt.is_raised() {
        return Err(Error::Interrupted);
    }
    let named = |block: usize| -> IndexMap<&'static str, Option<Interval>> {
        Means::NAMES.into_iter().enumerate().map(|(at, name)| (name, drawn.get(block * 9 + at).copied().flatten())).collect()
    };
    let intervals = MaskIntervals {
        resamples: options.resamples,
        seed: options.seed,
        headline: named(0),
        per_class: classes.iter().cloned().enumerate().map(|(at, class)| (class, named(at + 1))).collect(),
    };
    let results = classes.iter().cloned().zip(means.iter().enumerate().map(|(at, means)| of(&cases, at, *means)));
    Ok(MaskEvaluation {
        n: cases.len(),
        groups: groups.count(),
        headline: Means::of(over_classes(&means)),
        per_class: results.collect(),
        intervals,
    })
}

/// Each image's group, or itself.
fn grouped(cases: &[&Case]) -> Groups {
    let of_row = number(cases.iter().map(|case| (case.group.as_deref(), case.image.as_str())));
    Groups::new(of_row, &vec![0; cases.len()], 1)
}

/// The mean of every number of a class over the images that have it.
fn weighted(table: &[Vec<[Option<f64>; 9]>], class: usize, weights: Option<&[f64]>) -> [Option<f64>; 9] {
    let mut sums = [(0.0, 0.0); 9];
    for (at, image) in table.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[at]);
        for (sum, value) in sums.iter_mut().zip(image[class]) {
            if let Some(value) = value {
                *sum = (sum.0 + weight * value, sum.1 + weight);
            }
        }
    }
    sums.map(|(sum, weight)| (weight > 0.0).then(|| sum / weight))
}

/// The mean over the classes that have the number.
fn over_classes(classes: &[[Option<f64>; 9]]) -> [Option<f64>; 9] {
    std::array::from_fn(|at| mean(classes.iter().filter_map(|class| class[at])))
}

fn of(cases: &[&Case], class: usize, means: [Option<f64>; 9]) -> ClassResult {
    let scores = || cases.iter().map(|case| &case.scores[class]);
    let count = |wanted: &dyn Fn(&Scores) -> bool| scores().filter(|scores| wanted(scores)).count() as u64;
    let mut dice: Vec<f64> = scores().map(|scores| scores.overlap.dice()).collect();
    dice.sort_by(f64::total_cmp);
    ClassResult {
        support: count(&|scores| scores.overlap.truth() > 0),
        predicted: count(&|scores| scores.overlap.predicted() > 0),
        missed: count(&|scores| scores.overlap.missed()),
        invented: count(&|scores| scores.overlap.invented()),
        both_empty: count(&|scores| scores.overlap.truth() == 0 && scores.overlap.predicted() == 0),
        below_threshold: count(&|scores| scores.overlap.jaccard() < THRESHOLD),
        means: Means::of(means),
        dice_quartiles: [0.25, 0.5, 0.75].map(|share| quantile(&dice, share)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::score;
    use super::*;

    fn case(image: &str, group: Option<&str>, truth: &[u8], said: &[u8]) -> Case {
        Case { image: image.to_owned(), group: group.map(str::to_owned), scores: vec![score(truth, said, truth.len(), 1)] }
    }

    #[test]
    fn failures_are_counted_and_penalised_and_empty_pairs_are_neither() {
        let cases = [
            case("right", None, &[1, 1, 0, 0], &[1, 1, 0, 0]),
            case("missed", None, &[1, 1, 0, 0], &[0, 0, 0, 0]),
            case("invented", None, &[0, 0, 0, 0], &[0, 0, 0, 1]),
            case("nothing", None, &[0, 0, 0, 0], &[0, 0, 0, 0]),
        ];
        let found = evaluate(&["lesion".to_owned()], &cases, &Options::default()).unwrap();
        let class = &found.per_class["lesion"];
        assert_eq!((class.support, class.predicted, class.missed, class.invented, class.both_empty), (2, 2, 1, 1, 1));
        assert_eq!((found.headline.dice, found.headline.jaccard, class.below_threshold), (Some(0.5), Some(0.5), 2));
        // One right outline; two failures of the diagonal of a 4 x 1 image.
        assert_eq!((found.headline.hd95, found.headline.hd95_penalised), (Some(0.0), Some(2.0 * 17f64.sqrt() / 3.0)));
        // Four groups are too few for an interval.
        assert!(found.intervals.headline.values().all(Option::is_none));
    }

    #[test]
    fn images_of_one_patient_widen_the_interval() {
        let build = |grouped: bool| {
            let cases: Vec<Case> = (0..200)
                .map(|i| {
                    let patient = i / 10;
                    let truth = [1u8, 1, 1, 1, 1, 1, 1, 1, 1, 1];
                    let said: Vec<u8> = (0..10).map(|x| u8::from(x <= patient % 10)).collect();
                    case(&format!("{i:03}"), grouped.then(|| format!("p{patient}")).as_deref(), &truth, &said)
                })
                .collect();
            let found = evaluate(&["lesion".to_owned()], &cases, &Options::default()).unwrap();
            let interval = found.intervals.headline["sensitivity"].unwrap();
            (found.groups, interval.upper - interval.lower, found.headline.sensitivity)
        };
        let (alone, together) = (build(false), build(true));
        assert_eq!((alone.0, together.0), (200, 20));
        assert!((alone.2.unwrap() - 0.55).abs() < 1e-12);
        // Ten alike images a patient: as wide as a tenth of the images, sqrt(10) times.
        assert!((together.1 / alone.1 - 10f64.sqrt()).abs() < 0.4, "{} {}", together.1, alone.1);
    }
}
