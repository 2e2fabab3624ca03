//! What stands before all names of a network that is a part of another.

use std::collections::BTreeSet;

use super::Entry;

/// Names that wrappers give to the network inside: DataParallel, `torch.compile`, Lightning modules, self-supervised trainers,
/// segmentation networks, timm's and transformers' feature extractors.
const WRAPPERS: [&str; 19] = [
    "module",
    "_orig_mod",
    "model",
    "net",
    "network",
    "backbone",
    "encoder",
    "teacher",
    "student",
    "trunk",
    "visual",
    "vision_model",
    "base_model",
    "feature_extractor",
    "ema",
    "model_ema",
    "momentum_encoder",
    "encoder_q",
    "base_encoder",
];

/// As many wrappers may lie in each other.
const DEEPEST: usize = 4;

/// What may stand before a network's names: nothing first, then every chain of wrappers that some name begins with.
pub(super) fn candidates(entries: &[Entry<'_>]) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last: BTreeSet<String> = all.iter().cloned().collect();
    for _ in 0..DEEPEST {
        let mut next = BTreeSet::new();
        for prefix in &last {
            for rest in entries.iter().filter_map(|entry| entry.name.strip_prefix(prefix.as_str())) {
                let wrapper = rest.split_once('.').map(|(segment, _)| segment).filter(|segment| WRAPPERS.contains(segment));
                next.extend(wrapper.map(|wrapper| format!("{prefix}{wrapper}.")));
            }
        }
        all.extend(next.iter().cloned());
        last = next;
    }
    all
}
