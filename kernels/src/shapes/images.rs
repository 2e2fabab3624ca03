//! Functions of images.

use super::super::conv::{self, Epilogue, Geometry, Mode, Packed};
use super::super::depthwise;
use super::super::inverted::{self, Inverted};
use super::super::pool::{self, Adaptive, Divisor};
use super::super::resample::{Table, resample};
use super::super::upsample::{Rule, Upsample};
use super::super::window::{Axis, Window};
use super::super::{activation::Activation, arithmetic, layout, simd};
use super::{Draw, MOST, check};

impl Draw {
    /// An axis with windows inside the input, padding and all.
    fn axis(&mut self, dilation: usize) -> Axis {
        loop {
            let (input, kernel) = (self.some().min(19), self.pick(&[1, 2, 3, 5, 7]));
            let stride = self.pick(&[1, 2, 3, 6]);
            let padding = self.below(kernel / 2 + 1);
            if let Some(axis) = Axis::new(input, kernel, stride, padding, dilation) {
                return self.blurred(axis);
            }
        }
    }

    /// This axis, or another that nothing is known of.
    fn blurred(&mut self, axis: Axis) -> Axis {
        let Axis { input, output, kernel, stride, padding, dilation } = axis;
        let [input, output, kernel] = [input, output, kernel].map(|size| self.about_or_vast(size));
        let [stride, dilation] = [stride, dilation].map(|size| self.about_or_vast(size));
        let padding = if self.fits { padding } else { self.pick(&[padding, padding, -40, 40, isize::MIN, isize::MAX, 1 << 33]) };
        Axis { input, output, kernel, stride, padding, dilation }
    }

    fn window(&mut self, dilation: usize) -> Window {
        let (n, channels) = (self.size(), self.size());
        let (rows, columns) = (self.axis(dilation), self.axis(dilation));
        // Where images have no pixels any number of them would do.
        let n = if self.fits || self.below(8) > 0 { n.min(3) } else { usize::MAX };
        Window { n, channels: self.about_or_vast(channels), rows, columns }
    }

    fn geometry(&mut self) -> Geometry {
        let dilation = self.pick(&[1, 1, 2]);
        let axes = [self.axis(dilation), self.axis(dilation)];
        let [groups, c_in, c_out] = [self.pick(&[1, 1, 1, 2, 5]), self.some(), self.some()].map(|size| self.about_or_vast(size));
        let of = |size: fn(&Axis) -> usize| axes.each_ref().map(size);
        let n = self.pick(&[0, 1, 2]);
        Geometry {
            n: self.about_or_vast(n),
            groups,
            c_in,
            c_out,
            input: of(|axis| axis.input),
            output: of(|axis| axis.output),
            kernel: of(|axis| axis.kernel),
            stride: of(|axis| axis.stride),
            dilation: of(|axis| axis.dilation),
            pad: of(|axis| axis.padding as usize),
        }
    }

    fn activation(&mut self) -> Option<Activation> {
        self.pick(&[None, Some(Activation::Relu), Some(Activation::Silu), Some(Activation::Gelu)])
    }
}

#[test]
fn convolutions() {
    check(400, |draw| {
        let g = draw.geometry();
        let mode = Mode { isa: simd::forced::isa().unwrap(), exact: draw.below(2) == 0, ..Mode::default() };
        let (x, weight, dy) = (draw.values(g.x_len()), draw.values(g.weight_len()), draw.values(g.y_len()));
        let bias = draw.values(g.groups * g.c_out);
        let epilogue = Epilogue { bias: Some(&bias), residual: Some(&dy), activation: draw.activation() };
        let mut results = vec![(conv::forward_with(&x, &weight, epilogue, &g, mode), g.y_len())];
        let packed = Packed::new(weight.to_vec(), &g, mode);
        results.push((conv::forward_packed(&x, &packed, epilogue, &g), g.y_len()));
        results.push((conv::forward(&x, &weight, None, &g, mode), g.y_len()));
        results.push((conv::input_gradient(&dy, &weight, &g, mode), g.x_len()));
        results.push((conv::weight_gradient(&x, &dy, &g, mode), g.weight_len()));
        results.push((arithmetic::bias_gradient(&dy, g.groups * g.c_out), g.groups * g.c_out));
        results
    });
}

#[test]
fn depthwise_convolutions() {
    check(400, |draw| {
        let dilation = draw.pick(&[1, 2]);
        let w = draw.window(dilation);
        let (x, dy) = (draw.values(w.input_len()), draw.values(w.output_len()));
        let (weight, bias) = (draw.values(w.weight_len()), draw.values(w.channels));
        let epilogue = Epilogue { bias: Some(&bias), residual: Some(&dy), activation: draw.activation() };
        vec![
            (depthwise::forward_with(&x, &weight, epilogue, &w), w.output_len()),
            (depthwise::forward(&x, &weight, None, &w), w.output_len()),
            (depthwise::input_gradient(&dy, &weight, &w), w.input_len()),
            (depthwise::weight_gradient(&x, &dy, &w), w.weight_len()),
        ]
    });
}

#[test]
fn inverted_blocks() {
    check(400, |draw| {
        let dilation = draw.pick(&[1, 2]);
        let w = draw.window(dilation);
        let w = Window { channels: w.channels.max(usize::from(draw.fits)), ..w };
        let mode = Mode { isa: simd::forced::isa().unwrap(), exact: false, ..Mode::default() };
        let [c_in, c_out] = [draw.some(), draw.some()].map(|size| draw.about(size));
        let matrix = |draw: &mut Draw, [c_in, c_out]: [usize; 2]| {
            let ones = [1; 2];
            let g = Geometry {
                n: 0,
                groups: 1,
                c_in,
                c_out,
                input: ones,
                output: ones,
                kernel: ones,
                stride: ones,
                dilation: ones,
                pad: [0; 2],
            };
            Packed::new(draw.values(g.weight_len()).into(), &g, mode)
        };
        let between = [draw.about(w.channels), draw.about(w.channels)];
        let (widen, narrow) = (matrix(draw, [c_in, between[0]]), matrix(draw, [between[1], c_out]));
        let depthwise = depthwise::Packed::new(&draw.values(w.weight_len()), w.channels, [w.rows.kernel, w.columns.kernel]);
        let widens = draw.below(2) == 0;
        let x = draw.values(Window { channels: if widens { c_in } else { w.channels }, ..w }.input_len());
        let results = Window { channels: c_out, ..w }.output_len();
        let (added, bias) = (draw.values(results), draw.values(w.channels));
        let epilogue = Epilogue { bias: Some(&bias), residual: None, activation: draw.activation() };
        let last = Epilogue { bias: None, residual: Some(&added), activation: draw.activation() };
        let widen = widens.then_some((&widen, epilogue));
        let block = Inverted { widen, depthwise: (&depthwise, epilogue), narrow: Some((&narrow, last)), window: w };
        vec![(inverted::forward(&x, &block), results), (inverted::forward(&x, &Inverted { narrow: None, ..block }), w.output_len())]
    });
}

/// Each pass by itself: one that panics would hide those after it.
#[test]
fn single_passes() {
    check(600, |draw| {
        let g = draw.geometry();
        let mode = Mode { isa: simd::forced::isa().unwrap(), exact: false, ..Mode::default() };
        let (x, weight, dy) = (draw.values(g.x_len()), draw.values(g.weight_len()), draw.values(g.y_len()));
        match draw.below(3) {
            0 => vec![(conv::input_gradient(&dy, &weight, &g, mode), g.x_len())],
            1 => vec![(conv::weight_gradient(&x, &dy, &g, mode), g.weight_len())],
            _ => {
                let w = draw.window(1);
                // From no values at all weights of any number of channels follow: that much memory is not asked for.
                if w.weight_len() > MOST << 8 {
                    return Vec::new();
                }
                let (x, dy, weight) = (draw.values(w.input_len()), draw.values(w.output_len()), draw.values(w.weight_len()));
                match draw.below(2) {
                    0 => vec![(depthwise::input_gradient(&dy, &weight, &w), w.input_len())],
                    _ => vec![(depthwise::weight_gradient(&x, &dy, &w), w.weight_len())],
                }
            }
        }
    });
}

#[test]
fn pools() {
    check(200, |draw| {
        let w = draw.window(1);
        let divisor = draw.pick(&[Divisor::Inside, Divisor::WithPadding, Divisor::Fixed(4)]);
        // From no values at all any number of others follows where channels are vast: that much memory is not asked for.
        if [w.input_len(), w.output_len()].iter().any(|&len| len > MOST << 8) && w.input_len().min(w.output_len()) == 0 {
            return Vec::new();
        }
        let (x, dy) = (draw.values(w.input_len()), draw.values(w.output_len()));
        match draw.below(3) {
            0 => vec![(pool::average_pool(&x, &w, divisor), w.output_len())],
            1 => vec![(pool::average_pool_backward(&dy, &w, divisor), w.input_len())],
            _ => {
                let (y, winners) = pool::max_pool(&x, &w);
                let few = winners[..draw.about(winners.len()).min(winners.len())].to_vec();
                vec![(y, w.output_len()), (pool::max_pool_backward(&dy, &few, &w), w.input_len())]
            }
        }
    });
}

#[test]
fn pools_to_a_size() {
    check(150, |draw| {
        let (input, output) = ([draw.some(), draw.some()], [draw.size(), draw.size()]);
        let (n, channels) = (draw.pick(&[0, 1, 2]), draw.size());
        let pool = Adaptive { input: input.map(|size| draw.about_or_vast(size)), output, channels: draw.about_or_vast(channels) };
        let lens = [input, output].map(|[h, w]| if input.contains(&0) { 0 } else { n * h * w * channels });
        let (x, dy) = (draw.values(lens[0]), draw.values(lens[1]));
        match draw.below(4) {
            0 => vec![(pool.average(&x), lens[1])],
            // Without outputs nothing tells how many images there were.
            1 => vec![(pool.average_backward(&dy), if lens[1] == 0 { 0 } else { lens[0] })],
            2 => vec![(pool.max(&x).0, lens[1])],
            _ => {
                let winners = vec![0; draw.about(dy.len())];
                vec![(pool.max_backward(&dy, &winners), if lens[1] == 0 { 0 } else { lens[0] })]
            }
        }
    });
}

#[test]
fn other_sizes() {
    check(150, |draw| {
        let rule = draw.pick(&[Rule::Nearest, Rule::Bilinear { align_corners: true }, Rule::Bicubic { align_corners: false }]);
        let (input, output) = ([draw.some(), draw.some()], [draw.some(), draw.some()]);
        let (n, channels) = (draw.pick(&[0, 1, 2]), draw.size());
        let u = Upsample { input: input.map(|size| draw.about(size)), output, channels: draw.about_or_vast(channels), rule };
        let [x_len, y_len] = [input, output].map(|[h, w]| n * h * w * channels);
        let (x, dy) = (draw.values(x_len), draw.values(y_len));
        match draw.below(3) {
            0 => vec![(u.forward(&x), y_len)],
            1 => vec![(u.backward(&dy), x_len)],
            _ => {
                let place = draw.about(0);
                let table = |input: usize, output: usize| Table::new(input, (0..output).map(|_| [(place, 0.5), (input - 1, 0.5)]));
                let (rows, columns) = (table(input[0], output[0]), table(input[1], output[1]));
                vec![(resample(&x, &rows, &columns, u.channels), y_len)]
            }
        }
    });
}

#[test]
fn orders() {
    check(200, |draw| {
        let (n, h, w, c, r) = (draw.pick(&[0, 1, 3]), draw.size(), draw.size(), draw.size(), draw.pick(&[1, 2, 3]));
        let x = draw.values(n * h * w * c * r * r);
        let [width, channels, r] = [w, c, r].map(|size| draw.about_or_vast(size));
        let len = x.len();
        match draw.below(5) {
            0 => vec![(layout::pixel_shuffle(&x, width, channels, r), len)],
            1 => vec![(layout::pixel_unshuffle(&x, width, channels, r), len)],
            2 => {
                let x = draw.values(n * h * w * c);
                let [rows, columns] = [h * w, c].map(|size| draw.about_or_vast(size));
                let len = x.len();
                vec![
                    (layout::transpose(&x, rows, columns), len),
                    (layout::channels_last(&x, columns, rows), len),
                    (layout::channels_first(&x, columns, rows), len),
                ]
            }
            3 => {
                let (rows, places) = (draw.some(), draw.size());
                let x = draw.values(n * rows * c);
                let places: Box<[u32]> = (0..places).map(|_| draw.pick(&[layout::NOWHERE, 0, 0, rows as u32 - 1])).collect();
                let n = if c == 0 { 0 } else { n };
                vec![(layout::pick(&x, draw.about_or_vast(rows), channels, &places), n * places.len() * c)]
            }
            _ => {
                let (x, y) = (draw.values(n * c), draw.values(n * w));
                let joined = layout::concat(&[(&x, c), (&y, w)]);
                let own = draw.about(c);
                let parts = layout::split(&joined, &[own, w]).into_iter().zip([n * c, n * w]);
                parts.chain([(joined.clone(), n * (c + w))]).collect()
            }
        }
    });
}
