//! `derm evaluate` where masks are compared.

use std::collections::{BTreeMap, HashMap};

use super::answer::{Answer, Shown};
use super::pairs::Pairs;
use super::source::Source;
use crate::cli::evaluate::EvaluateArgs;
use crate::commands::{Context, Failure};
use crate::dataset::{self, Work};
use crate::evaluation::masks::page::{self, Material};
use crate::evaluation::masks::{Case, MaskEvaluation, Means, evaluate, overlay, score, to_csv};
use crate::evaluation::page::{number, range};
use crate::evaluation::{Options, independent_unit};
use crate::ui::{Align, Page, Style, Table};
use crate::workspace::atomic;

/// The files, in the order in which they are written.
pub const FILES: [&str; 4] = ["metrics.json", "evaluation.json", "masks.csv", "report.html"];

pub fn make(context: &Context, args: &EvaluateArgs, source: &Source, options: Options<'_>) -> Result<Answer<MaskEvaluation>, Failure> {
    let (pairs, rows) = source.pairs()?;
    let observer = context.ui.observer();
    let work = Work { observer: observer.as_ref(), interrupt: &context.interrupt };
    let classes = pairs.dataset.mask_classes();
    let cases = pairs.each(rows, work, &|row, truth, predicted| {
        let (width, height) = (truth.width as usize, truth.height as usize);
        let scores = (0..truth.channels).map(|class| score(&truth.plane(class), &predicted.plane(class), width, height));
        let row = &pairs.dataset.rows[row];
        Case { image: row.image.clone(), group: independent_unit(row), scores: scores.collect() }
    })?;
    let evaluation = evaluate(&classes, &cases, &options)?;
    let cautions = source.cautions();
    cautions.iter().for_each(|caution| context.ui.warn(caution));
    let overlays = overlays(context, &pairs, rows, &cases, work)?;
    let material = Material { title: source.title(), identity: source.identity(), cautions, overlays };
    let html = page::page(&classes, &cases, &evaluation, &material).render();
    let out = context.cwd.join(&args.out);
    std::fs::create_dir_all(&out)
        .map_err(|error| Failure::new(format!("cannot make the folder `{}`", args.out.display())).cause(error.to_string()))?;
    for (name, content) in FILES.iter().zip([evaluation.to_metrics_json(), evaluation.to_json(), to_csv(&classes, &cases), html]) {
        atomic::write(&out.join(name), content.as_bytes())?;
    }
    let files = FILES.iter().map(|name| source.shown(&out.join(name))).collect();
    Ok(Answer { title: source.title(), run: None, files, evaluation })
}

/// Pictures of the images that the report shows; one that cannot be made is a warning, not a failure.
fn overlays(
    context: &Context,
    pairs: &Pairs<'_>,
    rows: &[usize],
    cases: &[Case],
    work: Work<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let place: HashMap<&str, usize> = rows.iter().map(|&row| (pairs.dataset.rows[row].image.as_str(), row)).collect();
    let shown = page::examples(cases);
    let wanted = shown.iter().flat_map(|(_, cases)| cases.iter().filter_map(|case| place.get(case.image.as_str()).copied()));
    let wanted: Vec<usize> = wanted.collect();
    let made = pairs.each(&wanted, work, &|row, truth, predicted| {
        let row = &pairs.dataset.rows[row];
        (row.image.clone(), overlay::overlay(&pairs.dataset.image_path(row), truth, predicted))
    })?;
    let mut found = BTreeMap::new();
    for (image, picture) in made {
        match picture {
            Ok(bytes) => {
                found.insert(image, bytes);
            }
            Err(dataset::Error::Interrupted) => return Err(dataset::Error::Interrupted.into()),
            Err(error) => context.ui.warn(format!("the report lacks a picture: {error}")),
        }
    }
    Ok(found)
}

impl Shown for MaskEvaluation {
    const KIND: &'static str = "mask-evaluation";

    fn sizes(&self) -> [usize; 2] {
        [self.n, self.groups]
    }

    fn of_what(&self) -> String {
        let classes: Vec<&String> = self.per_class.keys().collect();
        format!("masks of {}", crate::text::quoted_list(&classes))
    }

    fn tables(&self, page: &mut Page) {
        page.table(&headline(self)).blank();
        page.table(&per_class(self));
    }
}

/// What the names of [`Means::NAMES`] are called.
const WORDS: [&str; 9] = [
    "Dice",
    "Jaccard",
    "thresholded Jaccard (0.65)",
    "sensitivity",
    "specificity",
    "HD95, pixels",
    "HD95, failures as the diagonal",
    "ASSD, pixels",
    "ASSD, failures as the diagonal",
];

fn headline(e: &MaskEvaluation) -> Table {
    let mut table = Table::new([("metric", Align::Left), ("mean", Align::Right), ("95 % interval", Align::Left)]);
    for ((name, words), value) in Means::NAMES.iter().zip(WORDS).zip(e.headline.values()) {
        let interval = range(e.intervals.headline.get(name).copied().flatten());
        table.row([words.to_owned(), number(value), Style::Faint.paint(&interval)]);
    }
    table
}

fn per_class(e: &MaskEvaluation) -> Table {
    let columns = [("class", Align::Left), ("images with it", Align::Right), ("missed", Align::Right), ("invented", Align::Right)];
    let more = [("both empty", Align::Right), ("below 0.65", Align::Right), ("Dice", Align::Right), ("quartiles", Align::Left)];
    let mut table = Table::with_columns(columns.into_iter().chain(more).map(|(name, align)| (name.to_owned(), align)).collect());
    for (name, class) in &e.per_class {
        let counts = [class.support, class.missed, class.invented, class.both_empty, class.below_threshold].map(|n| n.to_string());
        let quartiles = class.dice_quartiles.map(|value| number(Some(value))).join(" ");
        table.row(std::iter::once(name.clone()).chain(counts).chain([number(class.means.dice), Style::Faint.paint(&quartiles)]));
    }
    table
}
