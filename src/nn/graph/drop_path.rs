//! Stochastic depth (Huang et al. 2016, <https://arxiv.org/abs/1603.09382>): residual branches that are left out in training.

use super::{Graph, Op};

impl Graph {
    /// Whether it has residual branches that can be left out.
    pub fn has_branches(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node.op, Op::Branch(_)))
    }

    /// Leaves branches out with a probability that rises evenly from 0 in the first block to `rate` in the last, as timm does.
    pub fn set_drop_path(&mut self, rate: f32) {
        let mut blocks: Vec<&str> =
            self.nodes.iter().filter(|node| matches!(node.op, Op::Branch(_))).map(|node| block(&node.name)).collect();
        blocks.dedup();
        let blocks: Vec<String> = blocks.into_iter().map(str::to_owned).collect();
        for node in &mut self.nodes {
            if let Op::Branch(branch) = &mut node.op {
                let place = blocks.iter().position(|name| name == block(&node.name)).unwrap_or_default();
                branch.drop = rate * place as f32 / (blocks.len() - 1).max(1) as f32;
            }
        }
    }
}

/// `stages.2.blocks.3` of `stages.2.blocks.3.gamma`.
fn block(name: &str) -> &str {
    let Some(start) = name.rfind("blocks.").map(|at| at + "blocks.".len()) else { return name };
    let digits = name[start..].bytes().take_while(u8::is_ascii_digit).count();
    &name[..start + digits]
}

#[cfg(test)]
mod tests {
    use super::super::Op;
    use crate::nn::zoo;

    #[test]
    fn rates_are_timm_s() {
        // Probabilities of `DropPath` of timm.create_model(name, drop_path_rate=0.2), in order and without the first block's 0.
        for (name, each, some) in [
            ("vit_tiny_patch16_224", 2, [0.0182, 0.0182, 0.0364, 0.0364, 0.0545, 0.0545, 0.0727, 0.0727]),
            ("eva02_tiny_patch14_336", 2, [0.0182, 0.0182, 0.0364, 0.0364, 0.0545, 0.0545, 0.0727, 0.0727]),
            ("convnext_atto", 1, [0.0182, 0.0364, 0.0545, 0.0727, 0.0909, 0.1091, 0.1273, 0.1455]),
            ("swin_tiny_patch4_window7_224", 2, [0.0182, 0.0182, 0.0364, 0.0364, 0.0545, 0.0545, 0.0727, 0.0727]),
        ] {
            let mut graph = zoo::find(name).unwrap().graph(3);
            graph.set_drop_path(0.2);
            let rate = |op: &Op| if let Op::Branch(branch) = op { Some(branch.drop) } else { None };
            let rates: Vec<f32> = graph.nodes().iter().filter_map(|node| rate(&node.op)).collect();
            assert!(rates[..each].iter().all(|rate| *rate == 0.0), "{name}: {rates:?}");
            assert!(rates[each..].iter().zip(some).all(|(rate, timm)| (rate - timm).abs() < 5e-5), "{name}: {rates:?}");
            assert!((rates.last().unwrap() - 0.2).abs() < 1e-6);
        }
    }
}
