//! The largest value of each window, composed.

use candle_core::{Device, Result, Tensor};
use derm_kernels::window::{Axis, Window};

use super::compose::Windows;

/// Of `x [n, h, w, c]`; of equal values the first wins, a NaN wins over everything, and nothing outside the image does.
///
/// Tap by tap: what wins is decided on detached values, and the choice alone passes gradients on.
pub fn largest(x: &Tensor, window: &Window) -> Result<Tensor> {
    let windows = Windows::new(x, [window.rows, window.columns], f32::NEG_INFINITY)?;
    let mut best: Option<Tensor> = None;
    for (tap, value) in windows.taps().enumerate() {
        let value = value?.contiguous()?;
        best = Some(match best {
            None => value,
            Some(best) => {
                let (known, new) = (best.detach(), value.detach());
                let mut wins = (new.gt(&known)? + new.ne(&new)?)?;
                if let Some(first) = first(window, tap, x.device())? {
                    wins = (wins + first.broadcast_as(new.shape())?.contiguous()?)?;
                }
                wins.where_cond(&value, &best)?
            }
        });
    }
    match best {
        Some(best) => Ok(best),
        None => unreachable!("a window has taps"),
    }
}

/// `[1, rows, columns, 1]`: 1 where this tap is the first of its window inside the image, which wins even if it is the least there is.
/// None where it is nobody's but for taps before which nothing was.
fn first(window: &Window, tap: usize, device: &Device) -> Result<Option<Tensor>> {
    let at = [tap / window.columns.kernel, tap % window.columns.kernel];
    let begins = |axis: &Axis, tap: usize| (0..axis.output).map(|output| axis.taps(output).start == tap).collect::<Vec<bool>>();
    let (rows, columns) = (begins(&window.rows, at[0]), begins(&window.columns, at[1]));
    if !rows.contains(&true) || !columns.contains(&true) {
        return Ok(None);
    }
    let first: Vec<u8> = rows.iter().flat_map(|&row| columns.iter().map(move |&column| u8::from(row && column))).collect();
    Tensor::from_vec(first, (1, rows.len(), columns.len(), 1), device).map(Some)
}
