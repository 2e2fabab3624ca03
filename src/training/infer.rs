//! Prediction: images in, probabilities out.
//!
//! Images are decoded on a second thread while the network works on those before. The same images in the same order
//! give the same bits whatever the number of threads; in other company an image's probabilities may differ by the rounding
//! of single precision, because the sums in a matrix product are cut by its shape.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use candle_core::Tensor;
use rayon::prelude::*;

use super::ahead::ahead;
use super::error::{Error, go_on};
use super::images::geometry;
use super::metadata;
use crate::dataset::pixels::{self, Shelf, Source};
use crate::dataset::{self, Dataset, Geometry, Work};
use crate::evaluation::{Prediction, Predictions, independent_unit};
use crate::nn::metadata::Record;
use crate::nn::{self, Bundle, Inference, Input, Preprocess, bundle};
use crate::observer::{Silent, Unit};

/// Images in a forward pass.
const BATCH: usize = 32;
/// Where masks are drawn, which are large.
const MASK_BATCH: usize = 8;

/// From how many sides an image is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Views {
    /// As it is.
    #[default]
    One,
    /// The eight symmetries of the square; the mean of their probabilities. Rotations by a quarter turn need a square input.
    D4,
}

/// An image that could not be read.
#[derive(Debug)]
pub struct Unreadable {
    /// As it was named.
    pub image: String,
    /// Why.
    pub error: dataset::Error,
}

/// Predictions for rows of a dataset, in their order, with labels translated to the classes of the bundle. Decoded images are kept in `kept`,
/// as [`pixels`] says.
///
/// # Errors
///
/// [`Error::OtherTask`] where the model gives one label and the dataset has several, or the other way round; [`Error::UnknownClasses`] when a row is labelled with a class that the bundle lacks; the first unreadable image.
pub fn predict(
    bundle: &Bundle,
    data: &Dataset,
    rows: &[usize],
    views: Views,
    kept: Option<&Path>,
    work: Work<'_>,
) -> Result<Predictions, Error> {
    let rows: Vec<&dataset::Row> = rows.iter().filter_map(|&row| data.rows.get(row)).collect();
    let several = bundle.config.multi_label;
    if several != data.info.is_multi_label() && !data.info.is_segmentation() {
        return Err(Error::OtherTask { several });
    }
    let labels = translate(&bundle.config.classes, data.classes(), &rows)?;
    let files: Vec<(String, Source)> = rows.iter().map(|row| (row.image.clone(), Source::of(data, row))).collect();
    let known: Vec<Record> = rows.iter().map(|row| metadata::record(row)).collect();
    let (mut predictions, mut unreadable) = predict_files(bundle, &files, &known, views, kept, work)?;
    if !unreadable.is_empty() {
        return Err(unreadable.swap_remove(0).error.into());
    }
    for ((prediction, row), label) in predictions.rows.iter_mut().zip(rows).zip(labels) {
        prediction.group = independent_unit(row);
        match several {
            true => prediction.labels = label,
            false => prediction.label = label.and_then(|label| label.first().copied()),
        }
    }
    Ok(predictions)
}

/// Predictions for files, each with the name that it gets in the table; those that cannot be read are given back beside. `known`: what is
/// known beside each file, for a network that reads it; nothing is of files that it does not reach.
pub fn predict_files(
    bundle: &Bundle,
    files: &[(String, Source)],
    known: &[Record],
    views: Views,
    kept: Option<&Path>,
    work: Work<'_>,
) -> Result<(Predictions, Vec<Unreadable>), Error> {
    let mut predictions = Predictions {
        classes: bundle.config.classes.clone(),
        multi_label: bundle.config.multi_label,
        rows: Vec::with_capacity(files.len()),
    };
    let unreadable = over_batches(bundle, files, BATCH, kept, work, |network, places, images| {
        let known: Vec<Record> = places.iter().map(|&place| known.get(place).cloned().unwrap_or_default()).collect();
        let metadata = metadata::inputs(bundle.config.metadata.as_ref(), &known)?;
        let rows = probabilities(network, &bundle.config, images, metadata.as_ref(), views)?;
        predictions.rows.extend(places.iter().zip(rows).map(|(&place, probabilities)| Prediction {
            image: files[place].0.clone(),
            probabilities,
            ..Prediction::default()
        }));
        Ok(())
    })?;
    Ok((predictions, unreadable))
}

/// How probably each pixel of an image belongs to each mask.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskProbabilities {
    /// Pixels of the network's input.
    pub height: usize,
    /// Pixels of the network's input.
    pub width: usize,
    /// Masks.
    pub channels: usize,
    /// From 0 to 1, `[height, width, channels]`.
    pub values: Vec<f32>,
}

impl MaskProbabilities {
    /// Adds `part` of what was drawn on the image as seen by `symmetry`, turned back.
    fn add(&mut self, values: &[f32], symmetry: u8, part: f32) {
        let (width, channels) = (self.width, self.channels);
        for (at, pixel) in values.chunks_exact(channels).enumerate() {
            let (x, y) = source(symmetry, (width, self.height), (at % width, at / width));
            let own = &mut self.values[(y * width + x) * channels..][..channels];
            own.iter_mut().zip(pixel).for_each(|(own, value)| *own += part * value);
        }
    }
}

/// Masks for files, given to `each` with the place of the file, in order; those that cannot be read are given back. The bundle's network gives masks.
pub fn predict_masks(
    bundle: &Bundle,
    files: &[(String, Source)],
    views: Views,
    kept: Option<&Path>,
    work: Work<'_>,
    each: &mut dyn FnMut(usize, MaskProbabilities),
) -> Result<Vec<Unreadable>, Error> {
    over_batches(bundle, files, MASK_BATCH, kept, work, |network, places, images| {
        let masks = mask_probabilities(network, &bundle.config.preprocess, images, views)?;
        places.iter().zip(masks).for_each(|(&place, mask)| each(place, mask));
        Ok(())
    })
}

/// Decodes files on a second thread, and gives `each` the places and pixels `[height, width, 3]` of those of a batch that can be read.
fn over_batches(
    bundle: &Bundle,
    files: &[(String, Source)],
    size: usize,
    kept: Option<&Path>,
    work: Work<'_>,
    mut each: impl FnMut(&Inference<'_>, &[usize], &[Vec<u8>]) -> Result<(), Error>,
) -> Result<Vec<Unreadable>, Error> {
    let network = bundle.network.frozen()?;
    let geometry = geometry(&bundle.config.preprocess);
    // Each image is looked at once: what cannot be kept need not be held.
    let shelf = Mutex::new(Shelf::open(kept, &geometry, 0, work.observer));
    let mut unreadable = Vec::new();
    let batches: Vec<&[(String, Source)]> = files.chunks(size).collect();
    let task = work.observer.begin("predicting", Some(files.len() as u64), Unit::Items("images"));
    ahead(
        0..batches.len(),
        |i| Ok(decoded(&shelf, batches[i], &geometry, work)?),
        |i, decoded| {
            go_on(work)?;
            let (mut places, mut pixels) = (Vec::new(), Vec::new());
            for (at, image) in decoded.into_iter().enumerate() {
                let place = i * size + at;
                match image {
                    Ok(image) => {
                        places.push(place);
                        pixels.push(image);
                    }
                    Err(error) => unreadable.push(Unreadable { image: files[place].0.clone(), error }),
                }
            }
            if !places.is_empty() {
                each(&network, &places, &pixels)?;
            }
            task.advance(batches[i].len() as u64);
            Ok::<(), Error>(())
        },
    )?;
    shelf.into_inner().unwrap_or_else(PoisonError::into_inner).keep();
    Ok(unreadable)
}

/// The pixels of files, each by itself where it cannot be read.
fn decoded(
    shelf: &Mutex<Shelf<'_>>,
    files: &[(String, Source)],
    geometry: &Geometry,
    work: Work<'_>,
) -> Result<Vec<Result<Vec<u8>, dataset::Error>>, dataset::Error> {
    let sources: Vec<&Source> = files.iter().map(|(_, source)| source).collect();
    let found = shelf.lock().unwrap_or_else(PoisonError::into_inner).fetch(&sources, &Silent, work)?;
    let pixels = |(found, file): (Result<_, _>, &Source)| {
        let (_, spot) = found?;
        Ok(pixels::of(Some(&spot), file, geometry)?.into_owned())
    };
    Ok(found.into_par_iter().zip(sources).map(pixels).collect())
}

/// Probabilities of images `[height, width, 3]` of the network's input size, one row an image.
fn probabilities(
    network: &Inference<'_>,
    config: &bundle::Config,
    images: &[Vec<u8>],
    metadata: Option<&Tensor>,
    views: Views,
) -> Result<Vec<Vec<f64>>, Error> {
    let preprocess = &config.preprocess;
    let size = (preprocess.width as usize, preprocess.height as usize);
    let symmetries = symmetries(views, size);
    let mut sums = vec![Vec::new(); images.len()];
    for &symmetry in symmetries {
        let logits = seen(network, preprocess, images, metadata, symmetry)?;
        for (sum, row) in sums.iter_mut().zip(shares(&logits, config.multi_label)?) {
            sum.resize(row.len(), 0.0);
            sum.iter_mut().zip(row).for_each(|(sum, p): (&mut f64, f64)| *sum += p);
        }
    }
    let n = symmetries.len() as f64;
    Ok(sums.into_iter().map(|sum| sum.into_iter().map(|p| p / n).collect()).collect())
}

/// Masks of images `[height, width, 3]` of the network's input size; the mean over the views, each turned back.
fn mask_probabilities(
    network: &Inference<'_>,
    preprocess: &Preprocess,
    images: &[Vec<u8>],
    views: Views,
) -> Result<Vec<MaskProbabilities>, Error> {
    let (width, height) = (preprocess.width as usize, preprocess.height as usize);
    let symmetries = symmetries(views, (width, height));
    let part = 1.0 / symmetries.len() as f32;
    let mut masks: Vec<MaskProbabilities> = Vec::new();
    for &symmetry in symmetries {
        let logits = seen(network, preprocess, images, None, symmetry)?;
        let channels = logits.dims()[3];
        let values = nn::ops::sigmoid(&logits)?.flatten_all()?.to_vec1::<f32>()?;
        masks.resize_with(images.len(), || MaskProbabilities { height, width, channels, values: vec![0.0; height * width * channels] });
        let of_images = values.par_chunks_exact(height * width * channels);
        masks.par_iter_mut().zip(of_images).for_each(|(mask, values)| mask.add(values, symmetry, part));
    }
    Ok(masks)
}

/// The symmetries that images of this width and height are looked at from.
fn symmetries(views: Views, (width, height): (usize, usize)) -> &'static [u8] {
    match views {
        Views::One => &[0],
        Views::D4 if width == height => &[0, 1, 2, 3, 4, 5, 6, 7],
        Views::D4 => &[0, 1, 2, 3],
    }
}

/// The network's outputs for images seen from one side.
fn seen(
    network: &Inference<'_>,
    preprocess: &Preprocess,
    images: &[Vec<u8>],
    metadata: Option<&Tensor>,
    symmetry: u8,
) -> Result<Tensor, Error> {
    let size = (preprocess.width as usize, preprocess.height as usize);
    let seen: Vec<u8> = images.iter().flat_map(|image| view(image, size, symmetry)).collect();
    let images = nn::normalise::normalise(&seen, preprocess)?;
    Ok(network.forward(Input::images(&images).with(metadata))?)
}

/// One of the square's eight symmetries, as bits: 1 left-right, 2 top-bottom, 4 transposed.
fn view(image: &[u8], (width, height): (usize, usize), symmetry: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(image.len());
    for y in 0..height {
        for x in 0..width {
            let (x, y) = source(symmetry, (width, height), (x, y));
            out.extend_from_slice(&image[(y * width + x) * 3..][..3]);
        }
    }
    out
}

/// The pixel of the image that is seen at `(x, y)`.
fn source(symmetry: u8, (width, height): (usize, usize), (x, y): (usize, usize)) -> (usize, usize) {
    let (x, y) = if symmetry & 4 == 0 { (x, y) } else { (y, x) };
    let x = if symmetry & 1 == 0 { x } else { width - 1 - x };
    let y = if symmetry & 2 == 0 { y } else { height - 1 - y };
    (x, y)
}

/// Probabilities from logits `[n, classes]`: of each row's classes together, or, where an image has any number of labels, of each by itself.
pub fn shares(logits: &Tensor, multi_label: bool) -> Result<Vec<Vec<f64>>, Error> {
    if !multi_label {
        return softmax(logits);
    }
    let sigmoid = |logit: f32| 1.0 / (1.0 + (-f64::from(logit)).exp());
    Ok(logits.to_vec2::<f32>()?.into_iter().map(|row| row.into_iter().map(sigmoid).collect()).collect())
}

/// Probabilities from logits `[n, classes]`, in f64, so that each row sums to 1 within rounding.
pub fn softmax(logits: &Tensor) -> Result<Vec<Vec<f64>>, Error> {
    let rows = logits.to_vec2::<f32>()?;
    let row = |logits: Vec<f32>| {
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = logits.iter().map(|&logit| (f64::from(logit) - f64::from(top)).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Labels as positions in the bundle's classes.
fn translate(known: &[String], classes: &[String], rows: &[&dataset::Row]) -> Result<Vec<Option<Vec<usize>>>, Error> {
    let places: Vec<Option<usize>> = classes.iter().map(|class| known.iter().position(|name| name == class)).collect();
    let mut unknown: Vec<usize> =
        rows.iter().filter_map(|row| row.shown()).flatten().copied().filter(|&label| places[label].is_none()).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        let classes = unknown.into_iter().map(|label| classes[label].clone()).collect();
        return Err(Error::UnknownClasses { classes, known: known.to_vec() });
    }
    let sorted = |shown: &[usize]| {
        let mut found: Vec<usize> = shown.iter().filter_map(|&label| places[label]).collect();
        found.sort_unstable();
        found
    };
    Ok(rows.iter().map(|row| row.shown().map(sorted)).collect())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn softmax_is_the_textbooks() {
        let logits = Tensor::new(&[[1f32, 2.0, 3.0], [1000.0, 1000.0, -1000.0]], &Device::Cpu).unwrap();
        let rows = softmax(&logits).unwrap();
        for (got, wanted) in rows[0].iter().zip([0.090_030_573_170_380_46, 0.244_728_471_054_797_64, 0.665_240_955_774_821_9]) {
            assert!((got - wanted).abs() < 1e-15, "{got}");
        }
        assert_eq!(rows[1], [0.5, 0.5, 0.0]);
    }

    #[test]
    fn the_eight_views_are_all_different_and_keep_every_pixel() {
        let image: Vec<u8> = (0..12).collect();
        let mut views: Vec<Vec<u8>> = (0..8).map(|symmetry| view(&image, (2, 2), symmetry)).collect();
        assert_eq!(views[0], image);
        for seen in &views {
            let mut pixels = seen.clone();
            pixels.sort_unstable();
            assert_eq!(pixels, image);
        }
        views.sort();
        views.dedup();
        assert_eq!(views.len(), 8);
    }

    #[test]
    fn masks_of_every_view_lie_on_the_image_again() {
        let image: Vec<u8> = (0..27).collect();
        for symmetry in 0..8 {
            let drawn: Vec<f32> = view(&image, (3, 3), symmetry).into_iter().map(f32::from).collect();
            let mut mask = MaskProbabilities { height: 3, width: 3, channels: 3, values: vec![1.0; 27] };
            mask.add(&drawn, symmetry, 0.5);
            assert!(mask.values.iter().zip(&image).all(|(own, &pixel)| *own == 1.0 + 0.5 * f32::from(pixel)), "{symmetry}");
        }
        // Two wide and one high: mirrored alone.
        let mut mask = MaskProbabilities { height: 1, width: 2, channels: 1, values: vec![0.0; 2] };
        mask.add(&[3.0, 4.0], 1, 1.0);
        assert_eq!(mask.values, [4.0, 3.0]);
    }

    #[test]
    fn labels_follow_the_names_of_classes_and_not_their_order() {
        let row = |label| dataset::Row { label, ..dataset::Row::default() };
        let names = |names: [&str; 2]| names.map(str::to_owned);
        let rows = [row(Some(0)), row(None), row(Some(1))];
        let rows: Vec<&dataset::Row> = rows.iter().collect();
        assert_eq!(translate(&names(["nv", "mel"]), &names(["mel", "nv"]), &rows).unwrap(), [Some(vec![1]), None, Some(vec![0])]);
        let error = translate(&names(["nv", "bkl"]), &names(["mel", "nv"]), &rows).unwrap_err();
        assert_eq!(error.to_string(), "the model does not know the class `mel` of the data");
    }
}
