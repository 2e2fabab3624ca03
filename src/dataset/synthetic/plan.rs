//! Who has which lesion, and how each picture of it is taken.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::looks::{Class, Looks};
use super::{Row, Settings};
use crate::digest::ObjectId;

/// The share of lesions that look like another class than theirs.
pub const LOOKALIKES: f64 = 0.125;

const SITES: [&str; 7] = ["abdomen", "back", "chest", "face", "lower extremity", "neck", "upper extremity"];

/// A patient.
#[derive(Clone, Debug)]
pub struct Patient {
    number: usize,
    age: f32,
    sex: &'static str,
    /// Individual typology angle in degrees, and the skin's a* and b*.
    pub tone: (f32, f32, f32),
    hairy: f32,
}

/// A lesion.
#[derive(Clone, Debug)]
pub struct Lesion {
    number: usize,
    class: Class,
    site: &'static str,
    pub looks: Looks,
    /// Seeds of the lesion's own noise, so that every picture shows the same lesion.
    pub key: u32,
}

/// One picture.
#[derive(Clone, Debug)]
pub struct View {
    number: usize,
    pub patient: Patient,
    pub lesion: Lesion,
    /// Radians.
    pub turn: f32,
    pub zoom: f32,
    /// Of the lesion's centre, where the picture is -1..1.
    pub shift: (f32, f32),
    /// For everything that is drawn anew in every picture.
    pub seed: u64,
    /// Curved hairs.
    pub hairs: u32,
}

/// All pictures, numbered from 0.
pub fn plan(settings: &Settings) -> Vec<View> {
    let mut rng = stream(settings.seed, 0);
    let mut views = Vec::with_capacity(settings.images);
    let (mut lesions, mut patients) = (0, 0);
    let mut last: Option<Patient> = None;
    while views.len() < settings.images {
        let class = draw_class(&settings.classes, lesions, &mut rng);
        let patient = match last.take() {
            Some(patient) if rng.random_bool(0.2) => patient,
            _ => {
                patients += 1;
                Patient::draw(patients, class, &mut rng)
            }
        };
        lesions += 1;
        let lesion = Lesion::draw(lesions, class, &settings.classes, &mut stream(settings.seed, lesions as u64));
        let pictures = match rng.random_range(0..100) {
            0..70 => 1,
            70..92 => 2,
            _ => 3,
        };
        for _ in 0..pictures.min(settings.images - views.len()) {
            views.push(View::draw(views.len(), &patient, &lesion, &mut rng));
        }
        last = Some(patient);
    }
    views
}

/// A random stream for a numbered thing.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// The first lesions are one of each class, so that a small dataset has all; then by weight.
fn draw_class(classes: &[Class], lesions: usize, rng: &mut ChaCha8Rng) -> Class {
    if lesions < classes.len() {
        return classes[lesions];
    }
    let total: f64 = classes.iter().map(|class| class.weight()).sum();
    let mut left = rng.random_range(0.0..total);
    for class in classes {
        left -= class.weight();
        if left < 0.0 {
            return *class;
        }
    }
    classes[classes.len() - 1]
}

fn normal(rng: &mut ChaCha8Rng, mean: f64, sd: f64) -> f64 {
    Normal::new(mean, sd).map_or(mean, |normal| normal.sample(rng))
}

impl Patient {
    fn draw(number: usize, class: Class, rng: &mut ChaCha8Rng) -> Self {
        // In steps of five years, as HAM10000 rounds.
        let age = (normal(rng, class.age(), 15.0) / 5.0).round().clamp(1.0, 17.0) * 5.0;
        let ita = if rng.random_bool(0.65) { normal(rng, 42.0, 12.0) } else { rng.random_range(-40.0..45.0) };
        let dark = ((40.0 - ita) / 80.0).clamp(0.0, 1.0);
        let tone = (ita.clamp(-40.0, 60.0) as f32, (normal(rng, 11.0, 1.6) + 2.0 * dark) as f32, normal(rng, 16.0, 1.8) as f32);
        let sex = if rng.random_bool(0.5) { "female" } else { "male" };
        let hairy = if sex == "male" { 0.5 } else { 0.3 };
        Self { number, age: age as f32, sex, tone, hairy }
    }

    /// Fitzpatrick type by the typology angle's bands.
    fn skin_type(&self) -> u8 {
        let bands = [55.0, 41.0, 28.0, 19.0, 10.0];
        1 + bands.iter().filter(|band| self.tone.0 <= **band).count() as u8
    }
}

impl Lesion {
    fn draw(number: usize, class: Class, classes: &[Class], rng: &mut ChaCha8Rng) -> Self {
        let others: Vec<Class> = classes.iter().copied().filter(|other| *other != class).collect();
        let seems = if rng.random_bool(LOOKALIKES) { others[rng.random_range(0..others.len())] } else { class };
        let site = SITES[rng.random_range(0..SITES.len())];
        Self { number, class, site, looks: Looks::draw(seems, rng), key: rng.random() }
    }
}

impl View {
    fn draw(number: usize, patient: &Patient, lesion: &Lesion, rng: &mut ChaCha8Rng) -> Self {
        Self {
            number,
            patient: patient.clone(),
            lesion: lesion.clone(),
            turn: rng.random_range(0.0..std::f32::consts::TAU),
            zoom: rng.random_range(0.88..1.14),
            shift: (normal(rng, 0.0, 0.07) as f32, normal(rng, 0.0, 0.07) as f32),
            seed: rng.random(),
            hairs: if rng.random_bool(f64::from(patient.hairy)) { rng.random_range(1..18) } else { 0 },
        }
    }

    /// The manifest's row.
    pub fn row(&self, classes: &[Class], size: u32, (hash, mask): (ObjectId, ObjectId)) -> Row {
        let name = format!("synthetic_{:05}", self.number);
        Row {
            image: format!("{name}.jpg"),
            label: classes.iter().position(|class| *class == self.lesion.class),
            labels: None,
            mask: Some(format!("{name}.png")),
            group: Some(format!("lesion_{:05}", self.lesion.number)),
            patient: Some(format!("patient_{:05}", self.patient.number)),
            age: Some(self.patient.age),
            sex: Some(self.patient.sex.to_owned()),
            site: Some(self.lesion.site.to_owned()),
            skin_type: Some(self.patient.skin_type().to_string()),
            width: Some(size),
            height: Some(size),
            hash: Some(hash),
            mask_hash: Some(mask),
        }
    }
}
