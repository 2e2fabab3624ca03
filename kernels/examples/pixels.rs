//! One step of the augmentation on one image, for comparison with other programs.
//!
//!     cargo run -p derm-kernels --release --example pixels -- STEP HEIGHT WIDTH [NUMBER...] < LEVELS > LEVELS
//!
//! Levels are bytes `[height, width, 3]`. Steps and their numbers: `gaussian SIDE`, `median SIDE`, `motion SIDE FROM_X FROM_Y TO_X TO_Y`,
//! `noise SIGMA SEED`, `clahe LIMIT`, `shades-of-grey`, `shift HUE SATURATION VALUE`, and `warp` with the frame's six, the plane's six, and nothing, or
//! the optical coefficient, or the ten steps of a grid.

use std::io::{Read, Write};

use derm_kernels::pixels::{self, Bend, Frame, Shift, Warp, Window};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [step, height, width, numbers @ ..] = words.as_slice() else { return Err("usage: pixels STEP HEIGHT WIDTH [NUMBER...]".into()) };
    let size = [height.parse()?, width.parse()?];
    let numbers: Vec<f32> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let mut levels = Vec::new();
    std::io::stdin().read_to_end(&mut levels)?;
    let changed = changed(step, levels, size, &numbers)?;
    Ok(std::io::stdout().write_all(&changed)?)
}

fn changed(step: &str, mut levels: Vec<u8>, size: [usize; 2], numbers: &[f32]) -> Result<Vec<u8>, Failure> {
    match (step, numbers) {
        ("gaussian", [side]) => return Ok(pixels::gaussian(&levels, size, window(*side)?)),
        ("median", [side]) => return Ok(pixels::median(&levels, size, window(*side)?)),
        ("motion", [side, cells @ ..]) if cells.len() == 4 => {
            let cell = |i: usize| cells[i] as usize;
            return Ok(pixels::motion(&levels, size, window(*side)?, [cell(0), cell(1)], [cell(2), cell(3)]));
        }
        ("noise", [sigma, seed]) => pixels::noise(&mut levels, *sigma, *seed as u64),
        ("shades-of-grey", []) => pixels::shades_of_grey(&mut levels),
        ("clahe", [limit]) => pixels::clahe(&mut levels, size, *limit),
        ("shift", &[hue, saturation, value]) => pixels::shift(&mut levels, Shift { hue, saturation, value }),
        ("warp", numbers) if numbers.len() >= 12 => {
            let frame = Frame { plane: six(&numbers[..6]), bend: bend(&numbers[12..])? };
            let colours = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
            let mut out = vec![0; levels.len()];
            Warp { frame: Some(frame), plane: six(&numbers[6..12]), colours }.apply(&levels, size, &mut out);
            return Ok(out);
        }
        _ => return Err(format!("`{step}` with {} numbers is no step", numbers.len()).into()),
    }
    Ok(levels)
}

fn window(side: f32) -> Result<Window, Failure> {
    [Window::Three, Window::Five]
        .into_iter()
        .find(|window| window.side() as f32 == side)
        .ok_or_else(|| format!("no window of {side}").into())
}

fn six(numbers: &[f32]) -> [f32; 6] {
    std::array::from_fn(|i| numbers[i])
}

fn bend(numbers: &[f32]) -> Result<Bend, Failure> {
    match numbers {
        [] => Ok(Bend::Straight),
        [k] => Ok(Bend::Optical(*k)),
        _ if numbers.len() == 10 => {
            Ok(Bend::Grid { across: std::array::from_fn(|i| numbers[i]), down: std::array::from_fn(|i| numbers[5 + i]) })
        }
        _ => Err("one coefficient, or ten steps".into()),
    }
}
