//! How a tensor lies in memory, and which gradients are asked for, does not change what is made of it.

use candle_core::{Tensor, Var};

use super::catalogue::{Call, all};
use super::support::{both_ways, close, device, values, var};

/// What makes the operation's input of a variable.
type Form = fn(&Tensor) -> Tensor;

fn turned(x: &Tensor) -> Tensor {
    x.permute((0..x.rank()).rev().collect::<Vec<_>>()).unwrap()
}

/// Values and gradients of the inputs that `form` makes of `sources`.
fn run(call: &Call, sources: &[Tensor], form: Form) -> (Vec<f32>, Vec<Vec<f32>>) {
    let vars: Vec<Var> = sources.iter().map(|source| Var::from_tensor(source).unwrap()).collect();
    let inputs: Vec<Tensor> = vars.iter().map(|var| form(var)).collect();
    let y = call(&inputs).unwrap();
    let weights = var(y.dims(), 9);
    let gradients = (&y * weights.as_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
    // As the input lies, so that gradients can be compared with those of an input that is whole.
    (values(&y), vars.iter().map(|var| values(&form(gradients.get(var).unwrap()))).collect())
}

#[test]
fn inputs_whose_axes_were_turned_are_read_right() {
    for entry in all(2) {
        let whole: Vec<Tensor> = entry.shapes.iter().zip(1..).map(|(shape, salt)| var(shape, salt).as_detached_tensor()).collect();
        let sources: Vec<Tensor> = whole.iter().map(|x| turned(x).contiguous().unwrap()).collect();
        assert_eq!(run(&entry.call, &whole, Tensor::clone), run(&entry.call, &sources, turned), "{}", entry.name);
    }
}

/// Every image of the batch is the same one.
#[test]
fn broadcast_inputs_are_read_right() {
    for entry in all(2) {
        let one: Vec<Tensor> =
            entry.shapes.iter().zip(1..).map(|(shape, salt)| var(&[&[1], &shape[1..]].concat(), salt).as_detached_tensor()).collect();
        let spread: Vec<Tensor> = one.iter().zip(&entry.shapes).map(|(x, shape)| x.broadcast_as(shape.as_slice()).unwrap()).collect();
        let whole: Vec<Tensor> = spread.iter().map(|x| x.contiguous().unwrap()).collect();
        assert_eq!(values(&(entry.call)(&spread).unwrap()), values(&(entry.call)(&whole).unwrap()), "{}", entry.name);
    }
}

#[test]
fn a_gradient_is_the_same_whether_others_are_asked_for_or_not() {
    for entry in all(2) {
        let whole: Vec<Tensor> = entry.shapes.iter().zip(1..).map(|(shape, salt)| var(shape, salt).as_detached_tensor()).collect();
        let (_, together) = run(&entry.call, &whole, Tensor::clone);
        for (i, expected) in together.iter().enumerate() {
            let mut inputs = whole.clone();
            let alone = Var::from_tensor(&whole[i]).unwrap();
            inputs[i] = alone.as_tensor().clone();
            let y = (entry.call)(&inputs).unwrap();
            let gradients = (&y * var(y.dims(), 9).as_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
            assert_eq!(&values(gradients.get(&alone).unwrap()), expected, "{} {i}", entry.name);
        }
    }
}

/// Also of inputs that are turned, and so that every operation of the catalogue is held to its kernel once.
#[test]
fn compositions_are_the_kernels() {
    for entry in all(2) {
        let whole: Vec<Tensor> = entry.shapes.iter().zip(1..).map(|(shape, salt)| var(shape, salt).as_detached_tensor()).collect();
        let sources: Vec<Tensor> = whole.iter().map(|x| turned(x).contiguous().unwrap()).collect();
        let (y, gradients) = run(&entry.call, &whole, Tensor::clone);
        both_ways(|| {
            let here: Vec<Tensor> = sources.iter().map(|x| x.to_device(&device()).unwrap()).collect();
            let (composed, composed_gradients) = run(&entry.call, &here, turned);
            let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
            close(&composed, &wide(&y), 2e-5);
            composed_gradients.iter().zip(&gradients).for_each(|(composed, gradient)| close(composed, &wide(gradient), 5e-5));
        });
    }
}
