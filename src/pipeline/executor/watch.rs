//! Waiting for a job: its log, its status, the queue's word, the user's Ctrl-C, its timeout.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Task;
use super::follow::{Event, Follow};
use super::job::{Job, Status};
use super::queue::{Queue, State};
use crate::pipeline::error::{JobEnd, Tail};
use crate::pipeline::run::shell::TAIL;
use crate::text;

/// The queue is asked at least this often, and less often the longer the job takes.
const OFTEN: Duration = Duration::from_secs(1);
/// The queue is asked at most this seldom.
const SELDOM: Duration = Duration::from_secs(15);
/// How long a shared file system may take to show what a job wrote.
const LATE: Duration = Duration::from_secs(10);
/// How long a cancelled job may take to end: Slurm's `KillWait` is 30 s where nobody changed it.
const ENDING: Duration = Duration::from_secs(120);
/// How long a queue that does not answer is asked for the end of a job; after that it is spoken of where a job is waited for.
const SILENT: Duration = Duration::from_secs(20);
/// A job that waits for longer than this is spoken of.
const QUEUED: Duration = Duration::from_secs(3);

/// How waiting ended.
pub enum End {
    /// The script said so.
    Status(Status),
    /// The queue said so.
    Queue(JobEnd),
    /// The user stopped it; the job has ended.
    Interrupted,
    /// It took longer than this; the job has ended.
    Timeout(Duration),
    /// It should have ended, and the queue does not say that it has.
    Kept(String),
}

/// Looks after one job.
pub struct Watch<'a> {
    queue: &'a dyn Queue,
    task: &'a Task<'a>,
    job: &'a Job,
    follow: Follow,
    heard: Heard,
    began: Instant,
    asked: Instant,
    told_waiting: bool,
    /// Since when the queue does not answer, and whether the user heard of it.
    silent: Option<(Instant, bool)>,
    /// Since when the queue says that the job has ended, and how.
    over: Option<(Instant, JobEnd)>,
}

/// What the log said so far.
struct Heard {
    tail: VecDeque<String>,
    started: Option<Instant>,
    starts: usize,
    ended: bool,
    /// Something came at the last look.
    news: bool,
}

impl<'a> Watch<'a> {
    /// `again`: the job was submitted by a derm that is gone.
    pub fn new(queue: &'a dyn Queue, task: &'a Task<'a>, job: &'a Job, again: bool) -> Self {
        let mut follow = Follow::new(job.folder().join("log"), &job.name());
        if again && follow.skip() > 0 {
            task.work.observer.note(&format!(
                "the job of `{}` has printed more than this; its log is {}",
                task.label(),
                job.folder().join("log").display()
            ));
        }
        let heard = Heard { tail: VecDeque::new(), started: None, starts: 0, ended: false, news: false };
        let now = Instant::now();
        Self { queue, task, job, follow, heard, began: now, asked: now, told_waiting: false, silent: None, over: None }
    }

    /// Waits. Gives the last lines that the job printed, too.
    pub fn until_end(mut self) -> (End, Tail) {
        let mut pause = Duration::from_millis(20);
        let end = loop {
            self.listen();
            if let Some(end) = self.look() {
                break end;
            }
            pause = if self.heard.news { Duration::from_millis(20) } else { (pause * 2).min(Duration::from_millis(500)) };
            std::thread::sleep(pause);
        };
        self.last_words(&end);
        (end, Tail { lines: self.heard.tail.into(), only_stdout: false })
    }

    fn look(&mut self) -> Option<End> {
        if self.task.work.interrupt.is_raised() {
            return Some(self.cancel(End::Interrupted));
        }
        if let Some(status) = self.job.status() {
            return self.judge(status);
        }
        let limit = self.task.stage().how.timeout;
        if let (Some(limit), Some(started)) = (limit, self.heard.started)
            && started.elapsed() >= limit
        {
            return Some(self.cancel(End::Timeout(limit)));
        }
        let every = (self.began.elapsed() / 10).clamp(OFTEN, SELDOM);
        if self.asked.elapsed() < every {
            return None;
        }
        self.asked = Instant::now();
        let state = self.state(every);
        self.hear_state(state?)
    }

    /// A command that a signal ended may be a job that the queue ended, for a reason that only the queue knows, or to start it again.
    fn judge(&mut self, status: Status) -> Option<End> {
        if !(128..=159).contains(&status.code) {
            return Some(End::Status(status));
        }
        let until = Instant::now() + LATE;
        while Instant::now() < until && !self.task.work.interrupt.is_raised() {
            match self.state(Duration::ZERO) {
                Some(State::Ended(end @ (JobEnd::Memory | JobEnd::Time | JobEnd::Cancelled | JobEnd::Node | JobEnd::Preempted))) => {
                    return self.hear_state(State::Ended(end));
                }
                Some(State::Ended(_) | State::Unknown) => break,
                Some(State::Waiting(_)) => {
                    self.job.forget_status();
                    return None;
                }
                Some(State::Running) | None => {}
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        Some(End::Status(status))
    }

    fn hear_state(&mut self, state: State) -> Option<End> {
        let (end, patience) = match state {
            State::Waiting(why) => {
                if self.began.elapsed() > QUEUED && !std::mem::replace(&mut self.told_waiting, true) {
                    let why = if why.is_empty() || why == "None" { String::new() } else { format!(" ({why})") };
                    self.task.work.observer.note(&format!("`{}` waits in {}'s queue{why}", self.task.label(), self.queue.name()));
                }
                self.over = None;
                return None;
            }
            State::Running => {
                self.over = None;
                return None;
            }
            // What was started again shows as ended for a moment.
            State::Ended(end @ (JobEnd::Node | JobEnd::Preempted)) => (end, LATE / 2),
            State::Ended(end @ (JobEnd::Memory | JobEnd::Time | JobEnd::Cancelled)) => (end, OFTEN),
            State::Ended(end) => (end, LATE),
            State::Unknown => (JobEnd::Gone, LATE),
        };
        let since = self.over.get_or_insert((Instant::now(), end)).0;
        // Asked again soon: the file may come any moment.
        self.asked = self.asked.checked_sub(SELDOM).unwrap_or(self.asked);
        (since.elapsed() >= patience).then(|| End::Queue(self.reason(end)))
    }

    /// A queue without control groups kills for memory and says so in the log alone.
    fn reason(&mut self, end: JobEnd) -> JobEnd {
        self.listen();
        let said = |words: &str| self.heard.tail.iter().any(|line| line.contains("slurmstepd") && line.contains(words));
        match end {
            JobEnd::Failed(_) | JobEnd::Gone if said("memory limit") || said("oom") => JobEnd::Memory,
            JobEnd::Failed(_) | JobEnd::Gone if said("DUE TO TIME LIMIT") => JobEnd::Time,
            end => end,
        }
    }

    /// Where the job stands; nothing while the queue does not answer.
    fn state(&mut self, age: Duration) -> Option<State> {
        let id = self.job.id()?;
        match self.queue.state(&id, age) {
            Ok(state) => {
                self.silent = None;
                Some(state)
            }
            Err(trouble) => {
                let (since, told) = self.silent.get_or_insert((Instant::now(), false));
                if since.elapsed() > SILENT && !std::mem::replace(told, true) {
                    let name = self.queue.name();
                    let message = format!("{name} does not answer, and `{}` is waited for all the same: {}", self.task.label(), trouble.0);
                    self.task.work.observer.warn(&message);
                }
                None
            }
        }
    }

    fn listen(&mut self) {
        self.heard.news = false;
        let (task, heard) = (self.task, &mut self.heard);
        self.follow.read(&mut |event| heard.take(task, event));
    }

    /// What was printed last may come after the status.
    fn last_words(&mut self, end: &End) {
        let until = Instant::now() + if matches!(end, End::Status(_)) { LATE } else { Duration::ZERO };
        loop {
            self.listen();
            if self.heard.ended || Instant::now() >= until {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let (task, heard) = (self.task, &mut self.heard);
        self.follow.finish(&mut |event| heard.take(task, event));
    }

    fn cancel(&mut self, then: End) -> End {
        self.task.work.observer.note(&format!("cancelling the job of `{}`", self.task.label()));
        let ended = end(self.queue, self.job);
        self.listen();
        match ended {
            Ok(()) => then,
            Err(said) => End::Kept(said),
        }
    }
}

impl Heard {
    fn take(&mut self, task: &Task<'_>, event: Event) {
        self.news = true;
        match event {
            Event::Start(seconds, host) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
                self.started = Instant::now().checked_sub(Duration::from_secs(now.saturating_sub(seconds))).or(Some(Instant::now()));
                self.starts += 1;
                let again = if self.starts > 1 { " again" } else { "" };
                task.work.observer.note(&format!("`{}` runs{again} on {host}", task.label()));
            }
            Event::Command(number) => {
                if let Some(line) = task.stage().cmd.lines().get(number) {
                    task.listener.command(task.index, line);
                }
            }
            Event::Line(line) => {
                task.listener.output(task.index, &line);
                if !line.trim().is_empty() {
                    self.tail.push_back(line);
                    if self.tail.len() > TAIL {
                        self.tail.pop_front();
                    }
                }
            }
            Event::End => self.ended = true,
        }
    }
}

/// Cancels a job, unless its script has come to its end, and waits until the queue says that it has ended, or does not know it.
pub fn end(queue: &dyn Queue, job: &Job) -> Result<(), String> {
    if job.status().is_some_and(|status| status.code < 128) {
        return Ok(());
    }
    let mut until = Instant::now() + ENDING;
    let mut said = String::from("it does not answer");
    let mut asked: Option<Instant> = None;
    while Instant::now() < until {
        let id = match job.id() {
            Some(id) => Some(id),
            None => match queue.find(&job.name()) {
                Ok(id) => id.map(|id| job.task_of(&id)),
                Err(trouble) => {
                    said = trouble.0;
                    until = until.min(Instant::now() + SILENT);
                    std::thread::sleep(Duration::from_secs(1));
                    continue;
                }
            },
        };
        let Some(id) = id else { return Ok(()) };
        match queue.state(&id, Duration::ZERO) {
            Ok(state) if !state.is_live() => return Ok(()),
            Ok(_) => said = format!("it still runs {} after it was cancelled", text::duration(ENDING.as_secs_f64())),
            Err(trouble) => {
                said = trouble.0;
                until = until.min(Instant::now() + SILENT);
            }
        }
        if asked.is_none_or(|asked| asked.elapsed() > Duration::from_secs(20)) {
            asked = Some(Instant::now());
            if let Err(trouble) = queue.cancel(&id) {
                said = trouble.0;
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Err(said)
}
