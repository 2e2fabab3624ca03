//! Outputs by the parts of their paths.

use std::collections::HashMap;

use crate::relpath::RelPath;

/// A stage and the number of its output.
pub type Maker = (usize, usize);

/// A tree of path parts, some of which are outputs.
#[derive(Debug, Default)]
pub struct Trie {
    below: HashMap<String, Trie>,
    maker: Option<Maker>,
    /// Some output at or below this point, to name when another would lie above it.
    some: Option<Maker>,
}

impl Trie {
    /// Adds an output.
    ///
    /// # Errors
    /// An output that equals it, contains it or lies inside it.
    pub fn insert(&mut self, path: &RelPath, maker: Maker) -> Result<(), Maker> {
        let mut here = self;
        let mut seen: Vec<&str> = Vec::new();
        for part in path.parts() {
            here.some.get_or_insert(maker);
            here = here.below.entry(part.to_owned()).or_default();
            seen.push(part);
            if let Some(other) = here.maker {
                return Err(other);
            }
        }
        if let Some(other) = here.some {
            return Err(other);
        }
        here.maker = Some(maker);
        here.some = Some(maker);
        Ok(())
    }

    /// Calls `found` for every output that equals `path`, contains it or lies inside it.
    pub fn touching(&self, path: &RelPath, found: &mut impl FnMut(Maker)) {
        let mut here = self;
        for part in path.parts() {
            if let Some(maker) = here.maker {
                return found(maker);
            }
            match here.below.get(part) {
                Some(next) => here = next,
                None => return,
            }
        }
        here.all(found);
    }

    fn all(&self, found: &mut impl FnMut(Maker)) {
        if let Some(maker) = self.maker {
            found(maker);
        }
        for next in self.below.values() {
            next.all(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn containment_is_found_both_ways_and_by_whole_parts() {
        let mut trie = Trie::default();
        trie.insert(&path("data/skin"), (0, 0)).unwrap();
        trie.insert(&path("data/skin2"), (1, 0)).unwrap();
        assert_eq!(trie.insert(&path("data/skin"), (2, 0)), Err((0, 0)));
        assert_eq!(trie.insert(&path("data/skin/a/b"), (2, 0)), Err((0, 0)));
        assert_eq!(trie.insert(&path("data"), (2, 0)), Err((0, 0)));
        let touching = |text: &str| {
            let mut found = Vec::new();
            trie.touching(&path(text), &mut |maker| found.push(maker.0));
            found.sort_unstable();
            found
        };
        assert_eq!(touching("data/skin/a.jpg"), [0]);
        assert_eq!(touching("data"), [0, 1]);
        assert_eq!(touching("data/sk"), [0_usize; 0]);
    }
}
