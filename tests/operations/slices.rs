//! A case as the tape runs it.

use derm::nn::ops::{Array, Error, Gradient, View};

use crate::case::Case;
use crate::compare::Got;
use crate::which::operation;

/// Forward and backward on slices.
pub fn run(case: &Case) -> Result<Got, Error> {
    let mut operation = operation(case);
    let inputs: Vec<View<'_>> = case.inputs.iter().map(|(_, input)| input.view()).collect();
    let y = operation.forward(&inputs)?;
    let kept = |view: View<'_>, read: bool| if read { view.values.to_vec() } else { Vec::new() };
    let values: Vec<Vec<f32>> = inputs.iter().enumerate().map(|(i, &input)| kept(input, operation.reads_input(i))).collect();
    let read: Vec<View<'_>> = inputs.iter().zip(&values).map(|(input, values)| View { values, dims: input.dims }).collect();
    let result = kept(y.view(), operation.reads_result());
    let result = View { values: &result, dims: &y.dims };
    let mut gradients: Vec<Array> = Vec::new();
    for (gradient, input) in operation.backward(&read, result, &case.dy.values, &vec![true; inputs.len()]).into_iter().zip(&inputs) {
        let values = match gradient {
            Gradient::Unwanted => panic!("a gradient that was asked for is missing"),
            Gradient::Values(values) => values,
            Gradient::Passed => case.dy.values.clone(),
            Gradient::Like(earlier) => gradients[earlier].values.clone(),
        };
        gradients.push(Array::new(values, input.dims));
    }
    let others = case.results[1..].iter().map(|other| other.array.clone());
    Ok(Got { results: std::iter::once(y).chain(others).collect(), gradients })
}
