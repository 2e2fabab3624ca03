//! What is known about a patient beside the image, as the numbers that a network reads.
//!
//! | field | inputs |
//! | --- | --- |
//! | age | `(years - mean) / sd` of the training images, 0 where missing; 1 where missing, else 0 |
//! | sex, site | for each value that training images have 1 where it is this one, else 0; 1 where missing, else 0 |
//!
//! Case does not count, and a value that no training image has is missing.

use std::collections::BTreeSet;

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::Error;

/// What may be known, in the order of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Years.
    Age,
    /// `female`, `male` or a source's own word.
    Sex,
    /// Where on the body.
    Site,
}

/// What is known beside one image; `None` means not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Years.
    pub age: Option<f32>,
    /// In any case.
    pub sex: Option<String>,
    /// In any case.
    pub site: Option<String>,
}

/// How records become inputs, `k` values each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Encoding {
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Column {
    field: Field,
    #[serde(flatten)]
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Rule {
    /// Of a number: mean and standard deviation.
    Standardised { mean: f64, sd: f64 },
    /// Of words: those that are known, in lower case.
    OneHot { values: Vec<String> },
}

impl Field {
    /// All.
    pub const ALL: [Self; 3] = [Self::Age, Self::Sex, Self::Site];

    /// As on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Sex => "sex",
            Self::Site => "site",
        }
    }
}

impl Record {
    /// Without the value of a field.
    pub fn forget(&mut self, field: Field) {
        match field {
            Field::Age => self.age = None,
            Field::Sex => self.sex = None,
            Field::Site => self.site = None,
        }
    }

    /// Whether the value of a field is known.
    pub fn knows(&self, field: Field) -> bool {
        match field {
            Field::Age => self.age.is_some(),
            field => self.word(field).is_some(),
        }
    }

    fn word(&self, field: Field) -> Option<&str> {
        match field {
            Field::Age => None,
            Field::Sex => self.sex.as_deref(),
            Field::Site => self.site.as_deref(),
        }
    }
}

impl Encoding {
    /// Of what the training images' records say: mean and standard deviation (of all of them, scikit-learn's `StandardScaler`), and words.
    ///
    /// # Errors
    ///
    /// A field of which nothing is known.
    pub fn fit(fields: &[Field], records: &[Record]) -> Result<Self, Field> {
        let column = |&field: &Field| {
            let rule = match field {
                Field::Age => standardised(&records.iter().filter_map(|record| record.age.map(f64::from)).collect::<Vec<_>>()),
                field => one_hot(records.iter().filter_map(|record| record.word(field))),
            };
            rule.map(|rule| Column { field, rule }).ok_or(field)
        };
        Ok(Self { columns: fields.iter().map(column).collect::<Result<_, _>>()? })
    }

    /// The fields.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.columns.iter().map(|column| column.field)
    }

    /// How many inputs there are, `k`.
    pub fn width(&self) -> usize {
        self.columns.iter().map(|column| column.rule.width() + 1).sum()
    }

    /// A name for each input: `age`, `age missing`, `sex female`, `sex male`, `sex missing`.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.width());
        for Column { field, rule } in &self.columns {
            match rule {
                Rule::Standardised { .. } => names.push(field.name().to_owned()),
                Rule::OneHot { values } => names.extend(values.iter().map(|value| format!("{} {value}", field.name()))),
            }
            names.push(format!("{} missing", field.name()));
        }
        names
    }

    /// The inputs of records, f32 `[n, k]`.
    pub fn encode(&self, records: &[Record]) -> Result<Tensor, Error> {
        let mut inputs = Vec::with_capacity(records.len() * self.width());
        for record in records {
            self.columns.iter().for_each(|column| column.encode(record, &mut inputs));
        }
        Ok(Tensor::from_vec(inputs, (records.len(), self.width()), &Device::Cpu)?)
    }

    /// The words of a record that no training image has.
    pub fn unknown<'a>(&'a self, record: &'a Record) -> impl Iterator<Item = (Field, &'a str)> {
        self.columns.iter().filter_map(|Column { field, rule }| match rule {
            Rule::OneHot { values } => record.word(*field).filter(|word| place(values, word).is_none()).map(|word| (*field, word)),
            Rule::Standardised { .. } => None,
        })
    }

    /// What makes it unusable, if anything does.
    pub(super) fn fault(&self) -> Option<String> {
        let wrong = self.columns.iter().enumerate().find(|(at, Column { field, rule })| {
            let suits = match rule {
                Rule::Standardised { mean, sd } => *field == Field::Age && mean.is_finite() && sd.is_finite() && *sd > 0.0,
                Rule::OneHot { values } => *field != Field::Age && !values.is_empty(),
            };
            !suits || self.columns[..*at].iter().any(|other| other.field == *field)
        });
        match wrong {
            Some((_, column)) => Some(format!("the encoding of `{}` makes no sense", column.field.name())),
            None => self.columns.is_empty().then(|| "its metadata have no field".to_owned()),
        }
    }
}

impl Rule {
    fn width(&self) -> usize {
        match self {
            Self::Standardised { .. } => 1,
            Self::OneHot { values } => values.len(),
        }
    }
}

impl Column {
    fn encode(&self, record: &Record, inputs: &mut Vec<f32>) {
        let known = match &self.rule {
            Rule::Standardised { mean, sd } => {
                let age = record.age.filter(|age| age.is_finite());
                inputs.push(age.map_or(0.0, |age| ((f64::from(age) - mean) / sd) as f32));
                age.is_some()
            }
            Rule::OneHot { values } => {
                let own = record.word(self.field).and_then(|word| place(values, word));
                inputs.extend((0..values.len()).map(|value| if own == Some(value) { 1.0 } else { 0.0 }));
                own.is_some()
            }
        };
        inputs.push(if known { 0.0 } else { 1.0 });
    }
}

fn place(values: &[String], word: &str) -> Option<usize> {
    let word = word.trim().to_lowercase();
    values.iter().position(|value| *value == word)
}

fn standardised(values: &[f64]) -> Option<Rule> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    // Where all are alike there is nothing to scale.
    mean.is_finite().then_some(Rule::Standardised { mean, sd: if sd > 0.0 { sd } else { 1.0 } })
}

fn one_hot<'a>(words: impl Iterator<Item = &'a str>) -> Option<Rule> {
    let values: BTreeSet<String> = words.map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect();
    (!values.is_empty()).then(|| Rule::OneHot { values: values.into_iter().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(age: Option<f32>, sex: Option<&str>, site: Option<&str>) -> Record {
        Record { age, sex: sex.map(str::to_owned), site: site.map(str::to_owned) }
    }

    fn fitted() -> Encoding {
        let seen = [record(Some(30.0), Some("male"), Some("back")), record(Some(50.0), Some("Female"), None), record(None, None, None)];
        Encoding::fit(&Field::ALL, &seen).unwrap()
    }

    #[test]
    fn records_become_scaled_ages_and_words_with_flags_for_what_is_missing() {
        let encoding = fitted();
        assert_eq!(encoding.names(), ["age", "age missing", "sex female", "sex male", "sex missing", "site back", "site missing"]);
        // Mean 40 and standard deviation 10.
        let records = [record(Some(55.0), Some("FEMALE"), Some("knee")), record(None, None, Some("back"))];
        let inputs = encoding.encode(&records).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(inputs, [[1.5, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]]);
        assert_eq!(encoding.unknown(&records[0]).collect::<Vec<_>>(), [(Field::Site, "knee")]);
    }

    #[test]
    fn a_field_that_no_image_has_is_named_and_equal_ages_are_not_scaled() {
        assert_eq!(Encoding::fit(&[Field::Age, Field::Sex], &[record(Some(3.0), None, None)]), Err(Field::Sex));
        let encoding = Encoding::fit(&[Field::Age], &[record(Some(3.0), None, None)]).unwrap();
        assert_eq!(encoding.encode(&[record(Some(4.0), None, None)]).unwrap().to_vec2::<f32>().unwrap(), [[1.0, 0.0]]);
    }

    #[test]
    fn the_json_form_reads_back_and_nonsense_is_noticed() {
        let text = serde_json::to_string(&fitted()).unwrap();
        let expected =
            r#"[{"field":"age","mean":40.0,"sd":10.0},{"field":"sex","values":["female","male"]},{"field":"site","values":["back"]}]"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Encoding>(&text).unwrap(), fitted());
        assert_eq!(fitted().fault(), None);
        for wrong in ["[]", r#"[{"field":"age","mean":1.0,"sd":0.0}]"#, r#"[{"field":"sex","mean":1.0,"sd":1.0}]"#] {
            assert!(serde_json::from_str::<Encoding>(wrong).unwrap().fault().is_some(), "{wrong}");
        }
    }
}
