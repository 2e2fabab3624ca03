//! The pixels that features are computed on.

use image::RgbImage;

/// The longest side that is not averaged down.
const LONGEST: u32 = 512;

/// An image of at most 512 pixels a side: RGB and Y, each 0..255, row by row.
pub struct Canonical {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue.
    pub rgb: Vec<[f32; 3]>,
    /// Luma, `0.299 R + 0.587 G + 0.114 B`.
    pub y: Vec<f32>,
    /// CIELAB.
    pub lab: Vec<[f64; 3]>,
}

impl Canonical {
    /// Averages whole blocks; rows and columns that do not fill a block are dropped.
    pub fn new(image: &RgbImage) -> Self {
        let block = image.width().max(image.height()).div_ceil(LONGEST).max(1) as usize;
        let (full, width, height) = (image.width() as usize, image.width() as usize / block, image.height() as usize / block);
        let scale = 1.0 / (block * block) as f32;
        let pixels = image.as_raw();
        let mut rgb = Vec::with_capacity(width * height);
        let mut sums = vec![[0_u32; 3]; width];
        for row in 0..height {
            sums.fill([0; 3]);
            for line in row * block..(row + 1) * block {
                let line = &pixels[line * full * 3..][..width * block * 3];
                for (sum, part) in sums.iter_mut().zip(line.chunks_exact(block * 3)) {
                    for pixel in part.chunks_exact(3) {
                        (0..3).for_each(|c| sum[c] += u32::from(pixel[c]));
                    }
                }
            }
            rgb.extend(sums.iter().map(|sum| sum.map(|s| s as f32 * scale)));
        }
        let y = rgb.iter().map(|[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b).collect();
        // Means of n bytes take 255 n + 1 values: the costly curve of sRGB is worked out once for each.
        let steps = block * block;
        let curve: Vec<f64> = (0..=255 * steps).map(|sum| linear(sum as f64 / (255 * steps) as f64)).collect();
        let light = |mean: f32| curve[((f64::from(mean) * steps as f64).round() as usize).min(255 * steps)];
        let lab = rgb.iter().map(|pixel| lab(pixel.map(light))).collect();
        Self { width, height, rgb, y, lab }
    }

    /// Whether there are no pixels.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// Number of pixels.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// The largest channel of a pixel and its saturation, `(max - min) / max`, 0 for black.
    pub fn value_saturation(&self, at: usize) -> (f32, f32) {
        let [r, g, b] = self.rgb[at];
        let (high, low) = (r.max(g).max(b), r.min(g).min(b));
        (high, if high > 0.0 { (high - low) / high } else { 0.0 })
    }

    /// Hue in degrees, 0..360; 0 for grey.
    pub fn hue(&self, at: usize) -> f32 {
        let [r, g, b] = self.rgb[at];
        let (high, low) = (r.max(g).max(b), r.min(g).min(b));
        let span = high - low;
        if span <= 0.0 {
            return 0.0;
        }
        let sixth = if high == r {
            (g - b) / span
        } else if high == g {
            (b - r) / span + 2.0
        } else {
            (r - g) / span + 4.0
        };
        (sixth * 60.0).rem_euclid(360.0)
    }
}

/// Linear light of an sRGB value, both 0..1. IEC 61966-2-1.
pub fn linear(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// CIELAB of linear sRGB with the D65 white. CIE 15.
pub fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    // A cube root in single precision is right to seven digits, far below what a camera tells.
    let root = |t: f64| if t > 0.008_856_451_679 { f64::from((t as f32).cbrt()) } else { t * 7.787_037_037 + 16.0 / 116.0 };
    let x = root((0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.950_47);
    let y = root(0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b);
    let z = root((0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}
