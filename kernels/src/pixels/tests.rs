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
    let affine = |plane: [f32; 6], [u, v]: [f64; 2]| {
        let [a, b, c, d, e, f] = plane.map(f64::from);
        [a * u + b * v + c, d * u + e * v + f]
    };
    let sides = [width as f64, height as f64];
    let mut out = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let (mut at, mut outside) = ([column as f64 + 0.5, row as f64 + 0.5], false);
            if let Some(Frame { plane, bend }) = warp.frame {
                at = affine(plane, at);
                outside = (0..2).any(|axis| !(0.0..=sides[axis]).contains(&at[axis]));
                at = bent(bend, sides, at);
            }
            let [x, y] = affine(warp.plane, at).map(|at| at - 0.5);
            let mut levels = [0.0; 3];
            for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                let weight = (1.0 - (x - x.floor() - dx).abs()) * (1.0 - (y - y.floor() - dy).abs());
                let at = mirrored(y.floor() + dy, height) * width + mirrored(x.floor() + dx, width);
                (0..3).for_each(|channel| levels[channel] += weight * f64::from(pixels[at * 3 + channel]));
            }
            if outside {
                levels = [0.0; 3];
            }
            for row in warp.colours.map(|row| row.map(f64::from)) {
                let level = row[0] * levels[0] + row[1] * levels[1] + row[2] * levels[2] + row[3];
                out.push(level.clamp(0.0, 255.0));
            }
        }
    }
    out
}

/// What comes from where in a bent picture, axis by axis and cell by cell.
fn bent(bend: Bend, sides: [f64; 2], at: [f64; 2]) -> [f64; 2] {
    match bend {
        Bend::Straight => at,
        Bend::Optical(k) => {
            let from = [0, 1].map(|axis| (at[axis] - sides[axis] / 2.0) / sides[0]);
            let square = from[0].powi(2) + from[1].powi(2);
            [0, 1].map(|axis| sides[axis] / 2.0 + from[axis] * sides[0] * (1.0 + f64::from(k) * (square + square.powi(2))))
        }
        Bend::Grid { across, down } => [0, 1].map(|axis| {
            let (steps, cell) = ([across, down][axis], sides[axis] / STEPS as f64);
            let own = ((at[axis] / cell).floor().max(0.0) as usize).min(STEPS - 1);
            let before: f64 = steps[..own].iter().map(|&step| f64::from(step) * cell).sum();
            before + (at[axis] - own as f64 * cell) * f64::from(steps[own])
        }),
    }
}

fn values(pixels: &[u8], size: [usize; 2], warp: Option<Warp>) -> Vec<f32> {
    batch(1, size, &SCALING, |_| Ok::<_, Infallible>(Item { pixels: pixels.into(), warp, hole: None })).unwrap()
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
        let (warp, pixels) = (Warp { frame: None, plane: [a, b, c, d, e, f], colours }, picture(size));
        for (i, (level, wanted)) in warped(&pixels, size, &warp).iter().zip(defined(&pixels, size, &warp)).enumerate() {
            // Half a level by rounding; the rest where steep edges meet the last bits of a coordinate.
            prop_assert!((f64::from(*level) - wanted).abs() < 0.53, "value {i}: {level}, not {wanted}");
        }
    }
}

/// One of the bends, with numbers as the augmentation draws them.
fn any_bend() -> impl Strategy<Value = Bend> {
    let steps = || prop::array::uniform5(0.0f32..2.0);
    prop_oneof![
        Just(Bend::Straight),
        (-1.0f32..1.0).prop_map(Bend::Optical),
        (steps(), steps()).prop_map(|(across, down)| Bend::Grid { across, down }),
    ]
}

proptest! {
    #[test]
    fn bent_pictures_are_those_of_the_definition(
        // The optical map of a picture that is many times as high as wide is too steep to compare.
        size in [8usize..40, 8usize..40],
        noise in prop::array::uniform12(-0.3f32..0.3),
        bend in any_bend(),
    ) {
        let [height, width] = size.map(|side| side as f32);
        let around = |noise: &[f32]| {
            let [a, b, d, e] = [1.0 + noise[0], noise[1], noise[2], 1.0 + noise[3]];
            let centre = [0.5 + noise[4], 0.5 + noise[5]];
            [a, b, centre[0] * width - (a * width + b * height) / 2.0, d, e, centre[1] * height - (d * width + e * height) / 2.0]
        };
        let frame = Frame { plane: around(&noise[..6]), bend };
        let (warp, pixels) = (Warp { frame: Some(frame), plane: around(&noise[6..]), colours: SAME }, picture(size));
        let (out, wanted) = (warped(&pixels, size, &warp), defined(&pixels, size, &warp));
        // At the frame's edge the last bit tells whether a pixel is outside; elsewhere as above, with steeper maps.
        let far = out.iter().zip(&wanted).filter(|(level, wanted)| (f64::from(**level) - **wanted).abs() > 0.6).count();
        prop_assert!(far <= 6, "{far} of {} values, {warp:?}", out.len());
        // The nearest pixel of a mask is one of the four that are mixed, and the middle of an image of its own levels.
        let mut nearest = vec![0; pixels.len()];
        warp.apply_nearest(&pixels, size, 3, &mut nearest);
        let flat = warped(&vec![255; pixels.len()], size, &warp);
        for (pixel, flat) in nearest.chunks(3).zip(flat.chunks(3)) {
            let known = pixels.chunks(3).any(|own| own == pixel);
            prop_assert!(if flat[0] == 0 { pixel == [0; 3] } else { known }, "{pixel:?}");
        }
    }
}

#[test]
fn places_on_the_way_are_mirrored_as_often_as_needed() {
    // The same map once as the plane and once within a frame, far beyond the image: both give the same, exactly.
    let size = [23, 31];
    let pixels = picture(size);
    for scale in [1.0f32, 3.0, 9.0, -40.0] {
        let plane = [scale, 0.0, 0.25, 0.0, -scale, 3.0];
        let within = Warp { frame: Some(Frame::WHOLE), plane, colours: SAME };
        assert_eq!(warped(&pixels, size, &within), warped(&pixels, size, &Warp { frame: None, ..within }), "{scale}");
        let masks = [Some(Frame::WHOLE), None].map(|frame| {
            let mut out = vec![0; pixels.len()];
            Warp { frame, ..within }.apply_nearest(&pixels, size, 3, &mut out);
            out
        });
        assert_eq!(masks[0], masks[1], "{scale}");
    }
}

#[test]
fn holes_are_black_and_the_rest_stays() {
    let (size, pixels) = ([4, 5], picture([4, 5]));
    let hole = Hole { rows: 1..3, columns: 2..5 };
    let mut expected = pixels.clone();
    for (i, pixel) in expected.chunks_mut(3).enumerate() {
        if (1..3).contains(&(i / 5)) && i % 5 >= 2 {
            pixel.fill(0);
        }
    }
    let item = |hole: Option<Hole>, pixels: &[u8]| {
        batch(1, size, &SCALING, |_| Ok::<_, Infallible>(Item { pixels: pixels.to_vec().into(), warp: None, hole: hole.clone() })).unwrap()
    };
    assert_eq!(item(Some(hole), &pixels), item(None, &expected));
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
        let out = warped(&pixels, size, &Warp { frame: None, plane, colours: SAME });
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
        let warp = Warp { frame: None, plane: [0.6, -0.7, 9.0, 0.8, 0.5, -2.0], colours: SAME.map(|row| row.map(|cell| cell * 0.9)) };
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
        frame: None,
        plane: [0.61, -0.37, 9.3, 0.41, 0.72, -12.7],
        colours: [[0.9, 0.1, -0.1, 12.5], [0.2, 1.1, 0.0, -3.0], [0.0, 0.3, 0.8, 0.1]],
    };
    let far = Warp { plane: [7.1, -3.3, 900.0, 2.0, 5.0, -800.0], ..turn };
    let framed = |bend| Some(Warp { frame: Some(Frame { plane: [0.9, 0.2, -3.0, -0.2, 0.9, 4.0], bend }), ..turn });
    let grid = framed(Bend::Grid { across: [0.1, 1.9, 1.0, 0.4, 1.3], down: [1.7, 0.2, 0.9, 1.1, 0.6] });
    let bent = [framed(Bend::Straight), framed(Bend::Optical(-0.7)), grid];
    let steps = || {
        let mut all = Vec::new();
        for window in [Window::Three, Window::Five] {
            all.extend([gaussian(&pixels, size, window), median(&pixels, size, window), motion(&pixels, size, window, [0, 2], [2, 1])]);
        }
        let mut own = pixels.clone();
        noise(&mut own, 3.0, 9);
        clahe(&mut own, size, 4.0);
        shift(&mut own, Shift { hue: 7.0, saturation: -11.0, value: 5.0 });
        all.push(own);
        all
    };
    let results = |warp| values(&pixels, size, warp).iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let all = || ([None, Some(turn), Some(far)].map(results), bent.map(results), steps(), sums(&pixels));
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
            let warp = Warp { frame: None, plane: [value; 6], colours: [[value; 4]; 3] };
            warped(&picture(size), size, &warp);
            let senseless = [Bend::Straight, Bend::Optical(value), Bend::Grid { across: [value; STEPS], down: [value; STEPS] }];
            for bend in senseless {
                for plane in [[value; 6], Frame::WHOLE.plane] {
                    warped(&picture(size), size, &Warp { frame: Some(Frame { plane, bend }), ..warp });
                }
            }
        }
    }
}

#[test]
fn the_first_failing_image_is_the_batchs() {
    let pixels = picture([4, 4]);
    let item = |i: usize| if i % 3 == 2 { Err(i) } else { Ok(Item { pixels: (&pixels).into(), warp: None, hole: None }) };
    assert_eq!(batch(9, [4, 4], &SCALING, item), Err(2));
    assert_eq!(batch(2, [4, 4], &SCALING, item).map(|values| values.len()), Ok(96));
    assert_eq!(batch(0, [4, 4], &SCALING, item), Ok(Vec::new()));
}
