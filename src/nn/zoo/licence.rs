//! On what terms weights may be used.

/// The licence of published weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Its SPDX identifier where it has one.
    pub name: &'static str,
    /// What it keeps a user from, if anything.
    pub restriction: Option<Restriction>,
}

/// What a licence keeps a user from, beyond naming the authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// Nobody may earn money with them, nor with what is trained from them.
    NonCommercial,
    /// They are given to those who agree to terms of their own.
    OwnTerms,
}

impl Restriction {
    /// A clause for a sentence on the weights.
    pub fn words(self) -> &'static str {
        match self {
            Self::NonCommercial => "no commercial use",
            Self::OwnTerms => "only for those who agree to its terms",
        }
    }
}

impl Licence {
    /// Apache License 2.0.
    pub const APACHE: Self = Self { name: "Apache-2.0", restriction: None };
    /// The MIT licence.
    pub const MIT: Self = Self { name: "MIT", restriction: None };
    /// The two-clause BSD licence.
    pub const BSD_2: Self = Self { name: "BSD-2-Clause", restriction: None };
    /// The three-clause BSD licence.
    pub const BSD_3: Self = Self { name: "BSD-3-Clause", restriction: None };
    /// Creative Commons Attribution-NonCommercial 4.0.
    pub const CC_BY_NC: Self = Self { name: "CC-BY-NC-4.0", restriction: Some(Restriction::NonCommercial) };
    /// Meta's licence of DINOv3, <https://ai.meta.com/resources/models-and-libraries/dinov3-license>.
    pub const DINOV3: Self = Self { name: "DINOv3-License", restriction: Some(Restriction::OwnTerms) };
}
