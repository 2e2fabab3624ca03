//! Stages as jobs of a queue: submitted, taken up again, given up. See [`super`] for the whole protocol.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job::{self, Job, Note};
use super::queue::{Queue, State, Submission};
use super::slurm::Slurm;
use super::watch::{self, End, Watch};
use super::{Executor, Task, script};
use crate::digest::{KeyHasher, ObjectId};
use crate::pipeline::error::{Ended, JobEnd, Tail};
use crate::pipeline::run::{Claim, Shell, claim};
use crate::pipeline::stage::{Place, Stage};
use crate::pipeline::{Error, Project};
use crate::store::Work;
use crate::workspace::Workspace;

/// How many times a job that was lost is submitted again.
const LOST: u32 = 3;
/// How long a stage waits for others of its group to be submitted with it.
const GATHER: Duration = Duration::from_millis(300);
/// How long the first of them waits at most.
const GATHER_MOST: Duration = Duration::from_secs(3);
/// Tasks of one array: Slurm allows 1,000 where nobody changed it.
const ARRAY: usize = 1000;

/// The jobs of a run.
pub struct Jobs {
    queue: Box<dyn Queue>,
    workspace: Workspace,
    /// The claims that jobs of other derms named when this run began.
    left: HashSet<String>,
    /// The jobs of stages that this run looks after.
    active: Mutex<HashMap<usize, Active>>,
    /// Stages that wait to be submitted together.
    gathering: Mutex<HashMap<Group, Vec<Member>>>,
}

/// The job of a stage that this run looks after.
struct Active {
    job: Job,
    /// It was submitted by another derm, and nobody has waited for it yet.
    taken_up: bool,
}

/// What makes stages one array.
type Group = (usize, String, Vec<String>);

/// A stage that is to be submitted.
struct Member {
    note: Note,
    stage: usize,
    reply: Sender<Result<Job, Error>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the jobs of a workspace that goes away. One that cannot be ended is told and left to its queue.
pub fn end_all(workspace: &Workspace, work: Work<'_>) {
    for job in job::all(workspace) {
        if let Err(said) = watch::end(&Slurm::default(), &job) {
            work.observer.warn(&format!("the job {} may still run: {said}", job.id().unwrap_or_else(|| job.name())));
        }
        job.remove();
    }
}

impl Jobs {
    /// Looks for jobs, and ends those of stages that are no longer defined and nobody looks after.
    pub fn recover(project: &Project, work: Work<'_>) -> Result<Self, Error> {
        let mut jobs = Self {
            queue: Box::new(Slurm::default()),
            workspace: project.workspace.clone(),
            left: HashSet::new(),
            active: Mutex::default(),
            gathering: Mutex::default(),
        };
        let found = job::all(&project.workspace);
        if found.is_empty() {
            return Ok(jobs);
        }
        let defined: HashSet<String> = (0..project.stages.len()).map(|index| project.address(index)).collect();
        for job in found {
            if !defined.contains(&job.note.stage)
                && let Some(_claim) = Claim::try_take(&claim::called(&project.workspace, &job.note.claim))?
            {
                work.observer.note(&format!("ending the job of `{}`, which is no longer defined", job.note.stage));
                watch::end(&*jobs.queue, &job).map_err(|said| jobs.kept(&job, &job.note.stage, said))?;
                job.remove();
            } else {
                jobs.left.insert(job.note.claim.clone());
            }
        }
        Ok(jobs)
    }

    /// Whether the claim called `name` belongs to a job.
    pub fn holds(&self, name: &str) -> bool {
        self.left.contains(name)
    }

    /// Whether a stage had a job of another derm when this run began.
    pub fn holds_stage(&self, project: &Project, index: usize) -> bool {
        let path = || claim::of_stage(project, index);
        !self.left.is_empty() && path().file_name().is_some_and(|name| self.holds(&name.to_string_lossy()))
    }

    fn kept(&self, job: &Job, stage: &str, said: String) -> Error {
        let id = job.id().unwrap_or_else(|| job.name());
        Error::JobKept { stage: stage.to_owned(), queue: self.queue.name(), job: id, said }
    }

    /// The job that a derm which died has left for the stage of this claim.
    pub fn left(&self, claim: &Claim) -> Result<Option<Job>, Error> {
        if !job::base(&self.workspace).exists() {
            return Ok(None);
        }
        let name = claim.name();
        let mut found: Vec<Job> = job::all(&self.workspace).into_iter().filter(|job| job.note.claim == name).collect();
        let job = found.pop();
        // There is never more than one; if there were, they would write to the same places.
        for other in found {
            watch::end(&*self.queue, &other).map_err(|said| self.kept(&other, &other.note.stage, said))?;
            other.remove();
        }
        Ok(job)
    }

    /// Takes up such a job if its inputs are `inputs` and its claim still notes that it runs; otherwise ends it.
    pub fn take_up(
        &self,
        project: &Project,
        index: usize,
        job: Job,
        inputs: Option<&ObjectId>,
        claimed: bool,
        work: Work<'_>,
    ) -> Result<bool, Error> {
        let (stage, label) = (&project.stages[index], project.label(index));
        let same = inputs == Some(&job.note.inputs) && stage.how.executor != Place::Local;
        if claimed && same && self.goes_on(stage, &job)? {
            let id = job.id().unwrap_or_default();
            work.observer.note(&format!("`{label}` is {} job {id}, which an earlier run had submitted", self.queue.name()));
            locked(&self.active).insert(index, Active { job, taken_up: true });
            return Ok(true);
        }
        if claimed {
            let why = if same { "is gone, or was asked for on other terms" } else { "is of other inputs" };
            work.observer.note(&format!("ending the job that an earlier run has left for `{label}`: it {why}"));
        }
        watch::end(&*self.queue, &job).map_err(|said| self.kept(&job, label, said))?;
        job.remove();
        Ok(false)
    }

    /// Whether a job of the right inputs can be waited for.
    fn goes_on(&self, stage: &Stage, job: &Job) -> Result<bool, Error> {
        if job.status().is_some() {
            return Ok(true);
        }
        if job.note.terms != terms_key(stage, &self.queue.terms(stage)) {
            return Ok(false);
        }
        let silent = |said| self.kept(job, &job.note.stage, said);
        if job.id().is_none() {
            // Killed while it submitted: the queue may have the job, and did not get to say so.
            let Some(id) = self.queue.find(&job.name()).map_err(|trouble| silent(trouble.0))? else { return Ok(false) };
            let path = job.folder().with_file_name("id");
            std::fs::write(&path, id).map_err(Error::io("write", path))?;
        }
        let Some(id) = job.id() else { return Ok(false) };
        let state = self.queue.state(&id, Duration::ZERO).map_err(|trouble| silent(trouble.0))?;
        // What ended without a status will be looked at once more where it is waited for.
        Ok(state != State::Ended(JobEnd::Cancelled) && (state != State::Unknown || job.status().is_some()))
    }

    /// The stage's outputs are saved and counted, or the old ones are back: its job is of no more interest.
    pub fn settled(&self, index: usize) {
        let active = locked(&self.active).remove(&index);
        if let Some(active) = active {
            active.job.remove();
        }
    }

    /// What the first of the stages needs that are neither fresh nor run here, and this machine lacks.
    pub fn lacks(&self) -> Option<(&'static str, &'static str)> {
        self.queue.lacks().map(|program| (self.queue.name(), program))
    }

    fn submit(&self, task: &Task<'_>) -> Result<Job, Error> {
        let stage = task.stage();
        let terms = self.queue.terms(stage);
        let note = Note {
            schema: 1,
            stage: task.project.address(task.index),
            inputs: *task.inputs,
            terms: terms_key(stage, &terms),
            array: false,
            claim: task.claim.name(),
        };
        let (reply, answer) = channel();
        let member = Member { note, stage: task.index, reply };
        match &stage.group {
            Some(group) if !task.alone => self.gather(task, (stage.pipeline, group.clone(), terms), member),
            _ => self.submit_all(task, &stage.name, &terms, vec![member]),
        }
        let job = answer.recv().unwrap_or(Err(Error::Interrupted))?;
        let id = job.id().unwrap_or_default();
        task.work.observer.note(&format!("`{}` is {} job {id}", task.label(), self.queue.name()));
        Ok(job)
    }

    /// The first of a group waits for the others, then submits them all.
    fn gather(&self, task: &Task<'_>, group: Group, member: Member) {
        let first = {
            let mut gathering = locked(&self.gathering);
            let members = gathering.entry(group.clone()).or_default();
            members.push(member);
            members.len() == 1
        };
        if !first {
            return;
        }
        let (began, mut came, mut count) = (Instant::now(), Instant::now(), 1);
        while came.elapsed() < GATHER && began.elapsed() < GATHER_MOST && !task.work.interrupt.is_raised() {
            std::thread::sleep(Duration::from_millis(20));
            let now = locked(&self.gathering).get(&group).map_or(0, Vec::len);
            if now > count {
                (came, count) = (Instant::now(), now);
            }
        }
        let mut members = locked(&self.gathering).remove(&group).unwrap_or_default();
        members.sort_by_key(|member| member.stage);
        while !members.is_empty() {
            let rest = members.split_off(members.len().min(ARRAY));
            self.submit_all(task, &group.1, &group.2, std::mem::replace(&mut members, rest));
        }
    }

    fn submit_all(&self, task: &Task<'_>, word: &str, terms: &[String], members: Vec<Member>) {
        if task.work.interrupt.is_raised() {
            members.into_iter().for_each(|member| drop(member.reply.send(Err(Error::Interrupted))));
            return;
        }
        let name = name(word);
        let folder = job::base(&self.workspace).join(&name);
        let array = members.len() > 1;
        let mut made = Vec::new();
        for (number, member) in members.into_iter().enumerate() {
            let job = Job::create(&folder, number, Note { array, ..member.note }).and_then(|job| {
                let stage = &task.project.stages[member.stage];
                let shell = Shell::new(stage, task.project.label(member.stage), &self.workspace, false);
                job.write(&script::of_stage(stage, &shell, self.workspace.root(), job.folder(), &name))?;
                Ok(job)
            });
            made.push((member.stage, member.reply, job));
        }
        let submitted = match made.iter().all(|(_, _, job)| job.is_ok()) {
            true => self.send(&name, &folder, made.len(), array, terms, task),
            false => Err(String::from("another stage of its group could not be prepared")),
        };
        for (stage, reply, job) in made {
            let result = match (&submitted, job) {
                (Ok(()), job) => job,
                (Err(_), Err(error)) => Err(error),
                (Err(_), Ok(job)) if task.work.interrupt.is_raised() => {
                    job.remove();
                    Err(Error::Interrupted)
                }
                (Err(said), Ok(job)) => {
                    job.remove();
                    let stage = task.project.label(stage).to_owned();
                    Err(Error::NotSubmitted { stage, queue: self.queue.name(), said: said.clone() })
                }
            };
            // A stage that does not wait any more has stopped: its job is ended by the next run.
            let _ = reply.send(result);
        }
    }

    fn send(
        &self,
        name: &str,
        folder: &std::path::Path,
        tasks: usize,
        array: bool,
        terms: &[String],
        task: &Task<'_>,
    ) -> Result<(), String> {
        if array {
            let path = folder.join("script");
            std::fs::write(&path, script::of_array(folder)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let submission = Submission { name, folder, root: self.workspace.root(), tasks, array, terms };
        self.queue.submit(&submission, task.work.interrupt).map_err(|trouble| trouble.0)
    }

    /// The end of a job as the end of the stage's commands; nothing when it was lost and may be submitted again.
    fn judge(&self, task: &Task<'_>, job: &Job, end: End, tail: Tail, lost: u32) -> Option<Result<Tail, Error>> {
        let stage = task.label().to_owned();
        let lines = task.stage().cmd.lines();
        let failed = |command: String, how| Some(Err(Error::StageFailed { stage: stage.clone(), command, how, tail: tail.clone() }));
        let all = || task.stage().cmd.shown();
        match end {
            End::Status(status) if status.code == 0 => Some(Ok(tail)),
            End::Queue(JobEnd::Completed) => Some(Ok(tail)),
            End::Status(status) => {
                let how = if (129..=159).contains(&status.code) { Ended::Signal(status.code - 128) } else { Ended::Status(status.code) };
                let line = status.place.parse::<usize>().ok().and_then(|number| lines.get(number)).map(|line| (*line).to_owned());
                failed(line.unwrap_or_else(|| format!("{} (before the stage's own)", status.place)), how)
            }
            End::Queue(JobEnd::Node | JobEnd::Preempted) if lost < LOST => None,
            End::Queue(end) => failed(all(), Ended::Job(end)),
            End::Timeout(limit) => failed(all(), Ended::Timeout(limit)),
            End::Interrupted => Some(Err(Error::Interrupted)),
            End::Kept(said) => Some(Err(self.kept(job, task.label(), said))),
        }
    }
}

impl Executor for Jobs {
    fn run(&self, task: &Task<'_>) -> Result<Tail, Error> {
        let before = locked(&self.active).remove(&task.index);
        let mut taken_up = before.as_ref().is_some_and(|active| active.taken_up);
        let mut job = match before {
            Some(active) if taken_up => active.job,
            // An earlier try, which failed.
            Some(active) => {
                active.job.remove();
                self.submit(task)?
            }
            None => self.submit(task)?,
        };
        let mut lost = 0;
        loop {
            let (end, tail) = Watch::new(&*self.queue, task, &job, taken_up).until_end();
            if let Some(result) = self.judge(task, &job, end, tail, lost) {
                // Kept until its outputs are saved and counted, or the old ones are back.
                locked(&self.active).insert(task.index, Active { job, taken_up: false });
                return result;
            }
            lost += 1;
            task.work.observer.warn(&format!("the job of `{}` was lost: submitting it again ({lost} of {LOST})", task.label()));
            job.remove();
            task.aside.clear()?;
            (job, taken_up) = (self.submit(task)?, false);
        }
    }
}

/// What a job is compared by besides its inputs.
fn terms_key(stage: &Stage, terms: &[String]) -> ObjectId {
    let mut key = KeyHasher::new("derm job 1");
    terms.iter().for_each(|term| {
        key.text(term);
    });
    key.text(stage.how.shell.as_deref().unwrap_or_default());
    if let Place::Slurm(slurm) = &stage.how.executor {
        key.text(slurm.setup.as_deref().unwrap_or_default());
    }
    for (name, value) in &stage.how.env {
        key.text(name).text(value);
    }
    key.finish()
}

/// A name for a submission, which tells people what it is and is unique.
fn name(word: &str) -> String {
    let plain: String = word.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).take(40).collect();
    format!("derm-{plain}-{}", uuid::Uuid::now_v7().simple())
}
