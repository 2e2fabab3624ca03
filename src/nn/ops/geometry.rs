//! Sizes of one convolution on one input, and how its work is cut.

use candle_core::{Result, bail};

use crate::nn::graph::Conv2d;

/// Everything a kernel needs to know. Pairs are height, width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub n: usize,
    pub groups: usize,
    /// Input and output channels of one group.
    pub c_in: usize,
    pub c_out: usize,
    pub input: [usize; 2],
    pub output: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Rows above and columns to the left.
    pub pad: [usize; 2],
}

impl Geometry {
    /// Checks that input and weight fit the settings.
    pub(super) fn new(x: &[usize], weight: &[usize], settings: &Conv2d) -> Result<Self> {
        let &[n, channels, h, w] = x else { bail!("a convolution reads [n, c, h, w], not {x:?}") };
        let groups = settings.groups;
        let expected = [settings.out_channels, channels / groups, settings.kernel[0], settings.kernel[1]];
        let output = settings.output([h, w]);
        let divided = channels.is_multiple_of(groups) && settings.out_channels.is_multiple_of(groups);
        if weight != expected || !divided || n * output[0] * output[1] == 0 {
            bail!("a convolution {settings:?} with weight {weight:?} cannot read {x:?}");
        }
        let [top, left, _, _] = settings.pads([h, w]);
        Ok(Self {
            n,
            groups,
            c_in: channels / groups,
            c_out: settings.out_channels / groups,
            input: [h, w],
            output,
            kernel: settings.kernel,
            stride: settings.stride,
            dilation: settings.dilation,
            pad: [top, left],
        })
    }

    /// Taps of the kernel.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Length of the sums: channels of a group times taps.
    pub(super) fn depth(&self) -> usize {
        self.c_in * self.taps()
    }

    /// Elements of an input plane.
    pub(super) fn in_plane(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Elements of an output plane.
    pub(super) fn out_plane(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// One channel in, one out, in every group.
    pub(super) fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.c_in == 1 && self.c_out == 1
    }

    /// A 1x1 kernel that reads every pixel once: the input is its own matrix of columns.
    pub(super) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.pad == [0, 0] && self.input == self.output
    }

    /// Output columns that one product handles: as many as keep the matrix of columns near 2 MB.
    fn columns(&self) -> usize {
        ((1 << 19) / self.depth()).clamp(64, 2048)
    }

    /// Images whose columns are handled together, where one image has few.
    pub(super) fn images_per_block(&self) -> usize {
        (self.columns() / self.out_plane()).max(1).min(self.n)
    }

    /// Output rows of one tile, where one image has many.
    pub(super) fn rows_per_tile(&self) -> usize {
        if self.images_per_block() > 1 { self.output[0] } else { (self.columns() / self.output[1]).clamp(1, self.output[0]) }
    }

    /// Tiles in an image.
    pub(super) fn tiles(&self) -> usize {
        self.output[0].div_ceil(self.rows_per_tile())
    }

    /// Blocks of images.
    pub(super) fn blocks(&self) -> usize {
        self.n.div_ceil(self.images_per_block())
    }
}

/// A tile: some output rows of some images.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub first_image: usize,
    pub images: usize,
    pub first_row: usize,
    pub rows: usize,
}

impl Tile {
    /// Columns that one image gives.
    pub(super) fn per_image(&self, g: &Geometry) -> usize {
        self.rows * g.output[1]
    }

    /// Columns in all.
    pub(super) fn columns(&self, g: &Geometry) -> usize {
        self.images * self.per_image(g)
    }
}

impl Geometry {
    /// The tile of a block of images.
    pub(super) fn tile(&self, block: usize, tile: usize) -> Tile {
        let (per_block, per_tile) = (self.images_per_block(), self.rows_per_tile());
        let (first_image, first_row) = (block * per_block, tile * per_tile);
        let images = per_block.min(self.n - first_image);
        Tile { first_image, images, first_row, rows: per_tile.min(self.output[0] - first_row) }
    }
}
