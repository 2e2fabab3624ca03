//! The table as it looks at 80 and at 200 columns.

use super::columns::{self, Choice};
use super::gather::{Kind, Row};
use super::layout;
use super::{Form, Show};
use crate::clock::Timestamp;
use crate::experiments::{Leaf, Set};
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::ui::Page;

fn leaf(file: &str, key: &str, value: Value) -> Leaf {
    Leaf { file: RelPath::new(file).unwrap(), key: key.to_owned(), value }
}

/// A row of a training: `quality` decides its metrics.
fn row(kind: Kind, name: &str, minute: i64, quality: Option<f64>, lr: f64, model: &str) -> Row {
    let metric = |key: &str, value: f64| leaf("reports/evaluation/metrics.json", key, Value::Float(value));
    let metrics = quality.map(|quality| {
        let mut metrics = vec![
            metric("balanced_accuracy", quality),
            metric("macro_auc", 0.5 + quality / 2.0),
            metric("log_loss", 1.0 - quality),
            metric("ece", 0.01 + (1.0 - quality) / 30.0),
            leaf("reports/evaluation/metrics.json", "images", Value::Int(1512)),
        ];
        for class in ["melanoma", "nevus", "basal_cell_carcinoma"] {
            metrics.push(metric(&format!("per_class.{class}.sensitivity"), quality * 0.9));
        }
        metrics
    });
    let param = |key: &str, value: Value| leaf("params.yaml", key, value);
    let params = vec![
        param("train.lr", Value::Float(lr)),
        param("train.model", Value::Text(model.to_owned())),
        param("train.epochs", Value::Int(20)),
        param("split.seed", Value::Int(7)),
    ];
    let overrides = vec![Set { file: RelPath::new("params.yaml").unwrap(), key: "train.lr".to_owned(), value: lr.to_string() }];
    let below = !matches!(kind, Kind::Workspace | Kind::Baseline);
    Row {
        kind,
        name: name.to_owned(),
        commit: None,
        baseline: None,
        created: (kind != Kind::Workspace).then_some(Timestamp(1_795_246_185_000 + minute * 60_000)),
        message: None,
        overrides: if below { overrides } else { Vec::new() },
        metrics: metrics.unwrap_or_default(),
        params,
    }
}

fn page(width: usize) -> String {
    let rows = vec![
        row(Kind::Workspace, "workspace", 0, Some(0.7012), 1e-3, "resnet18"),
        row(Kind::Baseline, "main 1af7dca", 0, Some(0.7012), 1e-3, "resnet18"),
        row(Kind::Experiment, "cosy-juniper", 41, Some(0.7431), 3e-4, "resnet18"),
        row(Kind::Experiment, "an-experiment-whose-name-somebody-thought-about", 55, Some(0.7699), 3e-4, "efficientnet_b0"),
        row(Kind::Experiment, "pale-cedar", 72, Some(0.6), 1e-5, "efficientnet_b0"),
        row(Kind::Failed, "hale-ivy", 80, None, 10.0, "efficientnet_b0"),
        row(Kind::Queued, "ripe-comet", 81, None, 1e-4, "efficientnet_b0"),
    ];
    let columns = columns::of(&rows);
    let mut page = Page::for_width(Some(width));
    layout::table(&Show { rows, columns, choice: Choice::default(), form: Form::Table }, &mut page);
    anstream::adapter::strip_str(&page.into_text()).to_string()
}

#[test]
fn at_80_columns_the_first_metric_and_what_was_set_have_room() {
    insta::assert_snapshot!(page(80), @"");
}

#[test]
fn at_200_columns_everything_has() {
    insta::assert_snapshot!(page(200), @"");
}
