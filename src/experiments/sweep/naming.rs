//! What the experiments of a sweep are called.

use super::{Error, Sweep};
use crate::experiments::overrides::{Given, Override, literal};

impl Sweep {
    /// The names of a configuration's experiments, in the order of the folds. `configuration` counts from 1.
    ///
    /// # Errors
    /// Settings that cannot be understood.
    pub fn experiments(&self, configuration: usize) -> Result<Vec<String>, Error> {
        let folds = self.settings.plan()?.folds;
        let name = |(trial, fold): (usize, &Option<Override>)| experiment(&self.name, configuration, fold.as_ref(), trial);
        Ok(folds.iter().enumerate().map(name).collect())
    }
}

/// What a trial's experiment is called. `configuration` counts from 1.
pub(super) fn experiment(sweep: &str, configuration: usize, fold: Option<&Override>, trial: usize) -> String {
    let Some(fold) = fold else { return format!("{sweep}-{configuration:03}") };
    let value = match &fold.given {
        Some(Given::One(value)) => literal(value),
        _ => trial.to_string(),
    };
    let plain = value.len() <= 16 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let name = fold.key.rsplit('.').next().filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).unwrap_or("fold");
    format!("{sweep}-{configuration:03}-{name}{}", if plain { value } else { trial.to_string() })
}
