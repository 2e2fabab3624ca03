//! Attention inside windows, with what is learnt of distances.

use candle_core::Tensor;

use super::activation::Activation;
use super::attention::attend;
use super::compose::activation;
use super::custom::apply;
use super::error::{Error, Result};
use super::linear::geometry;
use super::operation::{Array, Gradient, Operation, View};
use crate::nn::graph::{WindowAttention as Settings, WindowBias};
use derm_kernels::conv::{self, Mode};
use derm_kernels::{activation as functions, arithmetic, attention as kernel, embedding};

/// `qkv [n, windows * area, 3 * heads * d]` to `[n, windows * area, heads * d]`, each window by itself, with a bias from
/// `table [distances, heads]`; the settings' bias is [`WindowBias::Table`].
pub fn window_attention(qkv: &Tensor, table: &Tensor, settings: &Settings) -> candle_core::Result<Tensor> {
    apply(WindowAttention::new(*settings), &[qkv, table])
}

/// See [`window_attention`]. With [`WindowBias::Mlp`] the table is worked out from three further inputs, `weight [hidden, 2]` and
/// `bias [hidden]` of a layer of the distances, and `weight [heads, hidden]` of one of what ReLU leaves of that.
pub struct WindowAttention {
    settings: Settings,
    log_sums: Vec<f32>,
    /// Added to scores: `[masks, heads, area, area]`, and which of them each window has.
    biases: Vec<f32>,
    turns: Vec<u32>,
    mlp: Option<Distances>,
}

/// What the MLP made of the distances.
struct Distances {
    /// `[distances, hidden]` after ReLU.
    hidden: Vec<f32>,
    /// `[distances, heads]` after the logistic function.
    shares: Vec<f32>,
}

impl WindowAttention {
    /// With these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings, log_sums: Vec::new(), biases: Vec::new(), turns: Vec::new(), mlp: None }
    }

    /// Images and channels of a head.
    fn sizes(&self, inputs: &[View<'_>]) -> Result<[usize; 2]> {
        let Settings { windows, heads, bias } = self.settings;
        let refused = |reason: String| Err(Error::new("window_attention", inputs, reason));
        let (tokens, distances) = (windows.tokens(), windows.distance_count());
        let &[n, t, packed] = inputs[0].dims else { return refused("the first input must be [n, tokens, 3 * channels]".into()) };
        if t != tokens || heads == 0 || packed == 0 || !packed.is_multiple_of(3 * heads) {
            return refused(format!("the first input must be [n, {tokens}, 3 * {heads} * channels]"));
        }
        let fits = match (bias, &inputs[1..]) {
            (WindowBias::Table, [table]) => table.dims == [distances, heads],
            (WindowBias::Mlp { hidden }, [first, bias, second]) => {
                hidden > 0 && first.dims == [hidden, 2] && bias.dims == [hidden] && second.dims == [heads, hidden]
            }
            _ => false,
        };
        if !fits {
            return refused(format!("what is learnt must be of {heads} heads and {distances} distances"));
        }
        Ok([n, packed / 3 / heads])
    }

    /// Factor of the scores.
    fn scale(&self, d: usize) -> f32 {
        match self.settings.bias {
            WindowBias::Table => (d as f32).sqrt().recip(),
            WindowBias::Mlp { .. } => 1.0,
        }
    }

    fn kernel(&self, [n, d]: [usize; 2]) -> kernel::Attention<'_> {
        let Settings { windows, heads, .. } = self.settings;
        let (area, scale) = (windows.area(), self.scale(d));
        let (bias, turns) = (Some(&self.biases[..]), &self.turns[..]);
        kernel::Attention { n: n * self.turns.len(), queries: area, keys: area, heads, d, scale, bias, turns }
    }

    /// Distances along both axes `[distances, 2]`, as the MLP reads them: `sign(x) log2(1 + |x|) / 3`, where the farthest is 8.
    fn coordinates(&self) -> Vec<f32> {
        let [height, width] = self.settings.windows.window.map(|length| length as i64);
        let one = |distance: i64, length: i64| {
            let distance = distance as f64 / (length - 1).max(1) as f64 * 8.0;
            (distance.signum() * (distance.abs() + 1.0).log2() / 3.0) as f32
        };
        let rows = (1 - height)..height;
        rows.flat_map(|row| ((1 - width)..width).flat_map(move |column| [one(row, height), one(column, width)])).collect()
    }

    /// The table `[distances, heads]` from what is learnt.
    fn table(&mut self, learnt: &[View<'_>]) -> Vec<f32> {
        let Settings { windows, heads, bias } = self.settings;
        let WindowBias::Mlp { hidden } = bias else { return learnt[0].values.to_vec() };
        let (rows, exact) = (windows.distance_count(), Mode::default());
        let first = geometry([rows, 2, hidden]);
        let before = conv::forward(&self.coordinates(), learnt[0].values, Some(learnt[1].values), &first, exact);
        let inner = functions::forward(Activation::Relu, &before);
        let after = conv::forward(&inner, learnt[2].values, None, &geometry([rows, hidden, heads]), exact);
        let shares = functions::forward(Activation::Sigmoid, &after);
        let table = shares.iter().map(|share| 16.0 * share).collect();
        self.mlp = Some(Distances { hidden: inner, shares });
        table
    }

    /// Gradients of what is learnt from that of the table.
    fn learnt_gradients(&self, learnt: &[View<'_>], dtable: Vec<f32>) -> Vec<Gradient> {
        let Settings { windows, heads, bias } = self.settings;
        let (WindowBias::Mlp { hidden }, Some(Distances { hidden: inner, shares })) = (bias, &self.mlp) else {
            return vec![Gradient::Values(dtable)];
        };
        let (rows, exact) = (windows.distance_count(), Mode::default());
        let (first, second) = (geometry([rows, 2, hidden]), geometry([rows, hidden, heads]));
        let dshares: Vec<f32> = dtable.iter().map(|d| 16.0 * d).collect();
        let dafter = functions::backward(Activation::Sigmoid, shares, &dshares);
        let dinner = conv::input_gradient(&dafter, learnt[2].values, &second, exact);
        let dbefore = functions::backward(Activation::Relu, inner, &dinner);
        let gradients = [
            conv::weight_gradient(&self.coordinates(), &dbefore, &first, exact),
            arithmetic::bias_gradient(&dbefore, hidden),
            conv::weight_gradient(inner, &dafter, &second, exact),
        ];
        gradients.map(Gradient::Values).into()
    }

    /// The table as candle composes it.
    fn composed_table(&self, learnt: &[&Tensor]) -> candle_core::Result<Tensor> {
        let WindowBias::Mlp { .. } = self.settings.bias else { return Ok(learnt[0].clone()) };
        let rows = self.settings.windows.distance_count();
        let coordinates = Tensor::from_vec(self.coordinates(), (rows, 2), learnt[0].device())?;
        let before = coordinates.matmul(&learnt[0].t()?.contiguous()?)?.broadcast_add(learnt[1])?;
        let after = activation(&before, Activation::Relu)?.matmul(&learnt[2].t()?.contiguous()?)?;
        activation(&after, Activation::Sigmoid)? * 16.0
    }
}

impl Operation for WindowAttention {
    fn name(&self) -> &'static str {
        "window_attention"
    }

    fn shape(&self, inputs: &[View<'_>]) -> Result<Vec<usize>> {
        let [n, d] = self.sizes(inputs)?;
        Ok(vec![n, self.settings.windows.tokens(), self.settings.heads * d])
    }

    fn forward(&mut self, inputs: &[View<'_>]) -> Result<Array> {
        let (dims, sizes) = (self.shape(inputs)?, self.sizes(inputs)?);
        let Settings { windows, heads, .. } = self.settings;
        let table = self.table(&inputs[1..]);
        let bias = embedding::relative_bias(&table, heads, &windows.distances());
        let (masks, turns) = windows.masks();
        let head = windows.area() * windows.area();
        let masked = |mask: Vec<f32>| bias.iter().enumerate().map(|(i, bias)| bias + mask[i % head]).collect::<Vec<_>>();
        (self.biases, self.turns) = (masks.into_iter().flat_map(masked).collect(), turns);
        let attended = self.kernel(sizes).forward_packed(inputs[0].values);
        self.log_sums = attended.log_sums;
        Ok(Array::new(attended.y, dims))
    }

    fn compose(&mut self, inputs: &[&Tensor]) -> candle_core::Result<Tensor> {
        let Settings { windows, heads, .. } = self.settings;
        let (n, tokens, packed) = inputs[0].dims3()?;
        let (area, d, device) = (windows.area(), packed / 3 / heads, inputs[0].device());
        let distances = Tensor::from_vec(windows.distances(), area * area, device)?;
        let table = self.composed_table(&inputs[1..])?.contiguous()?;
        let bias = table.index_select(&distances, 0)?.t()?.reshape((1, heads, area, area))?;
        let (masks, turns) = windows.masks();
        let each: Vec<f32> = turns.iter().flat_map(|&turn| &masks[turn as usize]).copied().collect();
        let bias = bias.broadcast_add(&Tensor::from_vec(each, (turns.len(), 1, area, area), device)?)?;
        let (all, scale) = (n * turns.len(), self.scale(d));
        let bias = bias.unsqueeze(0)?.broadcast_as((n, turns.len(), heads, area, area))?.contiguous()?.reshape((all, heads, area, area))?;
        attend(&inputs[0].reshape((all, area, packed))?, heads, scale, Some(&bias))?.reshape((n, tokens, heads * d))
    }

    fn backward(&self, inputs: &[View<'_>], _: View<'_>, dy: &[f32], want: &[bool]) -> Vec<Gradient> {
        let Ok(sizes) = self.sizes(inputs) else { unreachable!("the forward pass took these shapes") };
        let Settings { windows, heads, .. } = self.settings;
        let learns = want[1..].contains(&true);
        let gradients = self.kernel(sizes).backward_packed(inputs[0].values, &self.log_sums, dy, learns);
        let dqkv = Gradient::Values(gradients.dqkv);
        let Some(dbiases) = gradients.dbias else {
            return [dqkv].into_iter().chain(want[1..].iter().map(|_| Gradient::Unwanted)).collect();
        };
        let one = heads * windows.area() * windows.area();
        let dbias: Vec<f32> = (0..one).map(|i| dbiases.iter().skip(i).step_by(one).sum()).collect();
        let dtable = embedding::relative_bias_gradient(&dbias, heads, &windows.distances(), windows.distance_count());
        [dqkv].into_iter().chain(self.learnt_gradients(&inputs[1..], dtable)).collect()
    }
}
