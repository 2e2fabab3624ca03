//! Numbers and sentences of the report.

use indexmap::IndexMap;

use crate::evaluation::result::Evaluation;
use crate::evaluation::{Interval, result::ClassMetrics};
use crate::text::count;

/// Fewer rows of a class than this make its numbers anecdotes.
pub const FEW: u64 = 10;

/// Three decimals, `–` without a value.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// `0.601 to 0.680`, empty without an interval.
pub fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |i| format!("{:.3} to {:.3}", i.lower, i.upper))
}

/// What the numbers rest on.
pub fn subtitle(evaluation: &Evaluation) -> String {
    let rows = count(evaluation.n, "image", "images");
    let classes = count(evaluation.classes.len(), "class", "classes");
    if evaluation.groups == evaluation.n {
        format!("{rows}, {classes}, each image on its own")
    } else {
        format!("{rows} of {}, {classes}", count(evaluation.groups, "group", "groups"))
    }
}

/// The class with rows whose recall is lowest.
pub fn weakest(evaluation: &Evaluation) -> Option<(&String, &ClassMetrics)> {
    let with_rows = evaluation.per_class.iter().filter(|(_, class)| class.recall.is_some());
    with_rows.min_by(|a, b| a.1.recall.unwrap_or(1.0).total_cmp(&b.1.recall.unwrap_or(1.0)))
}

/// The most frequent class and its share.
pub fn majority(evaluation: &Evaluation) -> (String, f64) {
    let most = evaluation.per_class.iter().fold(None, |most: Option<(&String, u64)>, (name, class)| match most {
        Some((_, support)) if support >= class.support => most,
        _ => Some((name, class.support)),
    });
    most.map_or_else(|| (String::new(), 0.0), |(name, support)| (name.clone(), support as f64 / evaluation.n.max(1) as f64))
}

/// How many classes have rows.
pub fn present(evaluation: &Evaluation) -> usize {
    evaluation.per_class.values().filter(|class| class.support > 0).count()
}

/// The log loss of always giving each class its share of these images: -Σ s ln s.
pub fn entropy(evaluation: &Evaluation) -> f64 {
    let shares = evaluation.per_class.values().map(|class| class.support as f64 / evaluation.n.max(1) as f64);
    shares.filter(|share| *share > 0.0).map(|share| -share * share.ln()).sum()
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: &[&String]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).clone(),
        [head @ .., last] => format!("{} and {last}", head.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")),
    }
}

/// Classes with few images or none, and images without a label; `left_out_of`: what an absent class is no part of.
pub fn rests_on(per_class: &IndexMap<String, ClassMetrics>, unlabelled: usize, left_out_of: &str) -> Vec<String> {
    let mut out = Vec::new();
    let few: Vec<&String> = per_class.iter().filter(|(_, c)| (1..FEW).contains(&c.support)).map(|(name, _)| name).collect();
    if !few.is_empty() {
        out.push(format!(
            "{} {} on fewer than {FEW} images, and so does part of every average over classes.",
            list(&few),
            if few.len() == 1 { "rests" } else { "rest" }
        ));
    }
    let absent: Vec<&String> = per_class.iter().filter(|(_, c)| c.support == 0).map(|(name, _)| name).collect();
    if !absent.is_empty() {
        let (has, its) = if absent.len() == 1 { ("has", "It is") } else { ("have", "They are") };
        out.push(format!("{} {has} no image here. {its} left out of {left_out_of}.", list(&absent)));
    }
    if unlabelled > 0 {
        out.push(format!("{} without a label left out.", count(unlabelled, "image", "images")));
    }
    out
}

/// Reasons to doubt the numbers.
pub fn cautions(evaluation: &Evaluation) -> Vec<String> {
    let mut out = rests_on(&evaluation.per_class, evaluation.unlabelled, "balanced accuracy and macro AUC");
    if let (Some(ece), Some(floor)) = (evaluation.headline.ece, evaluation.headline.ece_noise_p95)
        && ece <= floor
    {
        out.push(format!(
            "The calibration error of {ece:.3} is no evidence of miscalibration: with this many images a perfectly calibrated model shows up to {floor:.3}."
        ));
    }
    out
}
