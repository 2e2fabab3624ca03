//! `derm data split`.

use std::path::Path;

use serde::Serialize;

use super::{open, settings, shown, write};
use crate::cli::data::split::{GroupArg, SplitArgs};
use crate::commands::{Context, Exit, Failure};
use crate::dataset::split::{Balance, GroupBy, Made, Options, Shares, make, official};
use crate::text;
use crate::ui::{Align, Page, Report, Table};

pub fn run(context: &Context, args: &SplitArgs) -> Result<Exit, Failure> {
    let wanted = resolve(context, args)?;
    let (dataset, _) = open(context, &args.dataset, None)?;
    let made = match &wanted {
        Wanted::Official(path) => official(&dataset, &context.cwd.join(path))?,
        Wanted::Made(options) => make(&dataset, options)?,
    };
    write(&context.cwd.join(&args.out), &made.split.to_csv())?;
    for warning in &made.warnings {
        context.ui.warn(warning);
    }
    context.ui.show(&Written::new(made, &args.out, dataset.rows.len()))?;
    Ok(Exit::Done)
}

enum Wanted {
    Official(std::path::PathBuf),
    Made(Options),
}

/// Flags over `--params` over defaults.
fn resolve(context: &Context, args: &SplitArgs) -> Result<Wanted, Failure> {
    let (mut train, mut val, mut test, mut folds, mut seed) = (args.train, args.val, args.test, args.folds, args.seed);
    let mut group = args.group.map(group_by);
    let mut table = args.official.clone();
    let flags = train.is_some() || val.is_some() || test.is_some() || folds.is_some() || group.is_some() || seed.is_some();
    if let Some(mut given) = settings(context, args.params.as_deref())? {
        let shares = (given.take("train")?, given.take("val")?, given.take("test")?);
        (train, val, test) = (train.or(shares.0), val.or(shares.1), test.or(shares.2));
        let (from_folds, from_seed, from_group) = (given.take("folds")?, given.take("seed")?, given.take("group")?);
        (folds, seed, group) = (folds.or(from_folds), seed.or(from_seed), group.or(from_group));
        let path: Option<String> = given.take("official")?;
        if !flags {
            table = table.or(path.map(Into::into));
        }
        given.finish()?;
    }
    if let Some(path) = table {
        return Ok(Wanted::Official(path));
    }
    let test = test.unwrap_or(0.15);
    let val = val.unwrap_or(if folds.is_some() { 0.0 } else { 0.15 });
    let train = train.unwrap_or(1.0 - val - test);
    let shares = Shares { train, val, test };
    Ok(Wanted::Made(Options { shares, folds, group: group.unwrap_or_default(), seed: seed.unwrap_or(1) }))
}

fn group_by(arg: GroupArg) -> GroupBy {
    match arg {
        GroupArg::Auto => GroupBy::Auto,
        GroupArg::Group => GroupBy::Group,
        GroupArg::Patient => GroupBy::Patient,
        GroupArg::None => GroupBy::None,
    }
}

/// What is told after a split.
#[derive(Serialize)]
struct Written {
    split: String,
    images: usize,
    #[serde(flatten)]
    balance: Balance,
    warnings: Vec<String>,
    digest: String,
}

impl Written {
    fn new(made: Made, out: &Path, images: usize) -> Self {
        let digest = made.split.digest().hex();
        Self { split: shown(out), images, balance: made.balance, warnings: made.warnings, digest }
    }
}

impl Report for Written {
    const KIND: &'static str = "split";

    fn human(&self, page: &mut Page) {
        let units = self.balance.units.map(|units| text::count(units, "group that stays together", "groups that stay together"));
        let units = units.map(|units| format!(" in {units}")).unwrap_or_default();
        page.line(format!("{}: {}{units}", self.split, text::count(self.images, "image", "images"))).blank();
        let names = self.balance.parts.iter().map(|part| (part.clone(), Align::Right));
        let mut table = Table::with_columns(std::iter::once(("class".to_owned(), Align::Left)).chain(names).collect());
        for class in &self.balance.classes {
            let total = class.counts.iter().sum::<usize>().max(1) as f64;
            let cells =
                class.counts.iter().map(|&count| format!("{} ({:.1} %)", text::grouped(count as u64), 100.0 * count as f64 / total));
            let name = super::class_word(class.class.as_deref(), class.of_none, self.balance.classes.len() == 1);
            table.row(std::iter::once(name.to_owned()).chain(cells));
        }
        if !self.balance.asked.is_empty() {
            let asked = self.balance.asked.iter().map(|share| format!("({:.1} %)", 100.0 * share));
            table.row(std::iter::once("asked".to_owned()).chain(asked));
        }
        page.table(&table);
    }
}
