//! Levels by themselves: counted, and looked up in tables.

/// A level for each level.
pub type Table = [u8; 256];

/// Replaces each level by what its channel's table says, in place; `pixels` is u8 `[.., 3]`.
pub fn look_up(pixels: &mut [u8], tables: &[Table; 3]) {
    for pixel in pixels.as_chunks_mut::<3>().0 {
        for (level, table) in pixel.iter_mut().zip(tables) {
            *level = table[usize::from(*level)];
        }
    }
}

/// How often each level occurs in each of the three channels of u8 `[.., 3]`.
pub fn counts(pixels: &[u8]) -> [[u64; 256]; 3] {
    let mut counts = [[0; 256]; 3];
    for pixel in pixels.as_chunks::<3>().0 {
        for (&level, counts) in pixel.iter().zip(&mut counts) {
            counts[usize::from(level)] += 1;
        }
    }
    counts
}
