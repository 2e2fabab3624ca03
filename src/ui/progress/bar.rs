//! Progress as a live bar.

use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{Live, line, lock};
use crate::observer::Unit;
use crate::text;

/// A rate that was seen for a shorter time says nothing.
const STEADY_AFTER: Duration = Duration::from_secs(1);

/// A bar for `task`; it is not on the screen yet.
pub(super) fn new(task: &Live) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(task.total, ProgressDrawTarget::hidden());
    let bar = bar.with_elapsed(task.started.elapsed()).with_prefix(task.name.clone());
    bar.set_style(style(task.unit, task.total.is_some()));
    // The rate is estimated from steps between two looks; the first look is at what was there before.
    bar.set_position(task.before.load(Ordering::Relaxed));
    bar.tick();
    bar.reset_eta();
    bar
}

/// Brings the bar to the counter's state.
pub(super) fn update(bar: &ProgressBar, task: &Live) {
    bar.set_position(task.done.load(Ordering::Relaxed));
    let message = lock(&task.message).clone();
    if bar.message() != message {
        bar.set_message(message);
    }
    bar.tick();
}

fn style(unit: Unit, known_total: bool) -> ProgressStyle {
    let template = if known_total {
        "{prefix} {bar:24} {count}  {rate}  {left}  {wide_msg}"
    } else {
        "{prefix} {spinner} {count}  {rate}  {elapsed}  {wide_msg}"
    };
    // The templates are constants that parse: `styles_are_valid` below.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let (bar, spinner) = if speaks_utf8() { ("━╸─", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ") } else { ("=> ", "|/-\\ ") };
    let count = move |state: &ProgressState, out: &mut dyn Write| {
        let _ = match (state.len(), unit) {
            (Some(total), Unit::Items(_)) => write!(out, "{}/{}", text::grouped(state.pos()), line::amount(total, unit)),
            (Some(total), Unit::Bytes) => write!(out, "{} of {}", text::bytes(state.pos()), text::bytes(total)),
            (None, _) => write!(out, "{}", line::amount(state.pos(), unit)),
        };
    };
    let rate = move |state: &ProgressState, out: &mut dyn Write| {
        if state.per_sec() > 0.0 && state.elapsed() >= STEADY_AFTER {
            let _ = write!(out, "{}", line::rate(state.per_sec(), unit));
        }
    };
    let left = |state: &ProgressState, out: &mut dyn Write| {
        let eta = Some(state.eta().as_secs_f64()).filter(|_| state.elapsed() >= STEADY_AFTER);
        let _ = eta.and_then(whole_seconds).map_or(Ok(()), |left| write!(out, "{left} left"));
    };
    let elapsed = |state: &ProgressState, out: &mut dyn Write| {
        let _ = whole_seconds(state.elapsed().as_secs_f64()).map_or(Ok(()), |elapsed| write!(out, "{elapsed}"));
    };
    let style = style.progress_chars(bar).tick_chars(spinner);
    style.with_key("count", count).with_key("rate", rate).with_key("left", left).with_key("elapsed", elapsed)
}

/// `4 s`, `3 min 05 s`: tenths would flicker. Nothing below a second.
fn whole_seconds(seconds: f64) -> Option<String> {
    let whole = seconds.floor();
    (whole >= 1.0).then(|| if whole < 60.0 { format!("{whole:.0} s") } else { text::duration(whole) })
}

/// Whether the locale can show more than ASCII.
fn speaks_utf8() -> bool {
    if cfg!(windows) || cfg!(target_os = "macos") {
        return true;
    }
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressStyle;

    #[test]
    fn styles_are_valid() {
        for template in
            ["{prefix} {bar:24} {count}  {rate}  {left}  {wide_msg}", "{prefix} {spinner} {count}  {rate}  {elapsed}  {wide_msg}"]
        {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
