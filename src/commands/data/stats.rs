//! `derm data stats`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{open, shown, work};
use crate::cli::data::stats::StatsArgs;
use crate::commands::{Context, Exit, Failure};
use crate::dataset::Subset;
use crate::dataset::stats::{Stats, stats};
use crate::text::{count, grouped};
use crate::ui::{Align, Page, Report, Table};

pub fn run(context: &Context, args: &StatsArgs) -> Result<Exit, Failure> {
    let (dataset, split) = open(context, &args.dataset, args.split.as_deref())?;
    let observer = context.ui.observer();
    let stats = stats(&dataset, split.as_ref(), !args.no_colour, work(context, observer.as_ref()))?;
    if let Some(warning) = stats.colour.as_ref().and_then(|colour| colour.warning.as_ref()) {
        context.ui.warn(warning);
    }
    let (digest, group_words) = (dataset.digest().hex(), dataset.group_words());
    context.ui.show(&Described { dataset: shown(&args.dataset), licence: dataset.info.licence.clone(), digest, group_words, stats })?;
    Ok(Exit::Done)
}

/// What is told about a dataset.
#[derive(Serialize)]
struct Described {
    dataset: String,
    licence: String,
    digest: String,
    #[serde(skip)]
    group_words: (&'static str, &'static str),
    #[serde(flatten)]
    stats: Stats,
}

impl Report for Described {
    const KIND: &'static str = "stats";

    fn human(&self, page: &mut Page) {
        let stats = &self.stats;
        let mut facts = vec![count(stats.images, "image", "images")];
        for (n, one, many) in [
            (stats.groups, self.group_words.0, self.group_words.1),
            (stats.patients, "patient", "patients"),
            (stats.masks, "mask", "masks"),
        ] {
            if n > 0 {
                facts.push(count(n, one, many));
            }
        }
        page.line(format!("{}: {}", self.dataset, facts.join(", "))).line(format!("licence: {}", self.licence)).blank();
        if stats.classes.is_empty() {
            page.table(&subsets(stats)).blank();
        } else {
            page.table(&classes(stats)).blank();
        }
        for shown in &stats.foreground {
            let quartiles = [shown.share.q1, shown.share.median, shown.share.q3].map(|q| format!("{:.1}", 100.0 * q.unwrap_or(0.0)));
            let [q1, median, q3] = quartiles;
            page.line(format!(
                "{} in {} of {}: median {median} % of the pixels, quartiles {q1} and {q3}",
                shown.class,
                grouped(shown.images as u64),
                count(stats.masks, "mask", "masks")
            ));
        }
        if !stats.labels_per_image.is_empty() {
            let counts = stats.labels_per_image.iter().map(|(labels, images)| format!("{labels} in {}", grouped(*images as u64)));
            page.line(format!("labels of an image: {}", counts.collect::<Vec<_>>().join(", ")));
        }
        people(stats, page);
        for (name, tally) in [("sex", &stats.sex), ("site", &stats.site), ("skin type", &stats.skin_type)] {
            if !tally.is_empty() {
                page.line(format!("{name}: {}", listed(tally)));
            }
        }
        let sizes: Vec<String> = stats.sizes.iter().take(4).map(|(size, n)| format!("{size} ({})", grouped(*n as u64))).collect();
        let more = stats.different_sizes.saturating_sub(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        page.line(format!("size in pixels: {}{more}", sizes.join(", ")));
        if let Some(colour) = &stats.colour {
            let three = |values: [f64; 3]| values.map(|value| format!("{value:.4}")).join(" ");
            page.line(format!("red, green, blue (0 to 1): mean {}, sd {}", three(colour.mean), three(colour.sd)));
        }
    }
}

/// Images of every subset, where there are no classes.
fn subsets(stats: &Stats) -> Table {
    let mut table = Table::new([("subset", Align::Left), ("images", Align::Right)]);
    for (subset, n) in &stats.subsets {
        table.row([subset.to_string(), grouped(*n as u64)]);
    }
    table.row(["all".to_owned(), grouped(stats.images as u64)]);
    table
}

fn classes(stats: &Stats) -> Table {
    let subsets: Vec<Subset> = stats.subsets.keys().copied().collect();
    let fixed = [("class", Align::Left), ("images", Align::Right), ("share", Align::Right)].map(|(name, align)| (name.to_owned(), align));
    let columns = fixed.into_iter().chain(subsets.iter().map(|subset| (subset.to_string(), Align::Right)));
    let mut table = Table::with_columns(columns.collect());
    let number = |n: usize| grouped(n as u64);
    for class in &stats.classes {
        let cells = [class.class.clone(), number(class.images), format!("{:.1} %", 100.0 * class.share)];
        table.row(cells.into_iter().chain(subsets.iter().map(|subset| number(class.subsets.get(subset).copied().unwrap_or(0)))));
    }
    table
}

fn people(stats: &Stats, page: &mut Page) {
    let age = &stats.age;
    if let (Some(min), Some(q1), Some(median), Some(q3), Some(max)) = (age.min, age.q1, age.median, age.q3, age.max) {
        let unknown = grouped(age.unknown as u64);
        page.line(format!("age: median {median}, quartiles {q1} and {q3}, range {min} to {max}, unknown {unknown}"));
    }
}

/// Most frequent first.
fn listed(tally: &BTreeMap<String, usize>) -> String {
    let mut items: Vec<(&String, &usize)> = tally.iter().collect();
    items.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), *name));
    items.iter().map(|(name, n)| format!("{name} {}", grouped(**n as u64))).collect::<Vec<_>>().join(", ")
}
