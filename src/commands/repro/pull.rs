//! `derm repro --pull`: from the remotes what is missing here, before anything runs.
//!
//! Fetched is what the stages asked for are recorded to have made, and what pointers say of their other inputs, as far as the cache lacks
//! it; with `--allow-missing` only what a stage that has to run reads. Tracked inputs that are missing are checked out,
//! outputs are restored by the run. Results of earlier runs come too; their outputs when a stage turns out to need them. What no
//! remote has is no failure: the stage is run.

use super::super::transfer;
use super::{Context, Failure, Options, Project};
use crate::pipeline::plan::{self, Asked, Next};
use crate::pipeline::run::wanted;
use crate::pipeline::world::Disk;
use crate::relpath::RelPath;
use crate::store::pointer;
use crate::store::{Entry, Overwrite, Store, Work};
use crate::text;

/// Paths and what should be there.
type Entries = Vec<(RelPath, Entry)>;

/// Gets data from the remotes.
pub struct Puller<'a> {
    context: &'a Context,
    project: &'a Project,
    store: Store,
}

impl<'a> Puller<'a> {
    /// Fetches what is missing.
    pub fn new(context: &'a Context, project: &'a Project, options: &Options) -> Result<Self, Failure> {
        let store = Store::open(&project.workspace)?;
        let puller = Self { context, project, store };
        transfer::fetch_results(context, &project.workspace, None)?;
        let (mut fetch, mut place) = puller.missing(options)?;
        place.retain(|(path, _)| path.on_disk(project.workspace.root()).symlink_metadata().is_err());
        fetch.extend(place.iter().cloned());
        fetch.retain(|(_, entry)| !puller.store.has(entry));
        fetch.sort_by(|a, b| a.0.cmp(&b.0));
        fetch.dedup();
        if !fetch.is_empty() {
            puller.fetch(fetch)?;
        }
        let observer = context.ui.observer();
        let work = Work { observer: &*observer, interrupt: &context.interrupt };
        let _lock = project.workspace.lock(work.observer, work.interrupt)?;
        for (path, entry) in place.into_iter().filter(|(_, entry)| puller.store.has(entry)) {
            puller.store.checkout_with(&entry, &path, Overwrite::Refuse, &work)?;
        }
        puller.store.flush()?;
        Ok(puller)
    }

    /// What is to come into the cache, and what also into the workspace.
    fn missing(&self, options: &Options) -> Result<(Entries, Entries), Failure> {
        let (project, mut wanted) = (self.project, wanted(self.project, options));
        let locks = project.locks()?;
        let recorded = |index: usize| {
            let stage = &project.stages[index];
            let record = locks[stage.pipeline].get(&stage.name);
            let outs = record.into_iter().flat_map(|record| record.outs.iter().filter(|(path, _)| !record.uncached.contains(*path)));
            outs.map(|(path, entry)| (path.clone(), entry.clone())).collect::<Vec<_>>()
        };
        let mut place = Vec::new();
        if options.allow_missing {
            let observer = self.context.ui.observer();
            let work = Work { observer: &*observer, interrupt: &self.context.interrupt };
            let disk = Disk::new(&self.store, &project.files, work);
            let how = Asked { forced: options.force, downstream: options.force_downstream, lenient: true };
            let all = wanted.clone();
            wanted.fill(false);
            for planned in plan::plan_with(project, &locks, &all, how, &disk, &self.store)? {
                if matches!(planned.next, Next::Run | Next::Maybe) {
                    wanted[planned.stage] = true;
                    place.extend(project.graph.needs[planned.stage].iter().flat_map(|need| recorded(*need)));
                }
            }
        }
        let stages = || (0..wanted.len()).filter(|index| wanted[*index]);
        let fetch = if options.allow_missing { Vec::new() } else { stages().flat_map(recorded).collect() };
        for path in stages().flat_map(|index| &project.stages[index].deps) {
            if let Some((target, pointer)) = pointer::covering(&project.workspace, path)? {
                place.push((target, pointer.entry));
            }
        }
        Ok((fetch, place))
    }

    fn fetch(&self, entries: Vec<(RelPath, Entry)>) -> Result<(), Failure> {
        for from in transfer::bring(self.context, &self.project.workspace, &self.store, entries, None)? {
            from.note(self.context);
        }
        Ok(())
    }

    /// Fetches the outputs of an earlier run; says whether they are all here now.
    pub fn bring(&self, entries: &[(RelPath, Entry)]) -> bool {
        let names: Vec<&str> = entries.iter().map(|(path, _)| path.as_str()).collect();
        let came = self.fetch(entries.to_vec());
        if let Err(failure) = &came {
            self.context.ui.warn(format!("cannot fetch {}: {}", text::quoted_list(&names), failure.shown().message));
        }
        came.is_ok() && entries.iter().all(|(_, entry)| self.store.has(entry))
    }
}
