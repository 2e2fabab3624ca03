//! See `main.rs`. Here are the cases that belong to no single command; those of one area stand in
//! its own file: images, tables and splits in `data.rs`, stages and `${…}` in `pipeline.rs`,
//! weights and full disks in `training.rs`.

use crate::support::Sandbox;

mod broken_config {
    use super::*;

    fn sandbox() -> Sandbox {
        let sandbox = Sandbox::repository();
        sandbox.write(".derm/config", "[cache]\nlink = [\"copy\"\n");
        sandbox
    }

    #[test]
    fn a_command_that_needs_it_names_the_place() {
        let ran = sandbox().derm(["runs", "list", "--json"]).exits(2).complains([".derm/config:2:", "error:"]);
        assert!(ran.json()["error"]["excerpt"].as_str().unwrap().contains("link"));
    }

    #[test]
    fn an_unknown_setting_is_no_silent_default() {
        let sandbox = Sandbox::repository();
        sandbox.write(".derm/config", "[cache]\nlinks = [\"copy\"]\n");
        sandbox.derm(["runs", "list"]).exits(2).complains([".derm/config:2:", "links"]);
    }

    #[test]
    fn what_needs_no_repository_still_works() {
        let sandbox = sandbox();
        for args in [&["--help"][..], &["--version"], &["completions", "fish"], &["man", "pages"], &["help", "repro"]] {
            sandbox.derm(args).success();
        }
        let page = sandbox.derm([""; 0]).success().stdout;
        assert!(page.contains("derm doctor"), "{page}");
    }
}

mod folders {
    use super::*;

    /// Root may write anywhere but into `/proc`.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_cannot_be_written() {
        let sandbox = Sandbox::empty();
        sandbox
            .derm(["--cd", "/proc", "init"])
            .exits(1)
            .complains(["error: cannot create `/proc/.derm`", "cause: no such file or directory\n"]);
        sandbox.derm(["man", "/proc/pages"]).exits(1).complains(["cannot create `/proc/pages`", "cause:"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_read_only_folder() {
        use std::os::unix::fs::PermissionsExt;
        let sandbox = Sandbox::empty();
        let file = sandbox.write("locked/x", "");
        let set = |mode| std::fs::set_permissions(file.parent().unwrap(), std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o555);
        let writable_anyway = std::fs::write(sandbox.path("locked/probe"), "").is_ok();
        let ran = sandbox.derm(["--cd", "locked", "init"]);
        set(0o755);
        // Permissions do not bind root, as whom containers run tests.
        if writable_anyway {
            ran.success()
        } else {
            ran.exits(1).complains(["cannot create", ".derm", "cause:", "hint:"])
        };
    }

    #[test]
    fn a_file_where_a_folder_should_be() {
        let sandbox = Sandbox::repository();
        sandbox.write("pages", "I am a file");
        sandbox.derm(["man", "pages"]).exits(1).complains(["cannot create `pages`", "cause:"]);
        assert_eq!(sandbox.read("pages"), "I am a file");
    }

    #[test]
    fn a_path_outside_the_repository() {
        let sandbox = Sandbox::empty();
        sandbox.write("outside.txt", "x");
        sandbox.write("inside/x.txt", "x");
        sandbox.derm(["--cd", "inside", "init"]).success();
        sandbox
            .derm(["--cd", "inside", "add", "../outside.txt"])
            .exits(2)
            .complains(["`../outside.txt` lies outside the repository", "hint:"]);
        assert_eq!(sandbox.read("outside.txt"), "x");
    }
}

mod run_files {
    use super::*;

    #[test]
    fn names_of_runs_lead_nowhere() {
        let sandbox = Sandbox::repository();
        for reference in ["../../etc", "/etc/passwd", "", "*", "a b"] {
            sandbox.derm(["runs", "show", reference]).exits(1).complains(["error:", "hint:"]);
        }
    }

    #[test]
    fn a_file_among_the_runs_is_passed_over() {
        let sandbox = Sandbox::repository();
        sandbox.write(".derm/runs/README", "not a run");
        sandbox.write(".derm/runs/skin/notes.txt", "nor this");
        sandbox.write(".derm/runs/skin/not-an-id/run.json", "{}");
        assert!(sandbox.derm(["runs", "list"]).success().stdout.contains("no runs yet"));
    }
}

/// Options from `--params`, as every command with that option reads them.
mod params {
    use super::*;

    /// What training says about the options in `text`; they are read before any data.
    fn refused(text: &str) -> crate::support::Ran {
        let sandbox = Sandbox::repository();
        sandbox.write("params.yaml", text);
        let command = ["train", "--data", "data", "--split", "split.csv", "--out", "model", "--params", "params.yaml:train"];
        sandbox.derm(command).exits(2)
    }

    #[test]
    fn a_tab_for_indentation() {
        refused("train:\n\tepochs: 3\n").complains([
            "params.yaml:2:1: a tab is used for indentation",
            "2 |  epochs: 3",
            "hint: indent with spaces",
        ]);
    }

    #[test]
    fn a_key_given_twice() {
        refused("train:\n  epochs: 3\n  lr: 0.1\n  epochs: 4\n").complains([
            "params.yaml:4:3: `epochs` is given twice",
            "4 |   epochs: 4",
            "the first `epochs` is on line 2",
        ]);
    }

    #[test]
    fn an_unknown_key() {
        refused("train:\n  epoch: 3\n").complains(["params.yaml:2:3: unknown key `train.epoch`", "2 |   epoch: 3", "is `epochs` meant"]);
    }

    #[test]
    fn a_wrong_type() {
        refused("train:\n  lr: 0.1\n  epochs: many\n")
            .complains(["params.yaml:3:11: `train.epochs` must be a whole number, 0 or more, not the text `many`", "3 |   epochs: many"]);
    }

    #[test]
    fn a_section_that_is_not_there() {
        refused("trian:\n  epochs: 3\n").complains(["`", "params.yaml", "has no `train`", "is `trian` meant?"]);
    }

    #[test]
    fn a_file_that_is_no_yaml() {
        refused("train: [1, 2\nlr: 3\n").complains(["params.yaml:", "this is not YAML"]);
    }
}
