//! Images to another size, antialiased: the filter widens with the reduction.
//!
//! The arithmetic is `fast_image_resize`'s. It is called from here because its generic code is compiled where it is called from, and this
//! package is compiled as one unit: in derm's many small ones the same call takes several times as long.

use fast_image_resize as fir;

/// What one pixel is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixel {
    /// Three bytes.
    Rgb,
    /// One byte.
    Grey,
    /// One f32, four bytes in the machine's order, in memory aligned to four.
    Float,
}

/// Which neighbours count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Linear between two, as Pillow's `BILINEAR`.
    Triangle,
    /// Cubic between four (a = -0.5), as Pillow's `BICUBIC`.
    CatmullRom,
}

/// `pixels` of `from` (width, height) brought to `to`, on this thread; both directions at once, bytes rounded at the end.
///
/// # Errors
///
/// In words: `pixels` are not of that size or not aligned, or a size is 0.
pub fn resize(pixels: &[u8], from: (u32, u32), to: (u32, u32), pixel: Pixel, filter: Filter) -> Result<Vec<u8>, String> {
    let failed = |what: &dyn std::fmt::Display| format!("cannot resize to {} x {}: {what}", to.0, to.1);
    let kind = match pixel {
        Pixel::Rgb => fir::PixelType::U8x3,
        Pixel::Grey => fir::PixelType::U8,
        Pixel::Float => fir::PixelType::F32,
    };
    let filter = match filter {
        Filter::Triangle => fir::FilterType::Bilinear,
        Filter::CatmullRom => fir::FilterType::CatmullRom,
    };
    let source = fir::images::ImageRef::new(from.0, from.1, pixels, kind).map_err(|error| failed(&error))?;
    let mut target = fir::images::Image::new(to.0, to.1, kind);
    let options = fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(filter)).use_alpha(false);
    fir::Resizer::new().resize(&source, &mut target, &options).map_err(|error| failed(&error))?;
    Ok(target.into_vec())
}
