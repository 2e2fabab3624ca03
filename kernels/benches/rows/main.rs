//! Kernels other than convolutions, at shapes of a ViT-Tiny, a ResNet-18 and a ConvNeXt-Atto on 16 images of 224 x 224; in CPU
//! time.
//!
//! `RAYON_NUM_THREADS=1 cargo bench -p derm-kernels --bench rows -- attention`

mod cpu_time;

use std::hint::black_box;

use cpu_time::CpuTime;
use criterion::{Criterion, criterion_group, criterion_main};
use derm_kernels::activation::{self, Activation};
use derm_kernels::attention::{Attended, Attention};
use derm_kernels::group_norm::GroupNorm;
use derm_kernels::losses::{Binary, CrossEntropy, Targets, binary_cross_entropy, cross_entropy, dice};
use derm_kernels::optimiser::{self, AdamW, AdamWParameter, Averaged, Sgd, SgdParameter};
use derm_kernels::pool::{self, Adaptive, Divisor};
use derm_kernels::residual::Branch;
use derm_kernels::upsample::{Rule, Upsample};
use derm_kernels::window::{Axis, Window};
use derm_kernels::{dropout, embedding, layer_norm, layout, softmax};

const N: usize = 16;

/// Values between -1 and 1.
fn values(len: usize) -> Vec<f32> {
    (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761) as f32 / 2f32.powi(31) - 1.0).collect()
}

type Clock = Criterion<CpuTime>;

fn attention(c: &mut Clock) {
    let a = Attention { n: N, queries: 197, keys: 197, heads: 3, d: 64, scale: 0.125, bias: None, turns: &[] };
    let qkv = values(N * 197 * 3 * 192);
    let Attended { y, log_sums } = a.forward_packed(&qkv);
    c.bench_function("attention vit forward", |b| b.iter(|| a.forward_packed(black_box(&qkv))));
    c.bench_function("attention vit backward", |b| b.iter(|| a.backward_packed(black_box(&qkv), &log_sums, &y, false)));
}

fn layout(c: &mut Clock) {
    let x = values(N * 64 * 3136);
    c.bench_function("layout channels last", |b| b.iter(|| layout::channels_last(black_box(&x), 64, 3136)));
    c.bench_function("layout channels first", |b| b.iter(|| layout::channels_first(black_box(&x), 64, 3136)));
    c.bench_function("layout pixel shuffle", |b| b.iter(|| layout::pixel_shuffle(black_box(&x), 56, 16, 2)));
    c.bench_function("layout pixel unshuffle", |b| b.iter(|| layout::pixel_unshuffle(black_box(&x), 28, 64, 2)));
    c.bench_function("layout concat", |b| b.iter(|| layout::concat(black_box(&[(&x[..], 64), (&x[..], 64)]))));
    c.bench_function("layout split", |b| b.iter(|| layout::split(black_box(&x), &[32, 32])));
}

fn norms(c: &mut Clock) {
    let (x, ones) = (values(N * 197 * 192), vec![1.0; 192]);
    c.bench_function("layer norm vit forward", |b| b.iter(|| layer_norm::forward(black_box(&x), &ones, &ones, 1e-6)));
    c.bench_function("layer norm vit backward", |b| b.iter(|| layer_norm::backward(black_box(&x), &ones, &x, 1e-6)));
    let (x, ones) = (values(N * 3136 * 40), vec![1.0; 40]);
    c.bench_function("layer norm convnext forward", |b| b.iter(|| layer_norm::forward(black_box(&x), &ones, &ones, 1e-6)));
    c.bench_function("layer norm convnext backward", |b| b.iter(|| layer_norm::backward(black_box(&x), &ones, &x, 1e-6)));
    let (x, ones) = (values(N * 3136 * 64), vec![1.0; 64]);
    let norm = GroupNorm { places: 3136, groups: 32, gamma: &ones, beta: &ones, eps: 1e-5 };
    let (_, moments) = norm.forward(&x);
    c.bench_function("group norm resnet forward", |b| b.iter(|| norm.forward(black_box(&x))));
    c.bench_function("group norm resnet backward", |b| b.iter(|| norm.backward(black_box(&x), &moments, &x)));
    let x = values(N * 197 * 192);
    c.bench_function("softmax forward", |b| b.iter(|| softmax::forward(black_box(&x), 192)));
}

fn elements(c: &mut Clock) {
    let x = values(N * 197 * 768);
    for (name, activation) in [("gelu", Activation::Gelu), ("gelu tanh", Activation::GeluTanh)] {
        c.bench_function(&format!("{name} vit forward"), |b| b.iter(|| activation::forward(activation, black_box(&x))));
        c.bench_function(&format!("{name} vit backward"), |b| b.iter(|| activation::backward(activation, black_box(&x), &x)));
    }
    c.bench_function("dropout vit", |b| b.iter(|| dropout::dropout(black_box(&x), 0.1, 1)));
    let (x, gamma) = (values(N * 3136 * 40), values(40));
    let samples = dropout::drop_path(N, 0.1, 1);
    let branch = Branch { channels: 40, gamma: Some(&gamma), samples: Some(&samples) };
    c.bench_function("residual convnext forward", |b| b.iter(|| branch.forward(black_box(&x), &x)));
    c.bench_function("residual convnext backward", |b| b.iter(|| branch.backward(black_box(&x), &x)));
    let (x, table) = (values(N * 197 * 192), values(197 * 192));
    c.bench_function("positions vit forward", |b| b.iter(|| embedding::add_positions(black_box(&x), &table)));
    c.bench_function("positions vit backward", |b| b.iter(|| embedding::position_gradient(black_box(&x), table.len())));
}

fn sizes(c: &mut Clock) {
    let (x, dy) = (values(N * 28 * 28 * 64), values(N * 56 * 56 * 64));
    for (name, rule) in [("nearest", Rule::Nearest), ("bilinear", Rule::Bilinear { align_corners: false })] {
        let u = Upsample { input: [28; 2], output: [56; 2], channels: 64, rule };
        c.bench_function(&format!("upsample {name} forward"), |b| b.iter(|| u.forward(black_box(&x))));
        c.bench_function(&format!("upsample {name} backward"), |b| b.iter(|| u.backward(black_box(&dy))));
    }
    let axis = Axis::new(56, 3, 2, 1, 1).expect("a window fits");
    let window = Window { n: N, channels: 64, rows: axis, columns: axis };
    let small = values(window.output_len());
    c.bench_function("average pool forward", |b| b.iter(|| pool::average_pool(black_box(&dy), &window, Divisor::Inside)));
    c.bench_function("average pool backward", |b| b.iter(|| pool::average_pool_backward(black_box(&small), &window, Divisor::Inside)));
    let (_, winners) = pool::max_pool(&dy, &window);
    c.bench_function("max pool forward", |b| b.iter(|| pool::max_pool(black_box(&dy), &window)));
    c.bench_function("max pool backward", |b| b.iter(|| pool::max_pool_backward(black_box(&small), &winners, &window)));
    let pool = Adaptive { input: [56; 2], output: [7; 2], channels: 64 };
    let (top, winners) = pool.max(&dy);
    c.bench_function("adaptive average forward", |b| b.iter(|| pool.average(black_box(&dy))));
    c.bench_function("adaptive average backward", |b| b.iter(|| pool.average_backward(black_box(&top))));
    c.bench_function("adaptive max forward", |b| b.iter(|| pool.max(black_box(&dy))));
    c.bench_function("adaptive max backward", |b| b.iter(|| pool.max_backward(black_box(&top), &winners)));
}

fn losses(c: &mut Clock) {
    let (x, classes) = (values(N * 1000), CrossEntropy { weights: None, smoothing: 0.1 });
    c.bench_function("cross entropy", |b| b.iter(|| cross_entropy(black_box(&x), 1000, Targets::Classes(&[7; N]), &classes)));
    let (x, targets) = (values(N * 128 * 128), vec![0.5; N * 128 * 128]);
    c.bench_function("binary cross entropy", |b| b.iter(|| binary_cross_entropy(black_box(&x), &targets, &Binary::default())));
    c.bench_function("dice", |b| b.iter(|| dice(black_box(&targets), &targets, N, 1, 1.0)));
}

/// Lengths of a ViT-Tiny's parameters.
fn vit() -> Vec<usize> {
    let block = [192, 192, 576 * 192, 576, 192 * 192, 192, 192, 192, 768 * 192, 768, 192 * 768, 192];
    let ends = [192 * 768, 192, 197 * 192, 192, 192, 192, 1000 * 192, 1000];
    block.into_iter().cycle().take(12 * block.len()).chain(ends).collect()
}

/// Lengths of a ResNet-18's parameters.
fn resnet() -> Vec<usize> {
    let (mut all, mut before) = (vec![64 * 3 * 49, 64, 64, 1000 * 512, 1000], 64);
    for channels in [64, 64, 128, 128, 256, 256, 512, 512] {
        all.extend([channels * before * 9, channels, channels, channels * channels * 9, channels, channels]);
        if channels != before {
            all.extend([channels * before, channels, channels]);
        }
        before = channels;
    }
    all
}

fn optimisers(c: &mut Clock) {
    for (name, lengths) in [("vit", vit()), ("resnet", resnet())] {
        let several = || lengths.iter().map(|&len| values(len)).collect::<Vec<_>>();
        let (mut p, gradients, mut mean, mut square) = (several(), several(), several(), several());
        square.iter_mut().flatten().for_each(|x| *x = x.abs());
        let rule = AdamW { rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.05, scale: 1.0 };
        c.bench_function(&format!("adamw {name}"), |b| {
            b.iter(|| {
                let state = p.iter_mut().zip(&gradients).zip(mean.iter_mut().zip(&mut square));
                let all =
                    state.map(|((values, gradient), (mean, square))| AdamWParameter { rule, step: 9, values, gradient, mean, square });
                optimiser::adamw(&mut all.collect::<Vec<_>>());
            });
        });
        let rule = Sgd { rate: 1e-3, momentum: 0.9, nesterov: false, weight_decay: 0.0, scale: 1.0 };
        c.bench_function(&format!("sgd {name}"), |b| {
            b.iter(|| {
                let state = p.iter_mut().zip(&gradients).zip(&mut mean);
                let all = state.map(|((values, gradient), velocity)| SgdParameter { rule, values, gradient, velocity });
                optimiser::sgd(&mut all.collect::<Vec<_>>());
            });
        });
        let slices: Vec<&[f32]> = gradients.iter().map(Vec::as_slice).collect();
        c.bench_function(&format!("sum of squares {name}"), |b| b.iter(|| optimiser::sum_of_squares(black_box(&slices))));
        c.bench_function(&format!("average {name}"), |b| {
            b.iter(|| {
                let state = mean.iter_mut().zip(&p).map(|(average, values)| Averaged { average, values });
                optimiser::average(0.01, &mut state.collect::<Vec<_>>());
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime).without_plots();
    targets = attention, norms, elements, sizes, losses, optimisers, layout
}
criterion_main!(benches);
