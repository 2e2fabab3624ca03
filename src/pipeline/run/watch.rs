//! What a run depends on, and noticing that it changed: for `repro --watch`.
//!
//! Watched are the pipeline files, the parameter files and the dependencies that no stage makes, of the stages asked for. They are
//! asked for twice a second, by content through the stat index: that works on every file system, sees no change in a touched
//! file, and costs a look at each file's times. Where a look takes longer than a twentieth of a second, it is taken less often.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;
use std::time::{Duration, Instant};

use super::{Options, wanted};
use crate::digest::ObjectId;
use crate::pipeline::{Error, Project, project};
use crate::relpath::RelPath;
use crate::store::{Entry, Store, Work};
use crate::workspace::Workspace;

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(500);

/// What is watched, as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched(BTreeMap<RelPath, Option<Entry>>);

impl Watched {
    /// What a run of these stages depends on. Without a project, because it cannot be understood: the pipeline files, and what
    /// was watched `before`.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn look(
        workspace: &Workspace,
        project: Option<(&Project, &Options<'_>)>,
        before: Option<&Self>,
        work: Work<'_>,
    ) -> Result<Self, Error> {
        let mut paths: Vec<RelPath> = project::pipeline_files(workspace)?;
        paths.push(RelPath::new("params.yaml").unwrap_or_default());
        match project {
            Some((project, options)) => paths.extend(inputs(project, options)),
            None => paths.extend(before.into_iter().flat_map(|before| before.0.keys().cloned())),
        }
        let store = Store::open(workspace)?;
        let mut found = BTreeMap::new();
        for path in paths {
            if let Vacant(place) = found.entry(path) {
                // A file that changes just now will be looked at again.
                let entry = store.hash(place.key(), &work).unwrap_or(Some(Entry::file(ObjectId::of(b""), u64::MAX)));
                place.insert(entry);
            }
        }
        store.flush()?;
        Ok(Self(found))
    }

    /// Paths that differ, are new or gone.
    pub fn changed(&self, now: &Self) -> Vec<RelPath> {
        let all = self.0.keys().chain(now.0.keys().filter(|path| !self.0.contains_key(path)));
        all.filter(|path| self.0.get(path).cloned().flatten() != now.0.get(path).cloned().flatten()).cloned().collect()
    }

    /// Waits until something differs, and until it does not go on changing.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the user stops the wait.
    pub fn wait(
        &self,
        workspace: &Workspace,
        project: Option<(&Project, &Options<'_>)>,
        work: Work<'_>,
    ) -> Result<(Vec<RelPath>, Self), Error> {
        let mut last = self.clone();
        let mut pause = PAUSE;
        loop {
            let until = Instant::now() + pause;
            while Instant::now() < until {
                if work.interrupt.is_raised() {
                    return Err(Error::Interrupted);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let started = Instant::now();
            let now = Self::look(workspace, project, Some(self), work)?;
            pause = PAUSE.max(started.elapsed() * 10);
            let changed = self.changed(&now);
            // An editor or a copy may not be done: the same state is seen twice.
            if !changed.is_empty() && now == last {
                return Ok((changed, now));
            }
            if now != last {
                pause = PAUSE / 2;
            }
            last = now;
        }
    }
}

/// Parameter files, and dependencies that no stage makes.
fn inputs(project: &Project, options: &Options<'_>) -> Vec<RelPath> {
    let wanted = wanted(project, options);
    let made: std::collections::BTreeSet<&RelPath> =
        project.stages.iter().flat_map(|stage| stage.outs.iter().map(|out| &out.path)).collect();
    let is_made = |path: &RelPath| {
        let mut here = Some(path.clone());
        while let Some(one) = here {
            if made.contains(&one) {
                return true;
            }
            here = one.parent();
        }
        false
    };
    let stages = project.stages.iter().enumerate().filter(|(index, _)| wanted[*index]).map(|(_, stage)| stage);
    let paths = stages.flat_map(|stage| stage.deps.iter().chain(stage.params.iter().map(|params| &params.file)));
    paths.filter(|path| !is_made(path)).cloned().collect()
}
