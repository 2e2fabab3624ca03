//! Other libraries' names for the same parameters, as timm's.
//!
//! A naming is known by [`marks`](Naming::marks), names that only it has, and described by a table of rules: a pattern and what becomes of it. Where a name depends on its neighbours (the blocks of EfficientNets and MobileNets are only numbered) a
//! function of the names and shapes takes the table's place. Names that no rule knows keep their own and are reported as left out.
//!
//! Namings that are timm's apart from a prefix need no rules: `prefixes` finds what wrappers put before all names.

mod blocks;
mod prefixes;
mod rules;
mod torchvision;
mod transformers;
mod various;

use std::collections::HashSet;

use rules::{Made, Rule};

/// A parameter of a file.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its name there, less the prefix of all.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
}

/// A parameter under timm's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// timm's name.
    pub name: String,
    /// Places in the file's list of what it is made of.
    pub from: Vec<usize>,
    /// How.
    pub how: How,
}

/// How a parameter is made of those of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is the one.
    Same,
    /// Queries, keys and values after each other along the first axis; with `zeros`, the keys have none and get zeros.
    Joined {
        /// Whether the middle third is zero.
        zeros: bool,
    },
    /// The first, to which the second's first row (the class token's place) is added.
    WithFirstRow,
    /// It without its first row (of axis 1).
    WithoutFirstRow,
}

impl How {
    /// The shape of what is made of parameters of these shapes.
    pub(super) fn shape(self, parts: &[&[usize]]) -> Vec<usize> {
        let mut shape = parts.first().map(|shape| shape.to_vec()).unwrap_or_default();
        match (self, shape.as_mut_slice()) {
            (Self::Joined { .. }, [first, ..]) => *first *= 3,
            (Self::WithoutFirstRow, [_, rows, ..]) => *rows = rows.saturating_sub(1),
            _ => {}
        }
        shape
    }

    /// What was done, in words; `None` for a mere change of name.
    pub(super) fn words(self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::Joined { zeros: false } => Some("queries, keys and values joined"),
            Self::Joined { zeros: true } => Some("queries and values joined, zeros for keys"),
            Self::WithFirstRow => Some("its place added"),
            Self::WithoutFirstRow => Some("the class token's place taken out"),
        }
    }
}

/// A library's way to name a family's parameters.
pub(super) struct Naming {
    /// Who names so.
    name: &'static str,
    /// What the network inside is called, where the file holds one with a head; a file of the network alone has the names without it.
    inside: &'static str,
    /// Patterns of which each has a name in the file.
    marks: &'static [&'static str],
    /// What becomes of names.
    rules: &'static [Rule],
    /// What the rules cannot say.
    special: Special,
}

/// What a table of rules cannot say.
enum Special {
    Nothing,
    /// Numbered blocks, by this reading of their names.
    Blocks {
        read: fn(&str) -> Option<blocks::Module<'_>>,
        tail: bool,
    },
    /// The position table has a row for the class token although timm's has none.
    ClassPlace,
}

/// All namings, those that say more before those that say less.
fn all() -> impl Iterator<Item = &'static Naming> {
    torchvision::ALL.iter().chain(transformers::ALL).chain(various::ALL)
}

/// Which of a file's parameters are a network's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Whose names they are; `None` for timm's own.
    pub naming: Option<&'static str>,
    /// What stood before them all in the file.
    pub prefix: String,
    /// The file holds the network that the wanted one is built on.
    pub as_encoder: bool,
    /// The parameters under the network's names.
    pub renamed: Vec<Renamed>,
}

/// Finds the prefix and the naming under which a file has most of the `wanted` names.
///
/// A network with an encoder also takes the parameters of a network that is one.
pub fn translate(entries: &[Entry<'_>], wanted: &HashSet<&str>) -> Translation {
    let insides: Vec<&str> = INSIDES.into_iter().filter(|inside| wanted.iter().any(|name| name.starts_with(inside))).collect();
    let mut best: Option<(usize, Translation)> = None;
    for prefix in prefixes::candidates(entries) {
        let (places, others): (Vec<usize>, Vec<usize>) = (0..entries.len()).partition(|&place| entries[place].name.starts_with(&prefix));
        let inner: Vec<Entry<'_>> =
            places.iter().map(|&place| Entry { name: &entries[place].name[prefix.len()..], ..entries[place] }).collect();
        let foreign = Naming::recognise(&inner);
        for naming in std::iter::once(None).chain(foreign.map(Some)) {
            let plain = naming.map_or_else(|| as_they_are(&inner), |naming: &Naming| naming.apply(&inner));
            for &added in std::iter::once(&"").chain(&insides) {
                let mut renamed: Vec<Renamed> = plain.iter().map(|one| one.moved(&places, added)).collect();
                keep(&mut renamed, entries, &others);
                let found = renamed.iter().filter(|one| wanted.contains(one.name.as_str())).count();
                if best.as_ref().is_none_or(|(most, _)| found > *most) {
                    let naming = naming.map(|naming| naming.name);
                    best = Some((found, Translation { naming, prefix: prefix.clone(), as_encoder: !added.is_empty(), renamed }));
                }
            }
        }
    }
    best.map_or_else(
        || Translation { naming: None, prefix: String::new(), as_encoder: false, renamed: as_they_are(entries) },
        |(_, best)| best,
    )
}

/// What segmentation networks call the network that they are built on; the first where it is timm's.
const INSIDES: [&str; 2] = ["encoder.model.", "encoder."];

/// A name without the part that says that it is an encoder's, and that part.
pub(super) fn inside(name: &str) -> (&str, Option<&'static str>) {
    INSIDES.iter().find_map(|&inside| Some((name.strip_prefix(inside)?, Some(inside)))).unwrap_or((name, None))
}

/// Adds what does not have the prefix of the others, under its own name where that is free.
fn keep(renamed: &mut Vec<Renamed>, entries: &[Entry<'_>], others: &[usize]) {
    let taken: HashSet<String> = renamed.iter().map(|one| one.name.clone()).collect();
    let free = others.iter().filter(|&&place| !taken.contains(entries[place].name));
    renamed.extend(free.map(|&place| Renamed { name: entries[place].name.to_owned(), from: vec![place], how: How::Same }));
}

fn as_they_are(entries: &[Entry<'_>]) -> Vec<Renamed> {
    let same = |(place, entry): (usize, &Entry<'_>)| Renamed { name: entry.name.to_owned(), from: vec![place], how: How::Same };
    entries.iter().enumerate().map(same).collect()
}

impl Renamed {
    /// The same of a longer list, where its parts are at `places`, with something before its name.
    fn moved(&self, places: &[usize], added: &str) -> Self {
        Self { name: format!("{added}{}", self.name), from: self.from.iter().map(|&part| places[part]).collect(), how: self.how }
    }
}

impl Naming {
    /// The naming of these parameters, if it is known and not timm's.
    fn recognise(entries: &[Entry<'_>]) -> Option<&'static Self> {
        let has = |naming: &Self, mark: &str| entries.iter().any(|entry| rules::captures(mark, naming.strip(entry.name)).is_some());
        all().find(|naming| naming.marks.iter().all(|mark| has(naming, mark)))
    }

    fn strip<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(self.inside).unwrap_or(name)
    }

    /// timm's names.
    fn apply(&self, entries: &[Entry<'_>]) -> Vec<Renamed> {
        let mut renamed = Vec::with_capacity(entries.len());
        let mut parts = rules::Parts::default();
        let numbered = match self.special {
            Special::Blocks { read, tail } => blocks::names(entries, read, tail),
            _ => vec![None; entries.len()],
        };
        for (place, (entry, numbered)) in entries.iter().zip(numbered).enumerate() {
            let made = numbered.map(Made::Whole).or_else(|| rules::apply(self.rules, self.strip(entry.name)));
            match made {
                Some(Made::Part(name, part)) => parts.add(name, part, place),
                Some(Made::Whole(name)) => renamed.push(Renamed { name, from: vec![place], how: How::Same }),
                None => renamed.push(Renamed { name: self.strip(entry.name).to_owned(), from: vec![place], how: How::Same }),
            }
        }
        renamed.extend(parts.join(entries));
        if matches!(self.special, Special::ClassPlace) {
            move_class_place(&mut renamed);
        }
        renamed
    }
}

/// timm's networks with register tokens have no place for the class token: it is added to the token itself.
fn move_class_place(renamed: &mut [Renamed]) {
    let find = |renamed: &[Renamed], name: &str| renamed.iter().position(|one| one.name == name);
    let (Some(class), Some(places)) = (find(renamed, "cls_token"), find(renamed, "pos_embed")) else { return };
    let table = renamed[places].from[0];
    renamed[class].from.push(table);
    renamed[class].how = How::WithFirstRow;
    renamed[places].how = How::WithoutFirstRow;
}
