//! Steps as compositions of candle's operations, for parameters that are not in main memory. Factors are those of the kernels.

use candle_core::{Result, Tensor, Var};

use super::{AdamW, Rule, Sgd, Step};

/// What a rule remembers of a parameter on a device.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Mean gradient, or momentum.
    pub first: Option<Tensor>,
    /// Mean squared gradient.
    pub second: Option<Tensor>,
}

/// Moves `var` by its gradient; `number` counts the steps it has taken, this one too.
pub fn take(rule: Rule, step: Step, number: u64, memory: &mut Memory, var: &Var, gradient: &Tensor) -> Result<()> {
    let values = var.as_detached_tensor();
    let gradient = (gradient.detach() * f64::from(step.scale))?;
    match rule {
        Rule::AdamW(rule) => adamw(&rule, step, number, memory, var, &values, &gradient),
        Rule::Sgd(rule) => sgd(&rule, step, memory, var, &values, gradient),
    }
}

fn adamw(rule: &AdamW, step: Step, number: u64, memory: &mut Memory, var: &Var, values: &Tensor, gradient: &Tensor) -> Result<()> {
    let power = i32::try_from(number).unwrap_or(i32::MAX);
    let unbias = |beta: f64| 1.0 - beta.powi(power);
    let before = |slot: &Option<Tensor>| slot.clone().map_or_else(|| gradient.zeros_like(), Ok);
    let mean = blended(&before(&memory.first)?, gradient, rule.beta1)?;
    let square = blended(&before(&memory.second)?, &gradient.sqr()?, rule.beta2)?;
    let below = ((square.sqrt()? * unbias(rule.beta2).sqrt().recip())? + rule.eps)?;
    let kept = (values * (1.0 - step.rate * step.decay(rule.weight_decay)))?;
    var.set(&(kept - (mean.div(&below)? * (step.rate / unbias(rule.beta1)))?)?)?;
    (memory.first, memory.second) = (Some(mean), Some(square));
    Ok(())
}

/// `beta` of the old and the rest of the new.
fn blended(old: &Tensor, new: &Tensor, beta: f64) -> Result<Tensor> {
    (old * beta)? + (new * (1.0 - beta))?
}

fn sgd(rule: &Sgd, step: Step, memory: &mut Memory, var: &Var, values: &Tensor, gradient: Tensor) -> Result<()> {
    let decay = step.decay(rule.weight_decay);
    let gradient = if decay > 0.0 { (gradient + (values * decay)?)? } else { gradient };
    let direction = if rule.momentum > 0.0 {
        let velocity = match &memory.first {
            Some(velocity) => ((velocity * rule.momentum)? + &gradient)?,
            None => gradient.clone(),
        };
        memory.first = Some(velocity.clone());
        if rule.nesterov { (gradient + (velocity * rule.momentum)?)? } else { velocity }
    } else {
        gradient
    };
    var.set(&(values - (direction * step.rate)?)?)
}

/// Sum of the squares of all values, added up in f64.
pub fn sum_of_squares(gradients: &[&Tensor]) -> Result<f64> {
    let sums = gradients.iter().map(|gradient| gradient.sqr()?.sum_all()).collect::<Result<Vec<_>>>()?;
    if sums.is_empty() {
        return Ok(0.0);
    }
    // One transfer for all.
    Ok(Tensor::stack(&sums, 0)?.to_vec1::<f32>()?.into_iter().map(f64::from).sum())
}
