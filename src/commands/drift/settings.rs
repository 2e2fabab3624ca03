//! Defaults, then the YAML file, then the command line.

use crate::cli::drift::DriftArgs;
use crate::commands::{Context, Failure};
use crate::drift::Settings;
use crate::workspace::settings::Settings as File;

pub(super) fn resolve(context: &Context, args: &DriftArgs) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    if let Some(spec) = &args.params {
        from_file(context, spec, &mut settings)?;
    }
    let with = |slot: &mut f64, given: Option<f64>| *slot = given.unwrap_or(*slot);
    with(&mut settings.q, args.q);
    with(&mut settings.min_shift, args.min_shift);
    with(&mut settings.min_v, args.min_v);
    let with = |slot: &mut usize, given: Option<usize>| *slot = given.unwrap_or(*slot);
    with(&mut settings.min_rows, args.min_rows);
    with(&mut settings.splits, args.splits);
    with(&mut settings.permutations, args.permutations);
    settings.seed = args.seed.unwrap_or(settings.seed);
    match fault(&settings) {
        None => Ok(settings),
        Some((option, why)) => Err(Failure::usage(format!("`--{option}` {why}"))),
    }
}

fn from_file(context: &Context, spec: &str, settings: &mut Settings) -> Result<(), Failure> {
    let (path, key) = File::parse_spec(spec);
    let mut file = File::read(&context.cwd.join(path), key.as_deref())?;
    // Each value is checked alone, so that a wrong one is shown where it stands.
    macro_rules! take {
        ($field:ident) => {
            let check = |value: &_| fault(&Settings { $field: *value, ..Settings::default() }).map(|(_, why)| why.to_owned());
            settings.$field = file.take_checked(stringify!($field), check)?.unwrap_or(settings.$field);
        };
    }
    take!(q);
    take!(min_shift);
    take!(min_v);
    take!(min_rows);
    take!(splits);
    take!(permutations);
    take!(seed);
    Ok(file.finish()?)
}

/// The first option that is out of range, and why.
fn fault(settings: &Settings) -> Option<(&'static str, &'static str)> {
    let rules = [
        ("q", settings.q > 0.0 && settings.q < 1.0, "must lie between 0 and 1"),
        ("min-shift", settings.min_shift.is_finite() && settings.min_shift >= 0.0, "must be 0 or more"),
        ("min-v", (0.0..=1.0).contains(&settings.min_v), "must lie between 0 and 1"),
        ("min-rows", settings.min_rows >= 5, "must be at least 5: fewer values cannot be told from chance"),
        ("splits", settings.splits <= 10_000, "must be at most 10,000"),
        ("permutations", (100..=1_000_000).contains(&settings.permutations), "must lie between 100 and 1,000,000"),
    ];
    rules.into_iter().find(|(_, holds, _)| !holds).map(|(option, _, why)| (option, why))
}
