//! Kernels other than convolutions, at shapes of a ViT-Tiny, a ResNet-18 and a ConvNeXt-Atto on 16 images of 224 x 224; in CPU
//! time.
//!
//! `RAYON_NUM_THREADS=1 cargo bench -p derm-kernels --bench rows -- attention`

mod cpu_time;

use std::hint::black_box;

use cpu_time::CpuTime;
use criterion::{Criterion, criterion_group, criterion_main};
use derm_kernels::attention::{Attended, Attention};
use derm_kernels::layout;

const N: usize = 16;

/// Values between -1 and 1.
fn values(len: usize) -> Vec<f32> {
    (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761) as f32 / 2f32.powi(31) - 1.0).collect()
}

type Clock = Criterion<CpuTime>;

fn attention(c: &mut Clock) {
    let a = Attention { n: N, queries: 197, keys: 197, heads: 3, d: 64, scale: 0.125, bias: None };
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

criterion_group! { name = benches; config = Criterion::default().with_measurement(CpuTime).without_plots(); targets = attention, layout }
criterion_main!(benches);
