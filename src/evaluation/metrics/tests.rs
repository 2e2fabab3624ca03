//! Values by hand and from published examples, and what must not change them.

use super::*;

/// Six rows of three classes, worked by hand in the tests below.
fn small() -> (Vec<usize>, Vec<Vec<f64>>) {
    let labels = vec![0, 0, 1, 1, 2, 2];
    let rows =
        vec![vec![0.7, 0.2, 0.1], vec![0.3, 0.6, 0.1], vec![0.2, 0.5, 0.3], vec![0.1, 0.8, 0.1], vec![0.4, 0.3, 0.3], vec![0.1, 0.1, 0.8]];
    (labels, rows)
}

fn near(found: Option<f64>, wanted: f64) {
    let found = found.expect("a value");
    assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
}

#[test]
fn the_confusion_matrix_by_hand() {
    let (labels, rows) = small();
    let c = Confusion::of(&labels, &rows, 3);
    // True 0: predicted 0, 1. True 1: 1, 1. True 2: 0, 2.
    let wanted = [[1.0, 1.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 1.0]];
    assert!((0..3).all(|r| (0..3).all(|k| c.at(r, k) == wanted[r][k])));
    near(c.accuracy(), 4.0 / 6.0);
    near(c.balanced_accuracy(), (0.5 + 1.0 + 0.5) / 3.0);
    near(c.precision(1), 2.0 / 3.0);
    near(c.recall(0), 0.5);
    near(c.specificity(0), 3.0 / 4.0);
    near(c.npv(1), 3.0 / 3.0);
    near(c.f1(1), 4.0 / 5.0);
    // Chance agreement: (2*2 + 2*3 + 2*1) / 36 = 1/3.
    near(c.kappa(), (2.0 / 3.0 - 1.0 / 3.0) / (1.0 - 1.0 / 3.0));
    // c s - Σ p t = 24 - 12; (36 - 14)(36 - 12).
    near(c.mcc(), 12.0 / (22.0f64 * 24.0).sqrt());
    near(macro_f1(&labels, &rows, 3), (0.5 + 0.8 + 2.0 / 3.0) / 3.0);
}

#[test]
fn the_published_example_of_multiclass_correlation() {
    // scikit-learn's matthews_corrcoef example: y = +1 +1 +1 -1, guess = +1 -1 +1 +1, value -0.33.
    let mut c = Confusion::empty(2);
    for (label, guess) in [(1, 1), (1, 0), (1, 1), (0, 1)] {
        c.add(label, guess, 1.0);
    }
    near(c.mcc(), -1.0 / 3.0);
}

#[test]
fn areas_of_published_examples_and_of_ties() {
    // scikit-learn's examples of roc_auc_score and average_precision_score: 0.75 and 0.83.
    let (scores, positive) = ([0.1, 0.4, 0.35, 0.8], [false, false, true, true]);
    near(auc(&scores, &positive), 0.75);
    near(average_precision(&scores, &positive), 0.5 + 0.5 * 2.0 / 3.0);
    // All scores equal: one half, and the share of positives.
    near(auc(&[0.5; 5], &[true, false, false, true, false]), 0.5);
    near(average_precision(&[0.5; 5], &[true, false, false, true, false]), 0.4);
    // One tie across the kinds: pairs 1, 1/2, 0, 1.
    near(auc(&[0.9, 0.5, 0.5, 0.7], &[true, true, false, false]), 2.5 / 4.0);
    assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
    assert_eq!((auc(&[], &[]), average_precision(&[0.3], &[false])), (None, None));
    near(average_precision(&[0.3], &[true]), 1.0);
}

#[test]
fn delongs_components_average_to_the_area() {
    let scores = [0.9, 0.8, 0.8, 0.35, 0.7, 0.6, 0.3, 0.8];
    let positive = [true, false, true, true, false, true, false, false];
    let ranking = ranking::Ranking::new(&scores, &positive);
    let components = ranking.components();
    for kind in [true, false] {
        let of: Vec<f64> = components.iter().zip(positive).filter(|(_, p)| *p == kind).map(|(v, _)| *v).collect();
        near(ranking.auc(None), of.iter().sum::<f64>() / 4.0);
    }
}

#[test]
fn weights_are_repeated_rows() {
    let scores = [0.9, 0.8, 0.8, 0.35, 0.7];
    let positive = [true, false, true, true, false];
    let weights = [2.0, 1.0, 0.0, 3.0, 2.0];
    let repeated = |values: &[f64]| values.iter().zip(weights).flat_map(|(v, w)| vec![*v; w as usize]).collect::<Vec<_>>();
    let kinds: Vec<bool> = repeated(&positive.map(f64::from)).iter().map(|v| *v > 0.5).collect();
    let (a, b) = ranking::Ranking::new(&scores, &positive).areas(Some(&weights));
    near(a, auc(&repeated(&scores), &kinds).unwrap());
    near(b, average_precision(&repeated(&scores), &kinds).unwrap());
}

#[test]
fn log_loss_and_brier_by_hand() {
    let (labels, rows) = small();
    let of_label = [0.7f64, 0.3, 0.5, 0.8, 0.3, 0.8];
    near(log_loss(&labels, &rows), -of_label.iter().map(|p| p.ln()).sum::<f64>() / 6.0);
    let squares = [0.09 + 0.04 + 0.01, 0.49 + 0.36 + 0.01, 0.04 + 0.25 + 0.09, 0.01 + 0.04 + 0.01, 0.16 + 0.09 + 0.49, 0.01 + 0.01 + 0.04];
    near(brier(&labels, &rows), squares.iter().sum::<f64>() / 6.0);
    // Certain and wrong: clipped to 2^-52. Certain and right: 1 - 2^-52.
    near(log_loss(&[1], &[vec![1.0, 0.0]]), 52.0 * std::f64::consts::LN_2);
    near(log_loss(&[0], &[vec![1.0, 0.0]]), -(1.0 - f64::EPSILON).ln());
    near(brier(&[1], &[vec![1.0, 0.0]]), 2.0);
}

#[test]
fn calibration_by_hand() {
    // Confidences 0.65 right, 0.65 wrong, 0.95 right, 1 right: bins 9 and 14 of 15.
    let rows = vec![vec![0.65, 0.35], vec![0.65, 0.35], vec![0.05, 0.95], vec![0.0, 1.0]];
    let labels = vec![0, 1, 1, 1];
    near(ece(&labels, &rows), 0.5 * 0.15 + 0.5 * 0.025);
    near(mce(&labels, &rows), 0.15);
    let bins = reliability(&labels, &rows);
    assert_eq!((bins[9].count, bins[14].count), (2.0, 2.0));
}

#[test]
fn bins_hold_their_upper_edge() {
    for b in 0..probability::BINS {
        let upper = (b + 1) as f64 / 15.0;
        assert_eq!(probability::bin_of(upper), b, "{upper}");
        assert_eq!(probability::bin_of(upper.next_up()), (b + 1).min(14));
    }
    assert_eq!(probability::bin_of(0.0), 0);
}

#[test]
fn a_tie_goes_to_the_first_class_but_is_undecided_for_isic() {
    let rows = vec![vec![0.4, 0.4, 0.2], vec![0.2, 0.4, 0.4]];
    near(accuracy(&[0, 2], &rows, 3), 0.5);
    near(isic::balanced_accuracy(&[0, 2], &rows, 3), 0.0);
    near(top_k(&[1, 2], &rows, 1), 0.0);
    near(top_k(&[1, 2], &rows, 2), 1.0);
}

#[test]
fn the_isic_scorer_at_its_edges() {
    // 0.5 is negative; nothing over nothing is 1.
    let score = isic::class_score(&[0, 0], &[vec![0.5, 0.5], vec![0.6, 0.4]], 0);
    assert_eq!((score.sensitivity, score.specificity, score.ppv, score.npv, score.auc_sens_80), (0.5, 1.0, 1.0, 0.0, None));
    // Perfect order: the whole area right of 0.8 has TPR 1.
    let perfect = isic::class_score(&[0, 1], &[vec![0.9, 0.1], vec![0.1, 0.9]], 0);
    assert_eq!(perfect.auc_sens_80, Some(1.0));
    // All equal: the diagonal from (0.8, 0.8) to (1, 1).
    let flat = isic::class_score(&[0, 1], &[vec![0.5, 0.5], vec![0.5, 0.5]], 0);
    near(flat.auc_sens_80, (1.0 - 0.64) / 2.0);
}

#[test]
fn medmnist_differs_for_two_classes() {
    let rows = vec![vec![0.5, 0.5], vec![0.4, 0.6], vec![0.7, 0.3]];
    near(medmnist_acc(&[0, 1, 1], &rows, 2), 2.0 / 3.0);
    near(medmnist_auc(&[0, 1, 1], &rows, 2), 0.5);
    let (labels, rows) = small();
    assert_eq!(medmnist_auc(&labels, &rows[..6], 3), macro_auc(&labels, &rows, 3));
}

#[test]
fn an_absent_class_is_left_out_and_named_by_none() {
    let labels = vec![0, 1, 0];
    let rows = vec![vec![0.6, 0.3, 0.1], vec![0.2, 0.7, 0.1], vec![0.1, 0.2, 0.7]];
    let c = Confusion::of(&labels, &rows, 3);
    assert_eq!((c.recall(2), c.precision(2)), (None, Some(0.0)));
    near(c.balanced_accuracy(), 0.75);
    assert_eq!(medmnist_auc(&labels, &rows, 3), None);
    assert!(macro_auc(&labels, &rows, 3).is_some());
}

#[test]
fn one_row_and_no_row() {
    let one = vec![vec![0.9, 0.1]];
    near(accuracy(&[0], &one, 2), 1.0);
    assert_eq!(macro_auc(&[0], &one, 2), None);
    for metric in Metric::ALL {
        assert!(metric.compute(&[], &[], 2).is_none(), "{metric:?}");
        assert!(matches!(by_name(metric.name(), &[], &[], 2), Err(Error::Undefined { .. })));
    }
}

#[test]
fn names_find_their_metric_and_directions_are_right() {
    let (labels, rows) = small();
    assert_eq!(by_name("accuracy", &labels, &rows, 3).unwrap(), 4.0 / 6.0);
    assert!(matches!(by_name("acuracy", &labels, &rows, 3), Err(Error::UnknownMetric { .. })));
    // A perfect table is at least as good as any other, by every metric that has a value.
    let perfect: Vec<Vec<f64>> = labels.iter().map(|label| (0..3).map(|k| f64::from(u8::from(k == *label))).collect()).collect();
    for metric in Metric::ALL {
        let (best, other) = (metric.compute(&labels, &perfect, 3).unwrap(), metric.compute(&labels, &rows, 3).unwrap());
        assert!(metric.direction().better(best, other) && !metric.direction().better(other, best), "{metric:?} {best} {other}");
        assert!(!metric.direction().better(best, best) && !metric.direction().better(f64::NAN, best));
    }
}

mod invariances {
    use super::*;
    use proptest::prelude::*;

    fn tables() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<f64>>)> {
        // Tenths, so that ties are common.
        let row = (0usize..4, proptest::collection::vec((0u8..=10).prop_map(|tenths| f64::from(tenths) / 10.0), 4));
        proptest::collection::vec(row, 1..40).prop_map(|rows| rows.into_iter().unzip())
    }

    fn same(a: Option<f64>, b: Option<f64>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-12,
            (a, b) => a.is_none() && b.is_none(),
        }
    }

    proptest! {
        #[test]
        fn the_order_of_rows_changes_nothing((labels, rows) in tables()) {
            let back: (Vec<usize>, Vec<Vec<f64>>) = labels.iter().copied().zip(rows.iter().cloned()).rev().unzip();
            for metric in Metric::ALL {
                prop_assert!(same(metric.compute(&labels, &rows, 4), metric.compute(&back.0, &back.1, 4)), "{metric:?}");
            }
        }

        #[test]
        fn the_order_of_classes_changes_nothing_without_ties((labels, rows) in tables()) {
            // Distinct scores in each row, so that the first of equal ones is not asked for.
            let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().enumerate().map(|(k, p)| (p + k as f64 * 0.013) / 2.0).collect()).collect();
            let turned: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().rev().copied().collect()).collect();
            let names: Vec<usize> = labels.iter().map(|label| 3 - label).collect();
            for metric in Metric::ALL {
                prop_assert!(same(metric.compute(&labels, &rows, 4), metric.compute(&names, &turned, 4)), "{metric:?}");
            }
        }

        #[test]
        fn areas_are_those_of_counting_pairs((labels, rows) in tables()) {
            let (scores, positive) = ranking::one_vs_rest(&labels, &rows, 0);
            let (mut won, mut pairs) = (0.0, 0.0);
            for (p, _) in scores.iter().zip(&positive).filter(|(_, kind)| **kind) {
                for (n, _) in scores.iter().zip(&positive).filter(|(_, kind)| !**kind) {
                    pairs += 1.0;
                    won += if p > n { 1.0 } else if p == n { 0.5 } else { 0.0 };
                }
            }
            prop_assert!(same(auc(&scores, &positive), (pairs > 0.0).then(|| won / pairs)));
        }
    }
}
