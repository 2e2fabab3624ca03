//! What every command gets: the terminal, the place it was started in, the interrupt flag.

use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::{Exit, Failure};
use crate::cli::GlobalArgs;
use crate::dataset::pixels;
use crate::observer::Interrupt;
use crate::text;
use crate::ui::{Options, Ui};
use crate::workspace::Workspace;

/// Resolved once from the global options.
pub struct Context {
    /// The way to the user.
    pub ui: Ui,
    /// The absolute folder that relative paths on the command line start from.
    pub cwd: PathBuf,
    /// The folder that the shell is in: the same, unless `--cd` moved the start.
    pub here: PathBuf,
    /// Raised by Ctrl-C and by SIGTERM.
    pub interrupt: Interrupt,
    /// `-j`, if given.
    pub jobs: Option<NonZeroUsize>,
}

impl Context {
    /// Resolves the global options; sets the number of threads and the signal handler.
    pub fn new(global: &GlobalArgs) -> Result<Self, Failure> {
        let options = Options { json: global.json, quiet: global.quiet, verbose: global.verbose, color: global.color };
        let here = std::env::current_dir().map_err(|error| Failure::new("cannot find the current folder").cause(error.to_string()))?;
        let cwd = match &global.directory {
            None => here.clone(),
            Some(folder) => start_in(&here, folder)?,
        };
        if let Some(jobs) = global.jobs {
            // Fails only when a pool exists already, which is so in tests that run two commands in one process.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).build_global();
        }
        Ok(Self { ui: Ui::new(options), cwd, here, interrupt: on_signals(), jobs: global.jobs })
    }

    /// The repository that the command was started in.
    pub fn workspace(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::discover(&self.cwd)?)
    }

    /// Where decoded images are kept; nowhere outside of a repository.
    pub fn pixels_folder(&self) -> Option<PathBuf> {
        let workspace = self.workspace().ok()?;
        Some(workspace.derm_dir().join("tmp").join(pixels::FOLDER))
    }
}

/// The folder that `--cd` names.
fn start_in(here: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let failed = |reason: &str| Failure::usage(format!("cannot start in `{}`: {reason}", folder.display()));
    match here.join(folder).canonicalize() {
        Ok(found) if found.is_dir() => Ok(found),
        Ok(_) => Err(failed("not a folder")),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(failed("no such folder")),
        Err(error) => Err(failed(&text::plain_reason(&error.to_string()))),
    }
}

/// The flag that the first Ctrl-C, SIGTERM or SIGHUP raises; the second ends the process at once.
fn on_signals() -> Interrupt {
    let interrupt = Interrupt::default();
    let raised = interrupt.clone();
    let handler = move || {
        if raised.is_raised() {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        raised.raise();
    };
    // Fails only when a handler exists already, which is so in tests that run two commands in one process.
    let _ = ctrlc::set_handler(handler);
    interrupt
}
