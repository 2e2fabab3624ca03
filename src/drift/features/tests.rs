use image::{Rgb, RgbImage};

use super::*;

const SKIN: Rgb<u8> = Rgb([200, 150, 130]);
const LESION: Rgb<u8> = Rgb([90, 55, 45]);

fn disc(width: u32, height: u32, radius: f32) -> RgbImage {
    let (cx, cy) = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
    RgbImage::from_fn(width, height, |x, y| if (x as f32 - cx).hypot(y as f32 - cy) < radius { LESION } else { SKIN })
}

fn close(features: &Features, name: &str, expected: f64, within: f64) {
    let got = features.get(name).unwrap_or_else(|| panic!("{name} is missing"));
    assert!((got - expected).abs() <= within, "{name}: {got}, expected {expected}");
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = NAMES.iter().map(|feature| feature.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), NAMES.len());
}

#[test]
fn a_plain_image_has_the_values_of_its_colour() {
    let features = Features::of(&RgbImage::from_pixel(64, 48, Rgb([120, 60, 60])), Some(3072));
    let y = (0.299 * 120.0 + 0.587 * 60.0 + 0.114 * 60.0) / 255.0;
    close(&features, "brightness", y, 1e-6);
    close(&features, "contrast", 0.0, 1e-6);
    close(&features, "saturation", 0.5, 1e-6);
    close(&features, "hue_mean", 0.0, 1e-6);
    close(&features, "relative_red", 0.5, 1e-6);
    close(&features, "entropy", 0.0, 1e-9);
    close(&features, "bits_per_pixel", 8.0, 1e-9);
    // cos = (120 + 60 + 60) / (sqrt(120^2 + 2 60^2) sqrt 3) = 0.942809, 19.4712 degrees.
    close(&features, "illuminant_angle", 19.471_22, 1e-4);
    // One colour: no variance, 0.3 sqrt(60^2 + 30^2).
    close(&features, "colourfulness", 0.3 * 60.0_f64.hypot(30.0), 1e-3);
    assert_eq!(features.get("lesion_area"), None, "one level has no lesion");
    assert_eq!(features.get("blur"), None, "a plain image has no edges to lose");
}

#[test]
fn a_disc_is_round_symmetric_and_central() {
    let features = Features::of(&disc(300, 225, 60.0), None);
    close(&features, "lesion_area", std::f64::consts::PI * 3600.0 / (300.0 * 225.0), 0.005);
    close(&features, "asymmetry", 0.0, 0.01);
    close(&features, "compactness", 1.0, 0.05);
    close(&features, "lesion_at_border", 0.0, 0.0);
    close(&features, "hair_density", 0.0, 0.0);
    close(&features, "ruler_score", 0.0, 0.0);
    close(&features, "dark_frame", 0.0, 0.0);
    let [l, _, b] = canonical::lab(SKIN.0.map(|c| canonical::linear(f64::from(c) / 255.0)));
    close(&features, "ita", (l - 50.0).atan2(b).to_degrees(), 1e-4);
    assert_eq!(features.get("bits_per_pixel"), None);
}

#[test]
fn cielab_of_pure_red_is_the_published_one() {
    // Lindbloom's calculator, sRGB and D65: 53.2408, 80.0925, 67.2032.
    for (got, expected) in canonical::lab([1.0, 0.0, 0.0]).into_iter().zip([53.2408, 80.0925, 67.2032]) {
        assert!((got - expected).abs() < 1e-3, "{got} {expected}");
    }
}

#[test]
fn half_a_disc_is_asymmetric() {
    let mut half = disc(300, 225, 60.0);
    (0..300).for_each(|x| (0..112).filter(|y| x < 150 || *y < 70).for_each(|y| half.put_pixel(x, y, SKIN)));
    assert!(Features::of(&half, None).get("asymmetry").unwrap() > 0.1);
}

#[test]
fn swapped_channels_turn_the_hue() {
    let natural = Features::of(&disc(120, 120, 30.0), None);
    let mut swapped = disc(120, 120, 30.0);
    swapped.pixels_mut().for_each(|pixel| pixel.0.swap(0, 2));
    let swapped = Features::of(&swapped, None);
    assert!(natural.get("hue_mean").unwrap().abs() < 30.0);
    assert!(swapped.get("hue_mean").unwrap().abs() > 90.0);
    close(&swapped, "relative_blue", natural.get("relative_red").unwrap(), 1e-9);
}

#[test]
fn large_images_are_averaged_in_whole_blocks() {
    let small = disc(300, 200, 40.0);
    let large = RgbImage::from_fn(900, 600, |x, y| *small.get_pixel(x / 3, y / 3));
    let canonical = Canonical::new(&large);
    assert_eq!((canonical.width, canonical.height), (450, 300), "ceil(900 / 512) is 2");
    let exact = RgbImage::from_fn(600, 400, |x, y| *small.get_pixel(x / 2, y / 2));
    assert_eq!(Canonical::new(&exact).rgb, Canonical::new(&small).rgb);
}

#[test]
fn hairs_rulers_frames_and_ink_are_told_apart() {
    let mut hairy = disc(300, 225, 50.0);
    for i in 0..20_u32 {
        (0..200).for_each(|y| hairy.put_pixel((i * 14 + y / 4) % 300, y, Rgb([40, 30, 25])));
    }
    assert!(Features::of(&hairy, None).get("hair_density").unwrap() > 0.02);

    let mut ruler = disc(300, 225, 50.0);
    (0..300).step_by(12).for_each(|x| (0..20).for_each(|y| ruler.put_pixel(x, y, Rgb([20, 20, 20]))));
    assert!(Features::of(&ruler, None).get("ruler_score").unwrap() > 0.7);

    let lens = RgbImage::from_fn(300, 225, |x, y| if (x as f32 - 150.0).hypot(y as f32 - 112.0) > 130.0 { Rgb([5, 5, 5]) } else { SKIN });
    let framed = Features::of(&lens, None);
    assert!(framed.get("dark_frame").unwrap() > 0.1 && framed.get("vignette").unwrap() > 0.5);
    close(&framed, "contrast", 0.0, 1e-6);

    let mut inked = disc(300, 225, 50.0);
    (0..50).for_each(|x| (0..45).for_each(|y| inked.put_pixel(x, y, Rgb([80, 40, 160]))));
    close(&Features::of(&inked, None), "ink_share", 50.0 * 45.0 / (300.0 * 225.0), 1e-9);
}

#[test]
fn a_blurred_image_is_blurrier() {
    let noisy = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).wrapping_mul(x | 1)) >> 7 & 63;
    let sharp = RgbImage::from_fn(200, 200, |x, y| Rgb([(120 + noisy(x, y)) as u8; 3]));
    let soft = image::imageops::blur(&sharp, 2.0);
    let (sharp, soft) = (Features::of(&sharp, None), Features::of(&soft, None));
    assert!(soft.get("blur").unwrap() > sharp.get("blur").unwrap() + 0.1);
    assert!(soft.get("noise").unwrap() < sharp.get("noise").unwrap() / 3.0);
    assert!(soft.get("sharpness").unwrap() < sharp.get("sharpness").unwrap() / 10.0);
}

#[test]
fn tiny_and_black_images_have_missing_features_and_no_panic() {
    for (width, height) in [(1, 1), (2, 3), (1, 600), (40, 2)] {
        let _ = Features::of(&RgbImage::from_pixel(width, height, SKIN), Some(10));
    }
    let black = Features::of(&RgbImage::new(64, 64), None);
    assert_eq!(black.get("brightness"), None, "all of it is frame");
    close(&black, "dark_frame", 1.0, 0.0);
}
