//! Slurm, through the programs that come with it: `sbatch`, `squeue`, `scancel`; `sacct` where accounting is on.
//!
//! | of a stage | for `sbatch` |
//! | --- | --- |
//! | `resources: cpus` | `--cpus-per-task`, one task on one node |
//! | `resources: memory` | `--mem`, in MiB, rounded up |
//! | `resources: gpus` | `--gres=gpu:N` |
//! | `executor: {slurm: {time: …}}`, else `timeout` | `--time`; a timeout in minutes, rounded up |
//! | `partition`, `account`, `qos` | the same |
//! | `options` | as they are, last |
//!
//! All jobs of this user are asked about at once, however many stages wait, and the answer serves them all for a while.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::queue::{Queue, State, Submission, Trouble};
use crate::observer::Interrupt;
use crate::pipeline::error::JobEnd;
use crate::pipeline::stage::{Place, Stage};

/// How long an answer of Slurm may take.
const ANSWER: Duration = Duration::from_secs(20);
/// The same for a submission: `sbatch` itself waits a while for a controller that is being restarted.
const SUBMISSION: Duration = Duration::from_secs(60);
/// How many times a submission is tried while the controller does not answer.
const TRIES: u32 = 5;
/// The same, when the user wants to stop.
const IN_HASTE: Duration = Duration::from_secs(10);
/// The same, for a look at the machine.
const DOCTOR: Duration = Duration::from_secs(3);

/// Slurm, as seen from this machine.
#[derive(Default)]
pub struct Slurm {
    seen: Mutex<Option<Seen>>,
}

/// All jobs of this user, at one time.
struct Seen {
    at: Instant,
    jobs: HashMap<String, State>,
}

impl Queue for Slurm {
    fn name(&self) -> &'static str {
        "Slurm"
    }

    fn lacks(&self) -> Option<&'static str> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        ["sbatch", "squeue", "scancel"].into_iter().find(|program| !folders.iter().any(|folder| folder.join(program).is_file()))
    }

    fn terms(&self, stage: &Stage) -> Vec<String> {
        let resources = stage.how.resources;
        let mut terms = vec!["--nodes=1".to_owned(), "--ntasks=1".to_owned(), format!("--cpus-per-task={}", resources.cpus.max(1))];
        if resources.memory > 0 {
            terms.push(format!("--mem={}M", resources.memory.div_ceil(1 << 20)));
        }
        if resources.gpus > 0 {
            terms.push(format!("--gres=gpu:{}", resources.gpus));
        }
        let minutes = stage.how.timeout.map(|timeout| (timeout.as_secs_f64() / 60.0).ceil().max(1.0).to_string());
        let Place::Slurm(slurm) = &stage.how.executor else { return terms };
        let given = [("partition", &slurm.partition), ("account", &slurm.account), ("qos", &slurm.qos)];
        terms.extend(given.into_iter().filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?))));
        terms.extend(slurm.time.clone().or(minutes).map(|time| format!("--time={time}")));
        terms.extend(slurm.options.iter().cloned());
        terms
    }

    fn submit(&self, submission: &Submission<'_>, interrupt: &Interrupt) -> Result<(), Trouble> {
        let mut tries = 0;
        loop {
            let Err(trouble) = sbatch(submission, interrupt) else { return Ok(()) };
            tries += 1;
            // The controller may have taken the job and only the answer be lost.
            if is_passing(&trouble)
                && let Ok(Some(id)) = self.find(submission.name)
            {
                let written = std::fs::write(submission.folder.join("id"), id);
                return written.map_err(|error| Trouble(error.to_string()));
            }
            if tries >= TRIES || !is_passing(&trouble) || interrupt.is_raised() {
                return Err(trouble);
            }
            let until = Instant::now() + Duration::from_secs(1 << tries);
            while Instant::now() < until && !interrupt.is_raised() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    fn find(&self, name: &str) -> Result<Option<String>, Trouble> {
        // `%A`: the id of the job, of an array that of the array's.
        let answer = ask("squeue", &["--noheader", "--states=all", &user(), &format!("--name={name}"), "--format=%F|%j"], ANSWER)?;
        let of_name = |line: &str| line.trim().split_once('|').filter(|(_, found)| *found == name).map(|(id, _)| id.to_owned());
        Ok(answer.lines().find_map(of_name))
    }

    fn state(&self, id: &str, age: Duration) -> Result<State, Trouble> {
        // Held while Slurm is asked, so that it is asked once.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref().is_none_or(|seen| seen.at.elapsed() > age) {
            let answer = ask("squeue", &["--noheader", "--array", "--states=all", &user(), "--format=%i|%T|%r"], ANSWER)?;
            let jobs = answer.lines().filter_map(|line| {
                let mut parts = line.trim().splitn(3, '|');
                Some((parts.next()?.to_owned(), state(parts.next()?, parts.next().unwrap_or_default())))
            });
            *seen = Some(Seen { at: Instant::now(), jobs: jobs.collect() });
        }
        let known = seen.as_ref().and_then(|seen| seen.jobs.get(id)).cloned();
        drop(seen);
        Ok(known.unwrap_or_else(|| accounted(id)))
    }

    fn cancel(&self, id: &str) -> Result<(), Trouble> {
        ask("scancel", &[id], ANSWER).map(drop)
    }
}

/// The version of Slurm on this machine, if there is one, and what it says instead when its controller does not answer.
pub fn version() -> Option<Result<String, String>> {
    Slurm::default().lacks().is_none().then(|| {
        // Of several complaints the last is the one that ended it.
        let last = |trouble: Trouble| trouble.0.rsplit("; ").next().unwrap_or_default().to_owned();
        let version = ask("sbatch", &["--version"], DOCTOR).map_err(last)?;
        ask("squeue", &["--noheader", &user()], DOCTOR).map_err(last)?;
        Ok(version.trim().to_owned())
    })
}

/// Slurm forgets finished jobs after some minutes; accounting, where there is any, does not.
fn accounted(id: &str) -> State {
    let answer = ask("sacct", &["--noheader", "--allocations", "--parsable2", "--format=State", "--jobs", id], ANSWER);
    let word = answer.ok().and_then(|answer| answer.lines().next().map(|line| line.trim().to_owned())).unwrap_or_default();
    // `CANCELLED by 1000`.
    state(word.split(' ').next().unwrap_or_default(), "")
}

/// What a word of `squeue` or `sacct` means.
fn state(word: &str, why: &str) -> State {
    match word {
        "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "RESV_DEL_HOLD" | "SPECIAL_EXIT" => {
            State::Waiting(why.to_owned())
        }
        "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "RESIZING" | "STAGE_OUT" => State::Running,
        "COMPLETED" => State::Ended(JobEnd::Completed),
        "TIMEOUT" | "DEADLINE" => State::Ended(JobEnd::Time),
        "OUT_OF_MEMORY" => State::Ended(JobEnd::Memory),
        "CANCELLED" | "REVOKED" => State::Ended(JobEnd::Cancelled),
        "PREEMPTED" => State::Ended(JobEnd::Preempted),
        "NODE_FAIL" | "BOOT_FAIL" => State::Ended(JobEnd::Node),
        "" => State::Unknown,
        _ => State::Ended(JobEnd::Failed(1)),
    }
}

fn user() -> String {
    format!("--user={}", rustix::process::getuid().as_raw())
}

/// Trouble that may be over in a moment.
fn is_passing(trouble: &Trouble) -> bool {
    let said = trouble.0.to_ascii_lowercase();
    ["timed out", "unable to contact", "temporarily", "connection refused", "no answer"].iter().any(|words| said.contains(words))
}

/// Submits once. What it prints, the id, goes straight into the file: it may outlive this process.
fn sbatch(submission: &Submission<'_>, interrupt: &Interrupt) -> Result<(), Trouble> {
    let Submission { name, folder, root, tasks, array, terms } = submission;
    let id = File::create(folder.join("id")).map_err(|error| Trouble(error.to_string()))?;
    let task = if *array { "%a" } else { "0" };
    let script = if *array { folder.join("script") } else { folder.join("0").join("script") };
    let mut command = Command::new("sbatch");
    command.args(["--parsable", "--requeue", "--open-mode=append"]).arg(format!("--job-name={name}"));
    command.arg(format!("--chdir={}", root.display())).arg(format!("--output={}/{task}/log", folder.display()));
    if *array {
        command.arg(format!("--array=0-{}", tasks - 1));
    }
    command.args(*terms).arg(script).stdout(id);
    finish("sbatch", command, interrupt, SUBMISSION)
}

/// What a program prints.
fn ask(program: &'static str, args: &[&str], patience: Duration) -> Result<String, Trouble> {
    let (mut reader, writer) = std::io::pipe().map_err(|error| Trouble(error.to_string()))?;
    let mut command = Command::new(program);
    command.args(args).stdout(writer);
    let said = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes);
        bytes
    });
    finish(program, command, &Interrupt::default(), patience)?;
    let bytes = said.join().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits for a program; what it wrote to standard error if it failed.
fn finish(program: &'static str, mut command: Command, interrupt: &Interrupt, patience: Duration) -> Result<(), Trouble> {
    let trouble = |error: std::io::Error| Trouble(format!("{program}: {error}"));
    let mut errors = tempfile::tempfile().map_err(trouble)?;
    command.stdin(Stdio::null()).stderr(errors.try_clone().map_err(trouble)?);
    // The terminal's Ctrl-C is for derm, which then asks for the end of jobs.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(trouble)?;
    // The command holds the writing end of a pipe, perhaps.
    drop(command);
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(trouble)? {
            break status;
        }
        if began.elapsed() >= patience || interrupt.is_raised() && began.elapsed() >= IN_HASTE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Trouble(format!("no answer from `{program}`")));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    let _ = std::io::Seek::rewind(&mut errors).and_then(|()| errors.read_to_string(&mut said));
    let prefix = format!("{program}: error: ");
    let lines: Vec<&str> =
        said.lines().map(|line| line.strip_prefix(&prefix).unwrap_or(line).trim()).filter(|line| !line.is_empty()).collect();
    Err(Trouble(if lines.is_empty() { format!("`{program}` ended with {status}") } else { lines.join("; ") }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::stage;

    #[test]
    fn words_of_slurm_are_understood() {
        assert_eq!(state("PENDING", "Resources"), State::Waiting("Resources".to_owned()));
        assert!(state("COMPLETING", "").is_live());
        assert_eq!(state("OUT_OF_MEMORY", ""), State::Ended(JobEnd::Memory));
        assert_eq!(state("FAILED", "NonZeroExitCode"), State::Ended(JobEnd::Failed(1)));
        assert_eq!(state("", ""), State::Unknown);
    }

    #[test]
    fn times_are_rounded_up_and_options_come_last() {
        let executor = Place::Slurm(stage::Slurm { options: vec!["--mem=1".into()], partition: Some("gpu".into()), ..Default::default() });
        let resources = stage::Resources { cpus: 4, memory: 1_000_000_000, gpus: 2 };
        let how = stage::How { timeout: Some(Duration::from_secs(61)), resources, executor, ..Default::default() };
        let text = "stages:\n  s:\n    cmd: x\n";
        let file = crate::relpath::RelPath::new("dvc.yaml").unwrap();
        let source = crate::pipeline::problem::Source { path: file.clone(), text: text.into() };
        let pipeline = crate::pipeline::project::named(file);
        let read = crate::pipeline::schema::read(&source, pipeline, &crate::pipeline::paramfile::ParamFiles::new("/nonexistent")).unwrap();
        let mut stage = read.stages[0].clone();
        stage.how = how;
        let terms = Slurm::default().terms(&stage).join(" ");
        assert_eq!(terms, "--nodes=1 --ntasks=1 --cpus-per-task=4 --mem=954M --gres=gpu:2 --partition=gpu --time=2 --mem=1");
    }
}
