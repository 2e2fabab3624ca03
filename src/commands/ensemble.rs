//! `derm ensemble`.

use serde::Serialize;

use super::{Context, Exit, Failure};
use crate::cli::ensemble::{EnsembleArgs, MeanKind};
use crate::evaluation::Predictions;
use crate::evaluation::ensemble::{Cover, Mean, Member, ensemble};
use crate::text;
use crate::ui::{Page, Report};
use crate::workspace::atomic;

pub fn run(context: &Context, args: &EnsembleArgs) -> Result<Exit, Failure> {
    let weights = weights(args)?;
    let member = |(path, weight): (&std::path::PathBuf, f64)| {
        let name = path.display().to_string();
        Ok(Member { predictions: Predictions::read_csv(&context.cwd.join(path))?, name, weight })
    };
    let members = args.tables.iter().zip(weights).map(member).collect::<Result<Vec<_>, Failure>>()?;
    let mean = match args.mean {
        MeanKind::Arithmetic => Mean::Arithmetic,
        MeanKind::Geometric => Mean::Geometric,
    };
    let predictions = ensemble(&members, mean, if args.any { Cover::Any } else { Cover::All })?;
    atomic::write(&context.cwd.join(&args.out), predictions.to_csv().as_bytes())?;
    context.ui.show(&EnsembleReport {
        out: args.out.display().to_string(),
        tables: members.iter().map(|member| Table { table: member.name.clone(), weight: member.weight }).collect(),
        images: predictions.rows.len(),
        classes: predictions.classes,
    })?;
    Ok(Exit::Done)
}

fn weights(args: &EnsembleArgs) -> Result<Vec<f64>, Failure> {
    if args.weights.is_empty() {
        return Ok(vec![1.0; args.tables.len()]);
    }
    if args.weights.len() != args.tables.len() {
        let (weights, tables) = (text::count(args.weights.len(), "weight", "weights"), text::count(args.tables.len(), "table", "tables"));
        return Err(Failure::usage(format!("there are {weights} for {tables}")));
    }
    match args.weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0)) {
        Some(wrong) => Err(Failure::usage(format!("a weight is {wrong}, and must be above 0")).hint("leave the table out instead")),
        None => Ok(args.weights.clone()),
    }
}

/// What was put together.
#[derive(Debug, Serialize)]
struct EnsembleReport {
    out: String,
    tables: Vec<Table>,
    images: usize,
    classes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Table {
    table: String,
    weight: f64,
}

impl Report for EnsembleReport {
    const KIND: &'static str = "ensemble";

    fn human(&self, page: &mut Page) {
        let (images, tables) = (text::count(self.images, "image", "images"), text::count(self.tables.len(), "table", "tables"));
        page.line(format!("wrote {images} of {tables} to `{}`", self.out));
    }
}
