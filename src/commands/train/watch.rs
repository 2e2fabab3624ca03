//! The events of a training, on the terminal and in the run's files.

use crate::observer::{Task, Unit};
use crate::text;
use crate::tracking::RunWriter;
use crate::training::Watcher;
use crate::training::events::{Epoch, Event, Extent, Step};
use crate::training::goal::Goal;
use crate::ui::Ui;

/// Watches one training.
pub struct Watch<'a> {
    ui: &'a Ui,
    run: &'a RunWriter,
    /// Metrics to show: the watched one last.
    shown: [&'static str; 2],
    extent: Option<Extent>,
    bar: Option<Box<dyn Task>>,
}

impl<'a> Watch<'a> {
    /// The metric of `goal` is the one to show.
    pub fn new(ui: &'a Ui, run: &'a RunWriter, goal: &Goal) -> Self {
        Self { ui, run, shown: [goal.shown(), goal.metric()], extent: None, bar: None }
    }

    fn begun(&mut self, extent: Extent, done: usize, step: usize) {
        let noun = |n| text::count(n, "image", "images");
        self.ui.note(format!(
            "training {} weights on {}, validating on {}",
            text::grouped(extent.trainable as u64),
            noun(extent.train_images),
            noun(extent.val_images)
        ));
        let bar = self.ui.observer().begin("training", Some((extent.epochs * extent.train_images) as u64), Unit::Items("images"));
        bar.resume((done * extent.train_images + step * extent.train_images / extent.steps_per_epoch.max(1)) as u64);
        self.extent = Some(extent);
        self.bar = Some(bar);
    }

    fn step(&self, step: &Step) {
        self.run.metrics(step.step as u64, &[("train_loss", step.loss), ("lr", step.lr), ("grad_norm", step.grad_norm)]);
        if let Some(bar) = &self.bar {
            bar.advance(step.images as u64);
            bar.message(&format!("loss {:.3}", step.loss));
        }
    }

    fn epoch(&self, record: &Epoch, best: bool, images_per_second: f64) {
        let extent = self.extent.unwrap_or(Extent { epochs: 0, steps_per_epoch: 0, train_images: 0, val_images: 0, trainable: 0 });
        let names: Vec<String> = record.val.keys().map(|name| format!("val_{name}")).collect();
        let mut values: Vec<(&str, f64)> =
            names.iter().zip(record.val.values()).filter_map(|(name, value)| Some((name.as_str(), (*value)?))).collect();
        values.extend([("epoch", record.epoch as f64), ("epoch_train_loss", record.train_loss), ("images_per_second", images_per_second)]);
        self.run.metrics((record.epoch * extent.steps_per_epoch) as u64, &values);
        self.ui.note(line(record, extent.epochs, self.shown, best, images_per_second));
    }
}

impl Watcher for Watch<'_> {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Begun { extent, done, step } => self.begun(*extent, *done, *step),
            Event::Step(step) => self.step(step),
            Event::Epoch { record, best, images_per_second } => self.epoch(record, *best, *images_per_second),
            Event::StoppedEarly { epoch, best_epoch } => {
                self.ui.note(format!("stopped after epoch {epoch}: none since epoch {best_epoch} was better"));
            }
        }
    }
}

/// `epoch  3/12  loss 0.912  val log_loss 0.874 balanced_accuracy 0.610 *  lr 8.0e-4  212 images/s`
fn line(record: &Epoch, epochs: usize, shown: [&'static str; 2], best: bool, images_per_second: f64) -> String {
    let width = epochs.to_string().len();
    let mut shown = shown.to_vec();
    shown.dedup();
    let value = |name: &&str| Some(format!("{name} {:.3}", (*record.val.get(*name)?)?));
    let values: Vec<String> = shown.iter().filter_map(value).collect();
    let val = if values.is_empty() { String::new() } else { format!("  val {}{}", values.join(" "), if best { " *" } else { "  " }) };
    format!(
        "epoch {:>width$}/{epochs}  loss {:.3}{val}  lr {:.1e}  {:.0} images/s",
        record.epoch, record.train_loss, record.lr, images_per_second
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_line_an_epoch() {
        let val = BTreeMap::from([
            ("log_loss".to_owned(), Some(0.874)),
            ("macro_auc".to_owned(), None),
            ("balanced_accuracy".to_owned(), Some(0.61)),
        ]);
        let record = Epoch { epoch: 3, train_loss: 0.9123, lr: 8e-4, val };
        assert_eq!(
            line(&record, 12, ["log_loss", "balanced_accuracy"], true, 212.4),
            "epoch  3/12  loss 0.912  val log_loss 0.874 balanced_accuracy 0.610 *  lr 8.0e-4  212 images/s"
        );
        assert_eq!(
            line(&Epoch { val: BTreeMap::new(), ..record }, 12, ["log_loss", "log_loss"], false, 1.0),
            "epoch  3/12  loss 0.912  lr 8.0e-4  1 images/s"
        );
    }
}
