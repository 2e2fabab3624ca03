//! `derm data audit`.

use serde::Serialize;

use super::{open, shown, work, write};
use crate::cli::data::audit::{AuditArgs, FailOn};
use crate::commands::{Context, Exit, Failure};
use crate::dataset::audit::{Audit, Copies, Straddlers, audit};
use crate::text::{self, count};
use crate::ui::{Align, Page, Report, Style, Table};

pub fn run(context: &Context, args: &AuditArgs) -> Result<Exit, Failure> {
    if args.fail_on.contains(&FailOn::Leakage) && args.split.is_none() {
        return Err(Failure::usage("leakage can only be found in a split").hint("name it with `--split CSV`"));
    }
    let (dataset, split) = open(context, &args.dataset, args.split.as_deref())?;
    let observer = context.ui.observer();
    let found = audit(&dataset, split.as_ref(), work(context, observer.as_ref()))?;
    let failed: Vec<&'static str> = args.fail_on.iter().filter_map(|what| fails(&found, *what)).collect();
    let report = Audited { dataset: shown(&args.dataset), failed, group_words: dataset.group_words(), audit: found };
    if let Some(out) = &args.out {
        write(&context.cwd.join(out), document(&report).as_bytes())?;
    }
    if let Some(warning) = &report.audit.colour_warning {
        context.ui.warn(warning);
    }
    context.ui.show(&report)?;
    Ok(if report.failed.is_empty() { Exit::Done } else { Exit::CheckFailed })
}

/// The file that `--out` writes: the document of `--json`.
fn document(report: &Audited) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        kind: &'static str,
        #[serde(flatten)]
        report: &'a Audited,
    }
    let document = Document { schema: Audited::SCHEMA, kind: Audited::KIND, report };
    // Text, numbers and lists always have a form in JSON.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn fails(audit: &Audit, what: FailOn) -> Option<&'static str> {
    let duplicates = audit.duplicates.bytes.len() + audit.duplicates.pixels.len();
    let (name, found) = match what {
        FailOn::Leakage => ("leakage", audit.leaks > 0),
        FailOn::Duplicates => ("duplicates", duplicates > 0),
        FailOn::Conflicts => ("conflicts", !audit.conflicting_labels.is_empty()),
        FailOn::Unreadable => {
            let masks = audit.masks.as_ref().is_some_and(|masks| !masks.unusable.is_empty() || !masks.changed.is_empty());
            ("unreadable", masks || !audit.unreadable.is_empty() || !audit.changed.is_empty())
        }
    };
    found.then_some(name)
}

/// What is told after an audit.
#[derive(Serialize)]
struct Audited {
    dataset: String,
    failed: Vec<&'static str>,
    #[serde(skip)]
    group_words: (&'static str, &'static str),
    #[serde(flatten)]
    audit: Audit,
}

/// As many names as are listed for one finding.
const SHOWN: usize = 5;

fn some(names: &[String]) -> String {
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "))
}

impl Report for Audited {
    const KIND: &'static str = "audit";

    fn human(&self, page: &mut Page) {
        let audit = &self.audit;
        let mut table = Table::new([("check", Align::Left), ("found", Align::Right), ("details", Align::Left)]);
        let mut row = |check: &str, found: usize, details: String| {
            let style = if found > 0 { Style::Bad } else { Style::Good };
            table.row([check.to_owned(), style.paint(&text::grouped(found as u64)), details]);
        };
        if audit.split {
            let (one, many) = self.group_words;
            row(&format!("{many} that straddle the split"), audit.straddling.groups.count, straddling(&audit.straddling.groups, one));
            row("patients that straddle the split", audit.straddling.patients.count, straddling(&audit.straddling.patients, "patient"));
        }
        row("sets of identical files", audit.duplicates.bytes.len(), copies(&audit.duplicates.bytes));
        row("sets of identical pixels in other files", audit.duplicates.pixels.len(), copies(&audit.duplicates.pixels));
        let conflicts: Vec<String> = audit.conflicting_labels.iter().map(|conflict| conflict.images.join(" = ")).collect();
        row("copies with conflicting labels", conflicts.len(), some(&conflicts));
        let unreadable: Vec<String> = audit.unreadable.iter().map(|file| format!("{} ({})", file.image, file.reason)).collect();
        row("unreadable files", unreadable.len(), some(&unreadable));
        row("files changed since they were ingested", audit.changed.len(), some(&audit.changed));
        if let Some(masks) = &audit.masks {
            let unusable: Vec<String> = masks.unusable.iter().map(|mask| format!("{} ({})", mask.image, mask.reason)).collect();
            row("masks that cannot be used", unusable.len(), some(&unusable));
            row("masks changed since they were ingested", masks.changed.len(), some(&masks.changed));
            row("images without a mask", masks.without, format!("of {}", text::grouped(audit.images as u64)));
        }
        row("images with more blue than red", audit.blue.len(), some(&audit.blue));
        page.line(format!("{}: {}", self.dataset, count(audit.images, "image", "images"))).blank().table(&table);
        if let Some(masks) = &audit.masks {
            let empty = if masks.empty.is_empty() { String::new() } else { format!(": {}", some(&masks.empty)) };
            page.blank().line(format!(
                "{}, {} of them empty{empty}",
                count(masks.count, "mask", "masks"),
                text::grouped(masks.empty.len() as u64)
            ));
        }
        page.blank().table(&balance(audit));
        if !self.failed.is_empty() {
            page.blank().line(format!("{} {}", Style::Bad.paint("check failed:"), self.failed.join(", ")));
        }
    }
}

fn straddling(found: &Straddlers, what: &str) -> String {
    if found.known == 0 {
        return format!("no {what} is known: nothing can be said");
    }
    let without =
        if found.images_without > 0 { format!("; {} without one", count(found.images_without, "image", "images")) } else { String::new() };
    let known = format!("of {} known{without}", text::grouped(found.known as u64));
    if found.count == 0 { known } else { format!("{known}, with {}: {}", count(found.images, "image", "images"), some(&found.ids)) }
}

fn copies(sets: &[Copies]) -> String {
    let names: Vec<String> =
        sets.iter().map(|set| format!("{}{}", set.images.join(" = "), if set.straddles { " (straddles)" } else { "" })).collect();
    some(&names)
}

fn balance(audit: &Audit) -> Table {
    let parts: std::collections::BTreeSet<&String> = audit.balance.iter().flat_map(|class| class.parts.keys()).collect();
    let mut parts: Vec<&String> = parts.into_iter().collect();
    parts.sort_by_key(|part| part.parse::<crate::dataset::Subset>().ok());
    let columns = parts.iter().map(|part| ((*part).clone(), Align::Right));
    let mut table =
        Table::with_columns([("class".to_owned(), Align::Left), ("images".to_owned(), Align::Right)].into_iter().chain(columns).collect());
    for class in &audit.balance {
        let name = super::class_word(class.class.as_deref(), class.of_none, audit.balance.len() == 1);
        let number = |n: usize| text::grouped(n as u64);
        let cells = parts.iter().map(|part| number(class.parts.get(*part).copied().unwrap_or(0)));
        table.row([name.to_owned(), number(class.images)].into_iter().chain(cells));
    }
    table
}
