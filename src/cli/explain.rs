//! Arguments of `derm explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Show where in an image a classifier sees what it says
///
/// Writes a PNG for each image: what the network saw, with heat where it looked. A map shows what the network
/// used, not what is ill. With --check the same network at random weights explains the same images: where its
/// maps are much the same, the method shows the image and not what was learnt.
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES
  Why the most probable class
    derm explain --model models/skin --out maps photos/
  Where melanoma is seen, and whether the map can be trusted
    derm explain --model models/skin --class mel --check --out maps photos/a.jpg

EXIT STATUS
    0  every image was explained
    1  failed, or images could not be read; the others were explained
    2  wrong usage, or a file of yours that cannot be understood
    3  with --check: the maps are those of a random network too
  130  interrupted")]
pub struct ExplainArgs {
    /// The bundle: a folder made by `derm train`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub model: PathBuf,

    /// Images, folders, globs, or `-` for a list on stdin
    #[arg(value_name = "IMAGE", value_hint = ValueHint::AnyPath, required = true)]
    pub images: Vec<String>,

    /// A CSV with the columns image, age, sex and site, for a model that was trained with them; what is not there is taken as missing
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub metadata: Option<PathBuf>,

    /// The folder that the pictures are written to; it is made when it is not there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,

    /// How maps are made [default: attention-rollout for transformers with global attention, else grad-cam]
    #[arg(long, value_name = "METHOD")]
    pub method: Option<Method>,

    /// The class to explain [default: each image's most probable one]
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub class: Option<String>,

    /// Also write each map as a NumPy array: f32 [height, width] from 0 to 1, as fine as the method sees
    #[arg(long)]
    pub npy: bool,

    /// Compare with the maps of the same network at random weights
    #[arg(long)]
    pub check: bool,
}

/// How a map is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// The last image inside the network, weighted by slopes
    GradCam,
    /// The same with weights that find several places better
    #[value(name = "grad-cam++")]
    GradCamPlusPlus,
    /// Attention from layer to layer, whatever the class
    AttentionRollout,
    /// What each pixel adds to the class
    IntegratedGradients,
}
