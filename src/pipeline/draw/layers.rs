//! Where boxes stand in a layered drawing, for the terminal and for pages.
//!
//! After Sugiyama, Tagawa and Toda (1981): a box stands one layer below the lowest of its needs; an edge that passes a layer gets an
//! invisible node there; sweeps down and up order each layer by the mean place of its neighbours, and the order with the fewest
//! crossings stays. Places along a layer are those nearest to the means of the neighbours that keep the order and the gaps (isotonic
//! regression by pooling), so that long edges are straight. All of it takes time in proportion to nodes and edges, times a few sweeps.

use super::Drawing;

/// Sweeps up and down.
const SWEEPS: usize = 12;

/// A box, or an edge on its way through a layer.
#[derive(Clone, Debug)]
pub struct Node {
    /// Index into the drawing; `None` for an edge passing through.
    pub item: Option<usize>,
    /// Nodes of the layer above that lead here.
    pub above: Vec<usize>,
    /// Its middle along the layer.
    pub middle: f64,
    /// Its size along the layer.
    pub width: f64,
}

/// Nodes by layer, in their order along it.
pub type Layers = Vec<Vec<Node>>;

/// Lays out a drawing; `width` gives the size of each box, `passing` that of an edge, `gap` what lies between two.
pub fn layout(drawing: &Drawing, width: impl Fn(usize) -> f64, passing: f64, gap: f64) -> Layers {
    let mut layers = layered(drawing, width, passing);
    order(&mut layers);
    place(&mut layers, gap);
    layers
}

fn layered(drawing: &Drawing, width: impl Fn(usize) -> f64, passing: f64) -> Layers {
    let depth = drawing.depths();
    let mut layers: Layers = Vec::new();
    layers.resize_with(depth.iter().max().map_or(0, |deepest| deepest + 1), Vec::new);
    let mut at = vec![0; drawing.names.len()];
    // Edges from one box share their way down: the node of each layer below it.
    let mut ways: Vec<Vec<usize>> = vec![Vec::new(); drawing.names.len()];
    for index in 0..drawing.names.len() {
        let mut above = Vec::new();
        for &need in &drawing.needs[index] {
            let reached = depth[need] + 1 + ways[need].len();
            for layer in layers.iter_mut().take(depth[index]).skip(reached) {
                let from = ways[need].last().copied().unwrap_or(at[need]);
                layer.push(Node { item: None, above: vec![from], middle: 0.0, width: passing });
                ways[need].push(layer.len() - 1);
            }
            let last = depth[index] - depth[need] - 1;
            above.push(if last == 0 { at[need] } else { ways[need][last - 1] });
        }
        at[index] = layers[depth[index]].len();
        layers[depth[index]].push(Node { item: Some(index), above, middle: 0.0, width: width(index) });
    }
    layers
}

/// Sorts the layers so that few edges cross.
fn order(layers: &mut Layers) {
    let mut best = (crossings(layers), layers.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        if sweep % 2 == 0 {
            for depth in 1..layers.len() {
                let means: Vec<f64> = layers[depth].iter().enumerate().map(|(own, node)| mean(&node.above, own)).collect();
                sort(layers, depth, &means);
            }
        } else {
            for depth in (0..layers.len().saturating_sub(1)).rev() {
                let below = below(layers, depth);
                let means: Vec<f64> = below.iter().enumerate().map(|(own, below)| mean(below, own)).collect();
                sort(layers, depth, &means);
            }
        }
        let now = crossings(layers);
        if now < best.0 {
            best = (now, layers.clone());
        }
    }
    *layers = best.1;
}

fn mean(places: &[usize], own: usize) -> f64 {
    if places.is_empty() { own as f64 } else { places.iter().sum::<usize>() as f64 / places.len() as f64 }
}

/// For each node of a layer those of the next that it leads to.
fn below(layers: &Layers, depth: usize) -> Vec<Vec<usize>> {
    let mut below = vec![Vec::new(); layers[depth].len()];
    for (index, node) in layers.get(depth + 1).into_iter().flatten().enumerate() {
        node.above.iter().for_each(|above| below[*above].push(index));
    }
    below
}

fn sort(layers: &mut Layers, depth: usize, means: &[f64]) {
    let mut order: Vec<usize> = (0..means.len()).collect();
    order.sort_by(|a, b| means[*a].total_cmp(&means[*b]));
    let mut renamed = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, old)| renamed[*old] = new);
    let mut old: Vec<Option<Node>> = std::mem::take(&mut layers[depth]).into_iter().map(Some).collect();
    layers[depth] = order.iter().filter_map(|index| old[*index].take()).collect();
    if let Some(next) = layers.get_mut(depth + 1) {
        next.iter_mut().flat_map(|node| &mut node.above).for_each(|above| *above = renamed[*above]);
    }
}

/// Pairs of edges that cross.
fn crossings(layers: &Layers) -> usize {
    let between = |pair: &[Vec<Node>]| {
        let mut ends: Vec<(usize, usize)> = Vec::new();
        for (to, node) in pair[1].iter().enumerate() {
            ends.extend(node.above.iter().map(|from| (*from, to)));
        }
        ends.sort_unstable();
        // Edges seen so far by where they end, as sums over powers of two (Fenwick 1994).
        let mut tree = vec![0usize; pair[1].len() + 1];
        let mut crossed = 0;
        for (seen, (_, to)) in ends.iter().enumerate() {
            let (mut before, mut at) = (0, to + 1);
            while at > 0 {
                before += tree[at];
                at &= at - 1;
            }
            crossed += seen - before;
            let mut at = to + 1;
            while at < tree.len() {
                tree[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
        crossed
    };
    layers.windows(2).map(between).sum()
}

/// Gives every node its place along its layer.
fn place(layers: &mut Layers, gap: f64) {
    for layer in layers.iter_mut() {
        let mut free = 0.0;
        for node in layer {
            node.middle = free + node.width / 2.0;
            free += node.width + gap;
        }
    }
    for sweep in 0..SWEEPS {
        if sweep % 2 == 0 {
            for depth in 1..layers.len() {
                let (done, rest) = layers.split_at_mut(depth);
                let above = &done[depth - 1];
                let wanted: Vec<(f64, f64)> = rest[0].iter().map(|node| wish(node, node.above.iter().map(|at| &above[*at]))).collect();
                spread(&mut rest[0], &wanted, gap);
            }
        } else {
            for depth in (0..layers.len().saturating_sub(1)).rev() {
                let below = below(layers, depth);
                let (done, rest) = layers.split_at_mut(depth + 1);
                let wanted = done[depth].iter().zip(&below).map(|(node, below)| wish(node, below.iter().map(|at| &rest[0][*at])));
                let wanted: Vec<(f64, f64)> = wanted.collect();
                spread(&mut done[depth], &wanted, gap);
            }
        }
    }
    let edge = |node: &Node| node.middle - node.width / 2.0;
    let left = layers.iter().filter_map(|layer| layer.first()).map(edge).fold(f64::INFINITY, f64::min);
    layers.iter_mut().flatten().for_each(|node| node.middle -= left);
}

/// Where a node would stand, and how strongly: edges that pass want to be straight.
fn wish<'n>(node: &Node, neighbours: impl Iterator<Item = &'n Node>) -> (f64, f64) {
    let (mut sum, mut weight) = (0.0, 0.0);
    for other in neighbours {
        let own = if node.item.is_none() && other.item.is_none() { 8.0 } else { 1.0 };
        sum += other.middle * own;
        weight += own;
    }
    if weight > 0.0 { (sum / weight, weight) } else { (node.middle, 0.1) }
}

/// The places nearest to the wishes that keep the order and the gaps.
fn spread(layer: &mut [Node], wanted: &[(f64, f64)], gap: f64) {
    // Without what must lie before it, a node's place may only grow.
    let mut offsets = Vec::with_capacity(layer.len());
    let mut offset = 0.0;
    for (index, node) in layer.iter().enumerate() {
        if index > 0 {
            offset += layer[index - 1].width / 2.0 + gap + node.width / 2.0;
        }
        offsets.push(offset);
    }
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((want, weight), offset) in wanted.iter().zip(&offsets) {
        let mut pool = (want - offset, *weight, 1);
        while let Some(last) = pools.last().copied().filter(|last| last.0 > pool.0) {
            pools.pop();
            let weight = last.1 + pool.1;
            pool = ((last.0 * last.1 + pool.0 * pool.1) / weight, weight, last.2 + pool.2);
        }
        pools.push(pool);
    }
    let places = pools.iter().flat_map(|(place, _, count)| std::iter::repeat_n(*place, *count));
    for ((node, place), offset) in layer.iter_mut().zip(places).zip(&offsets) {
        node.middle = place + offset;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(needs: &[&[usize]]) -> Drawing {
        Drawing { names: (0..needs.len()).map(|i| format!("s{i}")).collect(), needs: needs.iter().map(|needs| needs.to_vec()).collect() }
    }

    #[test]
    fn edges_that_need_not_cross_do_not() {
        // Two chains whose second halves are named the wrong way round.
        let layers = layout(&drawing(&[&[], &[], &[1], &[0], &[3], &[2]]), |_| 4.0, 1.0, 2.0);
        assert_eq!(crossings(&layers), 0);
        for layer in &layers {
            assert!(layer.windows(2).all(|pair| pair[1].middle - pair[0].middle >= 6.0 - 1e-9), "{layer:?}");
        }
    }

    #[test]
    fn counting_crossings() {
        let layers = layered(&drawing(&[&[], &[], &[1], &[0]]), |_| 1.0, 1.0);
        assert_eq!(crossings(&layers), 1);
    }

    #[test]
    fn long_edges_share_their_way() {
        let layers = layered(&drawing(&[&[], &[0], &[1], &[0, 2], &[0, 3]]), |_| 1.0, 1.0);
        assert_eq!(layers.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 2, 2, 1]);
    }
}
