//! Names for experiments: an adjective and a noun, which follow from what the experiment is made of.
//!
//! The same content gives the same name unless it is taken; then the next of a fixed sequence is tried, then a number is added.

use crate::digest::KeyHasher;

const ADJECTIVES: [&str; 64] = [
    "able", "airy", "amber", "arid", "bold", "brave", "brisk", "calm", "clear", "cosy", "crisp", "deep", "deft", "dry", "dusky", "early",
    "even", "faint", "fair", "fine", "firm", "fond", "fresh", "gentle", "glad", "grand", "hale", "hardy", "hazy", "keen", "kind", "late",
    "lean", "light", "lively", "loud", "mellow", "mild", "misty", "neat", "noble", "pale", "plain", "proud", "quick", "quiet", "rapid",
    "ripe", "round", "sharp", "shy", "sleek", "slow", "small", "snug", "soft", "stout", "sunny", "swift", "tall", "tidy", "vivid", "warm",
    "wise",
];

const NOUNS: [&str; 64] = [
    "acorn", "alder", "anvil", "apple", "aspen", "badger", "barley", "beacon", "birch", "bison", "brook", "cedar", "clover", "comet",
    "coral", "crane", "creek", "daisy", "delta", "dune", "eagle", "ember", "falcon", "fern", "finch", "fjord", "garnet", "glade", "hazel",
    "heron", "island", "ivy", "jay", "juniper", "kestrel", "lagoon", "larch", "lark", "lily", "linden", "lynx", "maple", "marsh", "meadow",
    "moss", "oak", "olive", "otter", "pebble", "pine", "plover", "poppy", "quartz", "raven", "reed", "robin", "rowan", "sparrow", "spruce",
    "stone", "thistle", "tulip", "walnut", "willow",
];

/// How many pairs of words are tried before a number is added.
const TRIES: u32 = 16;

/// A name for what `parts` describe that `taken` says no to.
pub fn of(parts: &[&str], taken: impl Fn(&str) -> bool) -> String {
    let pair = |attempt: u32| {
        let mut key = KeyHasher::new("derm experiment name 1");
        parts.iter().for_each(|part| {
            key.text(part);
        });
        let id = key.text(&attempt.to_string()).finish();
        let bytes = id.as_bytes();
        format!("{}-{}", ADJECTIVES[usize::from(bytes[0]) % ADJECTIVES.len()], NOUNS[usize::from(bytes[1]) % NOUNS.len()])
    };
    if let Some(free) = (0..TRIES).map(pair).find(|name| !taken(name)) {
        return free;
    }
    let first = pair(0);
    (2_u64..).map(|number| format!("{first}-{number}")).find(|name| !taken(name)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::of;

    #[test]
    fn a_name_follows_from_the_content_until_it_is_taken() {
        let first = of(&["a", "lr=1"], |_| false);
        assert_eq!(first, of(&["a", "lr=1"], |_| false));
        let mut seen = HashSet::new();
        for _ in 0..100 {
            let name = of(&["a", "lr=1"], |name| seen.contains(name));
            assert!(seen.insert(name));
        }
        assert!(seen.contains(&first));
    }
}
