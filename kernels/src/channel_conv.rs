//! ECA's convolution along the channels: `y[i, c] = sum over t of w[t] * x[i, c + t - k / 2]`, zeros outside, `k` odd.
//!
//! `x` is `[n, c]`, one row for each image: so little that one thread does it.

/// Calls `f(tap, channel of x, channel of y)` for every product inside a row.
fn products(channels: usize, taps: usize, mut f: impl FnMut(usize, usize, usize)) {
    for to in 0..channels {
        for tap in 0..taps {
            if let Some(from) = (to + tap).checked_sub(taps / 2).filter(|&from| from < channels) {
                f(tap, from, to);
            }
        }
    }
}

/// The convolution of each row; panics where rows are left unfinished, or with an even number of taps.
pub fn forward(x: &[f32], w: &[f32], channels: usize) -> Vec<f32> {
    check(x, w, channels);
    let mut y = vec![0.0; x.len()];
    for (y, x) in y.chunks_mut(channels.max(1)).zip(x.chunks(channels.max(1))) {
        products(channels, w.len(), |tap, from, to| y[to] += w[tap] * x[from]);
    }
    y
}

/// Gradients of `x` and of `w`; the latter is summed in f64, row after row.
pub fn backward(x: &[f32], w: &[f32], dy: &[f32], channels: usize) -> (Vec<f32>, Vec<f32>) {
    check(x, w, channels);
    assert_eq!(x.len(), dy.len());
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0f64; w.len()]);
    let rows = channels.max(1);
    for ((dx, x), dy) in dx.chunks_mut(rows).zip(x.chunks(rows)).zip(dy.chunks(rows)) {
        products(channels, w.len(), |tap, from, to| {
            dx[from] += w[tap] * dy[to];
            dw[tap] += f64::from(x[from]) * f64::from(dy[to]);
        });
    }
    (dx, dw.into_iter().map(|dw| dw as f32).collect())
}

fn check(x: &[f32], w: &[f32], channels: usize) {
    assert!(x.len().checked_rem(channels).unwrap_or(x.len()) == 0, "{} values in rows of {channels}", x.len());
    assert!(w.len() % 2 == 1, "{} taps are even", w.len());
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, slopes, values, wide};
    use super::*;

    fn exact(x: &[f64], w: &[f64], channels: usize) -> Vec<f64> {
        let at = |row: usize, c: isize| if (0..channels as isize).contains(&c) { x[row * channels + c as usize] } else { 0.0 };
        let half = (w.len() / 2) as isize;
        let value = |i: usize| w.iter().enumerate().map(|(t, w)| w * at(i / channels, (i % channels + t) as isize - half)).sum();
        (0..x.len()).map(value).collect()
    }

    #[test]
    fn both_passes_are_the_definition() {
        each(20, (0usize..3, 0usize..12, 0usize..4), |_, (n, channels, half)| {
            let (x, w, dy) = (values(n * channels, 1), values(2 * half + 1, 2), values(n * channels, 3));
            let (x64, w64) = (wide(&x), wide(&w));
            close("y", &forward(&x, &w, channels), &exact(&x64, &w64, channels), 1e-6);
            let (dx, dw) = backward(&x, &w, &dy, channels);
            close("dx", &dx, &slopes(&x64, &dy, |x| exact(x, &w64, channels)), 1e-6);
            close("dw", &dw, &slopes(&w64, &dy, |w| exact(&x64, w, channels)), 1e-6);
        });
    }
}
