//! Images `[n, h, w, c]` in another size, by PyTorch's rules for where an output lies among the inputs.

use super::resample::{Table, resample};

/// How an output is made of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The input at `floor(output * (inputs / outputs))`, in f32 as PyTorch counts.
    Nearest,
    /// Two inputs on each axis by distance.
    Bilinear {
        /// First and last places of both lie on each other, instead of the borders of pixels.
        align_corners: bool,
    },
    /// Four inputs on each axis by Keys's cubic with PyTorch's -0.75; beyond the border the border's value counts.
    Bicubic {
        /// As for bilinear.
        align_corners: bool,
    },
}

/// Sizes of a resizing, whose passes panic where images are left unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample {
    /// Height and width before.
    pub input: [usize; 2],
    /// Height and width after.
    pub output: [usize; 2],
    /// Channels.
    pub channels: usize,
    /// How.
    pub rule: Rule,
}

impl Upsample {
    /// The images in the new size.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let [rows, columns] = self.tables();
        resample(x, &rows, &columns, self.channels)
    }

    /// Gradient of the images.
    pub fn backward(&self, dy: &[f32]) -> Vec<f32> {
        let [rows, columns] = self.tables();
        resample(dy, &rows.turned(), &columns.turned(), self.channels)
    }

    fn tables(&self) -> [Table; 2] {
        [0, 1].map(|axis| table(self.rule, self.input[axis], self.output[axis]))
    }
}

fn table(rule: Rule, input: usize, output: usize) -> Table {
    let terms = |place: usize| match rule {
        Rule::Nearest => vec![(((place as f32 * (input as f32 / output as f32)) as usize).min(input - 1), 1.0)],
        Rule::Bilinear { .. } if input == output => vec![(place, 1.0), (place, 0.0)],
        Rule::Bilinear { align_corners } => {
            let source = source(place, input, output, align_corners).max(0.0);
            let first = (source as usize).min(input - 1);
            let share = (source - first as f32).clamp(0.0, 1.0);
            vec![(first, 1.0 - share), ((first + 1).min(input - 1), share)]
        }
        Rule::Bicubic { align_corners } => {
            let source = source(place, input, output, align_corners);
            let first = source.floor();
            let inside = |tap: usize| (first as isize + tap as isize - 1).clamp(0, input as isize - 1) as usize;
            cubic(source - first).into_iter().enumerate().map(|(tap, weight)| (inside(tap), weight)).collect()
        }
    };
    Table::new(input, (0..if input == 0 { 0 } else { output }).map(terms))
}

/// Where an output lies among the inputs.
fn source(place: usize, input: usize, output: usize, align_corners: bool) -> f32 {
    if align_corners {
        let scale = if output > 1 { (input - 1) as f32 / (output - 1) as f32 } else { 0.0 };
        scale * place as f32
    } else {
        input as f32 / output as f32 * (place as f32 + 0.5) - 0.5
    }
}

/// Weights of the four inputs around a place that lies `t` after the second.
fn cubic(t: f32) -> [f32; 4] {
    const A: f32 = -0.75;
    let near = |x: f32| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f32| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{close, each, same_for_any_threads, slopes, values, wide};
    use super::*;

    const RULES: [Rule; 5] = [
        Rule::Nearest,
        Rule::Bilinear { align_corners: false },
        Rule::Bilinear { align_corners: true },
        Rule::Bicubic { align_corners: false },
        Rule::Bicubic { align_corners: true },
    ];

    /// Weights of an axis's inputs for `place`, from the definitions in f64.
    fn weights(rule: Rule, input: usize, output: usize, place: usize) -> Vec<f64> {
        let mut weights = vec![0.0; input];
        let (i, o, p) = (input as f64, output as f64, place as f64);
        let inside = |place: f64| place.clamp(0.0, i - 1.0) as usize;
        let source = |align| match align {
            true if output > 1 => p * (i - 1.0) / (o - 1.0),
            true => 0.0,
            false => (p + 0.5) * i / o - 0.5,
        };
        match rule {
            // PyTorch's f32 rule, which `floor(place * input / output)` is not for 23 places of 7, say.
            Rule::Nearest => weights[((place as f32 * (input as f32 / output as f32)).floor() as usize).min(input - 1)] = 1.0,
            Rule::Bilinear { align_corners } => {
                let source: f64 = source(align_corners).max(0.0);
                weights[inside(source.floor())] += 1.0 - source.fract();
                weights[inside(source.floor() + 1.0)] += source.fract();
            }
            Rule::Bicubic { align_corners } => {
                let source: f64 = source(align_corners);
                for k in -1..3 {
                    let x = (source - (source.floor() + f64::from(k))).abs();
                    let weight =
                        if x <= 1.0 { 1.25 * x.powi(3) - 2.25 * x * x + 1.0 } else { -0.75 * (x.powi(3) - 5.0 * x * x + 8.0 * x - 4.0) };
                    weights[inside(source.floor() + f64::from(k))] += weight;
                }
            }
        }
        weights
    }

    fn exact(u: &Upsample, x: &[f64]) -> Vec<f64> {
        let [[h, w], [rows, columns]] = [u.input, u.output];
        let n = x.len() / (h * w * u.channels);
        let mut y = Vec::new();
        for (image, row, column) in (0..n * rows * columns).map(|p| (p / columns / rows, p / columns % rows, p % columns)) {
            let (down, across) = (weights(u.rule, h, rows, row), weights(u.rule, w, columns, column));
            for c in 0..u.channels {
                let at = |r: usize, k: usize| x[((image * h + r) * w + k) * u.channels + c];
                y.push((0..h * w).map(|p| down[p / w] * across[p % w] * at(p / w, p % w)).sum());
            }
        }
        y
    }

    #[test]
    fn both_passes_are_the_definition() {
        let sizes = (0usize..3, (1usize..8, 1usize..8), (1usize..14, 1usize..14), prop::sample::select(vec![1usize, 3, 16, 21]));
        each(40, sizes, |isa, (n, (h, w), (rows, columns), channels)| {
            for rule in RULES {
                let u = Upsample { input: [h, w], output: [rows, columns], channels, rule };
                let (x, dy) = (values(n * h * w * channels, 1), values(n * rows * columns * channels, 2));
                close(&format!("{isa:?} {rule:?} y"), &u.forward(&x), &exact(&u, &wide(&x)), 1e-5);
                let mut dx = vec![0.0; x.len()];
                if channels < 4 {
                    dx = slopes(&wide(&x), &dy, |x| exact(&u, x));
                } else {
                    // The sum of gradients is that of the results of ones.
                    let ones = exact(&u, &vec![1.0; x.len()]);
                    let sum: f64 = u.backward(&dy).iter().map(|&dx| f64::from(dx)).sum();
                    close("sum", &[sum as f32], &[ones.iter().zip(&dy).map(|(y, &dy)| y * f64::from(dy)).sum()], 1e-4);
                }
                if channels < 4 {
                    close(&format!("{isa:?} {rule:?} dx"), &u.backward(&dy), &dx, 2e-5);
                }
            }
        });
    }

    /// `torch.nn.functional.interpolate(torch.arange(2.), size=82, mode="nearest")` is 0 at 41, where exact division gives 1.
    #[test]
    fn nearest_counts_in_f32() {
        let u = Upsample { input: [1, 2], output: [1, 82], channels: 1, rule: Rule::Nearest };
        let y = u.forward(&[0.0, 1.0]);
        assert_eq!((y[40], y[41], y[42]), (0.0, 0.0, 1.0));
    }

    #[test]
    fn infinity_spoils_what_reads_it_as_in_pytorch() {
        let column = |rule, output| Upsample { input: [3, 1], output: [output, 1], channels: 1, rule }.forward(&[1.0, f32::INFINITY, 3.0]);
        each(1, Just(()), |isa, ()| {
            let same = column(Rule::Bilinear { align_corners: false }, 3);
            assert!(same[0] == 1.0 && same[1].is_nan() && same[2] == 3.0, "{isa:?} {same:?}");
            let aligned = column(Rule::Bilinear { align_corners: true }, 5);
            assert!(aligned[0].is_nan() && aligned[4] == 3.0, "{isa:?} {aligned:?}");
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let x = values(2 * 30 * 40 * 24, 1);
        each(1, Just(()), |_, ()| {
            same_for_any_threads(|| {
                let u = Upsample { input: [30, 40], output: [61, 75], channels: 24, rule: Rule::Bicubic { align_corners: false } };
                let y = u.forward(&x);
                vec![u.backward(&y), y]
            });
        });
    }
}
