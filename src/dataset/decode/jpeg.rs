//! Whether a JPEG file is whole.
//!
//! The decoder fills what is missing with grey and says nothing, so the markers are walked here
//! (ITU-T T.81, B.1): a whole file reaches the end-of-image marker after its last scan.

use crate::dataset::ImageError;

/// Start of image, end of image, start of scan.
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Refuses a file that ends before its end-of-image marker.
pub fn check_complete(bytes: &[u8]) -> Result<(), ImageError> {
    let mut at = 2;
    let mut scans = 0;
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            EOI if scans > 0 => return Ok(()),
            EOI => return Err(ImageError::Truncated("it holds no image data")),
            // Markers without a segment: restart markers, a second start, TEM.
            SOI | 0x01 | 0xD0..=0xD7 => {}
            _ => {
                let Some(&[high, low]) = bytes.get(at..at + 2) else { break };
                at += usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == SOS {
                    scans += 1;
                    skip_scan(bytes, &mut at);
                }
            }
        }
    }
    Err(ImageError::Truncated("the end-of-image marker is missing"))
}

/// Moves behind the next marker, over padding and stray bytes, as decoders do.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        while *bytes.get(*at)? != 0xFF {
            *at += 1;
        }
        while *bytes.get(*at)? == 0xFF {
            *at += 1;
        }
        let marker = *bytes.get(*at)?;
        *at += 1;
        if marker != 0 {
            return Some(marker);
        }
    }
}

/// Moves over entropy-coded data to the 0xFF of the next marker that is no restart marker.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while let Some(found) = bytes.get(*at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xFF)) {
        *at += found;
        match bytes.get(*at + 1) {
            Some(0 | 0xD0..=0xD7) => *at += 2,
            Some(0xFF) => *at += 1,
            _ => return,
        }
    }
    *at = bytes.len();
}

#[cfg(test)]
mod tests {
    use super::check_complete;

    fn jpeg() -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 90]));
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&picture).unwrap();
        bytes
    }

    #[test]
    fn every_cut_is_noticed() {
        let whole = jpeg();
        assert!(check_complete(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(check_complete(&whole[..end]).is_err(), "cut at {end} of {}", whole.len());
        }
    }

    #[test]
    fn bytes_behind_the_end_do_not_matter() {
        let mut bytes = jpeg();
        bytes.extend_from_slice(b"trailing rubbish");
        assert!(check_complete(&bytes).is_ok());
    }
}
