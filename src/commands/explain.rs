//! `derm explain`: gathers images, asks the network why, writes pictures.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::Device;
use image::ImageFormat;
use serde::Serialize;

use super::predict::{gather, reason};
use super::{Context, Exit, Failure, metadata};
use crate::cli::explain::{self as cli, ExplainArgs};
use crate::dataset::loader;
use crate::explain::{Method, check, explain, overlay};
use crate::nn::metadata::{Encoding, Record};
use crate::nn::{self, Bundle, Input, Network};
use crate::observer::Unit;
use crate::text;
use crate::training::{self, geometry};
use crate::ui::{Align, Page, Report, Table};
use crate::workspace::atomic;

/// Pictures are enlarged until their longer side has as many pixels.
const SIDE: u32 = 448;
/// Maps of fewer places a side hardly say where.
const COARSE: usize = 4;

pub fn run(context: &Context, args: &ExplainArgs) -> Result<Exit, Failure> {
    let bundle = Bundle::open(&context.cwd.join(&args.model), &Device::Cpu)?;
    let method = args.method.map_or_else(|| Method::usual(&bundle.network), method);
    let class = args.class.as_deref().map(|name| class(&bundle, method, name)).transpose()?;
    let files = gather::gather(context, &args.images)?;
    if files.is_empty() {
        return Err(Failure::usage("there is no image to explain").hint("name images, folders of images or globs in quotes"));
    }
    let out = context.cwd.join(&args.out);
    std::fs::create_dir_all(&out)
        .map_err(|error| Failure::new(format!("cannot make the folder `{}`", args.out.display())).cause(error.to_string()))?;
    let explainer = Explainer {
        random: args.check.then(|| check::randomised(&bundle.network, 0)).transpose()?,
        bundle: &bundle,
        method,
        class,
        out: &out,
        typed_out: &args.out,
        npy: args.npy,
    };
    let known = metadata::of_table(context, &bundle, args.metadata.as_deref(), files.iter().map(|(name, _)| name.as_str()))?;
    let task = context.ui.observer().begin("explaining", Some(files.len() as u64), Unit::Items("images"));
    let (mut rows, mut unreadable, mut names) = (Vec::new(), Vec::new(), HashMap::new());
    for (at, (name, path)) in files.into_iter().enumerate() {
        if context.interrupt.is_raised() {
            return Err(training::Error::Interrupted { at: None }.into());
        }
        match loader::load_one(&path, &geometry(&bundle.config.preprocess)) {
            Ok(pixels) => rows.push(explainer.explain(name, &pixels, known.get(at), &mut names)?),
            Err(error) => unreadable.push((name, error)),
        }
        task.advance(1);
    }
    drop(task);
    for (name, error) in &unreadable {
        context.ui.warn(format!("left out `{name}`: {}", reason(error)));
    }
    if let Some([height, width]) = rows.first().map(|row| row.map).filter(|sides| sides.iter().any(|side| *side < COARSE)) {
        context.ui.note(format!(
            "`{}` sees {width}x{height} places in images of this size: train at a larger one, or take `--method integrated-gradients`",
            method.name()
        ));
    }
    let report = ExplainReport::new(method, args.out.display().to_string(), rows);
    context.ui.show(&report)?;
    Ok(match (unreadable.is_empty(), report.same_as_random) {
        (false, _) => Exit::Failed,
        (true, Some(true)) => Exit::CheckFailed,
        _ => Exit::Done,
    })
}

fn method(typed: cli::Method) -> Method {
    match typed {
        cli::Method::GradCam => Method::GradCam,
        cli::Method::GradCamPlusPlus => Method::GradCamPlusPlus,
        cli::Method::AttentionRollout => Method::Rollout,
        cli::Method::IntegratedGradients => Method::IntegratedGradients,
    }
}

/// The place of a class that was named.
fn class(bundle: &Bundle, method: Method, name: &str) -> Result<usize, Failure> {
    if !method.is_of_class() {
        return Err(Failure::usage(format!("`{}` explains no single class", method.name()))
            .hint("leave `--class` out, or choose another `--method`"));
    }
    let classes = &bundle.config.classes;
    let unknown =
        || Failure::usage(format!("the model has no class `{name}`")).cause(format!("its classes are {}", text::quoted_list(classes)));
    classes.iter().position(|class| class == name).ok_or_else(unknown)
}

/// What is the same for all images.
struct Explainer<'a> {
    bundle: &'a Bundle,
    method: Method,
    class: Option<usize>,
    out: &'a Path,
    /// The same as it was typed.
    typed_out: &'a Path,
    /// Whether maps are written as arrays too.
    npy: bool,
    /// The network at random weights, to compare with.
    random: Option<Network>,
}

impl Explainer<'_> {
    /// Explains pixels `[height, width, 3]` of the network's input size, and writes the picture. `known`: beside them; `names`: how often a
    /// file's name was taken.
    fn explain(&self, image: String, pixels: &[u8], known: Option<&Record>, names: &mut HashMap<String, usize>) -> Result<Row, Failure> {
        let (network, preprocess) = (&self.bundle.network, &self.bundle.config.preprocess);
        let input = nn::normalise::normalise(pixels, preprocess)?;
        let encode = |encoding: &Encoding| encoding.encode(&[known.cloned().unwrap_or_default()]);
        let metadata = self.bundle.config.metadata.as_ref().map(encode).transpose()?;
        let metadata = metadata.as_ref();
        let logits = network.forward(Input::images(&input).with(metadata))?;
        let probabilities = training::infer::shares(&logits, self.bundle.config.multi_label)?.swap_remove(0);
        let top = (0..probabilities.len()).fold(0, |top, at| if probabilities[at] > probabilities[top] { at } else { top });
        let class = self.class.unwrap_or(top);
        let map = explain(network, &input, metadata, class, self.method)?;
        let correlation = match &self.random {
            Some(random) => check::correlation(&map, &explain(random, &input, metadata, class, self.method)?),
            None => None,
        };
        let class = self.bundle.config.classes[class].clone();
        let name = file_name(&image, self.method.is_of_class().then_some(&*class), self.method, names);
        let (file, shown) = (self.out.join(&name), self.typed_out.join(&name));
        let scale = (SIDE / preprocess.width.max(preprocess.height)).max(1);
        let picture = enlarged(pixels, preprocess.width, preprocess.height, scale);
        let (width, height) = (preprocess.width * scale, preprocess.height * scale);
        let mut png = std::io::Cursor::new(Vec::new());
        overlay::overlay(&picture, width, height, &map)
            .write_to(&mut png, ImageFormat::Png)
            .map_err(|error| Failure::new("cannot encode a picture").cause(error.to_string()))?;
        atomic::write(&file, png.get_ref())?;
        if self.npy {
            atomic::write(&file.with_extension("npy"), &map.to_npy())?;
        }
        Ok(Row {
            image,
            class,
            probability: probabilities[self.class.unwrap_or(top)],
            picture: shown.display().to_string(),
            map: [map.height, map.width],
            correlation,
        })
    }
}

/// Each pixel several times as large, so that the map's detail is not lost in a small picture.
fn enlarged(pixels: &[u8], width: u32, height: u32, scale: u32) -> Vec<u8> {
    let (width, scale) = (width as usize, scale as usize);
    let line = |y: usize| (0..width * scale).flat_map(move |x| &pixels[(y / scale * width + x / scale) * 3..][..3]).copied();
    (0..height as usize * scale).flat_map(line).collect()
}

/// `NAME.CLASS.METHOD.png`, numbered where images of several folders have one name.
fn file_name(image: &str, class: Option<&str>, method: Method, names: &mut HashMap<String, usize>) -> PathBuf {
    let stem = Path::new(image).file_stem().unwrap_or_default().to_string_lossy();
    let plain = |text: &str| text.chars().map(|c| if c.is_alphanumeric() || "-_.+".contains(c) { c } else { '_' }).collect::<String>();
    let parts: Vec<String> = [Some(&*stem), class, Some(method.name())].into_iter().flatten().map(plain).collect();
    let name = parts.join(".");
    let taken = names.entry(name.to_lowercase()).or_default();
    *taken += 1;
    PathBuf::from(if *taken == 1 { format!("{name}.png") } else { format!("{name}.{taken}.png") })
}

/// What `derm explain` answers.
#[derive(Debug, Serialize)]
struct ExplainReport {
    method: &'static str,
    out: String,
    images: Vec<Row>,
    /// With `--check`: the mean of the images' correlations; 0 for those where a map is the same everywhere.
    random_correlation: Option<f64>,
    /// With `--check`: whether the maps are those of a random network too.
    same_as_random: Option<bool>,
    #[serde(skip)]
    checked: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    image: String,
    class: String,
    probability: f64,
    picture: String,
    /// Height and width of the map.
    map: [usize; 2],
    /// Spearman's rank correlation with the map of the network at random weights.
    #[serde(rename = "random_correlation")]
    correlation: Option<f64>,
}

impl ExplainReport {
    fn new(method: Method, out: String, images: Vec<Row>) -> Self {
        let checked = images.iter().any(|row| row.correlation.is_some());
        let sum: f64 = images.iter().filter_map(|row| row.correlation).sum();
        let mean = checked.then(|| sum / images.len() as f64);
        Self { method: method.name(), out, images, random_correlation: mean, same_as_random: mean.map(|mean| mean >= check::SAME), checked }
    }
}

impl Report for ExplainReport {
    const KIND: &'static str = "explain";

    fn human(&self, page: &mut Page) {
        let mut columns = vec![("image", Align::Left), ("class", Align::Left), ("probability", Align::Right), ("picture", Align::Left)];
        if self.checked {
            columns.push(("random weights", Align::Right));
        }
        let mut table = Table::with_columns(columns.into_iter().map(|(name, align)| (name.to_owned(), align)).collect());
        for row in &self.images {
            let mut cells = vec![row.image.clone(), row.class.clone(), format!("{:.4}", row.probability), row.picture.clone()];
            if self.checked {
                cells.push(row.correlation.map_or("-".to_owned(), |correlation| format!("{correlation:.2}")));
            }
            table.row(cells);
        }
        page.table(&table);
        if let (Some(mean), Some(same)) = (self.random_correlation, self.same_as_random) {
            page.blank().line(match same {
                false => format!("{}: maps of a random network differ (mean rank correlation {mean:.2})", self.method),
                true => format!(
                    "{}: maps of a random network are much the same (mean rank correlation {mean:.2}): they show the images, not what was learnt",
                    self.method
                ),
            });
        }
    }
}
