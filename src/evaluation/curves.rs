//! ROC and precision-recall curves as points.

use super::metrics::ranking::Ranking;

/// (1 - specificity, sensitivity) at every distinct score, from (0, 0) to (1, 1). None without a positive or a
/// negative row.
pub fn roc(ranking: &Ranking) -> Option<Vec<(f64, f64)>> {
    let steps = ranking.cumulative();
    let (p, n) = steps.last().copied().filter(|(p, n)| *p > 0.0 && *n > 0.0)?;
    Some(std::iter::once((0.0, 0.0)).chain(steps.into_iter().map(|(tp, fp)| (fp / n, tp / p))).collect())
}

/// (recall, precision) at every distinct score, the highest score first. None without a positive row.
pub fn precision_recall(ranking: &Ranking) -> Option<Vec<(f64, f64)>> {
    let steps = ranking.cumulative();
    let (p, _) = steps.last().copied().filter(|(p, _)| *p > 0.0)?;
    Some(steps.into_iter().map(|(tp, fp)| (tp / p, tp / (tp + fp))).collect())
}

/// The points that a drawing needs: the first, the last, and between them those at least 1/400 of the axes away from
/// the one before, which is about one unit of a plot.
pub fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (i, point) in points.iter().enumerate() {
        let far = kept.last().is_none_or(|last| (point.0 - last.0).abs().max((point.1 - last.1).abs()) >= 0.0025);
        if far || i + 1 == points.len() {
            kept.push(*point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curves_of_scikit_learns_example() {
        // The example of roc_curve and precision_recall_curve: y = 0 0 1 1, scores = .1 .4 .35 .8.
        let ranking = Ranking::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
        assert_eq!(roc(&ranking).unwrap(), [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert_eq!(precision_recall(&ranking).unwrap(), [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0), (1.0, 0.5)]);
        assert_eq!(roc(&Ranking::new(&[0.1, 0.4], &[true, true])), None);
    }

    #[test]
    fn thinning_keeps_the_ends() {
        let points: Vec<(f64, f64)> = (0..=10_000).map(|i| (f64::from(i) / 1e4, f64::from(i) / 1e4)).collect();
        let thinned = thin(&points);
        assert!(thinned.len() < 420 && thinned.first() == points.first() && thinned.last() == points.last());
    }
}
