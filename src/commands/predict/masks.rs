//! `derm predict` with a network that gives masks: PNG files.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use super::{reason, strict, why};
use crate::cli::predict::PredictArgs;
use crate::commands::evaluate::{THRESHOLD, portable};
use crate::commands::{Context, Exit, Failure};
use crate::dataset::masks::{Mask, probabilities_png};
use crate::dataset::pixels::Source;
use crate::dataset::{self, Work, decode};
use crate::nn::Bundle;
use crate::text;
use crate::training::{self, MaskProbabilities, Views};
use crate::ui::{Align, Page, Report, Table};
use crate::workspace::{Workspace, atomic};

/// Masks that wait to be written while the network goes on.
const WAITING: usize = 16;

/// As many images as are listed on a terminal.
const LISTED: usize = 20;

pub fn run(
    context: &Context,
    args: &PredictArgs,
    bundle: &Bundle,
    files: &[(String, Source)],
    views: Views,
    kept: Option<&Path>,
) -> Result<Exit, Failure> {
    let Some(out) = &args.out else {
        return Err(Failure::usage("this model gives masks: where to?").hint("name a folder with `--out DIR`"));
    };
    let folder = context.cwd.join(out);
    if folder.is_file() {
        return Err(Failure::usage(format!("`{}` is a file; masks need a folder", out.display())));
    }
    let observer = context.ui.observer();
    let work = Work { observer: observer.as_ref(), interrupt: &context.interrupt };
    let writer =
        Writer { folder, bundle, files, names: names(files), threshold: args.threshold.unwrap_or(THRESHOLD), soft: args.probabilities };
    if args.strict {
        writer.check()?;
    }
    let (mut written, mut waiting) = (Vec::new(), Vec::new());
    let unreadable = training::predict_masks(bundle, files, views, kept, work, &mut |place, drawn| {
        waiting.push((place, drawn));
        if waiting.len() == WAITING {
            written.par_extend(std::mem::take(&mut waiting).into_par_iter().map(|one| writer.write(one)));
        }
    })?;
    written.par_extend(waiting.into_par_iter().map(|one| writer.write(one)));
    let written: Vec<Written> = written.into_iter().collect::<Result<_, Failure>>()?;
    if args.strict && !unreadable.is_empty() {
        return Err(strict(&unreadable));
    }
    for image in &unreadable {
        context.ui.warn(format!("left out {}", why(image)));
    }
    let missing = unreadable.iter().map(|image| Missing { image: image.image.clone(), reason: reason(&image.error) }).collect();
    let workspace = Workspace::discover(&context.cwd).ok();
    let shown = portable(context, workspace.as_ref(), out);
    context.ui.show(&Masks { folder: shown, classes: bundle.config.classes.clone(), masks: written, unreadable: missing })?;
    Ok(if unreadable.is_empty() { Exit::Done } else { Exit::Failed })
}

struct Writer<'a> {
    folder: PathBuf,
    bundle: &'a Bundle,
    files: &'a [(String, Source)],
    names: Vec<String>,
    threshold: f64,
    soft: bool,
}

impl Writer<'_> {
    /// Every image can be decoded: `--strict` promises that nothing is written otherwise.
    fn check(&self) -> Result<(), Failure> {
        let bad = |(name, source): &(String, Source)| {
            decode::decode(&source.path).err().map(|error| training::infer::Unreadable { image: name.clone(), error })
        };
        let unreadable: Vec<_> = self.files.par_iter().filter_map(bad).collect();
        if unreadable.is_empty() { Ok(()) } else { Err(strict(&unreadable)) }
    }

    fn write(&self, (place, drawn): (usize, MaskProbabilities)) -> Result<Written, Failure> {
        let (image, Source { path, .. }) = &self.files[place];
        let failed = |source| dataset::Error::Image { path: path.clone(), source };
        let bytes = std::fs::read(path).map_err(|error| failed(error.into()))?;
        let size = decode::dimensions(&bytes).map_err(failed)?;
        let values = drawn.at_size(&self.bundle.config.preprocess, size).map_err(failed)?;
        let mask = Mask::cut(&values, size, drawn.channels, self.threshold);
        let name = &self.names[place];
        self.put("masks", name, &mask.to_png().map_err(failed)?)?;
        if self.soft {
            self.put("probabilities", name, &probabilities_png(&values, size, drawn.channels).map_err(failed)?)?;
        }
        let shares = (0..mask.channels).map(|class| mask.share(class)).collect();
        Ok(Written { image: image.clone(), mask: format!("masks/{name}"), width: size.0, height: size.1, shares })
    }

    fn put(&self, part: &str, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.folder.join(part).join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::new(format!("cannot make the folder `{}`", folder.display())).cause(error.to_string()))?;
        }
        Ok(atomic::write(&path, bytes)?)
    }
}

/// The PNG of each image: its name without what leads out of a folder, `.png` for its extension; where two images would get one
/// file, all those keep their extension before it.
fn names(files: &[(String, Source)]) -> Vec<String> {
    let plain: Vec<PathBuf> = files
        .iter()
        .map(|(name, _)| Path::new(name).components().filter(|part| matches!(part, Component::Normal(_))).collect::<PathBuf>())
        .collect();
    let short = |path: &Path| path.with_extension("png").to_string_lossy().replace('\\', "/");
    let mut uses: HashMap<String, usize> = HashMap::new();
    for path in &plain {
        *uses.entry(short(path).to_lowercase()).or_insert(0) += 1;
    }
    let name = |path: &PathBuf| {
        let name = short(path);
        if uses[&name.to_lowercase()] == 1 { name } else { format!("{}.png", path.to_string_lossy().replace('\\', "/")) }
    };
    plain.iter().map(name).collect()
}

/// What `derm predict` answers.
#[derive(Debug, Serialize)]
struct Masks {
    folder: String,
    classes: Vec<String>,
    masks: Vec<Written>,
    unreadable: Vec<Missing>,
}

#[derive(Debug, Serialize)]
struct Written {
    image: String,
    /// Below the folder.
    mask: String,
    width: u32,
    height: u32,
    /// Of the image's pixels, by class.
    shares: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Missing {
    image: String,
    reason: String,
}

impl Report for Masks {
    const KIND: &'static str = "predict-masks";

    fn human(&self, page: &mut Page) {
        page.line(format!("wrote {} to `{}/masks`", text::count(self.masks.len(), "mask", "masks"), self.folder));
        if self.masks.is_empty() || self.masks.len() > LISTED {
            return;
        }
        let columns = self.classes.iter().map(|class| (class.clone(), Align::Right));
        let mut table = Table::with_columns(std::iter::once(("image".to_owned(), Align::Left)).chain(columns).collect());
        for mask in &self.masks {
            let shares = mask.shares.iter().map(|share| format!("{:.1} %", 100.0 * share));
            table.row(std::iter::once(mask.image.clone()).chain(shares));
        }
        page.blank().table(&table);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_has_a_file_of_its_own_inside_the_folder() {
        let files = ["a/x.jpg", "../b/y.JPG", "/c/z.png", "q.jpg", "q.png", "Q.tif"]
            .map(|name| (name.to_owned(), Source { path: PathBuf::new(), hash: None }));
        assert_eq!(names(&files), ["a/x.png", "b/y.png", "c/z.png", "q.jpg.png", "q.png.png", "Q.tif.png"]);
    }
}
