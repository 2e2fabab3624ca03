//! See `main.rs`.
//!
//! `INSTA_UPDATE=always cargo test --release --test derm terminal::` rewrites the snapshots.

use std::fs;
use std::process::Stdio;

use crate::support::{Ran, Sandbox};

const ESCAPE: char = '\u{1b}';

mod help {
    use super::*;

    fn page(args: &[&str]) -> String {
        let ran = Sandbox::empty().derm(args).success();
        assert_eq!(ran.stderr, "");
        ran.stdout
    }

    #[test]
    fn short_help_lists_commands_in_groups() {
        insta::assert_snapshot!("help_short", page(&["-h"]));
    }

    #[test]
    fn long_help_adds_exit_codes_environment_and_examples() {
        insta::assert_snapshot!("help_long", page(&["--help"]));
    }

    #[test]
    fn help_is_a_command_too() {
        assert_eq!(page(&["help"]), page(&["--help"]));
        assert_eq!(page(&["help", "runs", "list"]), page(&["runs", "list", "--help"]));
        Sandbox::empty().derm(["help", "nosuch"]).exits(2).complains(["unrecognized command `nosuch`"]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_or_100_columns() {
        for args in [&["--help"][..], &["runs", "list", "--help"], &["completions", "--help"]] {
            let sandbox = Sandbox::empty();
            let output = sandbox.command(args).env("COLUMNS", "300").output().unwrap();
            for line in Ran::from(output).success().stdout.lines() {
                assert!(line.chars().count() <= 100, "{args:?}: {line}");
            }
        }
    }

    #[test]
    fn version_is_one_line() {
        assert_eq!(page(&["--version"]), format!("derm {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(page(&["-V"]), page(&["--version"]));
    }
}

mod without_arguments {
    use super::*;

    #[test]
    fn outside_a_repository_init_comes_first() {
        let ran = Sandbox::empty().derm([""; 0]).success();
        insta::assert_snapshot!("welcome_outside", ran.stdout);
        assert_eq!(ran.stderr, "");
    }

    #[test]
    fn inside_a_repository_the_next_step_comes_first() {
        let sandbox = Sandbox::repository();
        let page = |sandbox: &Sandbox| sandbox.derm([""; 0]).success().stdout.replace(sandbox.root().to_str().unwrap(), "ROOT");
        insta::assert_snapshot!("welcome_empty_repository", page(&sandbox));
        sandbox.write("pipelines/skin.yaml", "stages: {}\n");
        insta::assert_snapshot!("welcome_pipelines", page(&sandbox));
    }

    #[test]
    fn a_script_that_forgot_the_command_is_told() {
        let ran = Sandbox::empty().derm(["--json"]).exits(2).complains(["no command is given"]);
        assert_eq!(ran.json()["error"]["exit_code"], 2);
    }
}

mod colour {
    use super::*;

    fn coloured(args: &[&str], environment: &[(&str, &str)]) -> bool {
        let sandbox = Sandbox::empty();
        let ran = Ran::from(sandbox.command(args).envs(environment.iter().copied()).output().unwrap());
        (ran.stdout + &ran.stderr).contains(ESCAPE)
    }

    /// The answer, a help page, and an error.
    const PLACES: [&[&str]; 3] = [&[], &["--help"], &["nosuch"]];

    #[test]
    fn a_pipe_gets_none() {
        for args in PLACES {
            assert!(!coloured(args, &[]), "{args:?}");
        }
    }

    #[test]
    fn the_environment_decides() {
        for args in PLACES {
            assert!(coloured(args, &[("CLICOLOR_FORCE", "1")]), "{args:?}");
            assert!(!coloured(args, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), "{args:?}");
        }
    }

    #[test]
    fn the_option_wins_over_the_environment() {
        for args in PLACES {
            let with = |when: &'static str| [args, &["--color", when]].concat();
            assert!(coloured(&with("always"), &[("NO_COLOR", "1")]), "{args:?}");
            assert!(!coloured(&with("never"), &[("CLICOLOR_FORCE", "1")]), "{args:?}");
        }
    }
}

/// stdout or stderr that nobody reads, as behind `| head` once `head` has gone.
#[cfg(unix)]
mod closed {
    use super::*;

    fn broken_pipe() -> Stdio {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer.into()
    }

    #[test]
    fn stdout_is_a_quiet_success() {
        let sandbox = Sandbox::repository();
        let cases: [&[&str]; 6] =
            [&[], &["--help"], &["--version"], &["completions", "zsh"], &["runs", "list", "--json"], &["help", "runs"]];
        for args in cases {
            let output = sandbox.command(args).stdout(broken_pipe()).output().unwrap();
            let ran = Ran::from(output).success();
            assert_eq!(ran.stderr, "", "{args:?}");
        }
    }

    #[test]
    fn stdout_keeps_the_exit_code_of_a_failure() {
        let output = Sandbox::empty().command(["nosuch", "--json"]).stdout(broken_pipe()).output().unwrap();
        Ran::from(output).exits(2).complains(["unrecognized command `nosuch`"]);
    }

    #[test]
    fn stderr_keeps_the_exit_code_of_a_failure() {
        let output = Sandbox::empty().command(["nosuch"]).stderr(broken_pipe()).output().unwrap();
        assert_eq!(Ran::from(output).exits(2).stdout, "");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_behind_stdout_is_a_failure() {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Sandbox::empty().command(["completions", "bash"]).stdout(full).output().unwrap();
        Ran::from(output).exits(1).complains(["cannot write the answer to stdout", "cause:"]);
    }
}

/// A real pseudo-terminal, as Linux makes them.
#[cfg(target_os = "linux")]
mod on_a_terminal {
    #![allow(unsafe_code)]

    use std::io::Read;
    use std::os::fd::OwnedFd;

    use rustix::ioctl::{Getter, Setter, ioctl};
    use rustix::termios::{Winsize, tcsetwinsize};

    use super::*;

    /// `TIOCSPTLCK` and `TIOCGPTN` of `ioctl_tty(2)`.
    const LOCK: u32 = 0x4004_5431;
    const NUMBER: u32 = 0x8004_5430;

    /// The side of a terminal that the user sees, and the side of the program.
    fn terminal(columns: u16) -> (fs::File, OwnedFd) {
        let open = |path: &str| fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let ours = open("/dev/ptmx");
        // SAFETY: both requests take a pointer to one int, as the manual page says.
        let number: i32 = unsafe {
            ioctl(&ours, Setter::<{ LOCK as _ }, i32>::new(0)).unwrap();
            ioctl(&ours, Getter::<{ NUMBER as _ }, i32>::new()).unwrap()
        };
        let theirs: OwnedFd = open(&format!("/dev/pts/{number}")).into();
        tcsetwinsize(&theirs, Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        (ours, theirs)
    }

    /// Runs derm with stdin, stdout and stderr on a terminal of `columns` columns; what it showed.
    fn shown(sandbox: &Sandbox, args: &[&str], columns: u16, environment: &[(&str, &str)]) -> String {
        let (mut ours, theirs) = terminal(columns);
        let copy = || Stdio::from(theirs.try_clone().unwrap());
        let mut command = sandbox.command(args);
        command.env_remove("COLUMNS").env("TERM", "xterm").envs(environment.iter().copied());
        command.stdin(copy()).stdout(copy()).stderr(copy());
        let mut child = command.spawn().unwrap();
        drop((command, theirs));
        let mut bytes = Vec::new();
        // Linux ends a terminal whose other side is gone with EIO.
        let _ = ours.read_to_end(&mut bytes);
        assert!(child.wait().unwrap().code().is_some());
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn colour_is_on_unless_the_environment_says_otherwise() {
        let sandbox = Sandbox::empty();
        assert!(shown(&sandbox, &[], 80, &[]).contains(ESCAPE));
        for off in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
            assert!(!shown(&sandbox, &[], 80, &[off]).contains(ESCAPE), "{off:?}");
        }
    }

    #[test]
    fn help_wraps_at_the_terminal() {
        let page = shown(&Sandbox::empty(), &["runs", "list", "--help"], 60, &[("NO_COLOR", "1")]);
        assert!(page.lines().all(|line| line.chars().count() <= 60), "{page}");
    }

    #[test]
    fn tables_are_cut_to_the_terminal_and_only_there() {
        let sandbox = Sandbox::repository();
        let workspace = derm::workspace::Workspace::discover(&sandbox.root()).unwrap();
        let experiment = "an-experiment-with-a-name-that-is-far-too-long-for-a-narrow-terminal".to_owned();
        let start = derm::tracking::Start { experiment: experiment.clone(), ..Default::default() };
        derm::tracking::RunWriter::start(&workspace, start).finish(derm::tracking::Status::Finished, None);
        let page = shown(&sandbox, &["runs", "list"], 80, &[("NO_COLOR", "1")]);
        assert!(page.contains("an-experi") && page.contains('…'), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        assert!(sandbox.derm(["runs", "list"]).success().stdout.contains(&experiment));
    }
}

mod json {
    use super::*;

    #[test]
    fn a_wrong_command_line_gives_one_object_too() {
        for args in [&["nosuch", "--json"][..], &["--json", "runs", "show"], &["runs", "list", "--nosuch", "--json"]] {
            let json = Sandbox::empty().derm(args).exits(2).json();
            assert_eq!((json["schema"].as_u64(), json["kind"].as_str()), (Some(1), Some("error")), "{args:?}");
            assert_eq!(json["error"]["exit_code"], 2);
            assert!(json["error"]["message"].as_str().unwrap().len() > 10 && json["error"]["hints"].is_array());
        }
    }

    #[test]
    fn a_failure_gives_one_object_and_the_same_words_on_stderr() {
        let ran = Sandbox::repository().derm(["runs", "show", "last", "--json"]).exits(1);
        let json = ran.json();
        let message = json["error"]["message"].as_str().unwrap();
        assert_eq!(json["error"]["exit_code"], 1);
        ran.complains([message, "hint:"]);
    }

    #[test]
    fn success_gives_one_document_with_its_schema() {
        let sandbox = Sandbox::repository();
        for (args, kind) in [(&["runs", "list", "--json"][..], "runs"), (&["man", "out", "--json"], "man")] {
            let json = sandbox.derm(args).success().json();
            assert_eq!((json["schema"].as_u64(), json["kind"].as_str()), (Some(1), Some(kind)), "{args:?}");
        }
    }
}

mod exit_code {
    use super::*;

    #[test]
    fn code_0_is_done() {
        Sandbox::repository().derm(["runs", "list"]).exits(0);
    }

    #[test]
    fn code_1_is_failed() {
        Sandbox::repository().derm(["runs", "show", "ffff"]).exits(1).complains(["error:", "hint:"]);
    }

    #[test]
    fn code_2_is_wrong_usage() {
        let sandbox = Sandbox::repository();
        sandbox.derm(["stauts"]).exits(2).complains(["unrecognized command `stauts`", "`status`"]);
        sandbox.derm(["runs", "list", "--limt", "3"]).exits(2).complains(["--limit"]);
        sandbox.derm(["--cd", "nosuch", "runs", "list"]).exits(2).complains(["cannot start in `nosuch`: no such folder"]);
        sandbox.write("params.yaml", "");
        sandbox.derm(["--cd", "params.yaml", "status"]).exits(2).complains(["cannot start in `params.yaml`: not a folder"]);
        sandbox.derm(["train", "--lr", "-1"]).exits(2).complains(["not provided: --data"]);
        sandbox.derm(["completions", "klingon"]).exits(2).complains(["derm completions --help"]);
        Sandbox::empty().derm(["runs", "list"]).exits(2).complains(["is not inside a derm repository", "derm init"]);
    }

    #[test]
    fn code_3_is_a_check_that_did_not_hold() {
        let sandbox = Sandbox::repository();
        sandbox.write("x.txt", "one");
        sandbox.derm(["add", "x.txt"]).success();
        sandbox.derm(["status", "--exit-code"]).exits(0);
        fs::remove_file(sandbox.path("x.txt")).unwrap();
        sandbox.write("x.txt", "two");
        sandbox.derm(["status", "--exit-code"]).exits(3);
    }

    #[test]
    #[cfg(unix)]
    fn code_130_is_interrupted() {
        use std::time::{Duration, Instant};
        let sandbox = Sandbox::repository();
        sandbox.write("pipelines/slow.yaml", "stages:\n  slow:\n    cmd: touch started && sleep 60\n    always_changed: true\n");
        let mut child = sandbox.command(["repro"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !sandbox.path("started").exists() {
            assert!(begun.elapsed() < Duration::from_secs(50), "the stage did not begin");
            std::thread::sleep(Duration::from_millis(20));
        }
        let derm = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(derm, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(begun.elapsed() < Duration::from_secs(60), "the stage was not stopped");
    }
}

mod place {
    use super::*;

    #[test]
    fn a_subfolder_works_like_the_root() {
        let sandbox = Sandbox::repository();
        sandbox.write("a/b/x.txt", "x");
        let output = sandbox.command(["runs", "list", "--json"]).current_dir(sandbox.path("a/b")).output().unwrap();
        assert_eq!(Ran::from(output).success().stdout, sandbox.derm(["runs", "list", "--json"]).success().stdout);
    }

    #[test]
    fn cd_starts_elsewhere() {
        let sandbox = Sandbox::repository();
        sandbox.write("a/b/x.txt", "x");
        let output = sandbox.command(["--cd", "a/b", "runs", "list"]).output().unwrap();
        Ran::from(output).success();
        let elsewhere = Sandbox::empty();
        elsewhere.derm(["runs", "list", "--cd", sandbox.root().to_str().unwrap()]).success();
    }
}
