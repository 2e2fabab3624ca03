//! `derm du`.

use serde::Serialize;

use super::{Context, Exit, Failure, recorded};
use crate::cli::du::DuArgs;
use crate::relpath::RelPath;
use crate::store::{Entry, Store, tracked};
use crate::text;
use crate::ui::{Align, Page, Report, Style, Table};

#[derive(Serialize)]
struct DuReport {
    paths: Vec<Measured>,
    total: tracked::Usage,
}

#[derive(Serialize)]
struct Measured {
    path: RelPath,
    #[serde(flatten)]
    usage: tracked::Usage,
}

impl Report for DuReport {
    const KIND: &'static str = "du";

    fn human(&self, page: &mut Page) {
        if self.paths.is_empty() {
            page.line("Nothing is tracked.");
            return;
        }
        let columns = ["path", "files", "size", "once each", "in the cache"];
        let mut table = Table::with_columns(
            columns.iter().enumerate().map(|(at, name)| ((*name).to_owned(), if at == 0 { Align::Left } else { Align::Right })).collect(),
        );
        let row = |name: String, usage: &tracked::Usage| {
            let sizes = [usage.bytes, usage.objects.bytes, usage.cached.bytes].map(text::bytes);
            [name, text::grouped(usage.files)].into_iter().chain(sizes).collect::<Vec<_>>()
        };
        for Measured { path, usage } in &self.paths {
            table.row(row(path.to_string(), usage));
        }
        if self.paths.len() > 1 {
            table.row(row(Style::Faint.paint("together"), &self.total));
        }
        page.table(&table);
    }
}

pub fn run(context: &Context, args: &DuArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let store = Store::open(&workspace)?;
    let (paths, entries): (Vec<RelPath>, Vec<Entry>) = recorded::targets(context, &workspace, &store, &args.targets)?.into_iter().unzip();
    let (each, total) = tracked::measure(&store, &entries)?;
    let paths = paths.into_iter().zip(each).map(|(path, usage)| Measured { path, usage }).collect();
    context.ui.show(&DuReport { paths, total })?;
    Ok(Exit::Done)
}
