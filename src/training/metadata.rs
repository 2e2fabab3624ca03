//! What is known beside the images of one subset, as a network's second input.

use candle_core::Tensor;
use rand::Rng;

use super::error::Error;
use super::images::Augmentation;
use super::random::{Purpose, stream};
use crate::dataset::{Dataset, Row};
use crate::nn;
use crate::nn::metadata::{Encoding, Field, Record};

/// The records of one subset.
pub struct Metadata<'a> {
    encoding: &'a Encoding,
    records: Vec<Record>,
    /// Probability of taking a field as missing in training.
    missing: f64,
}

impl<'a> Metadata<'a> {
    /// Those of the dataset's `rows`.
    pub fn new(encoding: &'a Encoding, data: &Dataset, rows: &[usize], missing: f64) -> Self {
        Self { encoding, records: records(data, rows), missing }
    }

    /// The inputs at these positions among the rows, f32 `[n, k]`. In training each field is taken as missing at random; where images are
    /// mixed, `own` is how much of each is its own, and so it is with what is known of them.
    pub fn batch(&self, positions: &[usize], augmentation: Option<Augmentation<'_>>, own: Option<f32>) -> Result<Tensor, Error> {
        let record = |&position: &usize| {
            let mut record = self.records[position].clone();
            if let Some(Augmentation { seed, epoch, .. }) = augmentation {
                let mut random = stream(seed, Purpose::Metadata, [epoch as u64, position as u64]);
                // A draw for every field, so that one does not depend on which others there are.
                Field::ALL.into_iter().filter(|_| random.random_bool(self.missing)).for_each(|field| record.forget(field));
            }
            record
        };
        let inputs = self.encoding.encode(&positions.iter().map(record).collect::<Vec<_>>())?;
        let Some(own) = own else { return Ok(inputs) };
        let partners: Vec<u32> = (0..positions.len() as u32).rev().collect();
        let partners = inputs.index_select(&Tensor::new(partners, inputs.device())?, 0)?;
        Ok((inputs.affine(own.into(), 0.0)? + partners.affine((1.0 - own).into(), 0.0)?)?)
    }
}

/// What a row of a dataset knows.
pub fn record(row: &Row) -> Record {
    Record { age: row.age, sex: row.sex.clone(), site: row.site.clone() }
}

/// What rows of a dataset know.
pub fn records(data: &Dataset, rows: &[usize]) -> Vec<Record> {
    rows.iter().map(|&row| data.rows.get(row).map(record).unwrap_or_default()).collect()
}

/// The encoding of what the training images' records say.
///
/// # Errors
///
/// [`Error::NoMetadata`] where a field is known of none of them.
pub fn fit(fields: &[Field], data: &Dataset, rows: &[usize]) -> Result<Encoding, Error> {
    Encoding::fit(fields, &records(data, rows)).map_err(|field| Error::NoMetadata { field, images: rows.len() })
}

/// One row an image, for a network that takes metadata; `None` for another.
pub(super) fn inputs(encoding: Option<&Encoding>, records: &[Record]) -> Result<Option<Tensor>, nn::Error> {
    encoding.map(|encoding| encoding.encode(records)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::augment::Augment;

    #[test]
    fn fields_go_missing_at_random_by_epoch_and_image_and_mixed_images_share_theirs() {
        let seen: Vec<Record> = (0..400).map(|i| Record { age: Some(i as f32), sex: Some("male".into()), site: None }).collect();
        let encoding = Encoding::fit(&[Field::Age, Field::Sex], &seen).unwrap();
        let metadata = Metadata { encoding: &encoding, records: seen, missing: 0.1 };
        let positions: Vec<usize> = (0..400).collect();
        let at = |epoch| Some(Augmentation { settings: &Augment::NONE, seed: 3, epoch });
        // age, age missing, sex male, sex missing
        let drawn = |epoch| metadata.batch(&positions, at(epoch), None).unwrap().to_vec2::<f32>().unwrap();
        let missing = |rows: &[Vec<f32>], flag: usize| rows.iter().filter(|row| row[flag] == 1.0).count();
        let first = drawn(0);
        assert!(
            (20..65).contains(&missing(&first, 1)) && (20..65).contains(&missing(&first, 3)),
            "{} {}",
            missing(&first, 1),
            missing(&first, 3)
        );
        assert!(first.iter().all(|row| row[2] + row[3] == 1.0 && (row[1] == 0.0 || row[0] == 0.0)));
        assert_eq!(first, drawn(0));
        assert_ne!(first, drawn(1));
        let alone = metadata.batch(&positions[7..8], at(0), None).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(alone[0], first[7], "whatever else is in the batch");
        let whole = metadata.batch(&[0, 1, 2], None, None).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(missing(&whole, 1) + missing(&whole, 3), 0, "nothing is left out of what is judged");
        let mixed = metadata.batch(&[0, 1, 2], None, Some(0.75)).unwrap().to_vec2::<f32>().unwrap();
        for (image, partner) in [(0, 2), (1, 1), (2, 0)] {
            assert!((mixed[image][0] - 0.75 * whole[image][0] - 0.25 * whole[partner][0]).abs() < 1e-6, "{mixed:?}");
        }
    }
}
