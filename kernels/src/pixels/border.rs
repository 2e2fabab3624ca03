//! Images with a border around them, for filters that look at neighbours.

/// What stands outside of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Border {
    /// The image mirrored about the centre of its last pixel.
    Mirrored,
    /// Its last pixel.
    Repeated,
}

impl Border {
    /// The place in a line of `side` pixels that stands for place `i` of one that begins `margin` pixels earlier.
    fn place(self, i: usize, margin: usize, side: usize) -> usize {
        let last = side - 1;
        match self {
            Self::Repeated => i.saturating_sub(margin).min(last),
            Self::Mirrored if last == 0 => 0,
            Self::Mirrored => {
                let turn = (i as i64 - margin as i64).rem_euclid(2 * last as i64) as usize;
                turn.min(2 * last - turn)
            }
        }
    }
}

/// An image `[height, width, 3]` with `margin` pixels around it: `[height + 2 margin, width + 2 margin, 3]`.
pub(super) fn padded(pixels: &[u8], [height, width]: [usize; 2], margin: usize, border: Border) -> Vec<u8> {
    let mut out = Vec::with_capacity((height + 2 * margin) * (width + 2 * margin) * 3);
    if height == 0 || width == 0 {
        return out;
    }
    for row in 0..height + 2 * margin {
        let line = &pixels[border.place(row, margin, height) * width * 3..][..width * 3];
        let at = |column: usize| &line[border.place(column, margin, width) * 3..][..3];
        (0..margin).for_each(|column| out.extend_from_slice(at(column)));
        out.extend_from_slice(line);
        (margin + width..width + 2 * margin).for_each(|column| out.extend_from_slice(at(column)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_mirrored_or_repeated() {
        let line: Vec<u8> = [1, 2, 3].into_iter().flat_map(|level| [level; 3]).collect();
        let middle = |border| -> Vec<u8> { padded(&line, [1, 3], 4, border)[4 * 33..5 * 33].iter().step_by(3).copied().collect() };
        assert_eq!(middle(Border::Mirrored), [1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3]);
        assert_eq!(middle(Border::Repeated), [1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3]);
        assert_eq!(padded(&[7, 8, 9], [1, 1], 1, Border::Mirrored), [7, 8, 9].repeat(9));
    }
}
