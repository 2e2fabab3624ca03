//! `derm train --dry` and `--find-lr`: a few steps, of which nothing is kept.

use std::path::Path;

use serde::Serialize;

use super::super::{Context, Exit, Failure};
use crate::cli::train::TrainArgs;
use crate::dataset::Work;
use crate::text;
use crate::training::Plan;
use crate::training::rehearsal::{self, Outlook, Point, RangeTest};
use crate::ui::{Align, Page, Report, Table};

/// Rows of the table that people see.
const SHOWN: usize = 20;

pub fn run(context: &Context, args: &TrainArgs, plan: &Plan<'_>, folder: &Path, work: Work<'_>) -> Result<Exit, Failure> {
    if args.dry {
        context.ui.show(&DryReport::new(plan, &rehearsal::outlook(plan, folder, work)?))?;
    } else {
        context.ui.show(&RangeReport::new(&rehearsal::range_test(plan, folder, work)?))?;
    }
    Ok(Exit::Done)
}

/// What a training would take.
#[derive(Debug, Serialize)]
struct DryReport {
    network: &'static str,
    input: [usize; 2],
    outputs: Vec<String>,
    parameters: usize,
    trainable: usize,
    train_images: usize,
    val_images: usize,
    epochs: usize,
    batch_size: usize,
    steps_per_epoch: usize,
    seconds_per_step: f64,
    seconds_per_epoch: f64,
    seconds: f64,
    memory_bytes: u64,
    free_memory_bytes: u64,
}

impl DryReport {
    fn new(plan: &Plan<'_>, outlook: &Outlook) -> Self {
        Self {
            network: plan.architecture.name,
            input: plan.image_size(),
            outputs: plan.goal.outputs().to_vec(),
            parameters: outlook.parameters,
            trainable: outlook.trainable,
            train_images: outlook.train_images,
            val_images: outlook.val_images,
            epochs: outlook.epochs,
            batch_size: plan.config.batch_size,
            steps_per_epoch: outlook.steps_per_epoch,
            seconds_per_step: outlook.seconds_per_step,
            seconds_per_epoch: outlook.seconds_per_epoch,
            seconds: outlook.seconds_per_epoch * outlook.epochs as f64,
            memory_bytes: outlook.memory,
            free_memory_bytes: outlook.free_memory,
        }
    }
}

impl Report for DryReport {
    const KIND: &'static str = "train-dry";

    fn human(&self, page: &mut Page) {
        let [height, width] = self.input;
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        let mut row = |name: &str, value: String| {
            table.row([name.to_owned(), value]);
        };
        row("network", format!("{}, {width}x{height} pixels, {}", self.network, text::count(self.outputs.len(), "output", "outputs")));
        row("weights", format!("{}, {} of them trained", text::grouped(self.parameters as u64), text::grouped(self.trainable as u64)));
        row(
            "images",
            format!("{} for training, {} for validation", text::grouped(self.train_images as u64), text::grouped(self.val_images as u64)),
        );
        row("steps", format!("{} an epoch, of {} a batch", self.steps_per_epoch, text::count(self.batch_size, "image", "images")));
        row("a step", text::duration(self.seconds_per_step));
        row("an epoch", text::duration(self.seconds_per_epoch));
        row("all", format!("{} for {}", text::duration(self.seconds), text::count(self.epochs, "epoch", "epochs")));
        if self.memory_bytes > 0 {
            row("memory", format!("{}, {} still free", text::bytes(self.memory_bytes), text::bytes(self.free_memory_bytes)));
        }
        page.table(&table);
        page.blank().line("nothing was trained or written (--dry)");
    }
}

/// Which learning rates a network bears.
#[derive(Debug, Serialize)]
struct RangeReport {
    /// Where the smoothed loss falls fastest.
    steepest: Option<f64>,
    /// A tenth of the rate with the lowest smoothed loss.
    tenth_of_lowest: Option<f64>,
    steps: Vec<StepRow>,
}

#[derive(Debug, Serialize)]
struct StepRow {
    lr: f64,
    loss: f64,
    smoothed_loss: f64,
}

impl RangeReport {
    fn new(test: &RangeTest) -> Self {
        let row = |point: &Point| StepRow { lr: point.rate, loss: point.loss, smoothed_loss: point.smoothed };
        Self { steepest: test.steepest, tenth_of_lowest: test.tenth_of_lowest, steps: test.points.iter().map(row).collect() }
    }
}

impl Report for RangeReport {
    const KIND: &'static str = "train-find-lr";

    fn human(&self, page: &mut Page) {
        let mut table = Table::new([("lr", Align::Right), ("smoothed loss", Align::Right), ("", Align::Left)]);
        let highest = self.steps.iter().map(|step| step.smoothed_loss).fold(0.0, f64::max);
        for step in self.steps.iter().step_by(self.steps.len().div_ceil(SHOWN).max(1)) {
            let bar = "#".repeat((step.smoothed_loss / highest * 40.0).round().clamp(0.0, 40.0) as usize);
            table.row([format!("{:.1e}", step.lr), format!("{:.4}", step.smoothed_loss), bar]);
        }
        page.table(&table).blank();
        match (self.steepest, self.tenth_of_lowest) {
            (Some(steepest), Some(tenth)) => page.line(format!(
                "the loss falls fastest at --lr {steepest:.1e}; a tenth of where it is lowest is {tenth:.1e}: begin between them"
            )),
            _ => page.line("the loss never falls: look at the data and the settings first"),
        };
        page.line("nothing was kept (--find-lr)");
    }
}
