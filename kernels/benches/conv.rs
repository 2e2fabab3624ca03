//! Times the passes of named layers: `cargo bench -p derm-kernels --bench conv -- "3x3 64"`.
//!
//! The rate that criterion prints counts the operations of the definition, two for each multiplication: "Gelem/s" are GFLOP/s.
//! `RAYON_NUM_THREADS` and `DERM_CPU_ISA` choose threads and instructions.
#![allow(missing_docs)]
#![allow(unsafe_code)] // The matrix product that ours is compared with takes pointers.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use derm_kernels::activation::Activation;
use derm_kernels::conv::{self, Epilogue, Geometry, Mode, Packed, Precision};
use derm_kernels::depthwise;
use derm_kernels::window::{Axis, Window};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Images, groups, channels in and out of a group, input size, kernel, stride.
type Layer = (&'static str, [usize; 7]);

const LAYERS: &[Layer] = &[
    ("resnet18 3x3 64 @56", [16, 1, 64, 64, 56, 3, 1]),
    ("resnet18 3x3 128 @28", [16, 1, 128, 128, 28, 3, 1]),
    ("resnet18 3x3 256 @14", [16, 1, 256, 256, 14, 3, 1]),
    ("resnet18 3x3 512 @7", [16, 1, 512, 512, 7, 3, 1]),
    ("resnet18 3x3 s2 64-128 @56", [16, 1, 64, 128, 56, 3, 2]),
    ("resnet18 3x3 s2 256-512 @14", [16, 1, 256, 512, 14, 3, 2]),
    ("resnet18 1x1 s2 64-128 @56", [16, 1, 64, 128, 56, 1, 2]),
    ("resnet18 7x7 s2 3-64 @224", [16, 1, 3, 64, 224, 7, 2]),
    ("small 3x3 64 @28", [128, 1, 64, 64, 28, 3, 1]),
    ("small 3x3 128 @14", [128, 1, 128, 128, 14, 3, 1]),
    ("small 3x3 256 @7", [128, 1, 256, 256, 7, 3, 1]),
    ("small 3x3 s2 128-256 @14", [128, 1, 128, 256, 14, 3, 2]),
    ("small 3x3 512 @4", [128, 1, 512, 512, 4, 3, 1]),
    ("unet 3x3 32 @128", [8, 1, 32, 32, 128, 3, 1]),
    ("unet 3x3 192-64 @64", [8, 1, 192, 64, 64, 3, 1]),
    ("unet 3x3 512 @8", [8, 1, 512, 512, 8, 3, 1]),
    ("squeezenet 1x1 96-16 @55", [16, 1, 96, 16, 55, 1, 1]),
    ("squeezenet 1x1 64-256 @13", [16, 1, 64, 256, 13, 1, 1]),
    ("squeezenet 3x3 16-64 @55", [16, 1, 16, 64, 55, 3, 1]),
    ("1x1 64-256 @56", [16, 1, 64, 256, 56, 1, 1]),
    ("linear 3136x192x576", [3136, 1, 192, 576, 1, 1, 1]),
    ("linear 3136x768x192", [3136, 1, 768, 192, 1, 1, 1]),
    ("linear 16x512x1000", [16, 1, 512, 1000, 1, 1, 1]),
    ("resnext 3x3 32x4 @56", [8, 32, 4, 4, 56, 3, 1]),
    ("resnext 3x3 32x8 @28", [8, 32, 8, 8, 28, 3, 1]),
];

/// Images, channels, input size, kernel, stride.
const DEPTHWISE: &[(&str, [usize; 5])] = &[
    ("3x3 144 @56", [16, 144, 56, 3, 1]),
    ("3x3 s2 144 @56", [16, 144, 56, 3, 2]),
    ("5x5 240 @28", [16, 240, 28, 5, 1]),
    ("7x7 96 @56", [16, 96, 56, 7, 1]),
];

fn geometry([n, groups, c_in, c_out, size, kernel, stride]: [usize; 7]) -> Geometry {
    let output = (size + 2 * (kernel / 2) - kernel) / stride + 1;
    let (input, output, pad) = ([size; 2], [output; 2], [kernel / 2; 2]);
    Geometry { n, groups, c_in, c_out, input, output, kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], pad }
}

fn values(len: usize) -> Vec<f32> {
    (0..len as u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / 8e6 - 1.0).collect()
}

fn layers(c: &mut Criterion) {
    for &(name, sizes) in LAYERS {
        let (g, mode) = (geometry(sizes), Mode::default());
        let (x, weight, dy) = (values(g.x_len()), values(g.weight_len()), values(g.y_len()));
        let packed = Packed::new(weight.clone(), &g, mode);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(2 * g.multiplications() as u64));
        group.bench_function("forward", |b| b.iter(|| black_box(conv::forward(&x, &weight, None, &g, mode))));
        group.bench_function("forward packed", |b| b.iter(|| black_box(conv::forward_packed(&x, &packed, Epilogue::default(), &g))));
        let epilogue = Epilogue { bias: None, residual: Some(&dy), activation: Some(Activation::Relu) };
        group.bench_function("forward packed + residual, relu", |b| b.iter(|| black_box(conv::forward_packed(&x, &packed, epilogue, &g))));
        group.bench_function("input gradient", |b| b.iter(|| black_box(conv::input_gradient(&dy, &weight, &g, mode))));
        group.bench_function("weight gradient", |b| b.iter(|| black_box(conv::weight_gradient(&x, &dy, &g, mode))));
        if g.taps() == 1 && g.stride == [1; 2] && g.groups == 1 {
            let half = Mode::at(Precision::Bf16);
            group.bench_function("bf16, forward", |b| b.iter(|| black_box(conv::forward(&x, &weight, None, &g, half))));
            group.bench_function("bf16, input gradient", |b| b.iter(|| black_box(conv::input_gradient(&dy, &weight, &g, half))));
            group.bench_function("bf16, weight gradient", |b| b.iter(|| black_box(conv::weight_gradient(&x, &dy, &g, half))));
            group.bench_function("gemm crate, forward", |b| b.iter(|| black_box(product(&x, &weight, &g))));
        }
    }
}

/// The same 1x1 convolution by the `gemm` crate.
fn product(x: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let (m, k, n) = (g.n * g.output[0] * g.output[1], g.c_in, g.c_out);
    let (mut y, no) = (vec![0.0; m * n], false);
    let threads = if rayon::current_num_threads() > 1 { gemm::Parallelism::Rayon(0) } else { gemm::Parallelism::None };
    let (rows, columns) = (n as isize, k as isize);
    // SAFETY: the sizes and strides are those of the three matrices, `[m, n]`, `[m, k]` and, turned over, `[n, k]`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            y.as_mut_ptr(),
            1,
            rows,
            no,
            x.as_ptr(),
            1,
            columns,
            weight.as_ptr(),
            columns,
            1,
            0.0,
            1.0,
            no,
            no,
            no,
            threads,
        );
    }
    y
}

fn depthwise_layers(c: &mut Criterion) {
    let mut group = c.benchmark_group("depthwise");
    for &(name, [n, channels, size, kernel, stride]) in DEPTHWISE {
        let axis = Axis::new(size, kernel, stride, kernel / 2, 1).expect("the kernel fits");
        let window = Window { n, channels, rows: axis, columns: axis };
        let (x, dy, weight) = (values(window.input_len()), values(window.output_len()), values(channels * window.taps()));
        group.throughput(Throughput::Elements((2 * window.output_len() * window.taps()) as u64));
        let id = |pass| BenchmarkId::new(pass, name);
        group.bench_function(id("forward"), |b| b.iter(|| black_box(depthwise::forward(&x, &weight, None, &window))));
        group.bench_function(id("input gradient"), |b| b.iter(|| black_box(depthwise::input_gradient(&dy, &weight, &window))));
        group.bench_function(id("weight gradient"), |b| b.iter(|| black_box(depthwise::weight_gradient(&x, &dy, &window))));
    }
}

fn quick() -> Criterion {
    let (warm_up, measure) = (Duration::from_millis(100), Duration::from_millis(400));
    Criterion::default().sample_size(10).warm_up_time(warm_up).measurement_time(measure).without_plots()
}

criterion_group! { name = benches; config = quick(); targets = layers, depthwise_layers }
criterion_main!(benches);
