//! Every kind of image file becomes the same pixels.
//!
//! The files beside this one show four quadrants: red and green above blue and skin. The expected values
//! are those of Pillow 13 (`ImageOps.exif_transpose(image).convert("RGB")`).

use derm::dataset::decode::{decode_bytes, dimensions};

const RED: [u8; 3] = [200, 40, 30];
const GREEN: [u8; 3] = [40, 160, 60];
const BLUE: [u8; 3] = [30, 50, 180];
const SKIN: [u8; 3] = [222, 184, 160];

#[track_caller]
fn shows(bytes: &[u8], quadrants: [[u8; 3]; 4], tolerance: u8) {
    let image = decode_bytes(bytes).unwrap();
    assert_eq!(dimensions(bytes).unwrap(), image.dimensions());
    let (width, height) = image.dimensions();
    let places = [(width / 4, height / 4), (3 * width / 4, height / 4), (width / 4, 3 * height / 4), (3 * width / 4, 3 * height / 4)];
    for ((x, y), wanted) in places.into_iter().zip(quadrants) {
        let found = image.get_pixel(x, y).0;
        assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= tolerance), "at {x}, {y}: {found:?}, not {wanted:?}");
    }
}

const UPRIGHT: [[u8; 3]; 4] = [RED, GREEN, BLUE, SKIN];

#[test]
fn lossless_files_give_exact_colours() {
    shows(include_bytes!("../pictures/palette.png"), UPRIGHT, 0);
    shows(include_bytes!("../pictures/alpha.png"), UPRIGHT, 0);
    shows(include_bytes!("../pictures/lzw.tif"), UPRIGHT, 0);
    shows(include_bytes!("../pictures/one.gif"), UPRIGHT, 0);
    shows(include_bytes!("../pictures/lossless.webp"), UPRIGHT, 0);
    shows(include_bytes!("../pictures/plain.bmp"), UPRIGHT, 0);
}

#[test]
fn cmyk_and_ycck_become_rgb() {
    shows(include_bytes!("../pictures/cmyk.jpg"), UPRIGHT, 3);
    shows(include_bytes!("../pictures/ycck.jpg"), UPRIGHT, 3);
    shows(include_bytes!("../pictures/cmyk.tif"), UPRIGHT, 1);
}

#[test]
fn progressive_jpegs_are_read() {
    shows(include_bytes!("../pictures/progressive.jpg"), UPRIGHT, 3);
}

#[test]
fn sixteen_bits_are_scaled_not_clipped() {
    let red = |quadrant: [u8; 3]| [quadrant[0]; 3];
    shows(include_bytes!("../pictures/grey16.png"), UPRIGHT.map(red), 0);
}

#[test]
fn grey_one_bit_and_half_transparent_files_are_what_pillow_makes_of_them() {
    let red = |quadrant: [u8; 3]| [quadrant[0]; 3];
    shows(include_bytes!("../pictures/grey.jpg"), UPRIGHT.map(red), 2);
    shows(include_bytes!("../pictures/grey.bmp"), UPRIGHT.map(red), 0);
    // The colour stored under what is transparent, a quarter or half of these two.
    shows(include_bytes!("../pictures/grey_alpha.png"), UPRIGHT.map(red), 0);
    shows(include_bytes!("../pictures/palette_alpha.png"), UPRIGHT, 0);
    let (white, black) = ([255; 3], [0; 3]);
    shows(include_bytes!("../pictures/one_bit.png"), [white, black, black, white], 0);
    shows(include_bytes!("../pictures/one_bit.tif"), [white, black, black, white], 0);
}

#[test]
fn sixteen_bits_of_colour_are_rounded_to_the_nearest_of_eight() {
    let red = |quadrant: [u8; 3]| [quadrant[0]; 3];
    shows(include_bytes!("../pictures/grey16.tif"), UPRIGHT.map(red), 0);
    // 257 * 200 + 128 is nearer to 200 and one more to 201.
    let samples = [51_400, 51_528, 51_529, 0, 128, 129, 65_535, 65_407, 65_406];
    let image = image::ImageBuffer::<image::Rgb<u16>, _>::from_raw(3, 1, samples.to_vec()).unwrap();
    for format in [image::ImageFormat::Png, image::ImageFormat::Tiff] {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        assert_eq!(decode_bytes(bytes.get_ref()).unwrap().into_raw(), [200, 200, 201, 0, 0, 1, 255, 255, 254], "{format:?}");
    }
}

#[test]
fn all_eight_exif_orientations_are_applied() {
    // The tag's value stands at this place; as EXIF 2.32, 4.6.4 defines them, and as Pillow turns them.
    const PLACE: usize = 0x31;
    let upright = [
        [RED, GREEN, BLUE, SKIN],
        [GREEN, RED, SKIN, BLUE],
        [SKIN, BLUE, GREEN, RED],
        [BLUE, SKIN, RED, GREEN],
        [RED, BLUE, GREEN, SKIN],
        [BLUE, RED, SKIN, GREEN],
        [SKIN, GREEN, BLUE, RED],
        [GREEN, SKIN, RED, BLUE],
    ];
    let mut bytes = include_bytes!("../pictures/turned.jpg").to_vec();
    assert_eq!(bytes[PLACE], 6);
    for (value, quadrants) in (1..).zip(upright) {
        bytes[PLACE] = value;
        shows(&bytes, quadrants, 3);
        assert_eq!(dimensions(&bytes).unwrap(), if value < 5 { (48, 32) } else { (32, 48) });
    }
}

#[test]
fn the_exif_orientation_of_other_formats_is_applied() {
    shows(include_bytes!("../pictures/turned.jpg"), [BLUE, RED, SKIN, GREEN], 3);
    shows(include_bytes!("../pictures/turned.png"), [GREEN, SKIN, RED, BLUE], 0);
    assert_eq!(dimensions(include_bytes!("../pictures/turned.jpg")).unwrap(), (32, 48));
}

#[test]
fn animations_and_stacks_are_refused() {
    let refused = |bytes: &[u8]| decode_bytes(bytes).unwrap_err().to_string();
    assert!(refused(include_bytes!("../pictures/animated.gif")).contains("animated"));
    assert!(refused(include_bytes!("../pictures/animated.png")).contains("animated"));
    assert!(refused(include_bytes!("../pictures/animated.webp")).contains("animated"));
    assert!(refused(include_bytes!("../pictures/pages.tif")).contains("several pages"));
}

#[test]
fn cut_files_are_refused_wherever_they_are_cut() {
    let files: [&[u8]; 7] = [
        include_bytes!("../pictures/progressive.jpg"),
        include_bytes!("../pictures/cmyk.jpg"),
        include_bytes!("../pictures/palette.png"),
        include_bytes!("../pictures/lzw.tif"),
        include_bytes!("../pictures/one.gif"),
        include_bytes!("../pictures/lossless.webp"),
        include_bytes!("../pictures/plain.bmp"),
    ];
    for whole in files {
        let pixels = decode_bytes(whole).unwrap();
        for end in 0..whole.len() {
            // What is cut behind the last pixel may be missing; pixels may not.
            if let Ok(found) = decode_bytes(&whole[..end]) {
                assert_eq!(found, pixels, "cut at {end} of {}", whole.len());
            }
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    for whole in
        [&include_bytes!("../pictures/turned.jpg")[..], include_bytes!("../pictures/pages.tif"), include_bytes!("../pictures/animated.gif")]
    {
        for at in 0..whole.len().min(1500) {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 0xFF;
            let _ = decode_bytes(&bytes);
        }
    }
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_taken() {
    // A PNG header that claims 100,000 x 100,000 pixels.
    let mut bytes = include_bytes!("../pictures/palette.png").to_vec();
    bytes[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    let error = decode_bytes(&bytes).unwrap_err().to_string();
    assert!(error.contains("100000 x 100000"), "{error}");
}

/// The checksum of PNG chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
