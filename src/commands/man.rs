//! `derm man`.

mod page;

use std::io;

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli;
use crate::cli::man::ManArgs;
use crate::text;
use crate::ui::{Page, Report};

#[derive(Serialize)]
struct Written {
    pages: Vec<String>,
}

impl Report for Written {
    const KIND: &'static str = "man";

    fn human(&self, page: &mut Page) {
        page.line(format!("wrote {}", text::count(self.pages.len(), "page", "pages")));
    }
}

pub fn run(context: &Context, args: &ManArgs) -> Result<Exit, Failure> {
    let folder = context.cwd.join(&args.folder);
    let failed =
        |action: &str, error: &io::Error| Failure::new(format!("cannot {action} `{}`", args.folder.display())).cause(error.to_string());
    let pages = pages().map_err(|error| failed("make the pages for", &error))?;
    std::fs::create_dir_all(&folder).map_err(|error| failed("create", &error))?;
    for (name, page) in &pages {
        std::fs::write(folder.join(name), page).map_err(|error| failed("write to", &error))?;
    }
    context.ui.show(&Written { pages: pages.into_iter().map(|(name, _)| name).collect() })?;
    Ok(Exit::Done)
}

/// File names and contents of all pages in roff, from clap's definitions alone.
pub fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = cli::command();
    command.build();
    let mut pages = Vec::new();
    collect(&command, &mut pages)?;
    Ok(pages)
}

fn collect(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    pages.push((format!("{}.1", page::name(command)), page::render(command)?));
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| collect(sub, pages))
}
