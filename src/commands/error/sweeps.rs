//! Advice for the errors of [`crate::experiments::sweep`].

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::experiments::sweep::Error;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Error::Experiments(error) => error.explain(),
            Error::Unknown { near: Some(near), .. } => failure.hint(format!("did you mean `{near}`?")).with_exit(Exit::Usage),
            Error::Unknown { near: None, .. } => failure.hint("`derm sweep list` lists all").with_exit(Exit::Usage),
            Error::Other { name, .. } => failure
                .hint(format!("`derm sweep --resume {name}` goes on with that one"))
                .hint(format!("or take another `--name`, or forget it: `derm sweep remove {name}`"))
                .with_exit(Exit::Usage),
            Error::Busy(name) => failure.hint(format!("`derm sweep show {name}` shows how far it is")),
            Error::Endless { key } => failure
                .hint(format!("name the values: `-S {key}=A,B,C` or `range(START, STOP, STEP)`"))
                .hint("or search otherwise: `--search random --trials N`, or `tpe`")
                .with_exit(Exit::Usage),
            Error::NothingToSearch => {
                failure.hint("give one several: `-S train.lr=0.1,0.01` or `-S 'train.lr=loguniform(1e-5,1e-2)'`").with_exit(Exit::Usage)
            }
            Error::Damaged { .. } => failure.hint("`derm sweep remove NAME` forgets it; its experiments stay"),
            Error::BadWatch(_) => failure
                .hint("name a file with `.csv`, `.tsv` or `.jsonl`, as in `--watch logs/history.csv:val_loss`")
                .with_exit(Exit::Usage),
            Error::Interrupted => failure.with_exit(Exit::Interrupted),
        }
    }
}
