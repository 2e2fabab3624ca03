//! What became of a file's parameters in a network, for people and for the run's record.

use serde::Serialize;

/// Where a network's parameters come from, and what of the file is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Loading {
    /// The path or hub name.
    pub source: String,
    /// Keys of a checkpoint under which the parameters lay, outermost first.
    pub under: Vec<String>,
    /// Whose names the file has; `None` for the network's own.
    pub naming: Option<&'static str>,
    /// What stood before all names.
    pub prefix: String,
    /// Parameters that came from the file.
    pub loaded: Vec<Loaded>,
    /// Parameters of the network that stay as they were drawn.
    pub fresh: Vec<Fresh>,
    /// Parameters of the file that are not used.
    pub left_out: Vec<LeftOut>,
}

/// A parameter that came from a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Its name in the network.
    pub name: String,
    /// Its shape there.
    pub shape: Vec<usize>,
    /// Names in the file of what it is made of.
    pub from: Vec<String>,
    /// How it was changed, beside its name.
    pub adapted: Option<String>,
}

/// A parameter that no file filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fresh {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Why.
    pub reason: &'static str,
}

/// A parameter of a file that the network has no use for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name in the file.
    pub name: String,
    /// Its shape, where it is of floating point.
    pub shape: Option<Vec<usize>>,
    /// Why.
    pub reason: String,
}

/// Parameters that share a fate, as one line says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// `loaded`, `adapted`, `fresh` or `left out`.
    pub what: &'static str,
    /// How or why.
    pub how: String,
    /// How many parameters.
    pub count: usize,
    /// The first of them.
    pub first: String,
}

impl Loading {
    /// A line for each fate, in the order of the parameters.
    pub fn fates(&self) -> Vec<Fate> {
        let loaded = self.loaded.iter().map(|one| match &one.adapted {
            Some(how) => ("adapted", how.clone(), one.name.as_str()),
            None => ("loaded", String::new(), one.name.as_str()),
        });
        let fresh = self.fresh.iter().map(|one| ("fresh", one.reason.to_owned(), one.name.as_str()));
        let left_out = self.left_out.iter().map(|one| ("left out", one.reason.clone(), one.name.as_str()));
        let mut fates: Vec<Fate> = Vec::new();
        for (what, how, name) in loaded.chain(fresh).chain(left_out) {
            match fates.iter_mut().find(|fate| fate.what == what && fate.how == how) {
                Some(fate) => fate.count += 1,
                None => fates.push(Fate { what, how, count: 1, first: name.to_owned() }),
            }
        }
        fates.sort_by_key(|fate| ["loaded", "adapted", "fresh", "left out"].iter().position(|what| *what == fate.what));
        fates
    }

    /// Whose names, under which keys and prefix: empty where there is nothing to say.
    pub fn naming(&self) -> String {
        let keys = self.under.iter().map(|key| format!("under `{key}`"));
        let naming = self.naming.map(|naming| format!("{naming} names"));
        let prefix = (!self.prefix.is_empty()).then(|| format!("after `{}`", self.prefix));
        keys.chain(naming).chain(prefix).collect::<Vec<_>>().join(", ")
    }

    /// Whether the file gave every parameter as it is, under the network's own names.
    pub fn is_plain(&self) -> bool {
        self.naming().is_empty() && self.fresh.is_empty() && self.left_out.is_empty() && self.loaded.iter().all(|one| one.adapted.is_none())
    }
}
