//! Checkpoints: what a training needs to go on as if it had never stopped.
//!
//! # Format
//!
//! `.derm/checkpoints/<training key>/` holds
//!
//! | file | what |
//! | --- | --- |
//! | `state.safetensors` | tensors `model/NAME` (parameters and running statistics), `average/NAME` (their average, if one is kept) and `optimizer/NAME`; [`State`] in the header |
//! | `best-EPOCH.safetensors` | tensors `NAME` of the best epoch so far, if that is not the last one in `state` alone |
//! | `lock` | held while a training uses the folder |
//!
//! With a frozen backbone only the head is stored: the backbone is that of the weights named by the key.
//! The generator of random numbers has no state (see `random`), so that position and seed are enough.
//!
//! Write order: `best-EPOCH` of a new best epoch, then `state` that names it, then older `best-*` are removed. Each file
//! is replaced atomically. A kill at any moment therefore leaves a `state` whose best file is there.
//! A folder belongs to one key: data, split, weights, settings and version of derm are the same or the folder is another.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::events::Epoch;
use super::stopping::Best;
use super::tensors::{self, Named, ReadError};
use crate::digest::ObjectId;

/// Everything but the tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of this layout.
    pub schema: u32,
    /// The epoch to go on with, from 0; the number of epochs when all are done.
    pub epoch: usize,
    /// The step in that epoch to go on with, from 0.
    pub step: usize,
    /// Sum of the losses of this epoch's images so far.
    pub loss_sum: f64,
    /// This epoch's images so far.
    pub images: usize,
    /// Finished epochs, in order.
    pub history: Vec<Epoch>,
    /// The best of them.
    pub best: Option<Best>,
    /// Nothing better came: training is over although epochs are left.
    pub stopped: bool,
    /// What the caller wants to find again, such as the id of its run.
    pub note: Option<String>,
}

impl State {
    /// The version that this program writes.
    pub const SCHEMA: u32 = 1;
}

/// A checkpoint as read.
pub struct Saved {
    pub state: State,
    /// `model/NAME` without the prefix.
    pub model: Named,
    /// `average/NAME` without the prefix.
    pub average: Named,
    /// `optimizer/NAME` without the prefix.
    pub optimizer: Named,
    /// Tensors of the best epoch.
    pub best: Option<Named>,
}

/// The locked folder of one training key.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes and locks the folder of `key` below `checkpoints`.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when another process trains with the same key.
    pub fn open(checkpoints: &Path, key: &ObjectId) -> Result<Self, Error> {
        let path = checkpoints.join(key.hex());
        fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        let lock_path = path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(Error::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { folder: path }),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", &lock_path)(source)),
        }
    }

    /// The last checkpoint; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it cannot be trusted.
    pub fn read(&self) -> Result<Option<Saved>, ReadError> {
        let (all, state): (Named, State) = match tensors::read(&self.state_path()) {
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if state.schema != State::SCHEMA {
            return Err(ReadError::Damaged(format!("its schema is {}, this derm knows {}", state.schema, State::SCHEMA)));
        }
        let (mut model, mut average, mut optimizer) = (Named::new(), Named::new(), Named::new());
        for (name, tensor) in all {
            match name.split_once('/') {
                Some(("model", name)) => model.push((name.to_owned(), tensor)),
                Some(("average", name)) => average.push((name.to_owned(), tensor)),
                Some(("optimizer", name)) => optimizer.push((name.to_owned(), tensor)),
                _ => return Err(ReadError::Damaged(format!("it holds an unknown tensor `{name}`"))),
            }
        }
        let best = state.best.map(|best| tensors::read::<()>(&self.best_path(best.epoch))).transpose()?;
        Ok(Some(Saved { state, model, average, optimizer, best: best.map(|(tensors, ())| tensors) }))
    }

    /// Keeps the tensors of the best epoch; the next [`Folder::write`] makes it known.
    pub fn write_best(&self, epoch: usize, model: &Named) -> Result<(), Error> {
        let path = self.best_path(epoch);
        tensors::write(&path, model, &()).map_err(|source| Error::Checkpoint { path, source })
    }

    /// Replaces the last checkpoint.
    pub fn write(&self, state: &State, model: Named, average: Named, optimizer: Named) -> Result<(), Error> {
        let prefixed = |prefix: &'static str, tensors: Named| tensors.into_iter().map(move |(name, t)| (format!("{prefix}/{name}"), t));
        let all = prefixed("model", model).chain(prefixed("average", average)).chain(prefixed("optimizer", optimizer)).collect();
        let path = self.state_path();
        tensors::write(&path, &all, state).map_err(|source| Error::Checkpoint { path, source })?;
        self.remove_files(|name| name.starts_with("best-") && Some(name) != state.best.map(|best| best_name(best.epoch)).as_deref())
    }

    /// Forgets the last checkpoint.
    pub fn clear(&self) -> Result<(), Error> {
        // `state` goes first: a best file alone means nothing.
        self.remove_files(|name| name == STATE)?;
        self.remove_files(|name| name != "lock")
    }

    /// Removes the folder: the training is done and its bundle written.
    pub fn remove(self) -> Result<(), Error> {
        self.clear()?;
        fs::remove_dir_all(&self.path).map_err(Error::io("remove", &self.path))
    }

    fn remove_files(&self, unwanted: impl Fn(&str) -> bool) -> Result<(), Error> {
        for entry in fs::read_dir(&self.path).map_err(Error::io("read", &self.path))? {
            let entry = entry.map_err(Error::io("read", &self.path))?;
            if entry.file_name().to_str().is_some_and(&unwanted) {
                fs::remove_file(entry.path()).map_err(Error::io("remove", &entry.path()))?;
            }
        }
        Ok(())
    }

    fn state_path(&self) -> PathBuf {
        self.path.join(STATE)
    }

    fn best_path(&self, epoch: usize) -> PathBuf {
        self.path.join(best_name(epoch))
    }
}

const STATE: &str = "state.safetensors";

fn best_name(epoch: usize) -> String {
    format!("best-{epoch:06}.safetensors")
}

/// A folder without a checkpoint goes with its lock: a start that failed leaves nothing behind.
impl Drop for Folder {
    fn drop(&mut self) {
        if fs::read_dir(&self.path).is_ok_and(|entries| entries.count() == 1) && fs::remove_file(self.path.join("lock")).is_ok() {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    fn named(value: f32) -> Named {
        vec![("w".to_owned(), Tensor::new(value, &Device::Cpu).unwrap())]
    }

    fn value(named: &Named) -> f32 {
        named[0].1.to_scalar().unwrap()
    }

    #[test]
    fn the_last_state_and_its_best_epoch_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let key = ObjectId::of(b"key");
        let open = || Folder::open(folder.path(), &key);
        let checkpoints = open().unwrap();
        assert!(checkpoints.read().unwrap().is_none());
        let state = |epoch, best| State { schema: State::SCHEMA, epoch, best: Some(Best { epoch: best, value: 0.5 }), ..State::default() };
        checkpoints.write_best(0, &named(1.0)).unwrap();
        checkpoints.write(&state(1, 0), named(2.0), named(7.0), named(3.0)).unwrap();
        // Killed after the next best file and before the state that names it.
        checkpoints.write_best(1, &named(4.0)).unwrap();
        let saved = checkpoints.read().unwrap().unwrap();
        assert_eq!((saved.state.epoch, value(&saved.model), value(&saved.optimizer)), (1, 2.0, 3.0));
        assert_eq!(value(&saved.average), 7.0);
        assert_eq!(value(&saved.best.unwrap()), 1.0);
        checkpoints.write(&state(2, 1), named(5.0), Named::new(), named(6.0)).unwrap();
        let saved = checkpoints.read().unwrap().unwrap();
        assert_eq!((value(&saved.model), value(&saved.best.unwrap())), (5.0, 4.0));
        assert!(matches!(open(), Err(Error::Busy { .. })));
        checkpoints.remove().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_state_without_its_best_file_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Folder::open(folder.path(), &ObjectId::of(b"key")).unwrap();
        let best = Some(Best { epoch: 3, value: 0.5 });
        checkpoints.write(&State { schema: State::SCHEMA, best, ..State::default() }, named(1.0), Named::new(), named(1.0)).unwrap();
        assert!(checkpoints.read().is_err());
    }
}
