//! The report's drawings.

use indexmap::IndexMap;

use super::words::number;
use crate::evaluation::curves;
use crate::evaluation::intervals::wilson;
use crate::evaluation::metrics::ranking::Ranking;
use crate::evaluation::result::{ClassMetrics, Evaluation};
use crate::report::svg::{Area, Axis, Bars, Group, HeatMap, LinePlot, Series, Stroke, Svg};

/// The confusion matrix in counts and in shares of each true class.
pub fn confusion(evaluation: &Evaluation) -> [Svg; 2] {
    let row_sums: Vec<u64> = evaluation.confusion.iter().map(|row| row.iter().sum()).collect();
    let share = |r: usize, c: usize| evaluation.confusion[r][c] as f64 / row_sums[r] as f64;
    let k = evaluation.classes.len();
    let shades: Vec<Vec<f64>> = (0..k).map(|r| (0..k).map(|c| share(r, c)).collect()).collect();
    let counts = evaluation.confusion.iter().map(|row| row.iter().map(|n| if *n == 0 { "·".to_owned() } else { n.to_string() }).collect());
    let map = |title: &str, description: &str, texts: Vec<Vec<String>>| {
        HeatMap {
            title: title.to_owned(),
            description: description.to_owned(),
            row_label: "true class".to_owned(),
            column_label: "predicted class".to_owned(),
            rows: evaluation.classes.clone(),
            columns: evaluation.classes.clone(),
            shades: shades.clone(),
            texts,
        }
        .svg()
    };
    let shares = shades.iter().map(|row| row.iter().map(|s| percent(*s)).collect()).collect();
    [
        map("Images", "Confusion matrix: number of images of each true class by predicted class.", counts.collect()),
        map(
            "Percent of each true class",
            "Confusion matrix: share of each true class by predicted class; the diagonal is the recall.",
            shares,
        ),
    ]
}

/// `87`, `<1` for what is not nothing, `·` for nothing or without a value.
fn percent(share: f64) -> String {
    match share {
        s if !s.is_finite() || s <= 0.0 => "·".to_owned(),
        s if s < 0.005 => "<1".to_owned(),
        s => format!("{:.0}", s * 100.0),
    }
}

/// ROC and precision-recall curves, one line a class; what a class is called, and what it stands against.
pub fn curves(per_class: &IndexMap<String, ClassMetrics>, [class, rest]: [&str; 2], ranking: &dyn Fn(usize) -> Ranking) -> [Svg; 2] {
    let mut roc = LinePlot::new(
        format!("ROC, each {class} against {rest}"),
        format!("Receiver operating characteristic: sensitivity against one minus specificity for each {class}."),
        Axis::unit("1 − specificity"),
        Axis::unit("sensitivity"),
    );
    roc.guide = Some(((0.0, 0.0), (1.0, 1.0)));
    let mut pr = LinePlot::new(
        format!("Precision and recall, each {class} against {rest}"),
        format!("Precision against recall for each {class}."),
        Axis::unit("recall"),
        Axis::unit("precision"),
    );
    for (k, (name, class)) in per_class.iter().enumerate() {
        let ranking = ranking(k);
        // Every class keeps its colour in both plots: one without a curve takes its place with no points.
        let points = curves::roc(&ranking).unwrap_or_default();
        roc.series.push(Series::line(format!("{name}  AUC {}", number(class.auc)), curves::thin(&points)));
        let points = curves::precision_recall(&ranking).unwrap_or_default();
        pr.series.push(Series::line(format!("{name}  AP {}", number(class.ap)), curves::thin(&points)));
    }
    [roc.svg(), pr.svg()]
}

/// The reliability diagram and the number of images in each of its bins.
pub fn reliability(evaluation: &Evaluation) -> [Svg; 2] {
    let bins = &evaluation.reliability;
    let mut plot = LinePlot::new(
        "Reliability of the predicted class",
        "Share of correct predictions against mean confidence in 15 bins, with 95 % intervals; the diagonal is perfect calibration.",
        Axis::unit("confidence"),
        Axis::unit("share correct"),
    );
    plot.guide = Some(((0.0, 0.0), (1.0, 1.0)));
    let filled = || bins.iter().filter(|bin| bin.count > 0.0);
    plot.series.push(Series {
        name: "bins, with 95 % intervals".to_owned(),
        points: filled().map(|bin| (bin.confidence, bin.accuracy)).collect(),
        stroke: Stroke::DotsAndLine,
    });
    let band = filled().filter_map(|bin| wilson(bin.accuracy * bin.count, bin.count).map(|i| (bin.confidence, i.lower, i.upper)));
    plot.areas.push(Area { series: 0, points: band.collect() });
    let counts = Bars {
        title: "Images in each bin".to_owned(),
        description: "Number of predictions by confidence, of which correct.".to_owned(),
        x_label: "confidence up to".to_owned(),
        y_label: "images".to_owned(),
        labels: bins.iter().map(|bin| format!("{:.2}", bin.upper)).collect(),
        groups: vec![
            Group { name: "all".to_owned(), values: bins.iter().map(|bin| bin.count).collect() },
            Group { name: "correct".to_owned(), values: bins.iter().map(|bin| (bin.count * bin.accuracy).round()).collect() },
        ],
        at_least: 0.0,
    };
    [plot.svg(), counts.svg()]
}
