//! Words and numbers for people: plurals, sizes, durations, suggestions, places in files.
//!
//! Everything here returns text; nothing prints.

mod place;

use std::path::Path;

pub use place::Place;

/// `1 image`, `2 images`, `10,015 images`. `plural` is the plural form, `singular` the other.
pub fn count(n: usize, singular: &str, plural: &str) -> String {
    format!("{} {}", grouped(n as u64), if n == 1 { singular } else { plural })
}

/// A whole number with a comma between groups of three digits.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `999 B`, `39.4 MB`: powers of 1000, one decimal from kB on.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `85 ms`, `4.2 s`, `3 min 05 s`, `2 h 10 min`.
pub fn duration(seconds: f64) -> String {
    if seconds < 0.9995 {
        return format!("{:.0} ms", seconds * 1000.0);
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    if whole < 3600 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{} h {:02} min", whole / 3600, whole % 3600 / 60)
    }
}

/// Names in backticks with commas and a last "and": `` `a`, `b` and `c` ``.
pub fn quoted_list<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// `word` as one argument of a POSIX shell's command line that no program takes for an option.
pub fn shell_word(word: &str) -> String {
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    let plain = |c: char| c.is_alphanumeric() || "-_./,:@%+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Words of the operating system without what only a program needs: error numbers, names of temporary files.
pub fn plain_reason(reason: &str) -> String {
    let Some((before, rest)) = reason.split_once(" (os error ") else { return reason.to_owned() };
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    let after = if after.starts_with(" at path \"") { "" } else { after };
    let mut letters = before.chars();
    let alone = !before.contains([':', '`']);
    let first = letters.next().map(|first| if alone { first.to_lowercase().to_string() } else { first.to_string() });
    format!("{}{}{}", first.unwrap_or_default(), letters.as_str(), plain_reason(after))
}

/// The same words with files below `folder` named from there, where a name begins the text or follows a space or a backtick.
pub fn shorten_paths(words: &str, folder: &Path) -> String {
    let Some(prefix) = folder.to_str().map(|folder| format!("{}/", folder.trim_end_matches('/'))).filter(|prefix| prefix != "/") else {
        return words.to_owned();
    };
    let mut short = String::with_capacity(words.len());
    for (i, part) in words.split(&prefix).enumerate() {
        if i > 0 && !(short.is_empty() || short.ends_with(['`', ' '])) {
            short.push_str(&prefix);
        }
        short.push_str(part);
    }
    short
}

/// As [`quoted_list`] with at most `shown` names: `` `a`, `b` and 7 more ``.
pub fn some_of<S: AsRef<str>>(names: &[S], shown: usize) -> String {
    match names.split_at_checked(shown) {
        Some((head, rest)) if !rest.is_empty() => {
            let quoted: Vec<String> = head.iter().map(|name| format!("`{}`", name.as_ref())).collect();
            format!("{} and {} more", quoted.join(", "), grouped(rest.len() as u64))
        }
        _ => quoted_list(names),
    }
}

/// The candidate most like `word`, if one is close enough to be a slip of the finger.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|name| (strsim::jaro_winkler(word, name), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(count(1, "image", "images"), "1 image");
        assert_eq!(count(10_015, "image", "images"), "10,015 images");
        assert_eq!(count(0, "image", "images"), "0 images");
    }

    #[test]
    fn sizes_and_durations_never_show_four_digits() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(39_353_693), "39.4 MB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(duration(0.0849), "85 ms");
        assert_eq!(duration(185.0), "3 min 05 s");
        assert_eq!(duration(59.97), "1 min 00 s");
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("data/a-1.derm"), "data/a-1.derm");
        assert_eq!(shell_word("it's a name"), r"'it'\''s a name'");
        assert_eq!(shell_word("-rf"), "./-rf");
        assert_eq!(shell_word("$HOME"), "'$HOME'");
    }

    #[test]
    fn reasons_hold_no_numbers_and_no_temporary_names() {
        assert_eq!(plain_reason("No such file or directory (os error 2) at path \"/proc/.derm-tmp-ge2dee\""), "no such file or directory");
        assert_eq!(plain_reason("cannot read `x`: Is a directory (os error 21)"), "cannot read `x`: Is a directory");
        assert_eq!(plain_reason("unexpected end"), "unexpected end");
    }

    #[test]
    fn paths_are_named_from_the_folder() {
        let short = |words| shorten_paths(words, Path::new("/home/ada"));
        assert_eq!(short("cannot read `/home/ada/toy/a.png` of `/home/ada/toy`"), "cannot read `toy/a.png` of `toy`");
        assert_eq!(short("/home/ada/params.yaml:3:1: wrong"), "params.yaml:3:1: wrong");
        assert_eq!(short("`/mnt/home/ada/x` and `/home/adam/y`"), "`/mnt/home/ada/x` and `/home/adam/y`");
        assert_eq!(shorten_paths("`/etc/x`", Path::new("/")), "`/etc/x`");
    }

    #[test]
    fn suggestions_are_near_misses_only() {
        assert_eq!(suggest("resnet81", ["resnet18", "squeezenet1_1"]), Some("resnet18"));
        assert_eq!(suggest("banana", ["resnet18", "squeezenet1_1"]), None);
    }
}
