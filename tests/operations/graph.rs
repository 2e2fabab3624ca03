//! A case inside candle's graph, by the kernels or composed.

use candle_core::{Device, Result, Tensor, Var};
use derm::nn::ops::{self, Array, Way};

use crate::case::{Case, Form};
use crate::compare::Got;
use crate::which;

/// Forward and backward on a device. Where no function of tensors reaches the operation, its composition is called, or there is nothing.
/// The gradient of a spread input is that of the one.
pub fn run(case: &Case, device: &Device) -> Result<Option<Got>> {
    let inputs = case.inputs.iter().map(|(form, input)| Leaf::new(*form, input, device)).collect::<Result<Vec<_>>>()?;
    let tensors = inputs.iter().map(Leaf::tensor).collect::<Result<Vec<_>>>()?;
    let fixed = case.fixed.iter().map(|fixed| tensor(fixed, device)).collect::<Result<Vec<_>>>()?;
    let mut others = Vec::new();
    let y = match call(case, &tensors, &fixed, &mut others)? {
        Some(y) => y,
        None if Way::on(device) == Way::Kernels => return Ok(None),
        None => {
            others = case.results[1..].iter().map(|other| other.array.clone()).collect();
            ops::compose(&mut *which::operation(case), &tensors.iter().collect::<Vec<_>>())?
        }
    };
    let gradients = (&y * tensor(&case.dy, device)?)?.sum_all()?.backward()?;
    let gradient = |leaf: &Leaf| match gradients.get(&leaf.var) {
        Some(gradient) => leaf.logical(gradient),
        None => panic!("an input got no gradient"),
    };
    let gradients = inputs.iter().map(gradient).collect::<Result<Vec<_>>>()?;
    Ok(Some(Got { results: std::iter::once(array(&y)?).chain(others).collect(), gradients }))
}

/// The operation's public function. What it gives beside the result goes to `others`.
fn call(case: &Case, t: &[Tensor], fixed: &[Tensor], others: &mut Vec<Array>) -> Result<Option<Tensor>> {
    let y = match (case.kind(), t) {
        ("conv2d", [x, w, b @ ..]) => ops::conv2d(x, w, b.first(), &which::conv2d(case)),
        ("conv_transpose2d", [x, w, b @ ..]) => ops::conv_transpose2d(x, w, b.first(), which::transposed(case)),
        ("channel_conv", [x, w]) => ops::channel_conv(x, w),
        ("max_pool", [x]) => ops::max_pool(x, which::window(case)),
        ("avg_pool", [x]) => ops::avg_pool(x, which::average(case)),
        ("global_avg_pool", [x]) => ops::global_avg_pool(x),
        ("adaptive_avg_pool", [x]) => ops::adaptive_avg_pool(x, case.list("size")),
        ("upsample", [x]) => ops::upsample(x, case.list("size"), which::rule(case)),
        ("batch_norm_train", [x, scale, shift]) => {
            let (y, batch) = ops::batch_norm_train(x, scale, shift, case.real("eps"), which::after(case))?;
            for (running, batch) in fixed.iter().zip([&batch.mean, &batch.unbiased_var]) {
                let running = Var::from_tensor(running)?;
                ops::move_towards(&running, batch, case.real("momentum"))?;
                others.push(array(&running)?);
            }
            Ok(y)
        }
        ("batch_norm_eval", [x, scale, shift]) => {
            ops::batch_norm_eval(x, scale, shift, [&fixed[0], &fixed[1]], case.real("eps"), which::after(case))
        }
        ("layer_norm", [x, scale, shift]) => ops::layer_norm(x, scale, shift, case.real("eps")),
        ("group_norm", [x, scale, shift]) => ops::group_norm(x, scale, shift, case.number("groups"), case.real("eps")),
        ("attention", [qkv]) => ops::attention(qkv, case.number("heads")),
        ("prefix_tokens", [x, token]) => ops::prefix_tokens(x, token),
        ("positions", [x, table]) => ops::positions(x, table),
        ("mean_tokens", [x]) => ops::mean_tokens(x, case.number("prefix")),
        ("rotary", [qkv]) => ops::rotary(qkv, &which::turned(case)),
        ("cosine", [qkv, logarithms]) => ops::cosine(qkv, logarithms),
        ("window_attention", [qkv, table]) => ops::window_attention(qkv, table, &which::window_attention(case)),
        ("to_windows", [x]) => ops::to_windows(x, which::windows(case)),
        ("from_windows", [x]) => ops::from_windows(x, which::windows(case)),
        ("two_by_two", [x]) => ops::two_by_two(x),
        ("swiglu", [x]) => ops::swiglu(x),
        ("cross_covariance", [qkv, temperature]) => ops::cross_covariance(qkv, temperature),
        ("fourier_positions", [x, weight, bias]) => ops::fourier_positions(x, weight, bias),
        ("some_channels", [x]) => ops::some_channels(x, case.number("start"), case.number("count")),
        ("response_norm", [x, scale, shift]) => ops::response_norm(x, scale, shift, case.real("eps")),
        ("linear", [x, w, b]) => ops::linear(x, w, b),
        ("apply", [x]) => match case.word("kind") {
            "relu" => ops::relu(x),
            "relu6" => ops::relu6(x),
            "sigmoid" => ops::sigmoid(x),
            _ => ops::apply(x, which::activation(case)),
        },
        ("add", [x, y]) => ops::add(x, y),
        ("add_relu", [x, y]) => ops::add_relu(x, y),
        ("gate", [x, gate]) => ops::gate(x, gate),
        ("concat", [x, y]) => ops::concat(x, y),
        ("dropout", [x]) => ops::dropout(x, case.real("p"), case.number("key") as u64, case.number("stream") as u64),
        ("drop_path_branch", [trunk, x]) => {
            ops::drop_path_branch(trunk, x, case.real("p"), case.number("key") as u64, case.number("stream") as u64)
        }
        ("scaled_branch", [trunk, x, gamma]) => ops::scaled_branch(trunk, x, gamma),
        ("cross_entropy", [logits]) => {
            let (targets, weights): (Vec<u32>, Option<Vec<f32>>) = (case.list("targets"), case.list("weights"));
            ops::cross_entropy(logits, &targets, weights.as_deref(), case.real("smoothing"))
        }
        _ => return Ok(None),
    };
    y.map(Some)
}

/// A variable from which an input is made by candle's own views.
struct Leaf {
    var: Var,
    form: Form,
    dims: Vec<usize>,
}

impl Leaf {
    fn new(form: Form, input: &Array, device: &Device) -> Result<Self> {
        let x = tensor(input, device)?;
        let laid = match form {
            Form::Plain => x,
            Form::Cut => Tensor::cat(&[&x.narrow(0, 0, 1)?, &x], 0)?,
            Form::Turned => reversed(&x)?.contiguous()?,
            Form::Strided => Tensor::cat(&[&x, &x.narrow(x.rank() - 1, 0, 1)?], x.rank() - 1)?,
            Form::Spread => x.narrow(0, 0, 1)?.contiguous()?,
        };
        Ok(Self { var: Var::from_tensor(&laid)?, form, dims: input.dims.clone() })
    }

    /// The input as the operation gets it.
    fn tensor(&self) -> Result<Tensor> {
        let x = self.var.as_tensor();
        match self.form {
            Form::Plain => Ok(x.clone()),
            Form::Cut => x.narrow(0, 1, self.dims[0]),
            Form::Turned => reversed(x),
            Form::Strided => x.narrow(x.rank() - 1, 0, self.dims[x.rank() - 1]),
            Form::Spread => x.broadcast_as(self.dims.as_slice()),
        }
    }

    /// The gradient of the input from that of the variable; of what is spread it is the sum over the copies.
    fn logical(&self, gradient: &Tensor) -> Result<Array> {
        array(&match self.form {
            Form::Plain | Form::Spread => gradient.clone(),
            Form::Cut => gradient.narrow(0, 1, self.dims[0])?,
            Form::Turned => reversed(gradient)?,
            Form::Strided => gradient.narrow(gradient.rank() - 1, 0, self.dims[gradient.rank() - 1])?,
        })
    }
}

fn reversed(x: &Tensor) -> Result<Tensor> {
    x.permute((0..x.rank()).rev().collect::<Vec<_>>())
}

fn tensor(array: &Array, device: &Device) -> Result<Tensor> {
    Tensor::from_vec(array.values.clone(), array.dims.as_slice(), device)
}

fn array(tensor: &Tensor) -> Result<Array> {
    Ok(Array::new(tensor.flatten_all()?.to_vec1()?, tensor.dims()))
}
