//! The script of a job: what [`crate::pipeline::run`] does for a stage, written for a shell on another machine.
//!
//! It does nothing when its folder is gone, removes what an earlier start of the same job left at the outputs' places,
//! does the stage's `setup`, and runs each line in a new shell of the stage's kind with empty standard input. The folder of the submitting derm
//! comes first on the PATH, whatever `setup` did to it; what the stage says under `env` comes last.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::pipeline::run::shell::Shell;
use crate::pipeline::stage::{Place, Stage};

/// A word of a shell's command line, whatever it holds.
fn quoted(text: impl AsRef<OsStr>) -> Vec<u8> {
    let mut word = vec![b'\''];
    for &byte in text.as_ref().as_bytes() {
        match byte {
            b'\'' => word.extend_from_slice(br"'\''"),
            byte => word.push(byte),
        }
    }
    word.push(b'\'');
    word
}

/// Joins pieces.
fn line(script: &mut Vec<u8>, pieces: &[&[u8]]) {
    pieces.iter().for_each(|piece| script.extend_from_slice(piece));
    script.push(b'\n');
}

/// The script for one stage whose task folder is `folder`, of submission `name`.
pub fn of_stage(stage: &Stage, shell: &Shell, root: &Path, folder: &Path, name: &str) -> Vec<u8> {
    let mut script = Vec::new();
    line(&mut script, &[b"#!/usr/bin/env bash"]);
    line(&mut script, &[b"folder=", &quoted(folder)]);
    line(&mut script, &[b"# Given up by the derm that submitted it?"]);
    line(&mut script, &[b"[ -e \"$folder/job.json\" ] || exit 0"]);
    line(&mut script, &[b"mark() { printf '\\036derm %s %s\\n' ", &quoted(name), b" \"$*\"; }"]);
    line(&mut script, &[b"finish() { mark end; printf '%s %s\\n' \"$1\" \"$2\" > \"$folder/status.tmp\" && mv -f \"$folder/status.tmp\" \"$folder/status\"; exit \"$1\"; }"]);
    line(&mut script, &[b"mark start \"$(date +%s)\" \"$(uname -n)\""]);
    line(&mut script, &[b"if [ -e \"$folder/started\" ]; then rm -f \"$folder/status\""]);
    for out in stage.outs.iter().filter(|out| !out.persist && !out.resume) {
        line(&mut script, &[b"rm -rf -- ", &quoted(out.path.on_disk(root))]);
    }
    line(&mut script, &[b"fi"]);
    line(&mut script, &[b": > \"$folder/started\""]);
    let (program, options, env) = shell.parts();
    line(&mut script, &[b"cd -- ", &quoted(shell.folder()), b" || finish $? folder"]);
    if let Place::Slurm(slurm) = &stage.how.executor
        && let Some(setup) = &slurm.setup
    {
        // A function, so that a last line that fails is told from `exit`.
        line(&mut script, &[b"setup() {\n:\n", setup.as_bytes(), b"\n}\nsetup || finish $? setup"]);
        line(&mut script, &[b"cd -- ", &quoted(shell.folder()), b" || finish $? folder"]);
    }
    if let Some(own) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        line(&mut script, &[b"export PATH=", &quoted(own), b"\":$PATH\""]);
    }
    // Through `env`: a variable's name need not be one that a shell could assign to.
    let mut words = b"env".to_vec();
    let assignments = env.iter().map(|(key, value)| [key.as_bytes(), b"=", value.as_bytes()].concat());
    let rest = [program.as_os_str().as_bytes().to_vec()].into_iter().chain(options.iter().map(|option| option.as_bytes().to_vec()));
    for word in assignments.chain(rest).chain([b"-c".to_vec()]) {
        words.push(b' ');
        words.extend(quoted(OsStr::from_bytes(&word)));
    }
    for (number, command) in stage.cmd.lines().into_iter().enumerate() {
        let number = number.to_string();
        line(&mut script, &[b"mark command ", number.as_bytes()]);
        line(&mut script, &[&words, b" ", &quoted(command), b" < /dev/null || finish $? ", number.as_bytes()]);
    }
    line(&mut script, &[b"finish 0 all"]);
    script
}

/// The script of an array: task N goes on with the script of `folder/N`.
pub fn of_array(folder: &Path) -> Vec<u8> {
    let mut script = Vec::new();
    line(&mut script, &[b"#!/usr/bin/env bash"]);
    line(&mut script, &[b"exec bash ", &quoted(folder), b"\"/$SLURM_ARRAY_TASK_ID/script\""]);
    script
}
