//! `derm doctor`: a list of checks, each a small function; a new check is one more line in [`machine`] or [`repository`].

use serde::Serialize;

use super::{Context, Exit, Failure, recorded};
use crate::cli::doctor::DoctorArgs;
use crate::pipeline::executor;
use crate::store::{Store, Work, doctor};
use crate::text;
use crate::training::config::DeviceKind;
use crate::ui::{Align, Page, Report, Style, Table};
use crate::workspace::{Error, Workspace};

/// As many paths or objects as a line names.
const SHOWN: usize = 5;

#[derive(Serialize)]
struct DoctorReport {
    version: &'static str,
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Check {
    part: &'static str,
    name: &'static str,
    outcome: Outcome,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// As it should be.
    Ok,
    /// A fact without judgement.
    Info,
    /// Works, but not as well as it could.
    Warning,
    /// Broken.
    Failed,
}

impl Check {
    fn new(part: &'static str, name: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { part, name, outcome, detail: detail.into() }
    }
}

impl Report for DoctorReport {
    const KIND: &'static str = "doctor";

    fn human(&self, page: &mut Page) {
        page.line(format!("derm {}", self.version));
        let mut table = Table::new([("part", Align::Left), ("check", Align::Left), ("", Align::Left), ("", Align::Left)]);
        for check in &self.checks {
            let outcome = match check.outcome {
                Outcome::Ok => Style::Good.paint("ok"),
                Outcome::Info => Style::Faint.paint("-"),
                Outcome::Warning => Style::Changed.paint("warning"),
                Outcome::Failed => Style::Bad.paint("failed"),
            };
            table.row([check.part.to_owned(), check.name.to_owned(), outcome, check.detail.clone()]);
        }
        page.table(&table);
    }
}

pub fn run(context: &Context, args: &DoctorArgs) -> Result<Exit, Failure> {
    let mut checks = machine();
    match Workspace::discover(&context.cwd) {
        Ok(workspace) => checks.extend(repository(context, &workspace, args.verify)?),
        Err(error @ Error::NoRepository { .. }) if args.verify => return Err(error.into()),
        Err(Error::NoRepository { .. }) => checks.push(Check::new("repository", "root", Outcome::Info, "not inside a repository")),
        Err(error) => checks.push(Check::new("repository", "config", Outcome::Failed, in_a_line(&error.into()))),
    }
    let failed = checks.iter().any(|check| check.outcome == Outcome::Failed);
    context.ui.show(&DoctorReport { version: env!("CARGO_PKG_VERSION"), checks })?;
    Ok(if failed { Exit::CheckFailed } else { Exit::Done })
}

/// A failure in one line, with its place.
fn in_a_line(failure: &Failure) -> String {
    let shown = failure.shown();
    std::iter::once(shown.message).chain(shown.causes.iter().map(String::as_str)).collect::<Vec<_>>().join(": ")
}

fn machine() -> Vec<Check> {
    let fact = |name, detail| Check::new("machine", name, Outcome::Info, detail);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    vec![
        fact("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        fact("cores", format!("{cores}, {} in use", text::count(rayon::current_num_threads(), "thread", "threads"))),
        fact("memory", memory()),
        fact("instructions", simd()),
        devices(),
        executors(),
        arithmetic(),
    ]
}

/// Where stages can run.
fn executors() -> Check {
    let (outcome, detail) = match executor::slurm::version() {
        None => (Outcome::Info, "local; no Slurm on this machine".to_owned()),
        Some(Ok(version)) => (Outcome::Ok, format!("local; {version}, which answers")),
        Some(Err(said)) => (Outcome::Warning, format!("local; Slurm, which does not answer: {said}")),
    };
    Check::new("machine", "executors", outcome, detail)
}

/// Above this, derm's network and candle's own cannot both be right; rounding alone stays a hundred times below.
const AGREES: f64 = 1e-4;

/// Holds derm's operations against an independent implementation, on this machine's instructions.
fn arithmetic() -> Check {
    let (outcome, detail) = match crate::nn::selfcheck() {
        Ok(difference) if difference < AGREES => (Outcome::Ok, format!("ResNet-18 agrees with candle's own to {difference:.0e}")),
        Ok(difference) => {
            (Outcome::Failed, format!("ResNet-18 differs from candle's own by {difference:.0e}; its results cannot be trusted"))
        }
        Err(error) => (Outcome::Failed, error.to_string()),
    };
    Check::new("machine", "arithmetic", outcome, detail)
}

fn memory() -> String {
    match sysinfo::System::new() {
        Ok(mut system) => {
            system.refresh_memory();
            format!("{} of {} free", text::bytes(system.available_memory()), text::bytes(system.total_memory()))
        }
        Err(error) => format!("unknown: {error}"),
    }
}

/// The vector instructions that hashing and training can use.
fn simd() -> String {
    let mut found: Vec<&str> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let has = [
            ("sse4.1", is_x86_feature_detected!("sse4.1")),
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("f16c", is_x86_feature_detected!("f16c")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
        ];
        found.extend(has.iter().filter(|(_, has)| *has).map(|(name, _)| *name));
    }
    #[cfg(target_arch = "aarch64")]
    found.push("neon");
    if found.is_empty() { "no vector instructions known".to_owned() } else { found.join(", ") }
}

/// The devices that this binary was built for; a warning where one of them cannot be used.
fn devices() -> Check {
    let mut outcome = Outcome::Info;
    let mut found = Vec::new();
    for kind in DeviceKind::ALL.into_iter().filter(|kind| kind.is_built()) {
        match kind.open() {
            Ok(_) => found.push(kind.word().to_owned()),
            Err(error) => {
                outcome = Outcome::Warning;
                found.push(error.to_string());
            }
        }
    }
    // Libraries for products of matrices, which the CPU's way to work out compositions uses.
    let libraries = [("accelerate", candle_core::utils::has_accelerate()), ("mkl", candle_core::utils::has_mkl())];
    found.extend(libraries.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()));
    Check::new("machine", "devices", outcome, found.join("; "))
}

fn repository(context: &Context, workspace: &Workspace, verify: bool) -> Result<Vec<Check>, Failure> {
    let observer = context.ui.observer();
    let work = Work { observer: &*observer, interrupt: &context.interrupt };
    let store = Store::open(workspace)?;
    let objects = objects(&store, verify, &work)?;
    let tracked = tracked(workspace, &store, objects.outcome == Outcome::Ok);
    Ok(vec![config(workspace), git(workspace), links(workspace, &store), objects, tracked])
}

/// Whether the cache holds all that pointers and locks name: what it lacks cannot be checked out.
///
/// In a cache that lost nothing (`whole`) that is how a clone begins; in another it is damage.
fn tracked(workspace: &Workspace, store: &Store, whole: bool) -> Check {
    let named = match recorded::now(workspace) {
        Ok(named) => named,
        Err(failure) => return Check::new("cache", "tracked", Outcome::Failed, in_a_line(&failure)),
    };
    let missing: Vec<&str> = named.iter().filter(|(_, entry)| !store.has(entry)).map(|(path, _)| path.as_str()).collect();
    if missing.is_empty() {
        return Check::new("cache", "tracked", Outcome::Ok, format!("{}, all in the cache", text::count(named.len(), "path", "paths")));
    }
    let outcome = if whole { Outcome::Warning } else { Outcome::Failed };
    let detail = format!(
        "{} of {} not whole in the cache: {}; type `derm pull` if a remote has them, put the files in place and type `derm add`, or run the stage that makes them",
        missing.len(),
        text::count(named.len(), "path", "paths"),
        text::some_of(&missing, SHOWN),
    );
    Check::new("cache", "tracked", outcome, detail)
}

fn config(workspace: &Workspace) -> Check {
    let cache = &workspace.config().cache;
    let dir = format!("cache.dir = {} ({})", cache.dir.value.display(), cache.dir.origin);
    let names: Vec<&str> = cache.link.value.iter().map(|link| link.name()).collect();
    let link = format!("cache.link = {} ({})", names.join(", "), cache.link.origin);
    Check::new("repository", "config", Outcome::Ok, format!("{dir}; {link}"))
}

fn git(workspace: &Workspace) -> Check {
    let Some(facts) = workspace.git() else {
        return Check::new(
            "repository",
            "git",
            Outcome::Warning,
            "not under git: pointers and pipelines have no history; type `derm init --git`",
        );
    };
    let branch = facts.branch.unwrap_or_else(|| "no branch".to_owned());
    let commit = facts.commit.map_or_else(|| "no commit yet".to_owned(), |commit| commit.chars().take(12).collect());
    let state = if facts.dirty { "with changes" } else { "clean" };
    Check::new("repository", "git", Outcome::Ok, format!("{branch} at {commit}, {state}"))
}

fn links(workspace: &Workspace, store: &Store) -> Check {
    let types = match doctor::link_types(store) {
        Ok(types) => types,
        Err(error) => {
            return Check::new("cache", "links", Outcome::Failed, in_a_line(&error.into()));
        }
    };
    let works = |wanted| types.iter().any(|(link, result)| *link == wanted && result.is_ok());
    let names: Vec<String> =
        types.iter().map(|(link, result)| format!("{} {}", link.name(), if result.is_ok() { "yes" } else { "no" })).collect();
    let outcome = if workspace.config().cache.link.value.iter().any(|link| works(*link)) { Outcome::Ok } else { Outcome::Failed };
    Check::new("cache", "links", outcome, names.join(", "))
}

fn objects(store: &Store, verify: bool, work: &Work) -> Result<Check, Failure> {
    let found = doctor::objects(store, verify, work)?;
    let mut detail = format!("{}, {}", text::count(found.count as usize, "object", "objects"), text::bytes(found.bytes));
    if verify && found.damaged.is_empty() {
        detail.push_str(", all whole");
    }
    let mut outcome = Outcome::Ok;
    if found.set_aside > 0 {
        outcome = Outcome::Warning;
        detail.push_str(&format!("; {} set aside earlier", text::count(found.set_aside as usize, "damaged object", "damaged objects")));
    }
    if !found.damaged.is_empty() {
        outcome = Outcome::Failed;
        let names: Vec<String> = found.damaged.iter().map(ToString::to_string).collect();
        detail = format!(
            "{} of {} damaged and set aside: {}",
            found.damaged.len(),
            text::count(found.count as usize, "object", "objects"),
            text::some_of(&names, SHOWN)
        );
    }
    Ok(Check::new("cache", "objects", outcome, detail))
}
