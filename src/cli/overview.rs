//! The first page of help: commands in groups, then the options, exit codes and examples.

use std::any::TypeId;
use std::num::NonZeroUsize;

use clap::Command;
use clap::builder::styling::Style;

/// Every command, in the order in which a newcomer needs them.
pub(super) const GROUPS: &[(&str, &[&str])] = &[
    ("Start", &["init", "config", "doctor", "migrate", "install"]),
    ("Data under version control", &["add", "status", "diff", "checkout", "commit", "move", "remove", "unprotect"]),
    ("The cache", &["du", "gc", "fsck", "cache"]),
    ("Remotes", &["remote", "push", "pull", "fetch"]),
    ("Data of others", &["ls", "get", "import", "update"]),
    ("Pipelines", &["repro", "dag", "params", "metrics", "exp", "sweep"]),
    ("Datasets", &["data"]),
    ("Models", &["train", "predict", "evaluate", "ensemble", "explain", "drift", "export", "model"]),
    ("Runs", &["runs"]),
    ("Shell", &["completions", "man"]),
];

const SHORT_END: &str = "`derm help COMMAND` explains a command; `derm --help` also lists exit codes and examples.";

const LONG_END: &str = "\
{h}Exit codes:{/h}
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
    3  done, and what was asked to be checked did not hold (leakage, drift, a difference)
  130  interrupted

{h}Environment:{/h}
  NO_COLOR, CLICOLOR, CLICOLOR_FORCE   whether to use colour, unless --color says so
  CI                                   progress in plain lines even on a terminal
  HF_HOME, HF_TOKEN, HF_ENDPOINT,
  HF_HUB_OFFLINE                       where weights come from and are kept
  SOURCE_DATE_EPOCH                    the time of day that is written into files

{h}Examples:{/h}
  derm init                            make this folder a repository
  derm add data/images                 put a folder under version control
  derm repro                           run what is out of date of pipelines/*.yaml
  derm status --json                   what changed, for a script
  derm runs list --sort val_loss       the runs, best first

{h}Read more:{/h}
  `derm help COMMAND`, README.md for a first walk, ARCHITECTURE.md for the files that derm keeps";

/// Gives the root of the definition its own page.
pub(super) fn apply(command: Command) -> Command {
    let command = with_negative_numbers(command);
    let header = *command.get_styles().get_header();
    let heading = |text: &str| text.replace("{h}", &header.render().to_string()).replace("{/h}", &header.render_reset().to_string());
    let template = format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}{}\n{{options}}{{after-help}}",
        groups(&command),
        heading("{h}Options:{/h}")
    );
    let command = command.override_usage("derm [OPTIONS] COMMAND ...").mut_subcommands(|sub| with_end(sub, header));
    command.help_template(template).after_help(SHORT_END).after_long_help(heading(LONG_END))
}

/// `--lr -1` is a wrong number, not an unknown option `-1`: what takes a number takes a negative one, and says what it wants.
fn with_negative_numbers(command: Command) -> Command {
    let numbers = [TypeId::of::<f64>(), TypeId::of::<f32>(), TypeId::of::<usize>(), TypeId::of::<u64>(), TypeId::of::<u32>()];
    let numbers = [&numbers[..], &[TypeId::of::<NonZeroUsize>()]].concat();
    let takes = |arg: &clap::Arg| numbers.iter().any(|number| arg.get_value_parser().type_id() == *number);
    let command = command.mut_args(|arg| if takes(&arg) { arg.allow_negative_numbers(true) } else { arg });
    command.mut_subcommands(with_negative_numbers)
}

/// How a command ends, unless its own page says it more closely.
const EXIT_STATUS: &str = "\
EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
  130  interrupted";

/// Gives every page of a command its end: examples and exit codes, under the same headings as on the first page.
fn with_end(command: Command, style: Style) -> Command {
    let given = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let default = if given.contains("EXIT STATUS") { "" } else { EXIT_STATUS };
    let all = [given.as_str(), default].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("\n\n");
    let end = all.replace("EXAMPLES\n", &format!("{style}Examples:{style:#}\n"));
    let end = end.replace("EXIT STATUS\n", &format!("{style}Exit codes:{style:#}\n"));
    command.after_help(None::<&str>).after_long_help(end).mut_subcommands(|sub| with_end(sub, style))
}

fn groups(command: &Command) -> String {
    let (header, literal) = (*command.get_styles().get_header(), *command.get_styles().get_literal());
    let mut out = String::new();
    for (title, names) in GROUPS {
        let found: Vec<&Command> = names.iter().filter_map(|name| command.find_subcommand(name)).collect();
        out.push_str(&format!("{header}{title}:{header:#}\n"));
        for sub in found {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            out.push_str(&format!("  {literal}{:<12}{literal:#} {about}\n", sub.get_name()));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::GROUPS;

    #[test]
    fn every_command_stands_in_one_group() {
        let command = crate::cli::command();
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut real: Vec<&str> = command.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name()).collect();
        listed.sort_unstable();
        real.sort_unstable();
        assert_eq!(listed, real);
    }
}
