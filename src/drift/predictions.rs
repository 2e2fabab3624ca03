//! Columns of a model's answers.
//!
//! One column a class (its probability), the predicted class, the confidence (largest probability) and the
//! entropy `-sum p ln p` in nats. Shifts of these are the best single sign of shifted images in a large
//! comparison (Rabanser et al. 2019, arXiv 1810.11953).

use std::collections::HashMap;

use super::Error;
use super::table::{Level, Table};
use crate::dataset::labels;
use crate::evaluation::{Prediction, Predictions};

/// Refuses tables about different classes; their order may differ.
pub fn check_classes(reference: &Predictions, current: &Predictions) -> Result<(), Error> {
    let sorted = |predictions: &Predictions| {
        let mut classes = predictions.classes.clone();
        classes.sort_unstable();
        classes
    };
    if sorted(reference) == sorted(current) {
        return Ok(());
    }
    Err(Error::OtherClasses { reference: reference.classes.clone(), current: current.classes.clone() })
}

/// Adds the columns to a table whose rows are the images `names`; images without a prediction get missing values.
pub fn add(table: &mut Table, names: &[&str], predictions: &Predictions) -> Result<(), Error> {
    let by_name: HashMap<&str, &Prediction> = predictions.rows.iter().map(|row| (row.image.as_str(), row)).collect();
    let rows: Vec<Option<&Prediction>> = names.iter().map(|name| by_name.get(name).copied()).collect();
    if rows.iter().all(Option::is_none) {
        return Err(Error::OtherImages { predictions: predictions.rows.len(), images: names.len() });
    }
    columns(table, &rows, predictions);
    Ok(())
}

/// A table of nothing but predictions.
pub fn table(predictions: &Predictions) -> Table {
    let group = |row: &Prediction| row.group.as_ref().map_or_else(|| format!("image {}", row.image), |group| format!("group {group}"));
    let mut table = Table::new(predictions.rows.iter().map(group).collect());
    let rows: Vec<Option<&Prediction>> = predictions.rows.iter().map(Some).collect();
    columns(&mut table, &rows, predictions);
    table
}

fn columns(table: &mut Table, rows: &[Option<&Prediction>], predictions: &Predictions) {
    let classes = &predictions.classes;
    let number = |value: &dyn Fn(&Prediction) -> f64| rows.iter().map(|row| row.map(value)).collect::<Vec<Option<f64>>>();
    let mut sorted: Vec<(usize, &String)> = classes.iter().enumerate().collect();
    sorted.sort_by_key(|(_, class)| *class);
    for (class, name) in sorted {
        table.numbers(Level::Predictions, format!("p_{name}"), number(&|row| row.probabilities.get(class).copied().unwrap_or(f64::NAN)));
    }
    if predictions.multi_label {
        let predicted = rows.iter().map(|row| row.map(|row| labels::cell(Some(&row.said()), classes))).collect();
        table.categories(Level::Predictions, "predicted", predicted);
        return;
    }
    let predicted = rows.iter().map(|row| row.and_then(|row| classes.get(row.predicted())).cloned()).collect();
    table.categories(Level::Predictions, "predicted", predicted);
    table.numbers(Level::Predictions, "confidence", number(&|row| row.confidence()));
    table.numbers(Level::Predictions, "prediction_entropy", number(&|row| entropy(&row.probabilities)));
}

fn entropy(probabilities: &[f64]) -> f64 {
    -probabilities.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(classes: &[&str], rows: &[(&str, &[f64])]) -> Predictions {
        let row = |(image, p): &(&str, &[f64])| Prediction { image: (*image).into(), probabilities: p.to_vec(), ..Prediction::default() };
        let classes = classes.iter().map(|c| (*c).to_owned()).collect();
        Predictions { classes, rows: rows.iter().map(row).collect(), ..Predictions::default() }
    }

    #[test]
    fn rows_follow_the_images_and_classes_their_names() {
        let given = predictions(&["nv", "mel"], &[("b.jpg", &[0.25, 0.75]), ("a.jpg", &[0.5, 0.5])]);
        let mut table = Table::new(vec!["1".into(), "2".into(), "3".into()]);
        add(&mut table, &["a.jpg", "b.jpg", "c.jpg"], &given).unwrap();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["p_mel", "p_nv", "predicted", "confidence", "prediction_entropy"]);
        assert_eq!(table.columns[0].values, super::super::table::Values::Numbers(vec![Some(0.5), Some(0.75), None]));
        assert!(matches!(add(&mut Table::new(vec!["1".into()]), &["z"], &given), Err(Error::OtherImages { .. })));
    }

    #[test]
    fn entropy_of_a_fair_coin_is_ln_2() {
        assert!((entropy(&[0.5, 0.5]) - std::f64::consts::LN_2).abs() < 1e-15);
        assert_eq!(entropy(&[1.0, 0.0]), 0.0);
    }

    #[test]
    fn classes_may_change_their_order_and_nothing_else() {
        let (a, b) = (predictions(&["nv", "mel"], &[]), predictions(&["mel", "nv"], &[]));
        assert!(check_classes(&a, &b).is_ok());
        assert!(matches!(check_classes(&a, &predictions(&["nv", "bcc"], &[])), Err(Error::OtherClasses { .. })));
    }
}
