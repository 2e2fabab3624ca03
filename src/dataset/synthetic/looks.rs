//! What lesions of each class look like: distributions over the ABCD criteria and a few structures.

use std::str::FromStr;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use serde::{Deserialize, Serialize};

/// A class of drawn lesions, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Waxy, sharp border, pale and dark dots.
    Keratosis,
    /// Large, asymmetric, ragged, several colours.
    Melanoma,
    /// Round, even, one or two browns.
    Nevus,
    /// Small, red to purple, lobed.
    Vascular,
}

impl Class {
    /// All.
    pub const ALL: [Class; 4] = [Class::Keratosis, Class::Melanoma, Class::Nevus, Class::Vascular];

    /// As in `dataset.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Class::Keratosis => "keratosis",
            Class::Melanoma => "melanoma",
            Class::Nevus => "nevus",
            Class::Vascular => "vascular",
        }
    }

    /// How common lesions of the class are, relative to the others: mildly imbalanced.
    pub fn weight(self) -> f64 {
        match self {
            Class::Keratosis => 0.22,
            Class::Melanoma => 0.24,
            Class::Nevus => 0.38,
            Class::Vascular => 0.16,
        }
    }

    /// Mean age of the patients, in years.
    pub fn age(self) -> f64 {
        match self {
            Class::Keratosis => 64.0,
            Class::Melanoma => 58.0,
            Class::Nevus => 44.0,
            Class::Vascular => 50.0,
        }
    }
}

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = Class::ALL.map(Class::name);
        let found = Class::ALL.into_iter().find(|class| class.name() == text);
        found.ok_or_else(|| format!("`{text}` is no synthetic class: {} are known", crate::text::quoted_list(&names)))
    }
}

/// A colour beside the lesion's own brown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// Denser pigment.
    DarkBrown,
    /// Densest.
    Black,
    /// Pigment deep in the skin.
    BlueGrey,
    /// Blood.
    Red,
    /// Scars and regression.
    White,
    /// Keratin.
    Yellow,
    /// Old blood.
    Purple,
}

/// One lesion's looks.
#[derive(Clone, Debug)]
pub struct Looks {
    /// 0 (symmetric) to 1.
    pub asymmetry: f32,
    /// 0 (smooth) to 1 (ragged).
    pub border: f32,
    /// Width of the border as a share of the radius: small is sharp.
    pub softness: f32,
    /// Diameter as a share of the picture's side.
    pub diameter: f32,
    /// Length over width, 1 or more.
    pub elongation: f32,
    /// Density of the brown; 0.3 light, 1.2 dark.
    pub pigment: f32,
    /// How much redness is in the lesion's ground, 0 to 1.
    pub blood: f32,
    /// How yellow and waxy the ground is, 0 to 1.
    pub wax: f32,
    /// Further colours.
    pub tints: Vec<Tint>,
    /// Strength of the pigment network, 0 to 1.
    pub network: f32,
    /// How many dots, and whether they are pale.
    pub dots: u32,
    /// Pale dots beside the dark ones.
    pub pale_dots: u32,
}

/// A normal draw, kept inside a range.
fn normal(rng: &mut ChaCha8Rng, mean: f64, sd: f64, low: f64, high: f64) -> f32 {
    let drawn = Normal::new(mean, sd).map_or(mean, |normal| normal.sample(rng));
    drawn.clamp(low, high) as f32
}

/// `least..=most` of these, without repetition.
fn some(rng: &mut ChaCha8Rng, from: &[Tint], least: usize, most: usize) -> Vec<Tint> {
    let wanted = rng.random_range(least..=most);
    let chosen = rand::seq::index::sample(rng, from.len(), wanted.min(from.len()));
    chosen.into_iter().map(|i| from[i]).collect()
}

impl Looks {
    /// Draws the looks of a lesion of a class.
    pub fn draw(class: Class, rng: &mut ChaCha8Rng) -> Self {
        match class {
            Class::Nevus => Self {
                asymmetry: normal(rng, 0.22, 0.13, 0.0, 1.0),
                border: normal(rng, 0.22, 0.13, 0.0, 1.0),
                softness: normal(rng, 0.16, 0.05, 0.05, 0.3),
                diameter: normal(rng, 0.42, 0.09, 0.18, 0.8),
                elongation: normal(rng, 1.15, 0.10, 1.0, 1.6),
                pigment: normal(rng, 0.92, 0.28, 0.3, 1.6),
                blood: normal(rng, 0.12, 0.10, 0.0, 0.5),
                wax: 0.0,
                tints: some(rng, &[Tint::DarkBrown, Tint::DarkBrown, Tint::Red], 0, 1),
                network: normal(rng, 0.45, 0.25, 0.0, 1.0),
                dots: rng.random_range(0..6),
                pale_dots: 0,
            },
            Class::Melanoma => Self {
                asymmetry: normal(rng, 0.60, 0.20, 0.0, 1.0),
                border: normal(rng, 0.58, 0.20, 0.0, 1.0),
                softness: normal(rng, 0.09, 0.04, 0.03, 0.3),
                diameter: normal(rng, 0.58, 0.12, 0.2, 0.92),
                elongation: normal(rng, 1.30, 0.15, 1.0, 1.8),
                pigment: normal(rng, 1.10, 0.32, 0.3, 1.9),
                blood: normal(rng, 0.18, 0.14, 0.0, 0.6),
                wax: 0.0,
                tints: some(rng, &[Tint::DarkBrown, Tint::Black, Tint::BlueGrey, Tint::Red, Tint::White], 1, 4),
                network: normal(rng, 0.55, 0.3, 0.0, 1.0),
                dots: rng.random_range(2..14),
                pale_dots: 0,
            },
            Class::Keratosis => Self {
                asymmetry: normal(rng, 0.34, 0.16, 0.0, 1.0),
                border: normal(rng, 0.28, 0.15, 0.0, 1.0),
                softness: normal(rng, 0.06, 0.03, 0.02, 0.2),
                diameter: normal(rng, 0.50, 0.12, 0.2, 0.9),
                elongation: normal(rng, 1.22, 0.14, 1.0, 1.7),
                pigment: normal(rng, 0.58, 0.25, 0.15, 1.3),
                blood: normal(rng, 0.10, 0.10, 0.0, 0.5),
                wax: normal(rng, 0.50, 0.25, 0.0, 1.0),
                tints: some(rng, &[Tint::Yellow, Tint::DarkBrown, Tint::White], 0, 2),
                network: normal(rng, 0.12, 0.12, 0.0, 1.0),
                dots: rng.random_range(2..12),
                pale_dots: rng.random_range(3..16),
            },
            Class::Vascular => Self {
                asymmetry: normal(rng, 0.26, 0.14, 0.0, 1.0),
                border: normal(rng, 0.30, 0.16, 0.0, 1.0),
                softness: normal(rng, 0.10, 0.05, 0.03, 0.3),
                diameter: normal(rng, 0.34, 0.10, 0.14, 0.8),
                elongation: normal(rng, 1.15, 0.10, 1.0, 1.6),
                pigment: normal(rng, 0.22, 0.15, 0.0, 0.8),
                blood: normal(rng, 0.72, 0.20, 0.15, 1.0),
                wax: 0.0,
                tints: some(rng, &[Tint::Red, Tint::Purple, Tint::BlueGrey], 0, 2),
                network: 0.0,
                dots: 0,
                pale_dots: rng.random_range(0..4),
            },
        }
    }
}
