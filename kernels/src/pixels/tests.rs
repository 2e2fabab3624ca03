use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::simd::forced;

const SCALING: Scaling = Scaling { channels: [2, 0, 1], scale: [0.017, 0.0175, 0.5], shift: [-2.1, -2.0, 0.25] };
const SAME: [[f32; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];

fn picture([height, width]: [usize; 2]) -> Vec<u8> {
    (0..height * width * 3).map(|i| (i * i % 251 + i % 5) as u8).collect()
}

fn warped(pixels: &[u8], size: [usize; 2], warp: &Warp) -> Vec<u8> {
    let mut out = vec![0; pixels.len()];
    warp.apply(pixels, size, &mut out);
    out
}

/// The definition, one pixel at a time in double precision, without rounding to levels.
fn defined(pixels: &[u8], [height, width]: [usize; 2], warp: &Warp) -> Vec<f64> {
    let mirrored = |i: f64, n: usize| {
        let folded = (i as i64).rem_euclid(2 * n as i64) as usize;
        if folded < n { folded } else { 2 * n - 1 - folded }
    };
    let [a, b, c, d, e, f] = warp.plane.map(f64::from);
    let mut out = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let (u, v) = (column as f64 + 0.5, row as f64 + 0.5);
            let (x, y) = (a * u + b * v + c - 0.5, d * u + e * v + f - 0.5);
            let mut levels = [0.0; 3];
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                let weight = (1.0 - (x - x.floor() - dx).abs()) * (1.0 - (y - y.floor() - dy).abs());
                let at = mirrored(y.floor() + dy, height) * width + mirrored(x.floor() + dx, width);
                (0..3).for_each(|channel| levels[channel] += weight * f64::from(pixels[at * 3 + channel]));
            }
            for row in warp.colours.map(|row| row.map(f64::from)) {
                let level = row[0] * levels[0] + row[1] * levels[1] + row[2] * levels[2] + row[3];
                out.push(level.clamp(0.0, 255.0));
            }
        }
    }
    out
}

fn values(pixels: &[u8], size: [usize; 2], warp: Option<Warp>) -> Vec<f32> {
    batch(1, size, &SCALING, |_| Ok::<_, Infallible>(Item { pixels: pixels.into(), warp })).unwrap()
}

proptest! {
    #[test]
    fn warped_pixels_are_those_of_the_definition(
        size in [1usize..40, 1usize..40],
        linear in prop::array::uniform4(-1.3f32..1.3),
        centre in [-0.3f32..1.3, -0.3f32..1.3],
        noise in prop::array::uniform3(prop::array::uniform4(-0.3f32..0.3)),
    ) {
        let [height, width] = size.map(|side| side as f32);
        let [a, b, d, e] = linear;
        let (c, f) = (centre[0] * width - (a * width + b * height) / 2.0, centre[1] * height - (d * width + e * height) / 2.0);
        let mut colours = SAME;
        colours.iter_mut().flatten().zip(noise.as_flattened()).for_each(|(cell, noise)| *cell += noise);
        let (warp, pixels) = (Warp { plane: [a, b, c, d, e, f], colours }, picture(size));
        for (i, (level, wanted)) in warped(&pixels, size, &warp).iter().zip(defined(&pixels, size, &warp)).enumerate() {
            // Half a level by rounding; the rest where steep edges meet the last bits of a coordinate.
            prop_assert!((f64::from(*level) - wanted).abs() < 0.53, "value {i}: {level}, not {wanted}");
        }
    }
}

#[test]
fn mirrors_and_quarter_turns_move_pixels_without_changing_them() {
    let size = [37, 37];
    let pixels = picture(size);
    let at = |x: usize, y: usize| pixels[(y * 37 + x) * 3..][..3].to_vec();
    let side = 37.0;
    type Place = fn(usize, usize) -> (usize, usize);
    let moves: [([f32; 6], Place); 4] = [
        ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], |x, y| (x, y)),
        ([-1.0, 0.0, side, 0.0, 1.0, 0.0], |x, y| (36 - x, y)),
        ([0.0, 1.0, 0.0, -1.0, 0.0, side], |x, y| (y, 36 - x)),
        ([-1.0, 0.0, side, 0.0, -1.0, side], |x, y| (36 - x, 36 - y)),
    ];
    for (plane, from) in moves {
        let out = warped(&pixels, size, &Warp { plane, colours: SAME });
        for (i, pixel) in out.chunks(3).enumerate() {
            let (x, y) = from(i % 37, i / 37);
            assert_eq!(pixel, at(x, y), "{plane:?}, pixel {i}");
        }
    }
}

#[test]
fn values_are_levels_scaled_in_the_order_of_channels() {
    for size in [[1, 1], [3, 5], [16, 16], [7, 33]] {
        let pixels = picture(size);
        let warp = Warp { plane: [0.6, -0.7, 9.0, 0.8, 0.5, -2.0], colours: SAME.map(|row| row.map(|cell| cell * 0.9)) };
        let scaled = |levels: &[u8]| -> Vec<f32> {
            let value = |(i, _)| f32::from(levels[i - i % 3 + SCALING.channels[i % 3]]) * SCALING.scale[i % 3] + SCALING.shift[i % 3];
            levels.iter().enumerate().map(value).collect()
        };
        assert_eq!(values(&pixels, size, None), scaled(&pixels));
        assert_eq!(values(&pixels, size, Some(warp)), scaled(&warped(&pixels, size, &warp)));
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let size = [45, 61];
    let pixels = picture(size);
    let turn = Warp {
        plane: [0.61, -0.37, 9.3, 0.41, 0.72, -12.7],
        colours: [[0.9, 0.1, -0.1, 12.5], [0.2, 1.1, 0.0, -3.0], [0.0, 0.3, 0.8, 0.1]],
    };
    let far = Warp { plane: [7.1, -3.3, 900.0, 2.0, 5.0, -800.0], ..turn };
    let results = |warp| values(&pixels, size, warp).iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let all = || ([None, Some(turn), Some(far)].map(results), sums(&pixels));
    let expected = all();
    forced::each(|isa| assert!(all() == expected, "{isa:?}"));
}

#[test]
fn sums_are_sums_and_senseless_maps_do_no_harm() {
    for n in [0, 1, 15, 16, 17, 1000] {
        let pixels = picture([1, n]);
        let sum = |channel: usize| pixels.iter().skip(channel).step_by(3).map(|&level| u64::from(level)).sum::<u64>();
        assert_eq!(sums(&pixels), [0, 1, 2].map(sum));
    }
    assert_eq!(sums(&vec![255; 48 * 70_000]), [255 * 16 * 70_000; 3]);
    for value in [f32::NAN, f32::INFINITY, f32::MAX, -1e30] {
        for size in [[0, 0], [1, 1], [2, 9], [0, 5]] {
            let warp = Warp { plane: [value; 6], colours: [[value; 4]; 3] };
            warped(&picture(size), size, &warp);
        }
    }
}

#[test]
fn the_first_failing_image_is_the_batchs() {
    let pixels = picture([4, 4]);
    let item = |i: usize| if i % 3 == 2 { Err(i) } else { Ok(Item { pixels: (&pixels).into(), warp: None }) };
    assert_eq!(batch(9, [4, 4], &SCALING, item), Err(2));
    assert_eq!(batch(2, [4, 4], &SCALING, item).map(|values| values.len()), Ok(96));
    assert_eq!(batch(0, [4, 4], &SCALING, item), Ok(Vec::new()));
}
