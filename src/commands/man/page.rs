//! One manual page in roff.
//!
//! Title, name, options and subcommands are as `clap_mangen` writes them. The rest is ours, because there every text is
//! filled: here indented lines stay as they are, and a line in capitals (`FORMATS`) or one that ends with a colon and has
//! indented lines below it (`Examples:`) begins a section.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// `derm-data-split`.
pub fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

pub fn render(command: &Command) -> io::Result<Vec<u8>> {
    let title = name(command).to_uppercase();
    let man = Man::new(command.clone()).title(title).manual("derm");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis(command).to_writer(&mut page)?;
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    sections("DESCRIPTION", &about).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let end = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    sections("NOTES", &end).to_writer(&mut page)?;
    Ok(page)
}

/// As on the help page: `derm data split [OPTIONS] --out <CSV> <DATASET>`.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for (i, line) in usage.lines().map(|line| line.trim_start_matches("Usage:").trim()).filter(|line| !line.is_empty()).enumerate() {
        if i > 0 {
            roff.control("br", []);
        }
        let own = command.get_bin_name().unwrap_or(command.get_name());
        match line.strip_prefix(own) {
            Some(rest) => roff.text([bold(own), roman(rest)]),
            None => roff.text([roman(line)]),
        };
    }
    roff
}

/// Text as sections, the part before the first heading under `first`.
fn sections(first: &str, text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut indented = false;
    let mut begun = false;
    let lines: Vec<&str> = text.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        let below = lines[i + 1..].iter().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with(' '));
        if is_heading(line) && below {
            keep_lines(&mut roff, &mut indented, false);
            let heading = line.strip_suffix(':').map_or_else(|| (*line).to_owned(), str::to_uppercase);
            roff.control("SH", [heading.as_str()]);
            begun = true;
        } else if line.trim().is_empty() {
            match (begun, indented) {
                (true, false) => roff.control("PP", []),
                (true, true) if below => roff.control("sp", []),
                _ => &mut roff,
            };
        } else {
            if !begun {
                roff.control("SH", [first]);
                begun = true;
            }
            keep_lines(&mut roff, &mut indented, line.starts_with(' '));
            roff.text([roman(*line)]);
        }
    }
    keep_lines(&mut roff, &mut indented, false);
    roff
}

fn is_heading(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    let capitals = word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase());
    !line.starts_with(' ') && (capitals || line.ends_with(':'))
}

/// Switches filling off for indented lines, and on again.
fn keep_lines(roff: &mut Roff, indented: &mut bool, wanted: bool) {
    if *indented != wanted {
        roff.control(if wanted { "nf" } else { "fi" }, []);
        *indented = wanted;
    }
}
