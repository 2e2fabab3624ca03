//! `synthetic`: drawn pictures in the manner of dermoscopy, to try everything without data.
//!
//! Every picture shows one lesion on skin. The classes differ by the ABCD criteria of dermoscopy (Nachbar et al.
//! 1994): asymmetry, border, colours, diameter; each is drawn from a distribution of its class, and the
//! distributions overlap. One lesion in eight looks like another class ([`plan::LOOKALIKES`]), as early melanomas look like
//! nevi, so that no network can be right every time. Skin tones span the range of individual typology angles
//! from 60 to -40 degrees; hair, ruler marks, dark corners, uneven light, blur and noise do not depend on the class.
//! A lesion has one to three pictures (a `group`), a patient one or more lesions.
//!
//! The pictures are no substitute for photographs: nothing learnt here carries over to patients.
//!
//! Promises: the same settings give the same bytes on any number of threads, since every lesion has a random
//! stream of its own (ChaCha8, keyed by the seed and the lesion's number).

mod artefacts;
mod colour;
mod looks;
mod noise;
mod paint;
mod plan;

use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageFormat, RgbImage};
use indexmap::IndexMap;
use rayon::prelude::*;

use super::ingest::Assembly;
use super::{Dataset, Error, Info, Row, Work, check, info};
use crate::digest::ObjectId;
use crate::observer::Unit;

pub use looks::Class;

/// What to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Pictures, 1 to 100,000.
    pub images: usize,
    /// Width and height in pixels, 32 to 1024.
    pub size: u32,
    /// Every seed is another dataset.
    pub seed: u64,
    /// Two or more.
    pub classes: Vec<Class>,
    /// Masks instead of labels: the one class is `lesion`.
    pub segmentation: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { images: 600, size: 96, seed: 1, classes: Class::ALL.to_vec(), segmentation: false }
    }
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        if !(1..=100_000).contains(&self.images) {
            return Err(Error::settings(format!("synthetic: `images` must be 1 to 100,000, not {}", self.images)));
        }
        if !(32..=1024).contains(&self.size) {
            return Err(Error::settings(format!("synthetic: `size` must be 32 to 1024 pixels, not {}", self.size)));
        }
        if self.classes.len() < 2 {
            return Err(Error::settings("synthetic: two or more classes are wanted"));
        }
        Ok(())
    }
}

/// Draws a dataset into the folder `out`; `replace`: a dataset that is there may go.
pub fn generate(out: &Path, settings: &Settings, replace: bool, work: Work<'_>) -> Result<Dataset, Error> {
    settings.check()?;
    let mut settings = settings.clone();
    settings.classes.sort();
    settings.classes.dedup();
    let views = plan::plan(&settings);
    let assembly = Assembly::begin(out, replace)?;
    let task = work.observer.begin("drawing images", Some(views.len() as u64), Unit::Items("images"));
    let rows: Result<Vec<Row>, Error> = views
        .par_iter()
        .map(|view| {
            check(work)?;
            let row = draw(view, &settings, &assembly)?;
            task.advance(1);
            Ok(row)
        })
        .collect();
    let mut rows = rows?;
    rows.sort_by(|a, b| a.image.cmp(&b.image));
    assembly.finish(describe(&settings, rows.len()), rows, &[])
}

fn draw(view: &plan::View, settings: &Settings, assembly: &Assembly) -> Result<Row, Error> {
    let (picture, mask) = paint::paint(view, settings.size);
    let bytes = jpeg(&picture)?;
    let mask = png(&mask)?;
    let row = view.row(&settings.classes, settings.size, (ObjectId::of(&bytes), ObjectId::of(&mask)));
    assembly.write(&assembly.image_place(&row.image)?, &bytes)?;
    if let Some(name) = &row.mask {
        assembly.write(&assembly.mask_place(name)?, &mask)?;
    }
    Ok(if settings.segmentation { Row { label: None, ..row } } else { row })
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let done = JpegEncoder::new_with_quality(&mut bytes, 92).encode_image(picture);
    done.map_err(|error| Error::Unwritable { what: "a JPEG", message: error.to_string() })?;
    Ok(bytes)
}

fn png(mask: &GrayImage) -> Result<Vec<u8>, Error> {
    let mut bytes = Cursor::new(Vec::new());
    let done = mask.write_to(&mut bytes, ImageFormat::Png);
    done.map_err(|error| Error::Unwritable { what: "a PNG", message: error.to_string() })?;
    Ok(bytes.into_inner())
}

fn describe(settings: &Settings, images: usize) -> Info {
    let mut made = IndexMap::new();
    made.insert("images".to_owned(), settings.images.into());
    made.insert("size".to_owned(), settings.size.into());
    made.insert("seed".to_owned(), settings.seed.into());
    Info {
        schema: info::SCHEMA,
        task: if settings.segmentation { info::SEGMENTATION } else { info::CLASSIFICATION }.to_owned(),
        classes: if settings.segmentation {
            vec!["lesion".to_owned()]
        } else {
            settings.classes.iter().map(|class| class.name().to_owned()).collect()
        },
        images,
        format: "synthetic".to_owned(),
        source: "synthetic".to_owned(),
        licence: "CC0-1.0 (drawn by a program; no photographs, no patients)".to_owned(),
        notes: vec!["Synthetic: drawn pictures for trying derm. Nothing learnt here says anything about patients.".to_owned()],
        made,
        skipped: IndexMap::new(),
    }
}
