//! One whole evaluation: what it promises about order, threads, absent classes and groups.

use super::*;

fn table(n: usize) -> Predictions {
    // A fixed mixture without a generator: labels by thirds, scores that lean towards them.
    let rows = (0..n).map(|i| {
        let label = [0, 1, 1, 2, 2, 2][i % 6];
        let lean = f64::from(u8::from((i * 7) % 10 < 7));
        let raw: Vec<f64> =
            (0..3).map(|k| 0.2 + ((i * (k + 3) * 13) % 97) as f64 / 200.0 + if k == label { 0.4 * lean } else { 0.0 }).collect();
        let sum: f64 = raw.iter().sum();
        Prediction {
            image: format!("{i:04}.jpg"),
            group: Some(format!("g{}", i / 2)),
            label: Some(label),
            probabilities: raw.iter().map(|v| v / sum).collect(),
            ..Prediction::default()
        }
    });
    Predictions { classes: ["bcc", "mel", "nv"].map(str::to_owned).to_vec(), rows: rows.collect(), ..Predictions::default() }
}

#[test]
fn the_order_of_rows_and_the_number_of_threads_change_no_bit() {
    let straight = table(200);
    let mut turned = straight.clone();
    turned.rows.reverse();
    let options = Options { resamples: 50, ..Options::default() };
    let one = evaluate(&straight, &options).unwrap();
    assert_eq!(evaluate(&turned, &options).unwrap().to_json(), one.to_json());
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(alone.install(|| evaluate(&straight, &options)).unwrap(), one);
    assert_eq!(one.groups, 100);
}

#[test]
fn intervals_hold_their_value_and_are_wider_for_groups() {
    let mut single = table(300);
    for (i, row) in single.rows.iter_mut().enumerate() {
        row.group = Some(format!("g{i}"));
    }
    let grouped = evaluate(&single, &Options::default()).unwrap();
    // Each image twice under two names: as groups of copies nothing is learnt, as single images much is.
    let mut doubled = single.clone();
    let copies: Vec<Prediction> =
        doubled.rows.iter().map(|row| Prediction { image: format!("copy-{}", row.image), ..row.clone() }).collect();
    doubled.rows.extend(copies);
    let as_groups = evaluate(&doubled, &Options::default()).unwrap();
    for row in &mut doubled.rows {
        row.group = None;
    }
    let as_singles = evaluate(&doubled, &Options::default()).unwrap();
    let width = |e: &Evaluation, name: &str| e.intervals.headline[name].map(|i| i.upper - i.lower).unwrap();
    for (name, value) in [
        ("accuracy", grouped.headline.accuracy),
        ("balanced_accuracy", grouped.headline.balanced_accuracy),
        ("macro_auc", grouped.headline.macro_auc),
        ("log_loss", grouped.headline.log_loss),
        ("mcc", grouped.headline.mcc),
    ] {
        let interval = grouped.intervals.headline[name].unwrap();
        assert!(interval.lower < value.unwrap() && value.unwrap() < interval.upper, "{name}");
        assert!(width(&as_singles, name) < 0.85 * width(&as_groups, name), "{name}");
        assert!((width(&as_groups, name) / width(&grouped, name) - 1.0).abs() < 0.1, "{name}");
    }
}

#[test]
fn an_absent_class_is_null_and_named() {
    let mut predictions = table(60);
    predictions.classes.push("vasc".to_owned());
    for row in &mut predictions.rows {
        row.probabilities.push(0.0);
    }
    let found = evaluate(&predictions, &Options::default()).unwrap();
    let vasc = &found.per_class["vasc"];
    assert_eq!((vasc.support, vasc.recall, vasc.auc, vasc.precision, vasc.specificity), (0, None, None, None, Some(1.0)));
    assert!(found.undefined.iter().any(|line| line == "per_class.vasc.auc: no rows"), "{:?}", found.undefined);
    assert_eq!(found.medmnist.auc, None);
    // scikit-learn's macro counts the absent class as 0; the other macro leaves it out.
    let (all, present) = (&found.averages["macro"], &found.averages["macro_present"]);
    assert!((all.recall.unwrap() * 4.0 - present.recall.unwrap() * 3.0).abs() < 1e-12);
    assert!(found.to_json().contains("\"recall\": null"));
}

#[test]
fn one_row_and_one_class_still_give_what_there_is() {
    let mut predictions = table(1);
    let found = evaluate(&predictions, &Options::default()).unwrap();
    assert_eq!((found.n, found.headline.macro_auc, found.headline.mcc), (1, None, None));
    assert_eq!(found.intervals.headline["accuracy"], None);
    assert_eq!(found.intervals.headline["balanced_accuracy"], None);
    predictions.rows[0].label = None;
    assert!(matches!(evaluate(&predictions, &Options::default()), Err(Error::NoLabels { rows: 1 })));
    predictions.rows[0].probabilities[1] = f64::NAN;
    assert!(matches!(evaluate(&predictions, &Options::default()), Err(Error::Probability { .. })));
}

#[test]
fn a_calibrated_model_stays_within_the_noise_floor() {
    use rand::Rng;
    let mut random = stream(11, 0);
    let rows = (0..1000).map(|i| {
        let p: f64 = random.random_range(0.5..1.0);
        let label = usize::from(random.random::<f64>() >= p);
        Prediction { image: i.to_string(), label: Some(label), probabilities: vec![p, 1.0 - p], ..Prediction::default() }
    });
    let predictions = Predictions { classes: vec!["a".to_owned(), "b".to_owned()], rows: rows.collect(), ..Predictions::default() };
    let top = evaluate(&predictions, &Options { resamples: 0, ..Options::default() }).unwrap().headline;
    assert!(top.ece.unwrap() < 1.2 * top.ece_noise_p95.unwrap() && top.ece_noise_mean.unwrap() < top.ece_noise_p95.unwrap());
}

#[test]
fn an_interrupt_ends_it() {
    let options = Options::default();
    options.interrupt.raise();
    assert!(matches!(evaluate(&table(30), &options), Err(Error::Interrupted)));
}
