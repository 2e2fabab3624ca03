//! The metric that a trial is judged by.

use super::Target;
use crate::experiments::Leaf;
use crate::pipeline::value::Value;
use crate::text;

/// The metric among those of a trial; else why there is none.
pub(super) fn of(target: &Target, metrics: &[Leaf]) -> Result<Option<f64>, String> {
    let mut found = metrics.iter().filter(|leaf| leaf.key == target.key && target.file.as_ref().is_none_or(|file| *file == leaf.file));
    let Some(leaf) = found.next() else {
        let near = text::suggest(&target.key, metrics.iter().map(|leaf| leaf.key.as_str()));
        let near = near.map(|near| format!(", but `{near}`")).unwrap_or_default();
        return Err(format!("its metrics have no `{}`{near}", target.key));
    };
    if let Some(other) = found.next() {
        return Err(format!("`{}` is a metric of `{}` and of `{}`; name the file", target.key, leaf.file, other.file));
    }
    match &leaf.value {
        Value::Int(number) => Ok(Some(*number as f64)),
        Value::Float(number) if number.is_finite() => Ok(Some(*number)),
        other => Err(format!("its metric `{}` is {}, no number", target.key, other.json())),
    }
}
