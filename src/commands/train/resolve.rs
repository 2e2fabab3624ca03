//! From what was typed and what stands in the parameter file to a [`Config`], once.

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::super::weights::{Source, StartingPoint};
use super::super::{Context, Failure};
use crate::cli::train::TrainArgs;
use crate::dataset::Dataset;
use crate::training::config::{BadChoice, Basis, Choices, Config};
use crate::workspace::settings::{self, Settings};

/// Everything that was left open is decided.
pub struct Resolved {
    pub config: Config,
    pub data: Dataset,
    pub start: StartingPoint,
    pub experiment: String,
    pub name: Option<String>,
    /// Augmentation was asked for, and cannot be had with a frozen backbone.
    pub augmentation_dropped: bool,
}

/// What one place (the command line, a file) says.
#[derive(Clone, Debug, Default)]
struct Said {
    choices: Choices,
    weights: Option<String>,
    experiment: Option<String>,
    name: Option<String>,
}

pub fn resolve(context: &Context, args: &TrainArgs) -> Result<Resolved, Failure> {
    let typed = typed(args);
    let file = args.params.as_deref().map(|spec| from_file(context, spec)).transpose()?.unwrap_or_default();
    let mut choices = typed.choices.clone().or(file.choices);
    let network = choices.network.as_deref().unwrap_or("resnet18");
    let start = StartingPoint::find(context, typed.weights.or(file.weights).as_deref(), network)?;
    // With the tag of its weights it says how images are to be prepared.
    choices.network = Some(start.network.name());
    // What its images have decides what can be asked for.
    let data = Dataset::open(&context.cwd.join(&args.data))?;
    let basis = Basis {
        pretrained: start.source != Source::Random,
        masks: start.network.architecture.gives_masks(),
        multi_label: data.info.is_multi_label(),
        branches: start.network.architecture.has_branches(),
    };
    let asked = choices.asks_for_augmentation();
    let config = match choices.resolve(basis) {
        Ok(config) => config,
        Err(bad) => return Err(wrong(context, args, &typed.choices, basis, bad)?),
    };
    let augmentation_dropped = asked && config.augment.is_none();
    let experiment = typed.experiment.or(file.experiment).unwrap_or_else(|| "train".to_owned());
    Ok(Resolved { config, data, start, experiment, name: typed.name.or(file.name), augmentation_dropped })
}

/// A wrong value, with its place where it came from a file.
fn wrong(context: &Context, args: &TrainArgs, typed: &Choices, basis: Basis, bad: BadChoice) -> Result<Failure, Failure> {
    let from_command_line = typed.clone().resolve(basis).is_err_and(|own| own.name == bad.name);
    if let (Some(spec), false) = (&args.params, from_command_line) {
        let error = read(context, spec)?.invalid(bad.name, format!("is {}, and must be {}", bad.value, bad.range));
        return Ok(error.into());
    }
    Ok(crate::training::Error::Choice(bad).into())
}

fn read(context: &Context, spec: &str) -> Result<Settings, settings::Error> {
    let (path, key) = Settings::parse_spec(spec);
    Settings::read(&context.cwd.join(path), key.as_deref())
}

fn from_file(context: &Context, spec: &str) -> Result<Said, settings::Error> {
    let mut file = read(context, spec)?;
    let said = Said {
        choices: Choices {
            recipe: file.take("recipe")?,
            network: file.take("network")?,
            image_size: file.take("image_size")?,
            colour_constancy: file.take("colour_constancy")?,
            epochs: file.take("epochs")?,
            batch_size: file.take("batch_size")?,
            grad_checkpointing: file.take("grad_checkpointing")?,
            precision: file.take("precision")?,
            optimizer: file.take("optimizer")?,
            accumulate: file.take("accumulate")?,
            lr: file.take("lr")?,
            schedule: file.take("schedule")?,
            backbone_lr_factor: file.take("backbone_lr_factor")?,
            layer_decay: file.take("layer_decay")?,
            head_epochs: file.take("head_epochs")?,
            weight_decay: file.take("weight_decay")?,
            momentum: file.take("momentum")?,
            nesterov: file.take("nesterov")?,
            warmup_epochs: file.take("warmup_epochs")?,
            final_lr_fraction: file.take("final_lr_fraction")?,
            grad_clip: file.take("grad_clip")?,
            ema: file.take("ema")?,
            sampler: file.take("sampler")?,
            class_weights: file.take("class_weights")?,
            focal_gamma: file.take("focal_gamma")?,
            label_smoothing: file.take("label_smoothing")?,
            augment: file.take("augment")?,
            flips: file.take("flips")?,
            rotation: file.take("rotation")?,
            crop: file.take("crop")?,
            colour_jitter: file.take("colour_jitter")?,
            hue: file.take("hue")?,
            mixup: file.take("mixup")?,
            cutmix: file.take("cutmix")?,
            drop_path: file.take("drop_path")?,
            dice_weight: file.take("dice_weight")?,
            deep_supervision: file.take("deep_supervision")?,
            metadata: file.take("metadata")?,
            metadata_dropout: file.take("metadata_dropout")?,
            metadata_missing: file.take("metadata_missing")?,
            freeze: file.take("freeze")?,
            monitor: file.take("monitor")?,
            patience: file.take("patience")?,
            seed: file.take("seed")?,
            fold: file.take("fold")?,
            device: file.take("device")?,
        },
        weights: file.take("weights")?,
        experiment: file.take("experiment")?,
        name: file.take("name")?,
    };
    file.finish()?;
    Ok(said)
}

fn typed(args: &TrainArgs) -> Said {
    let TrainArgs { model, learning, augmentation, run, .. } = args;
    Said {
        choices: Choices {
            recipe: word(&learning.recipe),
            network: model.network.clone(),
            image_size: model.image_size,
            colour_constancy: word(&model.colour_constancy),
            epochs: learning.epochs,
            batch_size: learning.batch_size,
            grad_checkpointing: learning.grad_checkpointing,
            precision: word(&learning.precision),
            optimizer: word(&learning.optimizer),
            accumulate: learning.accumulate,
            lr: learning.lr,
            schedule: word(&learning.schedule),
            backbone_lr_factor: learning.backbone_lr_factor,
            layer_decay: learning.layer_decay,
            head_epochs: learning.head_epochs,
            weight_decay: learning.weight_decay,
            momentum: learning.momentum,
            nesterov: learning.nesterov,
            warmup_epochs: learning.warmup_epochs,
            final_lr_fraction: learning.final_lr_fraction,
            grad_clip: learning.grad_clip,
            ema: learning.ema,
            sampler: word(&learning.sampler),
            class_weights: word(&learning.class_weights),
            focal_gamma: learning.focal_gamma,
            label_smoothing: learning.label_smoothing,
            augment: word(&augmentation.augment),
            flips: augmentation.flips,
            rotation: augmentation.rotation,
            crop: augmentation.crop,
            colour_jitter: augmentation.colour_jitter,
            hue: augmentation.hue,
            mixup: augmentation.mixup,
            cutmix: augmentation.cutmix,
            drop_path: learning.drop_path,
            dice_weight: learning.dice_weight,
            deep_supervision: learning.deep_supervision,
            metadata: (!model.metadata.is_empty()).then(|| model.metadata.iter().filter_map(|name| word(&Some(name.clone()))).collect()),
            metadata_dropout: model.metadata_dropout,
            metadata_missing: model.metadata_missing,
            freeze: word(&model.freeze),
            monitor: learning.monitor.clone(),
            patience: learning.patience,
            seed: learning.seed,
            fold: learning.fold,
            device: word(&model.device),
        },
        weights: model.weights.clone(),
        experiment: run.experiment.clone(),
        name: run.name.clone(),
    }
}

/// One of a few words, which clap has held to be one of them.
fn word<T: DeserializeOwned>(text: &Option<String>) -> Option<T> {
    let text: StrDeserializer<'_, ValueError> = text.as_deref()?.into_deserializer();
    T::deserialize(text).ok()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::training::augment::Strength;

    #[derive(Parser)]
    struct Train {
        #[command(flatten)]
        args: TrainArgs,
    }

    fn parse(options: &[&str]) -> Said {
        let needed = ["train", "--data", "d", "--split", "s", "--out", "o"];
        typed(&Train::try_parse_from(needed.iter().chain(options)).unwrap().args)
    }

    #[test]
    fn every_word_that_clap_lets_through_is_understood() {
        for argument in Train::command().get_arguments() {
            let words: Vec<String> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            for value in words.iter().filter(|_| argument.get_value_names().is_some_and(|names| names[0] != "true|false")) {
                let Some(long) = argument.get_long().filter(|_| argument.get_action().takes_values()) else { continue };
                let said = parse(&[&format!("--{long}"), value]).choices;
                let understood = [
                    said.recipe.is_some(),
                    said.optimizer.is_some(),
                    said.schedule.is_some(),
                    said.sampler.is_some(),
                    said.class_weights.is_some(),
                    said.augment.is_some(),
                    said.colour_constancy.is_some(),
                    said.precision.is_some(),
                    said.freeze.is_some(),
                    said.metadata.is_some_and(|fields| fields.len() == 1),
                    said.device.is_some(),
                ];
                assert!(understood.contains(&true), "--{long} {value}");
            }
        }
        assert_eq!(parse(&["--augment", "strong"]).choices.augment, Some(Strength::Strong));
    }
}
