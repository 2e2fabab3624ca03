//! A plane of values from 0 to 1.

/// Where a network looks: `values` `[height, width]`, the highest 1 (0 where the whole map is 0).
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Map {
    /// Brings non-negative values to at most 1; what is no number counts as 0.
    pub fn new(width: usize, height: usize, mut values: Vec<f32>) -> Self {
        values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
        let top = values.iter().copied().fold(0f32, f32::max);
        if top > 0.0 {
            values.iter_mut().for_each(|value| *value /= top);
        }
        Self { width, height, values }
    }

    /// As a NumPy file, format 1.0: f32 `[height, width]`, little-endian, in C order
    /// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
    pub fn to_npy(&self) -> Vec<u8> {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", self.height, self.width);
        // Magic, version, length and header fill a multiple of 64 bytes and end with a line feed.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((length as u16).to_le_bytes());
        bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// Bilinearly at another size, pixels taken as areas (torch's `align_corners=False`).
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let place = |at: usize, from: usize, to: usize| {
            let place = ((at as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, (from - 1) as f32);
            (place as usize, (place as usize + 1).min(from - 1), place.fract())
        };
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            let (upper, lower, down) = place(y, self.height, height);
            for x in 0..width {
                let (left, right, across) = place(x, self.width, width);
                let line = |y: usize| {
                    let (a, b) = (self.values[y * self.width + left], self.values[y * self.width + right]);
                    a + (b - a) * across
                };
                values.push(line(upper) + (line(lower) - line(upper)) * down);
            }
        }
        Self { width, height, values }
    }
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn resizing_is_torch_s() {
        // torch.nn.functional.interpolate(torch.tensor([[[[0., 1.], [2., 4.]]]]), size=(4, 4), mode="bilinear")[0, 0] / 4
        let map = Map::new(2, 2, vec![0.0, 1.0, 2.0, 4.0]).resized(4, 4);
        let torch = [0.0, 0.25, 0.75, 1.0, 0.5, 0.8125, 1.4375, 1.75, 1.5, 1.9375, 2.8125, 3.25, 2.0, 2.5, 3.5, 4.0];
        assert_eq!(map.values, torch.map(|value| value / 4.0));
    }

    #[test]
    fn nothing_stays_nothing_and_no_number_counts_as_nothing() {
        assert_eq!(Map::new(2, 1, vec![0.0, 0.0]).values, [0.0, 0.0]);
        assert_eq!(Map::new(3, 1, vec![f32::NAN, 2.0, f32::INFINITY]).values, [0.0, 1.0, 0.0]);
    }
}
