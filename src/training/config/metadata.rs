//! What a network reads beside the images.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::nn::metadata::Field;

/// The fields, and how a training leaves some of them out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    pub fields: Fields,
    /// Probability of leaving out a value between the two layers that read them.
    pub dropout: f64,
    /// Probability of taking a field of an image as missing.
    pub missing: f64,
}

/// Fields in their own order, each once: in files a list, or a text with commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// Their names.
    pub fn words(&self, between: &str) -> String {
        self.0.iter().map(|field| field.name()).collect::<Vec<_>>().join(between)
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut fields: Vec<Field> = fields.into_iter().collect();
        fields.sort_unstable();
        fields.dedup();
        Self(fields)
    }
}

impl std::ops::Deref for Fields {
    type Target = [Field];

    fn deref(&self) -> &[Field] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names of fields, such as `age,sex,site`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Fields, E> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(field).collect()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = names.next_element::<String>()? {
            fields.push(field(&name)?);
        }
        Ok(fields.into_iter().collect())
    }
}

fn field<E: Error>(name: &str) -> Result<Field, E> {
    const KNOWN: &[&str] = &["age", "sex", "site"];
    Field::ALL.into_iter().find(|field| field.name() == name).ok_or_else(|| E::unknown_variant(name, KNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_a_text_or_a_list_and_unknown_ones_are_named() {
        let read = |json: &str| serde_json::from_str::<Fields>(json);
        assert_eq!(*read(r#""site, age""#).unwrap(), [Field::Age, Field::Site]);
        assert_eq!(*read(r#"["sex", "sex"]"#).unwrap(), [Field::Sex]);
        assert!(read(r#""""#).unwrap().is_empty());
        assert!(read(r#""age,hair""#).unwrap_err().to_string().contains("`hair`, expected one of `age`, `sex`, `site`"));
        assert_eq!(serde_json::to_string(&read(r#""sex,age""#).unwrap()).unwrap(), r#"["age","sex"]"#);
    }
}
