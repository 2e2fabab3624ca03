//! Settings of what is done to queries, keys and values.

use super::Windows;

/// Settings of rotary positions: tokens that are left alone, then a grid of patches. The first half of the pairs of a head's channels
/// is turned by a patch's row, the second by its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    /// Heads.
    pub heads: usize,
    /// Tokens before the patches.
    pub prefix: usize,
    /// Rows and columns of patches.
    pub grid: [usize; 2],
    /// A pair is a channel of a head's first half and one of its second; otherwise two neighbours.
    pub halves: bool,
    /// How far they are turned.
    pub angles: Angles,
}

/// Angles of places; the `f`-th of `k` frequencies of an axis is `temperature^(-f / k)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Angles {
    /// The place's number times the frequency, on a grid brought to `reference` rows and columns: EVA-02.
    Index {
        /// Rows and columns that the network was trained with first.
        reference: [usize; 2],
        /// Of the frequencies.
        temperature: f32,
    },
    /// The place's middle in -1 to 1 times the frequency, in full turns: DINOv3.
    Centred {
        /// Of the frequencies.
        temperature: f32,
    },
}

/// Settings of attention inside windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowAttention {
    /// The windows.
    pub windows: Windows,
    /// Heads.
    pub heads: usize,
    /// What is added to the scores of pairs of pixels.
    pub bias: WindowBias,
}

/// What is added to the scores of a window's pairs of pixels, by their distance, and what the scores are times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowBias {
    /// A value for each distance: Swin. Scores are divided by the root of a head's channels.
    Table,
    /// `16 sigmoid(mlp(distance))`, with the distance in logarithms and so many hidden values: Swin V2. Scores are as they are.
    Mlp {
        /// Values between the two layers.
        hidden: usize,
    },
}
