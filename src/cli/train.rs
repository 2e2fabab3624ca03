//! Arguments of `derm train`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Train a network to tell classes apart, or to draw masks
///
/// Learns from the images that the split calls `train`, judges every epoch on those called `val`, and writes the weights
/// of the best epoch as a bundle: a folder with `model.safetensors`, `config.json`, `MLmodel`, `README.md` and
/// `provenance.json`. Every option of the groups below `Data and result` can also stand in a parameter file (`--params`), with `_` for `-`.
///
/// Training that was stopped with Ctrl-C or killed goes on when the same command is typed again, to the same weights bit
/// for bit.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  As the example pipeline does it
    derm train --data data/skin --split data/skin-split.csv --out models/skin --params params.yaml:train
  A new head on trained weights
    derm train --data data/ham --split data/ham-split.csv --out models/ham \\
      --network efficientnet_lite0 --weights efficientnet_lite0.safetensors --freeze backbone
  A second stage on a trained bundle, which reads age, sex and site too
    derm train --data data/ham --split data/ham-split.csv --out models/ham-metadata \\
      --network efficientnet_lite0 --weights models/ham --freeze backbone --metadata age,sex,site

EXIT STATUS
    0  done
    1  failed
    2  wrong usage, or a file of yours that cannot be understood
  130  interrupted: a checkpoint is written, and the same command goes on from it")]
pub struct TrainArgs {
    /// The dataset: a folder made by `derm data ingest`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Data and result")]
    pub data: PathBuf,

    /// Which image is for training, validation and test: a table made by `derm data split`
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath, help_heading = "Data and result")]
    pub split: PathBuf,

    /// The folder that the bundle is written to
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Data and result")]
    pub out: PathBuf,

    /// Options from a YAML file, or from the map at a dotted key of it; the command line wins
    #[arg(long, value_name = "FILE[:KEY]", value_hint = ValueHint::FilePath, help_heading = "Data and result")]
    pub params: Option<String>,

    /// Forget the checkpoint of an earlier start and begin anew
    #[arg(long, help_heading = "Data and result")]
    pub restart: bool,

    /// Say what the training would take (weights, memory, time, measured on a few steps), and train nothing
    #[arg(long, conflicts_with = "find_lr")]
    pub dry: bool,

    /// Raise the learning rate from step to step until the loss is lost, say which rates the network bears, and train nothing
    #[arg(long)]
    pub find_lr: bool,

    #[command(flatten)]
    pub model: ModelArgs,

    #[command(flatten)]
    pub learning: LearningArgs,

    #[command(flatten)]
    pub augmentation: AugmentationArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

/// Which network, from which weights.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct ModelArgs {
    /// A network that `derm model zoo` lists, with `.TAG` where one of its published weights is meant [default: resnet18]
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub network: Option<String>,

    /// Weights to start from: a safetensors or PyTorch file, a bundle, a hub name OWNER/NAME[@REV][:FILE], `published` for the
    /// network's own on the hub, or `none` [default: none]
    #[arg(long, value_name = "WEIGHTS", value_hint = ValueHint::FilePath)]
    pub weights: Option<String>,

    /// Side of the square that images are brought to, in pixels; 0 means the network's own [default: 0]
    #[arg(long, value_name = "PIXELS", value_hint = ValueHint::Other)]
    pub image_size: Option<u32>,

    /// Make the light in each image grey before anything else: `shades-of-gray` takes the Minkowski mean (p = 6) of its levels for the light.
    /// The bundle keeps it, and whatever uses the bundle does the same [default: none]
    #[arg(long, value_name = "METHOD", value_parser = ["none", "shades-of-gray"])]
    pub colour_constancy: Option<String>,

    /// Weights that stay: `backbone` trains the head alone, on features that are computed once [default: none]
    #[arg(long, value_name = "PART", value_parser = ["none", "backbone"])]
    pub freeze: Option<String>,

    /// What the network reads beside the images: the columns `age`, `sex` and `site` of the dataset's manifest, or some of them. Best on
    /// trained weights with `--freeze backbone` [default: nothing]
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = ["age", "sex", "site"])]
    pub metadata: Vec<String>,

    /// How often a value is left out between the two layers that read the metadata [default: 0.3]
    #[arg(long, value_name = "RATE", value_hint = ValueHint::Other)]
    pub metadata_dropout: Option<f64>,

    /// How often a field of an image is taken as missing in training [default: 0.1]
    #[arg(long, value_name = "RATE", value_hint = ValueHint::Other)]
    pub metadata_missing: Option<f64>,

    /// Where to compute [default: cpu]
    #[arg(long, value_name = "DEVICE", value_parser = ["cpu", "cuda", "metal"])]
    pub device: Option<String>,
}

/// How it learns.
#[derive(Debug, Args)]
#[command(next_help_heading = "Learning")]
pub struct LearningArgs {
    /// A named preset of the options below, each of which can still be set: `cnn-finetune` or `vit-finetune` from published
    /// weights, `linear-probe` for a new head alone, `from-scratch`; `unet` or `nnunet` for masks
    #[arg(long, value_name = "NAME", value_parser = ["cnn-finetune", "vit-finetune", "linear-probe", "from-scratch", "unet", "nnunet"])]
    pub recipe: Option<String>,

    /// Times that every training image is seen [default: 20; 60 with a frozen backbone]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub epochs: Option<usize>,

    /// Images in a step [default: 32; 128 with a frozen backbone]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub batch_size: Option<usize>,

    /// Keep fewer values for the gradients and work them out again: less memory, more time, the same weights to the bit [default: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_hint = ValueHint::Other)]
    pub grad_checkpointing: Option<bool>,

    /// What the factors of large linear layers (128 channels in and out or more) are rounded to in training; weights, sums, norms and
    /// losses stay f32. `bf16` is faster for transformers on CPUs that have its products (AVX512-BF16) [default: f32]
    #[arg(long, value_name = "TYPE", value_parser = ["f32", "bf16"])]
    pub precision: Option<String>,

    /// Batches whose gradients are averaged for one step: more images a step in the same memory [default: 1]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub accumulate: Option<usize>,

    /// How weights follow their gradients [default: adamw]
    #[arg(long, value_name = "NAME", value_parser = ["adamw", "sgd"])]
    pub optimizer: Option<String>,

    /// The highest learning rate [default: 0.001; 0.02 for sgd]
    #[arg(long, value_name = "RATE", value_hint = ValueHint::Other)]
    pub lr: Option<f64>,

    /// How the learning rate goes on after its rise [default: cosine]
    #[arg(long, value_name = "SHAPE", value_parser = ["cosine", "one-cycle", "poly", "steps", "plateau", "constant"])]
    pub schedule: Option<String>,

    /// The backbone's learning rate as a part of the head's [default: 0.1 from given weights, else 1]
    #[arg(long, value_name = "FACTOR", value_hint = ValueHint::Other)]
    pub backbone_lr_factor: Option<f64>,

    /// Each block's learning rate as a part of that of the block after it [default: 1]
    #[arg(long, value_name = "FACTOR", value_hint = ValueHint::Other)]
    pub layer_decay: Option<f64>,

    /// Epochs at the beginning in which the head learns alone [default: 0]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub head_epochs: Option<usize>,

    /// Epochs in which the learning rate rises to its highest [default: a twentieth of all, at least 0.5, at most 5; three tenths of all for one-cycle]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub warmup_epochs: Option<f64>,

    /// The part of the highest learning rate that the cosine falls to [default: 0.01]
    #[arg(long, value_name = "FRACTION", value_hint = ValueHint::Other)]
    pub final_lr_fraction: Option<f64>,

    /// Decay of the weights [default: 0.05; 0.0005 for sgd]
    #[arg(long, value_name = "DECAY", value_hint = ValueHint::Other)]
    pub weight_decay: Option<f64>,

    /// Momentum of sgd [default: 0.9]
    #[arg(long, value_name = "MOMENTUM", value_hint = ValueHint::Other)]
    pub momentum: Option<f64>,

    /// Whether sgd looks ahead along its momentum [default: false]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_hint = ValueHint::Other)]
    pub nesterov: Option<bool>,

    /// The largest norm of all gradients together; 0 means no limit [default: 1]
    #[arg(long, value_name = "NORM", value_hint = ValueHint::Other)]
    pub grad_clip: Option<f64>,

    /// Keep an average of the weights, of which a step keeps so much, and judge and publish that; 0 means none [default: 0]
    #[arg(long, value_name = "DECAY", value_hint = ValueHint::Other)]
    pub ema: Option<f64>,

    /// Which images an epoch sees: `shuffled`, all once; `balanced`, as many, every class as often as any other [default: shuffled]
    #[arg(long, value_name = "RULE", value_parser = ["shuffled", "balanced"])]
    pub sampler: Option<String>,

    /// Weights of the classes in the loss; `balanced`: rare classes count as much as frequent ones; where images have any number of labels, those with a label as much as those without it [default: balanced; none with `--sampler balanced` and for such labels]
    #[arg(long, value_name = "RULE", value_parser = ["none", "balanced"])]
    pub class_weights: Option<String>,

    /// Exponent of the focal loss, which looks at what is not yet learnt; 0 means cross-entropy [default: 0]
    #[arg(long, value_name = "GAMMA", value_hint = ValueHint::Other)]
    pub focal_gamma: Option<f64>,

    /// How often the last block's residual branches are left out for an image, those before it less; for transformers and ConvNeXt [default: 0]
    #[arg(long, value_name = "RATE", value_hint = ValueHint::Other)]
    pub drop_path: Option<f64>,

    /// How much the soft Dice loss counts beside binary cross-entropy where masks are learnt; 0 means not at all [default: 1]
    #[arg(long, value_name = "WEIGHT", value_hint = ValueHint::Other)]
    pub dice_weight: Option<f64>,

    /// Whether masks are learnt at the coarser steps of the way up too, for U-Nets [default: false; true with `--recipe nnunet`]
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_hint = ValueHint::Other)]
    pub deep_supervision: Option<bool>,

    /// Part of each target that is spread over all classes [default: 0]
    #[arg(long, value_name = "PART", value_hint = ValueHint::Other)]
    pub label_smoothing: Option<f64>,

    /// The validation metric that tells the best epoch, such as balanced_accuracy, macro_auc or log_loss [default: balanced_accuracy; macro_auc where images have any number of labels]
    #[arg(long, value_name = "METRIC", value_hint = ValueHint::Other)]
    pub monitor: Option<String>,

    /// Stop after N epochs without a better one; 0 means never [default: 0]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub patience: Option<usize>,

    /// The number that all random choices follow from [default: 0]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub seed: Option<u64>,

    /// Train for this fold of a split with folds
    #[arg(long, value_name = "K", value_hint = ValueHint::Other)]
    pub fold: Option<u32>,
}

/// How training images are varied.
#[derive(Debug, Args)]
#[command(next_help_heading = "Augmentation")]
pub struct AugmentationArgs {
    /// A named strength; the options below change single parts of it. `isic2020` is the list of that challenge's winners: transposed and
    /// mirrored; brightness, contrast; blur or noise; distortion; equalised lightness; hue; shift, scale, rotation; a black hole.
    /// `-light` is half of it, `-strong` a quarter more [default: medium; none with a frozen backbone]
    #[arg(long, value_name = "STRENGTH", value_parser = ["none", "light", "medium", "strong", "isic2020-light", "isic2020", "isic2020-strong"])]
    pub augment: Option<String>,

    /// Mirror images
    #[arg(long, value_name = "true|false", value_hint = ValueHint::Other)]
    pub flips: Option<bool>,

    /// Rotate by up to so many degrees either way
    #[arg(long, value_name = "DEGREES", value_hint = ValueHint::Other)]
    pub rotation: Option<f64>,

    /// The smallest part of the area that a random crop keeps; 1 means no crop
    #[arg(long, value_name = "PART", value_hint = ValueHint::Other)]
    pub crop: Option<f64>,

    /// Vary brightness, contrast and saturation by up to this part either way
    #[arg(long, value_name = "PART", value_hint = ValueHint::Other)]
    pub colour_jitter: Option<f64>,

    /// Turn the hue by up to so many degrees either way
    #[arg(long, value_name = "DEGREES", value_hint = ValueHint::Other)]
    pub hue: Option<f64>,

    /// Blend images in pairs, by parts that follow Beta(ALPHA, ALPHA); 0 means never [default: 0]
    #[arg(long, value_name = "ALPHA", value_hint = ValueHint::Other)]
    pub mixup: Option<f64>,

    /// Put a box of another image into each, of an area that follows Beta(ALPHA, ALPHA); 0 means never [default: 0]
    #[arg(long, value_name = "ALPHA", value_hint = ValueHint::Other)]
    pub cutmix: Option<f64>,
}

/// How the training is recorded.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// The experiment that the run belongs to [default: train]
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub experiment: Option<String>,

    /// A name for the run
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub name: Option<String>,
}
