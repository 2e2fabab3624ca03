//! Sums over slices with a fixed order.

/// Elements a task handles.
pub(in crate::nn) const CHUNK: usize = 1 << 14;

/// Partial sums kept side by side, so that the compiler can use vector registers.
const LANES: usize = 16;

/// Sum of `f(x)`, in sixteen interleaved f32 sums that are then added in f64.
#[inline(always)]
pub(in crate::nn) fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0f32; LANES];
    let blocks = x.chunks_exact(LANES);
    let rest = blocks.remainder();
    for block in blocks {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane += f(x);
        }
    }
    let tail: f64 = rest.iter().map(|&x| f64::from(f(x))).sum();
    lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + tail
}
