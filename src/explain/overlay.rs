//! A map as heat upon its image.

use image::RgbImage;

use super::Map;

/// Colours from nothing to the highest: dark violet, red, orange, pale yellow, whose lightness rises throughout.
const HEAT: [[f32; 3]; 5] = [[15.0, 5.0, 50.0], [110.0, 20.0, 110.0], [205.0, 60.0, 70.0], [250.0, 150.0, 30.0], [252.0, 250.0, 170.0]];

/// The largest share of a heated pixel that is heat.
const COVER: f32 = 0.7;

/// The picture `[height, width, 3]` that the network saw with the map's heat on it; where the map is 0 the picture shows.
pub fn overlay(picture: &[u8], width: u32, height: u32, map: &Map) -> RgbImage {
    let map = map.resized(width as usize, height as usize);
    RgbImage::from_fn(width, height, |x, y| {
        let at = (y * width + x) as usize;
        let value = map.values[at].clamp(0.0, 1.0);
        let (own, heat) = (&picture[at * 3..][..3], heat(value));
        let cover = COVER * value.sqrt();
        image::Rgb(std::array::from_fn(|c| (f32::from(own[c]) * (1.0 - cover) + heat[c] * cover).round() as u8))
    })
}

fn heat(value: f32) -> [f32; 3] {
    let place = value * (HEAT.len() - 1) as f32;
    let (low, part) = ((place as usize).min(HEAT.len() - 2), place - (place as usize).min(HEAT.len() - 2) as f32);
    std::array::from_fn(|c| HEAT[low][c] + (HEAT[low + 1][c] - HEAT[low][c]) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cold_pixels_stay_and_hot_ones_are_heated() {
        let picture: Vec<u8> = [[200u8, 150, 120]; 4].concat();
        let image = overlay(&picture, 4, 1, &Map::new(4, 1, vec![0.0, 0.0, 0.0, 1.0]));
        assert_eq!(image.get_pixel(0, 0).0, [200, 150, 120]);
        assert_eq!(image.get_pixel(3, 0).0, [236, 220, 155]);
    }
}
