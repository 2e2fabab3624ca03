//! `derm repro --watch`: again and again, until the user stops it.
//!
//! A run that fails and a file that cannot be understood are told and waited on. What changed while the stages ran counts: they run
//! once more; a stage that changes its own inputs does so only once, so that it does not run for ever.

use super::{Context, Exit, Failure, ReproArgs, load, once, options, targets};
use crate::pipeline::run::Options;
use crate::pipeline::run::watch::Watched;
use crate::pipeline::{Error, Project};
use crate::store::Work;
use crate::text;
use crate::ui;

/// Changed paths that a line names.
const SHOWN: usize = 5;

pub fn run(context: &Context, args: &ReproArgs) -> Result<Exit, Failure> {
    let workspace = context.workspace()?;
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let mut last: Option<Watched> = None;
    let mut again = true;
    loop {
        let loaded = load(context).and_then(|project| targets(context, args, &project).map(|targets| (project, targets)));
        let mut project: Option<(Project, Vec<usize>)> = None;
        let before = match loaded {
            Ok((loaded, targets)) => {
                let (loaded, targets) = project.insert((loaded, targets));
                let before = Watched::look(&workspace, Some((loaded, &options(context, args, targets, &[]))), None, work)?;
                tell(context, once(context, args, loaded));
                before
            }
            Err(failure) => {
                let before = Watched::look(&workspace, None, last.as_ref(), work)?;
                tell(context, Err(failure));
                before
            }
        };
        if context.interrupt.is_raised() {
            return Ok(Exit::Interrupted);
        }
        let asked: Option<(&Project, Options)> = project.as_ref().map(|(project, targets)| (project, options(context, args, targets, &[])));
        let asked = asked.as_ref().map(|(project, options)| (*project, options));
        let after = Watched::look(&workspace, asked, Some(&before), work)?;
        let meanwhile = before.changed(&after);
        if !meanwhile.is_empty() && std::mem::replace(&mut again, false) {
            context.ui.note(format!("{} changed meanwhile", names(&meanwhile)));
            last = Some(after);
            continue;
        }
        again = true;
        context.ui.note("waiting for changes; Ctrl-C ends it");
        let (changed, now) = match after.wait(&workspace, asked, work) {
            Err(Error::Interrupted) => return Ok(Exit::Interrupted),
            waited => waited?,
        };
        context.ui.note(format!("{} changed", names(&changed)));
        last = Some(now);
    }
}

fn names(paths: &[crate::relpath::RelPath]) -> String {
    text::some_of(&paths.iter().map(crate::relpath::RelPath::as_str).collect::<Vec<_>>(), SHOWN)
}

fn tell(context: &Context, result: Result<Exit, Failure>) {
    if let Err(failure) = result {
        ui::tell(&failure.seen_from(&context.here).shown());
    }
}
