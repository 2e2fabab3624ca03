//! Ingest, split, audit, stats: what a user sees of datasets.

mod bad_input;
mod ingest;
mod masks;
mod pictures;
mod split;

use std::io::Cursor;

use super::support::Sandbox;

/// A JPEG of one colour with some structure, different for every `seed`.
pub fn jpeg(seed: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture(seed).write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg).unwrap();
    bytes
}

/// The same as PNG.
pub fn png(seed: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture(seed).write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

fn picture(seed: u32) -> image::RgbImage {
    image::RgbImage::from_fn(40, 30, |x, y| {
        let mix = |n: u32| ((x * n + y * (7 - n) + seed * 37 * n) % 256) as u8;
        image::Rgb([mix(3), mix(2), mix(1)])
    })
}

/// Two classes of `each` images in folders below `src`.
pub fn class_folders(sandbox: &Sandbox, each: u32) {
    for (c, class) in ["melanoma", "nevus"].iter().enumerate() {
        for i in 0..each {
            sandbox.write(&format!("src/{class}/{i}.jpg"), jpeg(c as u32 * 1000 + i));
        }
    }
}

/// A little HAM10000: `lesions` lesions with two images each, classes in turn; masks.
pub fn ham(sandbox: &Sandbox, lesions: u32) {
    let mut table = "lesion_id,image_id,dx,dx_type,age,sex,localization\n".to_owned();
    for lesion in 0..lesions {
        let class = ["bcc", "mel", "nv"][lesion as usize % 3];
        for view in 0..2 {
            let id = format!("ISIC_{:07}", lesion * 2 + view);
            let age = if lesion == 0 { String::new() } else { format!("{}.0", 20 + lesion) };
            table += &format!("HAM_{lesion:07},{id},{class},histo,{age},{},back\n", if lesion == 1 { "unknown" } else { "female" });
            sandbox.write(&format!("src/part_{}/{id}.jpg", view + 1), jpeg(lesion * 2 + view));
            let mask = image::GrayImage::from_fn(80, 60, |x, _| image::Luma([if x > 20 { 255 } else { 0 }]));
            let mut bytes = Vec::new();
            mask.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
            sandbox.write(&format!("src/masks/{id}_segmentation.png"), bytes);
        }
    }
    sandbox.write("src/HAM10000_metadata.csv", table);
}

/// The cells of a CSV file without quotes.
pub fn cells(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}
