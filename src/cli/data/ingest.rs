//! Arguments of `derm data ingest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Bring a folder of images, in any known layout, into one dataset folder
///
/// Every image is decoded, hashed and cloned or copied; the source stays as it
/// is. The output appears whole or not at all.
///
/// FORMATS (found out unless --format says)
///
///   class-folders  one folder a class; also below Train/, Val/ and Test/,
///                  which then become split.csv
///   ham10000       a CSV with image_id, dx, lesion_id; images and
///                  *_segmentation masks anywhere below
///   isic2019       a one-hot CSV (image,MEL,NV,...), perhaps a CSV with age,
///                  sex, site, lesion
///   isic2020       a CSV with image_name, patient_id, benign_malignant
///   label-table    a CSV with image and labels, such as `a.jpg,network;streaks`:
///                  any number of labels an image, an empty cell for none, ? for
///                  not known; perhaps with group, patient, age, sex, site
///   one-hot        a CSV with image and a column of 0 and 1 for each label, any
///                  number of which an image may have; only where it is asked
///                  for, here or by --task multi-label
///   mask-folders   images and masks: images/1.jpg with masks/1.png, or 1.jpg
///                  with 1_mask.png (_segmentation, _label, _gt); ISIC 2018
///                  task 1
///   tiff-stacks    multi-page TIFFs with label stacks, named likewise; pages
///                  become x/0001.png and so on, the stack is their group
///   synthetic      drawn pictures; SOURCE is the word `synthetic`
///
/// MASKS
///
///   The two before `synthetic` make a segmentation dataset: masks and no labels. So does
///   --task segmentation with any format that has masks. A mask is as large as
///   its image or a multiple of it, and shows black and one other colour; with
///   two or three --mask-classes its channels red, green and blue are theirs.
///   Label stacks hold numbers: above 0 is foreground, or 1, 2, 3 are the
///   classes. Stacks of more than 8 bits are scaled by the smallest and largest
///   value of each stack, which dataset.yaml notes.
///
/// STRICTNESS
///
///   A source that contradicts itself is refused with everything that is
///   wrong: a row without its image, an image without a row, a file that cannot
///   be decoded, one id for two images, an unknown class, a single class, a
///   mask that is not binary or of another shape, or none where masks are
///   wanted. What --skip names is left out and counted in dataset.yaml. Animated and multi-page files, and JPEGs that end early,
///   count as unreadable.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
EXAMPLES
  derm data ingest synthetic --out data/skin --images 600 --seed 1
  derm data ingest HAM10000 --out data/ham --skip missing,unlisted
  derm data ingest photos --out data/photos --params params.yaml:data
  derm data ingest criteria --out data/criteria --task multi-label
  derm data ingest ISIC2018 --out data/isic18 --format mask-folders
  derm data ingest stacks --out data/nuclei --mask-classes nucleus"
)]
pub struct IngestArgs {
    /// The folder with the images, or the word `synthetic`
    #[arg(value_name = "SOURCE", value_hint = clap::ValueHint::DirPath)]
    pub source: Option<PathBuf>,

    /// The dataset folder to make
    #[arg(short, long, value_name = "DIR", help_heading = "Output", value_hint = clap::ValueHint::DirPath)]
    pub out: PathBuf,

    /// The layout of the source
    #[arg(long, value_name = "FORMAT", help_heading = "Source")]
    pub format: Option<FormatArg>,

    /// Leave these out with a warning instead of stopping
    #[arg(long, value_name = "WHAT", value_delimiter = ',', help_heading = "Source")]
    pub skip: Vec<SkipArg>,

    /// What the dataset is for [default: what the format has]
    #[arg(long, value_name = "TASK", help_heading = "Source")]
    pub task: Option<TaskArg>,

    /// What the masks show, one to three names [default: lesion, of stacks foreground]
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Source")]
    pub mask_classes: Vec<String>,

    /// The folder with the masks, where names do not say which files they are
    #[arg(long, value_name = "DIR", help_heading = "Source", value_hint = clap::ValueHint::DirPath)]
    pub masks: Option<PathBuf>,

    /// The terms under which the images may be used, for dataset.yaml
    #[arg(long, value_name = "TEXT", help_heading = "Source")]
    pub licence: Option<String>,

    /// Replace the dataset that is already at DIR
    #[arg(long, help_heading = "Output")]
    pub force: bool,

    /// Read options from a YAML file, or from the map at KEY in it; flags win
    #[arg(long, value_name = "FILE[:KEY]", help_heading = "Source")]
    pub params: Option<String>,

    /// How many pictures to draw [default: 600]
    #[arg(long, value_name = "N", help_heading = "Synthetic images")]
    pub images: Option<usize>,

    /// Width and height of the pictures in pixels [default: 96]
    #[arg(long, value_name = "PIXELS", help_heading = "Synthetic images")]
    pub size: Option<u32>,

    /// Every seed draws other pictures [default: 1]
    #[arg(long, value_name = "N", help_heading = "Synthetic images")]
    pub seed: Option<u64>,

    /// Which classes to draw [default: keratosis,melanoma,nevus,vascular]
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Synthetic images")]
    pub classes: Vec<String>,
}

/// Layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Find out
    Auto,
    /// One folder a class, perhaps below Train/ and Test/
    ClassFolders,
    /// HAM10000: a metadata table, images, masks
    Ham10000,
    /// ISIC 2018 and 2019: one-hot ground truth
    Isic2019,
    /// ISIC 2020: benign or malignant, with patients
    Isic2020,
    /// A table with the column `labels`: any number of labels an image
    LabelTable,
    /// A table of 0 and 1: any number of labels an image
    OneHot,
    /// Images and masks, paired by their names
    MaskFolders,
    /// Multi-page TIFF stacks and label stacks
    TiffStacks,
    /// Drawn pictures
    Synthetic,
}

/// What a dataset is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TaskArg {
    /// One label an image, and masks where there are some
    Classification,
    /// Any number of labels an image, and masks where there are some
    MultiLabel,
    /// Masks and no labels
    Segmentation,
}

/// What can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SkipArg {
    /// Files that cannot be decoded
    Unreadable,
    /// Rows of the table, or masks, without an image
    Missing,
    /// Images without a row in the table
    Unlisted,
    /// Images without a mask, where masks are wanted
    Unmasked,
}
