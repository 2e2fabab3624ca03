//! Progress on stderr: live bars on a terminal, a plain line now and then elsewhere, nothing when quiet.
//!
//! Work only adds to a counter; one thread looks at the counters ten times a second while there
//! are tasks, and for a second after the last: tasks of a moment, one after the other, neither start
//! a thread each nor wake it. Nothing shows in a task's first quarter of a second. Before anything else is
//! written the live lines are taken off the screen, and they are drawn again below it.

mod bar;
mod line;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use super::Style;
use crate::observer::{Observer, Task, Unit};

/// How often the counters are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often there may be no task before the thread that looks ends.
const LINGER: u32 = 10;
/// How long a task runs before it shows.
const SHOW_AFTER: Duration = Duration::from_millis(250);
/// How often a task writes a plain line where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Live bars.
    Bars,
    /// A line every ten seconds.
    Lines,
    /// Not at all.
    Hidden,
}

/// The observer of the terminal.
pub struct Terminal {
    quiet: bool,
    shared: Arc<Shared>,
}

struct Shared {
    mode: Mode,
    multi: MultiProgress,
    tasks: Mutex<Tasks>,
}

#[derive(Default)]
struct Tasks {
    live: Vec<Arc<Live>>,
    /// Whether there is a thread that looks.
    looked_at: bool,
}

/// A task that has begun and not ended.
struct Live {
    name: String,
    total: Option<u64>,
    unit: Unit,
    started: Instant,
    done: AtomicU64,
    /// The part of `done` that is older than the task.
    before: AtomicU64,
    message: Mutex<String>,
    shown: Mutex<Shown>,
}

/// What of a task is on the screen.
#[derive(Default)]
struct Shown {
    bar: Option<ProgressBar>,
    lines: u32,
    /// The task has ended: nothing of it may be drawn again.
    ended: bool,
}

/// What engines hold; the task ends when it is dropped.
struct Handle {
    live: Arc<Live>,
    shared: Arc<Shared>,
}

impl Terminal {
    /// `quiet` silences everything but warnings.
    pub fn new(quiet: bool, mode: Mode) -> Self {
        let multi = MultiProgress::with_draw_target(match mode {
            Mode::Bars => ProgressDrawTarget::stderr_with_hz(10),
            Mode::Lines | Mode::Hidden => ProgressDrawTarget::hidden(),
        });
        let mode = if quiet { Mode::Hidden } else { mode };
        Self { quiet, shared: Arc::new(Shared { mode, multi, tasks: Mutex::default() }) }
    }

    /// Takes the live lines off the screen while `write` writes something else.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.shared.aside(write)
    }
}

impl Observer for Terminal {
    fn begin(&self, name: &str, total: Option<u64>, unit: Unit) -> Box<dyn Task> {
        if self.shared.mode == Mode::Hidden {
            return Box::new(crate::observer::Silent);
        }
        let live = Arc::new(Live {
            name: name.to_owned(),
            total,
            unit,
            started: Instant::now(),
            done: AtomicU64::new(0),
            before: AtomicU64::new(0),
            message: Mutex::default(),
            shown: Mutex::default(),
        });
        let mut tasks = lock(&self.shared.tasks);
        tasks.live.push(live.clone());
        if !tasks.looked_at {
            let shared = self.shared.clone();
            let thread = std::thread::Builder::new().name("progress".to_owned());
            // Without the thread there is no progress, and the work goes on.
            tasks.looked_at = thread.spawn(move || shared.look()).is_ok();
        }
        Box::new(Handle { live, shared: self.shared.clone() })
    }

    fn warn(&self, message: &str) {
        self.shared.write(&format!("{} {message}", Style::Changed.paint("warning:")));
    }

    fn note(&self, message: &str) {
        if !self.quiet {
            self.shared.write(message);
        }
    }
}

impl Task for Handle {
    fn advance(&self, n: u64) {
        self.live.done.fetch_add(n, Ordering::Relaxed);
    }

    fn resume(&self, n: u64) {
        self.live.before.fetch_add(n, Ordering::Relaxed);
        self.live.done.fetch_add(n, Ordering::Relaxed);
    }

    fn message(&self, text: &str) {
        text.clone_into(&mut lock(&self.live.message));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        lock(&self.shared.tasks).live.retain(|live| !Arc::ptr_eq(live, &self.live));
        let mut shown = lock(&self.live.shown);
        shown.ended = true;
        if let Some(bar) = &shown.bar {
            bar.finish_and_clear();
            self.shared.multi.remove(bar);
        }
        if shown.lines > 0 {
            self.shared.write(&line::last(&self.live));
        }
    }
}

impl Shared {
    /// Looks at the tasks until there have been none for a while.
    fn look(&self) {
        let mut idle = 0;
        while idle < LINGER {
            std::thread::sleep(LOOK_EVERY);
            let mut tasks = lock(&self.tasks);
            idle = if tasks.live.is_empty() { idle + 1 } else { 0 };
            tasks.looked_at = idle < LINGER;
            let live = tasks.live.clone();
            drop(tasks);
            live.iter().for_each(|task| self.show(task));
        }
    }

    fn show(&self, task: &Live) {
        let elapsed = task.started.elapsed();
        let mut shown = lock(&task.shown);
        match self.mode {
            _ if shown.ended => {}
            Mode::Bars if elapsed >= SHOW_AFTER => {
                let bar = shown.bar.get_or_insert_with(|| self.multi.add(bar::new(task)));
                bar::update(bar, task);
            }
            Mode::Lines if elapsed >= LINE_EVERY * (shown.lines + 1) => {
                shown.lines = (elapsed.as_secs() / LINE_EVERY.as_secs()) as u32;
                self.write(&line::now(task));
            }
            _ => {}
        }
    }

    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.multi.suspend(write)
    }

    fn write(&self, line: &str) {
        self.aside(|| {
            let text = format!("{line}\n");
            // Looking for colours to take out byte by byte would be the slowest part of passing on what a stage prints.
            let _ = match text.contains('\x1b') {
                true => anstream::stderr().lock().write_all(text.as_bytes()),
                false => std::io::stderr().lock().write_all(text.as_bytes()),
            };
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
