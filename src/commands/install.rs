//! `derm install`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::install::InstallArgs;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::hooks::{self, Done};

#[derive(Serialize)]
struct Installed {
    removed: bool,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    what: String,
    state: Done,
    /// What a person has to add.
    #[serde(skip_serializing_if = "Option::is_none")]
    add: Option<String>,
}

impl Report for Installed {
    const KIND: &'static str = "install";

    fn human(&self, page: &mut Page) {
        let mut table = Table::new([("part", Align::Left), ("", Align::Left)]);
        for part in &self.parts {
            let state = match (part.state, self.removed) {
                (Done::Changed, false) => Style::Good.paint("installed"),
                (Done::Changed, true) => Style::Good.paint("removed"),
                (Done::Same, false) => Style::Faint.paint("there already"),
                (Done::Same, true) => Style::Faint.paint("not there"),
                (Done::Refused, _) => Style::Bad.paint("left alone: it is no shell script"),
            };
            table.row([part.what.clone(), state]);
        }
        page.table(&table);
        for part in self.parts.iter().filter(|part| part.add.is_some()) {
            page.blank().line(format!("To have it all the same, make the {} do this:", part.what));
            part.add.iter().flat_map(|add| add.lines()).for_each(|line| indented(page, line));
        }
        if !self.removed && self.parts.iter().any(|part| part.what == ".gitattributes" && part.state == Done::Changed) {
            page.blank().line("To commit: git add .gitattributes");
        }
    }
}

fn indented(page: &mut Page, line: &str) {
    page.line(format!("  {line}"));
}

pub fn run(context: &Context, args: &InstallArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let wanted = !args.remove;
    let mut parts = Vec::new();
    for hook in hooks::hooks(&workspace, wanted)? {
        let add = (hook.done == Done::Refused).then_some(hook.block);
        parts.push(Part { what: format!("hook {}", hook.name), state: hook.done, add });
    }
    parts.push(Part { what: ".gitattributes".to_owned(), state: hooks::attributes(&workspace, wanted)?, add: None });
    let changed = workspace.git_merge_driver(wanted)?;
    let state = if changed { Done::Changed } else { Done::Same };
    parts.push(Part { what: "merge driver in git's configuration".to_owned(), state, add: None });
    let refused = parts.iter().any(|part| part.state == Done::Refused);
    context.ui.show(&Installed { removed: args.remove, parts })?;
    Ok(if refused { Exit::Failed } else { Exit::Done })
}
