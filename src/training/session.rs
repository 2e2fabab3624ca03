//! A training that may have been begun before: its locked folder and its last checkpoint.

use std::path::Path;

use super::checkpoint::{Folder, Saved};
use super::error::Error;
use super::learner::Learner;
use super::plan::Plan;

/// A plan with the right to train it.
pub struct Session<'a> {
    plan: &'a Plan<'a>,
    folder: Folder,
    saved: Option<Saved>,
    unusable: Option<String>,
    note: Option<String>,
}

impl<'a> Session<'a> {
    /// Locks the plan's folder below `checkpoints` and reads its last checkpoint, or forgets it with `restart`.
    pub fn open(plan: &'a Plan<'a>, checkpoints: &Path, restart: bool) -> Result<Self, Error> {
        let folder = Folder::open(checkpoints, &plan.key)?;
        let (saved, unusable) = match restart {
            true => (None, None),
            false => match folder.read() {
                Ok(saved) => (saved, None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        if saved.is_none() {
            folder.clear()?;
        }
        Ok(Self { plan, folder, note: saved.as_ref().and_then(|saved| saved.state.note.clone()), saved, unusable })
    }

    /// The epoch (from 1) and step (from 0) that training goes on with, if it was begun before.
    pub fn resumes(&self) -> Option<(usize, usize)> {
        self.saved.as_ref().map(|saved| (saved.state.epoch + 1, saved.state.step))
    }

    /// Why a checkpoint that is there cannot be used, so that training begins anew.
    pub fn unusable(&self) -> Option<&str> {
        self.unusable.as_deref()
    }

    /// What [`set_note`](Self::set_note) left with the checkpoint.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Leaves a text with every checkpoint, such as the id of the run that records this training.
    pub fn set_note(&mut self, note: String) {
        self.note = Some(note);
    }

    /// The network before its next step, with its optimizer and record.
    pub(super) fn into_parts(self) -> Result<(&'a Plan<'a>, Folder, Learner), Error> {
        let mut learner = Learner::new(self.plan, self.plan.network()?, self.saved)?;
        learner.state.note = self.note;
        Ok((self.plan, self.folder, learner))
    }
}
