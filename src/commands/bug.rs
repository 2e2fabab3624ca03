//! A bug of derm's own, told like any other failure: no backtrace, no thread names.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Failure};
use crate::ui::{self, Options};

static TOLD: AtomicBool = AtomicBool::new(false);

/// From now on a panic in any thread prints one `error:` block on stderr, the first time.
pub(super) fn catch_messages() {
    std::panic::set_hook(Box::new(|info| {
        if !TOLD.swap(true, Ordering::SeqCst) {
            ui::tell(&failure(&what(info)).shown());
            if std::env::var_os("RUST_BACKTRACE").is_some() {
                ui::tell_plain(&std::backtrace::Backtrace::capture().to_string());
            }
        }
    }));
}

/// After the panic: with `--json`, stdout still gets its one document.
pub(super) fn answer(options: Options) -> Exit {
    let failure = failure("see stderr");
    if options.json {
        ui::Ui::new(options).failure_as_json(&failure.shown());
    }
    failure.exit()
}

fn failure(what: &str) -> Failure {
    Failure::new("derm met a bug").cause(what).hint("your files are as they were; please report this with the command that you typed")
}

fn what(info: &PanicHookInfo<'_>) -> String {
    let text = info.payload_as_str().unwrap_or("unknown");
    info.location().map_or_else(|| text.to_owned(), |place| format!("{text} (at {}:{})", place.file(), place.line()))
}
