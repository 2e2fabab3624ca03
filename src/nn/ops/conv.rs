//! 2-d convolution, both passes, as products of matrices over tiles of columns.
//!
//! Forward `Y = W X`, input gradient `dX = W^T dY`, weight gradient `dW = dY X^T`, where `X` is a tile's matrix of
//! columns ([`im2col`](super::im2col)). The tiles follow from the shapes alone ([`Geometry`]); where there are few of
//! them, the inside of a tile is shared among the threads as well. Depthwise convolutions have their own loops.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::depthwise;
use super::elementwise::sum;
use super::geometry::{Geometry, Tile};
use super::im2col::{gather, scatter};
use super::matrix::{Matrix, MatrixMut, Write, multiply};
use super::slices::{slice, with};
use crate::nn::graph::Conv2d;

/// `x [n, in, h, w]`, `weight [out, in / groups, kh, kw]`, `bias [out]` to `[n, out, h', w']`.
///
/// Cross-correlation, as in every deep-learning library. The gradient for `x` is worked out only where `x` tracks one.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, settings: &Conv2d) -> Result<Tensor> {
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    let op = Conv(Geometry::new(x.dims(), weight.dims(), settings)?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, op),
        None => x.apply_op2(&weight, op),
    }
}

struct Conv(Geometry);

/// From two of input, weight and output gradient to the gradient of the third.
type Gradient = fn(&[f32], &[f32], &Geometry) -> Vec<f32>;

/// Fewer tasks than this: threads share the inside of each.
const MANY: usize = 16;

/// Rows of a product that one task computes when the inside of a tile is shared.
const ROWS: usize = 32;

/// `out = a b` (or `+=`), `out` with rows directly after each other; `wide`: blocks of rows go to different threads.
fn product(
    out: &mut [f32],
    columns: usize,
    rows_of_a: impl Fn(usize, usize) -> PartOf + Sync,
    b: Matrix<'_>,
    write: Write,
    wide: bool,
    a: &[f32],
) {
    let block = if wide { ROWS } else { out.len() / columns };
    let work = |(i, out): (usize, &mut [f32])| {
        let count = out.len() / columns;
        multiply(MatrixMut::new(out, count, columns), rows_of_a(i * block, count).of(a), b, write);
    };
    if wide {
        out.par_chunks_mut(block * columns).enumerate().for_each(work);
    } else {
        work((0, out));
    }
}

/// Which rows of a stored matrix a task multiplies.
struct PartOf {
    offset: usize,
    rows: usize,
    columns: usize,
    stride: usize,
    turned: bool,
}

impl PartOf {
    fn of(self, data: &[f32]) -> Matrix<'_> {
        let data = &data[self.offset..];
        if self.turned {
            Matrix::strided(data, self.columns, self.rows, self.stride).transposed()
        } else {
            Matrix::strided(data, self.rows, self.columns, self.stride)
        }
    }
}

/// Matrix of columns of a tile: the input itself for a pointwise convolution of one image, else gathered.
enum Columns<'a> {
    Borrowed { x: &'a [f32], stride: usize },
    Gathered(Vec<f32>),
}

impl<'a> Columns<'a> {
    fn new(x: &'a [f32], g: &Geometry, group: usize, tile: Tile, wide: bool) -> Self {
        if g.is_pointwise() && tile.images == 1 {
            let plane = (tile.first_image * g.groups + group) * g.c_in;
            return Self::Borrowed { x: &x[plane * g.in_plane() + tile.first_row * g.input[1]..], stride: g.in_plane() };
        }
        let mut columns = vec![0.0; g.depth() * tile.columns(g)];
        gather(x, g, group, tile, wide, &mut columns);
        Self::Gathered(columns)
    }

    fn matrix(&self, g: &Geometry, tile: Tile) -> Matrix<'_> {
        match self {
            Self::Borrowed { x, stride } => Matrix::strided(x, g.depth(), tile.columns(g), *stride),
            Self::Gathered(columns) => Matrix::new(columns, g.depth(), tile.columns(g)),
        }
    }
}

/// `y` cut into the pieces that each (block, tile, group) writes: rows of pixels, ordered by image, then channel.
fn pieces<'a>(y: &'a mut [f32], g: &Geometry) -> Vec<Vec<&'a mut [f32]>> {
    let (tiles, per_block) = (g.tiles(), g.images_per_block());
    let mut pieces: Vec<Vec<&mut [f32]>> = (0..g.blocks() * tiles * g.groups).map(|_| Vec::new()).collect();
    for (plane, mut rest) in y.chunks_mut(g.out_plane()).enumerate() {
        let (image, channel) = (plane / (g.groups * g.c_out), plane % (g.groups * g.c_out));
        for tile in 0..tiles {
            let size = g.tile(image / per_block, tile).per_image(g);
            let (piece, tail) = rest.split_at_mut(size);
            pieces[(image / per_block * tiles + tile) * g.groups + channel / g.c_out].push(piece);
            rest = tail;
        }
    }
    pieces
}

fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, g: &Geometry) -> Vec<f32> {
    let mut y = vec![0.0; g.n * g.groups * g.c_out * g.out_plane()];
    let pieces = pieces(&mut y, g);
    let wide = pieces.len() < MANY;
    pieces.into_par_iter().enumerate().for_each(|(task, pieces)| {
        let (group, place) = (task % g.groups, task / g.groups);
        let tile = g.tile(place / g.tiles(), place % g.tiles());
        let columns = Columns::new(x, g, group, tile, wide);
        let (width, depth) = (tile.columns(g), g.depth());
        let weight = &weight[group * g.c_out * depth..][..g.c_out * depth];
        let mut out = vec![0.0; g.c_out * width];
        let rows = |first: usize, count: usize| PartOf { offset: first * depth, rows: count, columns: depth, stride: depth, turned: false };
        product(&mut out, width, rows, columns.matrix(g, tile), Write::Replace, wide, weight);
        for (i, piece) in pieces.into_iter().enumerate() {
            let (image, channel) = (i / g.c_out, i % g.c_out);
            let from = &out[channel * width + image * piece.len()..][..piece.len()];
            match bias.map(|bias| bias[group * g.c_out + channel]) {
                Some(bias) => piece.iter_mut().zip(from).for_each(|(y, &v)| *y = v + bias),
                None => piece.copy_from_slice(from),
            }
        }
    });
    y
}

/// `dY` of a tile as a matrix `[c_out, columns]`: borrowed when one image is in it, else put together.
enum Rows<'a> {
    Borrowed { dy: &'a [f32], stride: usize },
    Gathered(Vec<f32>),
}

impl<'a> Rows<'a> {
    fn new(dy: &'a [f32], g: &Geometry, group: usize, tile: Tile) -> Self {
        let plane = |image: usize, c: usize| {
            let plane = ((tile.first_image + image) * g.groups + group) * g.c_out + c;
            &dy[plane * g.out_plane() + tile.first_row * g.output[1]..]
        };
        if tile.images == 1 {
            return Self::Borrowed { dy: plane(0, 0), stride: g.out_plane() };
        }
        let mut rows = Vec::with_capacity(g.c_out * tile.columns(g));
        for c in 0..g.c_out {
            for image in 0..tile.images {
                rows.extend_from_slice(&plane(image, c)[..tile.per_image(g)]);
            }
        }
        Self::Gathered(rows)
    }

    fn data(&self, g: &Geometry, tile: Tile) -> (&[f32], usize) {
        match self {
            Self::Borrowed { dy, stride } => (dy, *stride),
            Self::Gathered(rows) => (rows, tile.columns(g)),
        }
    }
}

fn input_gradient(dy: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let image = g.groups * g.c_in * g.in_plane();
    let mut dx = vec![0.0; g.n * image];
    let wide = g.blocks() < MANY;
    dx.par_chunks_mut(g.images_per_block() * image).enumerate().for_each(|(block, dx)| {
        for (tile, group) in (0..g.tiles()).flat_map(|t| (0..g.groups).map(move |group| (g.tile(block, t), group))) {
            let (width, depth) = (tile.columns(g), g.depth());
            let rows = Rows::new(dy, g, group, tile);
            let (data, stride) = rows.data(g, tile);
            let right = Matrix::strided(data, g.c_out, width, stride);
            let weight = &weight[group * g.c_out * depth..][..g.c_out * depth];
            if g.is_pointwise() && tile.images == 1 {
                // The columns are the input itself, so the product goes to its place at once.
                let own = &mut dx[group * g.c_in * g.in_plane() + tile.first_row * g.input[1]..];
                let left = Matrix::new(weight, g.c_out, depth).transposed();
                multiply(MatrixMut::strided(own, depth, width, g.in_plane()), left, right, Write::Replace);
                continue;
            }
            let mut columns = vec![0.0; depth * width];
            let part = |first: usize, count: usize| PartOf { offset: first, rows: count, columns: g.c_out, stride: depth, turned: true };
            product(&mut columns, width, part, right, Write::Replace, wide, weight);
            scatter(&columns, g, group, tile, dx);
        }
    });
    dx
}

/// Weight gradients are summed in this many places at most, each over a fixed span of images.
const SPANS: usize = 16;

/// Values that all these partial sums may take together.
const PARTIAL: usize = 16 << 20;

fn weight_gradient(x: &[f32], dy: &[f32], g: &Geometry) -> Vec<f32> {
    let size = g.groups * g.c_out * g.depth();
    let spans = (PARTIAL / size).clamp(1, SPANS).min(g.blocks());
    let per_span = g.blocks().div_ceil(spans);
    let wide = spans < MANY;
    let mut partial = vec![0.0; g.blocks().div_ceil(per_span) * size];
    partial.par_chunks_mut(size).enumerate().for_each(|(span, dw)| {
        let blocks = span * per_span..((span + 1) * per_span).min(g.blocks());
        for (block, t) in blocks.flat_map(|block| (0..g.tiles()).map(move |t| (block, t))) {
            let tile = g.tile(block, t);
            for (group, dw) in dw.chunks_mut(g.c_out * g.depth()).enumerate() {
                let columns = Columns::new(x, g, group, tile, wide);
                let rows = Rows::new(dy, g, group, tile);
                let (data, stride) = rows.data(g, tile);
                let width = tile.columns(g);
                let part =
                    |first: usize, count: usize| PartOf { offset: first * stride, rows: count, columns: width, stride, turned: false };
                product(dw, g.depth(), part, columns.matrix(g, tile).transposed(), Write::Add, wide, data);
            }
        }
    });
    let (dw, others) = partial.split_at_mut(size);
    for other in others.chunks(size) {
        dw.iter_mut().zip(other).for_each(|(sum, &v)| *sum += v);
    }
    partial.truncate(size);
    partial
}

/// Sum of `dY` for each output channel.
fn bias_gradient(dy: &[f32], g: &Geometry) -> Vec<f32> {
    let (channels, plane) = (g.groups * g.c_out, g.out_plane());
    let channel = |c: usize| (0..g.n).map(|i| sum(&dy[(i * channels + c) * plane..][..plane], |v| v)).sum::<f64>() as f32;
    (0..channels).into_par_iter().map(channel).collect()
}

impl Conv {
    fn run(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> (CpuStorage, Shape) {
        let g = &self.0;
        let y = if g.is_depthwise() { depthwise::forward(x, weight, bias, g) } else { forward(x, weight, bias, g) };
        (CpuStorage::F32(y), (g.n, g.groups * g.c_out, g.output[0], g.output[1]).into())
    }

    fn gradients(&self, x: &Tensor, weight: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = &self.0;
        let (of_input, of_weight): (Gradient, Gradient) =
            if g.is_depthwise() { (depthwise::input_gradient, depthwise::weight_gradient) } else { (input_gradient, weight_gradient) };
        let dx = match x.track_op() {
            true => Some(Tensor::from_vec(with(dy, |dy| with(weight, |w| of_input(dy, w, g)))??, x.dims(), x.device())?),
            false => None,
        };
        let dw = match weight.track_op() {
            true => Some(Tensor::from_vec(with(dy, |dy| with(x, |x| of_weight(x, dy, g)))??, weight.dims(), x.device())?),
            false => None,
        };
        Ok((dx, dw))
    }
}

impl CustomOp2 for Conv {
    fn name(&self) -> &'static str {
        "derm-conv2d"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_layout: &Layout, w: &CpuStorage, w_layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(self.run(slice(x, x_layout)?, slice(w, w_layout)?, None))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.gradients(x, weight, dy)
    }
}

impl CustomOp3 for Conv {
    fn name(&self) -> &'static str {
        "derm-conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(self.run(slice(x, x_layout)?, slice(w, w_layout)?, Some(slice(b, b_layout)?)))
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, b: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (dx, dw) = self.gradients(x, w, dy)?;
        let db = with(dy, |dy| bias_gradient(dy, &self.0))?;
        Ok((dx, dw, Some(Tensor::from_vec(db, b.dims(), b.device())?)))
    }
}
