//! Arguments of `derm gc`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::scope::ScopeArgs;

/// Remove objects from the cache that nothing needs
///
/// Keeps what the pointers and locks of the given scope name, the workspace's in any case, and removes all other
/// objects from the cache. A scope must be given: data of commits outside of it will be gone from this machine.
///
/// Objects younger than a day stay (--grace): another process may have stored them and not have written its
/// pointer yet. Results of earlier runs whose outputs go are forgotten, and damaged objects and parts of
/// transfers that are older than that are removed.
///
/// Several repositories may share a cache: --projects names the others, and what they need is kept too.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  derm gc -w --dry               what would go if only the workspace's data stayed
  derm gc -a -T                  keep the data of all branches and tags
  derm gc -A --grace 0           keep what any commit needs, remove the rest at once
  derm gc -w -p ../other         a cache that `../other` uses as well
  git fetch && derm gc -A -r lab --dry    also the remote `lab`, keeping what any commit needs")]
pub struct GcArgs {
    /// Keep the data of the workspace, and nothing else unless asked for
    #[arg(short, long)]
    pub workspace: bool,

    #[command(flatten)]
    pub scope: ScopeArgs,

    /// Say what would be removed, and remove nothing
    #[arg(long, alias = "dry-run")]
    pub dry: bool,

    /// Keep objects that are younger: a number with s, min, h or d, or 0
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = span)]
    pub grace: Duration,

    /// Keep also what these repositories need, in the same scope
    #[arg(short, long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::DirPath)]
    pub projects: Vec<PathBuf>,

    /// Also remove what nothing needs from this remote, or URL: what other people pushed and you do not have the commits of goes too
    #[arg(short, long, value_name = "NAME")]
    pub remote: Option<String>,

    /// Go on although other repositories may use the cache, or a listing is damaged
    #[arg(short, long)]
    pub force: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: Option<u64> = text.strip_suffix(unit).and_then(|digits| digits.parse().ok());
    let seconds = match (number, unit) {
        (Some(0), "") => Some(0),
        (Some(n), "s") => Some(n),
        (Some(n), "m" | "min") => n.checked_mul(60),
        (Some(n), "h") => n.checked_mul(3600),
        (Some(n), "d") => n.checked_mul(86_400),
        _ => None,
    };
    seconds.map(Duration::from_secs).ok_or_else(|| "must be 0 or a number with its unit: 90s, 30min, 12h, 1d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn times_need_their_unit() {
        let seconds = |text| span(text).ok().map(|span| span.as_secs());
        assert_eq!(["0", "90s", "2min", "12h", "1d"].map(seconds), [0, 90, 120, 43_200, 86_400].map(Some));
        assert_eq!(["", "5", "d", "-1d", "1w", "99999999999999999999d"].map(seconds), [None; 6]);
    }
}
