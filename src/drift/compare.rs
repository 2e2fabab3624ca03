//! Reference against current, column by column, with one verdict a level.
//!
//! A column drifts when its test is significant after Benjamini-Hochberg over all tested columns **and** its
//! effect is big enough ([`Settings`]). Significant but small is said to be so and raises no alarm. Columns
//! with fewer than `min_rows` values on a side get no verdict. Missing values are counted, never filled in.
//! Rows that share a lesion or patient count by their design effect ([`super::design`]).

use serde::Serialize;

use super::Error;
use super::column::{self, Outcome};
use super::density::Density;
use super::design::{Design, Groups, intraclass};
use super::false_alarm::{self, FalseAlarms};
use super::features::NAMES;
use super::settings::Settings;
use super::stats::clusters::mean_size;
use super::stats::{self, binned, quantile};
use super::table::{Column, Level, Table, Values};
use crate::observer::{Interrupt, Observer};

/// What is said about a column, a level or the whole comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Nothing to see.
    #[serde(rename = "stable")]
    Stable,
    /// A difference that is certain but too small to matter.
    #[serde(rename = "detectable, small")]
    Small,
    /// A difference that is certain and matters.
    #[serde(rename = "drift")]
    Drift,
    /// Too few values on a side.
    #[serde(rename = "not enough data")]
    NotEnoughData,
    /// No values on a side.
    #[serde(rename = "missing")]
    Missing,
}

impl Verdict {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Stable => "stable",
            Verdict::Small => "detectable, small",
            Verdict::Drift => "drift",
            Verdict::NotEnoughData => "not enough data",
            Verdict::Missing => "missing",
        }
    }
}

/// Values and missing values of a column on one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Side {
    /// Values.
    pub n: usize,
    /// Rows without one.
    pub missing: usize,
    /// The median of numbers.
    pub median: Option<f64>,
    /// How much more the values scatter together than independent ones, because some share a lesion or patient: at least 1,
    /// exactly 1 when none do. `None` when the column is not tested.
    pub design_effect: Option<f64>,
    /// `n / design_effect`: the independent values that these are worth.
    pub effective_n: Option<f64>,
}

/// Everything about one column.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub level: Level,
    /// The verdict.
    pub verdict: Verdict,
    /// The reference.
    pub reference: Side,
    /// The current images.
    pub current: Side,
    /// The likeness of values of one lesion or patient, 0..1; `None` when none repeats or the column is not tested.
    pub intraclass_correlation: Option<f64>,
    /// The test; `None` without enough values.
    #[serde(flatten)]
    pub outcome: Option<Outcome>,
    /// The p-value after adjustment over all columns.
    pub p_adjusted: Option<f64>,
    /// The shift of a normal column that would be seen four times in five, in standard deviations.
    pub detectable_shift: Option<f64>,
    /// Divergences over the reference's deciles or the categories.
    #[serde(flatten)]
    pub divergences: Option<binned::Divergences>,
    /// What the difference may mean, for a column that drifts.
    pub hint: Option<&'static str>,
    /// The shares to draw.
    pub density: Density,
}

/// The verdict on one level.
#[derive(Clone, Debug, Serialize)]
pub struct LevelReport {
    /// Which level.
    pub level: Level,
    /// The verdict.
    pub verdict: Verdict,
    /// Columns of it.
    pub columns: usize,
    /// Those that drift.
    pub drifting: usize,
    /// Those with a certain but small difference.
    pub small: usize,
}

/// A finished comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The verdict over all levels.
    pub verdict: Verdict,
    /// What decided it.
    pub settings: Settings,
    /// Images of the reference, and how many lesions or patients they show.
    pub reference: Count,
    /// The same of the current images.
    pub current: Count,
    /// One verdict a level that has columns.
    pub levels: Vec<LevelReport>,
    /// How often this very rule raises an alarm without drift.
    pub false_alarms: Option<FalseAlarms>,
    /// Every column.
    pub columns: Vec<ColumnReport>,
}

/// How many rows and groups a side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Images.
    pub images: usize,
    /// Groups.
    pub groups: usize,
}

impl Count {
    fn of(table: &Table) -> Self {
        let mut groups: Vec<&str> = table.groups.iter().map(String::as_str).collect();
        groups.sort_unstable();
        groups.dedup();
        Self { images: table.rows(), groups: groups.len() }
    }
}

/// Compares the columns that both tables have; `current` may lack some of the reference's.
pub fn compare(
    reference: &Table,
    current: &Table,
    settings: &Settings,
    observer: &dyn Observer,
    interrupt: &Interrupt,
) -> Result<Comparison, Error> {
    let pairs = reference.columns.iter().filter_map(|column| current.column(&column.name).map(|other| (column, other)));
    // A column without any value on both sides is not there at all.
    let empty = |column: &Column| column.values.missing() == column.values.len();
    let shared: Vec<(&Column, &Column)> = pairs.filter(|(a, b)| !(empty(a) && empty(b))).collect();
    let (before, after) = (Groups::of(reference), Groups::of(current));
    let tie = |(a, b): &(&Column, &Column)| Tie {
        icc: intraclass((&a.values, &before), (&b.values, &after)),
        reference: mean_size(before.sizes(&a.values)),
        current: mean_size(after.sizes(&b.values)),
    };
    let ties: Vec<Tie> = shared.iter().map(tie).collect();
    let mut columns: Vec<ColumnReport> = shared.iter().zip(&ties).map(|((a, b), tie)| examine(a, b, *tie, settings)).collect();
    judge(&mut columns, settings);
    let split: Vec<(&Column, f64)> = shared.iter().zip(&ties).map(|((column, _), tie)| (*column, tie.icc)).collect();
    let false_alarms = false_alarm::measure(reference, &split, current.rows(), settings, observer, interrupt)?;
    let levels: Vec<LevelReport> = Level::ALL.iter().filter_map(|level| level_report(*level, &columns)).collect();
    let verdict = summary(levels.iter().map(|level| level.verdict));
    let (reference, current) = (Count::of(reference), Count::of(current));
    Ok(Comparison { verdict, settings: settings.clone(), reference, current, levels, false_alarms, columns })
}

/// How the rows of a column hang together.
#[derive(Clone, Copy)]
struct Tie {
    /// The likeness within groups.
    icc: f64,
    /// The mean size of a row's group in the reference.
    reference: f64,
    /// The same of the current rows.
    current: f64,
}

impl Tie {
    fn design(self) -> Design {
        Design::new(self.icc, self.reference, self.current)
    }

    /// Whether any group has two rows.
    fn repeats(self) -> bool {
        self.reference > 1.0 || self.current > 1.0
    }
}

/// The test and the figures of one column; the verdict comes when all are known.
fn examine(reference: &Column, current: &Column, tie: Tie, settings: &Settings) -> ColumnReport {
    let design = tie.design();
    let (before, after) = (Sample::of(&reference.values), Sample::of(&current.values));
    let enough = before.len().min(after.len()) >= settings.min_rows.max(1);
    let mut report = ColumnReport {
        name: reference.name.clone(),
        level: reference.level,
        verdict: if before.len().min(after.len()) == 0 { Verdict::Missing } else { Verdict::NotEnoughData },
        reference: before.side(&reference.values),
        current: after.side(&current.values),
        intraclass_correlation: None,
        outcome: None,
        p_adjusted: None,
        detectable_shift: None,
        divergences: None,
        hint: None,
        density: Density::default(),
    };
    match (&before, &after) {
        (Sample::Numbers(a), Sample::Numbers(b)) => {
            report.density = Density::numbers(a, b);
            if enough {
                let edges = binned::decile_edges(a);
                report.divergences = binned::divergences(&binned::histogram(a, &edges), &binned::histogram(b, &edges));
                report.outcome = Some(column::numbers(a, b, design));
            }
        }
        (Sample::Names(a), Sample::Names(b)) => {
            let (names, a, b) = count_names(a, b);
            report.density = Density::names(names, &a, &b);
            if enough {
                report.divergences = binned::divergences(&a, &b);
                report.outcome = column::counts(&a, &b, design, settings);
            }
        }
        _ => {}
    }
    if report.outcome.is_some() {
        report.intraclass_correlation = tie.repeats().then_some(tie.icc);
        count_effective(&mut report, design);
    }
    report
}

/// Effective sizes, and the mean of PSI without drift that goes with them.
fn count_effective(report: &mut ColumnReport, design: Design) {
    let (n, m) = (report.reference.n, report.current.n);
    let (n_effective, m_effective) = design.sizes(n, m);
    (report.reference.design_effect, report.reference.effective_n) = (Some(design.reference), Some(n_effective));
    (report.current.design_effect, report.current.effective_n) = (Some(design.current), Some(m_effective));
    if let Some(divergences) = &mut report.divergences {
        divergences.psi_null_mean *= design.of_difference(n, m);
    }
}

/// Adjusts p-values over all tested columns and gives each its verdict.
fn judge(columns: &mut [ColumnReport], settings: &Settings) {
    let tested = columns.iter().filter(|column| column.outcome.is_some()).count();
    let p: Vec<f64> = columns.iter().filter_map(|column| column.outcome.map(|outcome| outcome.p)).collect();
    let mut adjusted = stats::benjamini_hochberg(&p).into_iter();
    for column in columns {
        let Some(outcome) = column.outcome else { continue };
        let p_adjusted = adjusted.next().unwrap_or(1.0);
        column.p_adjusted = Some(p_adjusted);
        let numeric = matches!(outcome.test, column::Test::KsExact | column::Test::KsAsymptotic);
        let sizes = column.reference.effective_n.zip(column.current.effective_n).filter(|_| numeric);
        column.detectable_shift = sizes.and_then(|sizes| column::detectable_shift(sizes, tested, settings.q));
        column.verdict = verdict(&outcome, p_adjusted, settings);
        column.hint = (column.verdict == Verdict::Drift).then(|| hint(column));
    }
}

/// The alarm rule.
pub fn verdict(outcome: &Outcome, p_adjusted: f64, settings: &Settings) -> Verdict {
    match (p_adjusted <= settings.q, column::matters(outcome, settings)) {
        (true, true) => Verdict::Drift,
        (true, false) => Verdict::Small,
        (false, _) => Verdict::Stable,
    }
}

fn hint(column: &ColumnReport) -> &'static str {
    match column.level {
        Level::Features => NAMES.iter().find(|f| f.name == column.name).map_or("the images look different", |feature| feature.hint),
        Level::Metadata => "other patients or another case mix: who was photographed, and how are labels given?",
        Level::Predictions => "the model answers differently: other images, another case mix, or another model or preprocessing?",
    }
}

fn level_report(level: Level, columns: &[ColumnReport]) -> Option<LevelReport> {
    let own: Vec<Verdict> = columns.iter().filter(|column| column.level == level).map(|column| column.verdict).collect();
    let count = |wanted: Verdict| own.iter().filter(|verdict| **verdict == wanted).count();
    let (drifting, small) = (count(Verdict::Drift), count(Verdict::Small));
    (!own.is_empty()).then(|| LevelReport { level, verdict: summary(own.iter().copied()), columns: own.len(), drifting, small })
}

/// Drift if anything drifts; a small difference is no drift; without any verdict, not enough data.
fn summary(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let all: Vec<Verdict> = verdicts.collect();
    let first_of = [Verdict::Drift, Verdict::Small, Verdict::Stable];
    first_of.into_iter().find(|wanted| all.contains(wanted)).unwrap_or(Verdict::NotEnoughData)
}

/// The present values of a column.
enum Sample {
    /// Sorted.
    Numbers(Vec<f64>),
    Names(Vec<String>),
}

impl Sample {
    fn of(values: &Values) -> Self {
        match values {
            Values::Numbers(values) => {
                let mut present: Vec<f64> = values.iter().flatten().copied().collect();
                present.sort_by(f64::total_cmp);
                Sample::Numbers(present)
            }
            Values::Categories(values) => Sample::Names(values.iter().flatten().cloned().collect()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Sample::Numbers(values) => values.len(),
            Sample::Names(values) => values.len(),
        }
    }

    fn side(&self, values: &Values) -> Side {
        let median = if let Sample::Numbers(sorted) = self { quantile(sorted, 0.5) } else { None };
        Side { n: self.len(), missing: values.missing(), median, design_effect: None, effective_n: None }
    }
}

/// All names that occur, sorted, with their counts on both sides.
fn count_names(reference: &[String], current: &[String]) -> (Vec<String>, Vec<u64>, Vec<u64>) {
    let mut counts: std::collections::BTreeMap<&str, (u64, u64)> = std::collections::BTreeMap::new();
    reference.iter().for_each(|name| counts.entry(name).or_default().0 += 1);
    current.iter().for_each(|name| counts.entry(name).or_default().1 += 1);
    let names = counts.keys().map(|name| (*name).to_owned()).collect();
    (names, counts.values().map(|c| c.0).collect(), counts.values().map(|c| c.1).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn table(rows: usize, seed: u64, shift: f64) -> Table {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut table = Table::new((0..rows).map(|row| format!("lesion {}", row / 2)).collect());
        for column in 0..20 {
            let moved = if column == 3 { shift } else { 0.0 };
            let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0 + moved;
            let values = (0..rows).map(|_| Some(normal())).collect();
            table.numbers(Level::Features, format!("column {column}"), values);
        }
        let names = (0..rows).map(|_| Some(["nv", "mel", "bkl"][rng.random_range(0..3)].to_owned())).collect();
        table.categories(Level::Metadata, "label", names);
        table
    }

    fn run(reference: &Table, current: &Table) -> Comparison {
        let settings = Settings { splits: 50, ..Settings::default() };
        compare(reference, current, &settings, &Silent, &Interrupt::default()).unwrap()
    }

    #[test]
    fn the_shifted_column_alone_drifts() {
        let result = run(&table(800, 1, 0.0), &table(300, 2, 0.6));
        assert_eq!(result.verdict, Verdict::Drift);
        let drifting: Vec<&str> = result.columns.iter().filter(|c| c.verdict == Verdict::Drift).map(|c| c.name.as_str()).collect();
        assert_eq!(drifting, ["column 3"]);
        let effect = result.columns[3].outcome.unwrap().effect;
        assert!((effect - 0.6).abs() < 0.2, "{effect}");
        assert_eq!(result.levels[1].verdict, Verdict::Stable);
    }

    #[test]
    fn equal_distributions_are_stable_and_false_alarms_are_rare() {
        let result = run(&table(800, 1, 0.0), &table(300, 5, 0.0));
        assert_eq!(result.verdict, Verdict::Stable);
        let alarms = result.false_alarms.unwrap();
        assert_eq!((alarms.splits, alarms.current_images), (50, 300));
        assert!(alarms.rate <= 0.15, "{}", alarms.rate);
        assert_eq!(result.reference.groups, 400);
    }

    /// Lesions of one to four images that are much alike in six numbers and two categories, one of them with rare names.
    fn lesions(images: usize, seed: u64, shift: f64) -> Table {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut groups: Vec<usize> = Vec::new();
        while groups.len() < images {
            let next = groups.last().map_or(0, |last| last + 1);
            let size = rng.random_range(1..=4).min(images - groups.len());
            groups.extend(std::iter::repeat_n(next, size));
        }
        let mut table = Table::new(groups.iter().map(|group| format!("lesion {group}")).collect());
        for column in 0..6 {
            let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
            let own: Vec<f64> = (0..=images).map(|_| normal()).collect();
            let moved = if column == 0 { shift } else { 0.0 };
            // Variance 0.8 between lesions, 0.2 within, and a tail: ranks and values differ.
            let values = groups.iter().map(|group| Some((0.8_f64.sqrt() * own[*group] + 0.2_f64.sqrt() * normal() + moved).exp()));
            table.numbers(Level::Features, format!("column {column}"), values.collect());
        }
        for (name, kinds) in [("label", 4.0), ("site", 40.0)] {
            let own: Vec<u32> = (0..=images).map(|_| (kinds * rng.random::<f64>().powi(3)) as u32).collect();
            table.categories(Level::Metadata, name, groups.iter().map(|group| Some(own[*group].to_string())).collect());
        }
        table
    }

    /// In how many of 200 comparisons of 200 with 100 images any adjusted p reaches q.
    fn rejections(shift: f64, known: bool) -> usize {
        let settings = Settings { splits: 0, permutations: 400, ..Settings::default() };
        let significant = |seed: u64| {
            let (mut reference, mut current) = (lesions(200, 2 * seed, 0.0), lesions(100, 2 * seed + 1, shift));
            if !known {
                [&mut reference, &mut current].into_iter().for_each(|table| {
                    let rows = table.rows();
                    table.groups = (0..rows).map(|row| row.to_string()).collect();
                });
            }
            let result = compare(&reference, &current, &settings, &Silent, &Interrupt::default()).unwrap();
            result.columns.iter().any(|column| column.p_adjusted.is_some_and(|p| p <= settings.q))
        };
        (0..200).filter(|seed| significant(*seed)).count()
    }

    #[test]
    fn lesions_with_many_images_raise_no_alarm_of_their_own() {
        let (known, unknown) = (rejections(0.0, true), rejections(0.0, false));
        assert!(known < 20 && unknown > 60, "{known} of 200 with lesions known, {unknown} without");
        let seen = rejections(1.0, true);
        // Effective sizes near 77 and 38 show a shift of 0.87 four times in five (`detectable_shift`).
        assert!(seen >= 160, "{seen} of 200 shifts of one standard deviation");
    }

    #[test]
    fn effective_sizes_are_reported_and_change_nothing_without_repeats() {
        let mut alone = lesions(100, 3, 0.0);
        alone.groups = (0..100).map(|row| row.to_string()).collect();
        let result = run(&alone, &alone);
        assert!(result.columns.iter().all(|c| c.reference.design_effect == Some(1.0) && c.current.effective_n == Some(100.0)));
        assert!(result.columns.iter().all(|c| c.intraclass_correlation.is_none()));
        let result = run(&lesions(200, 1, 0.0), &alone);
        let (first, icc) = (&result.columns[0], result.columns[0].intraclass_correlation.unwrap());
        assert!((icc - 0.8).abs() < 0.1, "{icc}");
        assert!(first.reference.design_effect.unwrap() > 2.0 && first.current.design_effect == Some(1.0));
        assert_eq!(first.reference.effective_n, Some(200.0 / first.reference.design_effect.unwrap()));
    }

    #[test]
    fn columns_that_never_vary_and_a_single_patient_break_nothing() {
        let table = |value: f64, patients: usize| {
            let mut table = Table::new((0..60).map(|row| format!("patient {}", row % patients)).collect());
            table.numbers(Level::Features, "constant", vec![Some(value); 60]);
            table.categories(Level::Metadata, "label", vec![Some(value.to_string()); 60]);
            table
        };
        for patients in [1, 3, 30] {
            let same = run(&table(1.0, patients), &table(1.0, patients));
            assert_eq!((same.verdict, same.columns[0].outcome.unwrap().p), (Verdict::Stable, 1.0));
            // Wholly apart: thirty patients a side are proof, one or three are not.
            let other = run(&table(1.0, patients), &table(2.0, patients));
            assert_eq!(other.verdict, if patients == 30 { Verdict::Drift } else { Verdict::Stable }, "{patients}");
            assert!(serde_json::to_string(&other).is_ok_and(|text| !text.contains("NaN")));
        }
    }

    #[test]
    fn few_rows_get_no_verdict() {
        let result = run(&table(800, 1, 0.0), &table(29, 2, 3.0));
        assert_eq!(result.verdict, Verdict::NotEnoughData);
        assert!(result.columns.iter().all(|column| column.outcome.is_none()));
    }

    #[test]
    fn missing_values_are_counted_apart() {
        let mut current = table(100, 3, 0.0);
        current.columns[0].values = Values::Numbers(vec![None; 100]);
        if let Values::Numbers(values) = &mut current.columns[1].values {
            values[..40].fill(None);
        }
        let result = run(&table(800, 1, 0.0), &current);
        assert_eq!(result.columns[0].verdict, Verdict::Missing);
        assert_eq!((result.columns[1].current.n, result.columns[1].current.missing), (60, 40));
        assert_eq!(result.columns[1].verdict, Verdict::Stable);
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes() {
        let text = || serde_json::to_string(&run(&table(200, 1, 0.0), &table(100, 2, 0.3))).unwrap();
        assert_eq!(text(), text());
    }
}
