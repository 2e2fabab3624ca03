//! Gradient checkpointing (Chen et al. 2016, <https://arxiv.org/abs/1604.06174>): a training step in less memory for more time.
//!
//! The groups of a graph are cut into segments. Of a segment the tape keeps the values that its groups read from before it, and
//! nothing of what they made; on the way back the segment runs again and is recorded just before its steps are needed. The last
//! segment, whose steps are needed at once, is recorded from the start. So every group runs forward at most twice.
//!
//! A second run gives the bits of the first: parameters do not change between a forward pass and its way back, batch statistics are
//! worked out anew from the same values, dropout draws by key and node, and running statistics move in the first run alone.

#[cfg(test)]
mod tests;

use std::ops::Range;

use candle_core::Tensor;

use super::exec::run;
use super::graph::{Node, NodeId};
use super::groups::{Group, last_readers};
use super::tape::{Source, Step, asked};
use super::{Error, Network, Pass};

/// Groups whose steps are not on the tape yet.
pub(super) struct Segment {
    pub groups: Vec<Group>,
    pub pass: Pass,
    /// The values from before the segment that it reads.
    pub inputs: Vec<(NodeId, Tensor)>,
    /// For each step that it will be, what that reads and the number of what it makes.
    pub outline: Vec<(Vec<Source>, usize)>,
}

impl Segment {
    /// Whether its steps will be needed: a wanted gradient goes through one of them.
    pub fn is_needed(&self, wanted: &[bool], needed: &[bool]) -> bool {
        self.outline.iter().any(|(sources, _)| sources.iter().any(|&source| asked(source, wanted, needed)))
    }

    /// Runs again, for its steps in order.
    pub fn replay(self, network: &Network) -> Result<Vec<Step>, Error> {
        let mut values: Vec<Option<Tensor>> = vec![None; network.graph().nodes().len()];
        for (node, value) in self.inputs {
            values[node.0] = Some(value);
        }
        let last_reader = last_readers(network.graph().nodes(), &self.groups);
        let mut steps = Vec::with_capacity(self.groups.len());
        for (place, group) in self.groups.iter().enumerate() {
            let done = run(network, group, self.pass, false, &values)?;
            group
                .inputs(network.graph().nodes())
                .filter(|source| last_reader[source.0] == place)
                .for_each(|source| values[source.0] = None);
            values[group.result.0] = Some(done.result.clone());
            steps.push(done.step(group.result.0));
        }
        Ok(steps)
    }
}

/// Ranges of `groups`, one after the other, such that the least memory is held: what segments read from before them, and what the
/// largest segment makes when it runs again. The last segment makes its values in the forward pass.
pub(super) fn segments(nodes: &[Node], groups: &[Group]) -> Vec<Range<usize>> {
    let weights = Weights::new(nodes, groups);
    let all = weights.made(0..groups.len());
    // Limits of what a segment makes, an eighth apart: less than the difference that the rest of an operation's memory makes.
    let limits = std::iter::successors(Some(all), |limit| (*limit > all / 256).then_some(limit - limit.div_ceil(8)));
    let cuts = limits.filter_map(|limit| weights.cheapest(limit));
    let best = cuts.min_by_key(|(held, _)| *held);
    best.map_or_else(|| std::iter::once(0..groups.len()).collect(), |(_, ranges)| ranges)
}

/// Values of each group's result for an image of the graph's own size.
struct Weights {
    /// Sum of those before each group, and of all.
    before: Vec<usize>,
    /// The last group that reads each group's result, and how large that is.
    results: Vec<(usize, usize)>,
}

impl Weights {
    fn new(nodes: &[Node], groups: &[Group]) -> Self {
        let last_reader = last_readers(nodes, groups);
        let size = |group: &Group| nodes[group.result.0].shape.iter().product::<usize>();
        let results: Vec<_> = groups.iter().map(|group| (last_reader[group.result.0], size(group))).collect();
        let mut before = vec![0];
        before.extend(results.iter().scan(0, |sum, (_, size)| {
            *sum += size;
            Some(*sum)
        }));
        Self { before, results }
    }

    /// What the groups of a range make.
    fn made(&self, range: Range<usize>) -> usize {
        self.before[range.end] - self.before[range.start]
    }

    /// The cut into segments that make at most `limit` each with the least for later segments to read, and all that is held with it.
    /// None where one group makes more.
    fn cheapest(&self, limit: usize) -> Option<(usize, Vec<Range<usize>>)> {
        let count = self.results.len();
        // For each place, the least that segments up to there leave to others, and where the last of them starts.
        let mut best: Vec<Option<(usize, usize)>> = vec![None; count + 1];
        best[0] = Some((0, 0));
        for end in 1..=count {
            let mut left = 0;
            for start in (0..end).rev() {
                if self.made(start..end) > limit {
                    break;
                }
                let (reader, size) = self.results[start];
                left += if reader >= end { size } else { 0 };
                // Of equal ones the longer segment: there is less to run again.
                if let Some((before, _)) = best[start]
                    && best[end].is_none_or(|(least, _)| before + left <= least)
                {
                    best[end] = Some((before + left, start));
                }
            }
        }
        let (left, _) = best[count]?;
        let (mut ranges, mut end) = (Vec::new(), count);
        while end > 0 {
            let (_, start) = best[end]?;
            ranges.push(start..end);
            end = start;
        }
        ranges.reverse();
        let largest = ranges.iter().map(|range| self.made(range.clone())).max().unwrap_or(0);
        Some((left + largest, ranges))
    }
}
