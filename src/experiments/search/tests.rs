use proptest::prelude::*;

use super::asha::{Asha, Decision, Rungs};
use super::*;
use crate::experiments::overrides::Override;

fn space(typed: &[&str]) -> Space {
    typed.iter().map(|typed| Override::parse(&format!("k={typed}")).unwrap().given.unwrap()).collect()
}

fn settings(algorithm: Algorithm, seed: u64, lag: usize) -> Settings {
    Settings { algorithm, seed, lag, startup: 10 }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_grid_is_every_combination_in_order() {
    let mut grid = search(space(&["1,2", "a,b,c", "int(5,6)"]), settings(Algorithm::Grid, 0, 1)).unwrap();
    let all: Vec<String> = std::iter::from_fn(|| grid.ask()).map(|point| point.iter().map(Value::shown).collect()).collect();
    assert_eq!(all, ["1a5", "1a6", "1b5", "1b6", "1c5", "1c6", "2a5", "2a6", "2b5", "2b6", "2c5", "2c6"]);
    assert!(search(space(&["uniform(0,1)"]), settings(Algorithm::Grid, 0, 1)).is_none());
}

#[test]
fn random_points_follow_from_the_seed_and_repeat_none_of_a_few() {
    let run = |seed| {
        let mut random = search(space(&["range(5)", "a,b"]), settings(Algorithm::Random, seed, 1)).unwrap();
        std::iter::from_fn(move || random.ask()).map(|point| point.iter().map(Value::shown).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let mut sorted = run(7);
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 10);
}

#[test]
fn random_numbers_are_spread_evenly() {
    let mut random = search(space(&["uniform(-1,1)", "loguniform(1e-4,1)", "int(1,3)"]), settings(Algorithm::Random, 3, 1)).unwrap();
    let points: Vec<Point> = (0..6000).map(|_| random.ask().unwrap()).collect();
    let share = |axis: usize, below: f64| points.iter().filter(|point| number(&point[axis]) < below).count() as f64 / 6000.0;
    // Four standard deviations of a share of a half are 0.026.
    assert!((share(0, 0.0) - 0.5).abs() < 0.026);
    assert!((share(1, 1e-2) - 0.5).abs() < 0.026);
    assert!((share(2, 2.0) - 1.0 / 3.0).abs() < 0.026 && share(2, 4.0) == 1.0);
}

/// The best of `trials` points of a function, with results told in the order of the points.
fn best(algorithm: Algorithm, seed: u64, trials: usize, axes: &[&str], function: impl Fn(&Point) -> f64) -> f64 {
    let mut search = search(space(axes), settings(algorithm, seed, 1)).unwrap();
    let results = (0..trials).map(|n| {
        let result = function(&search.ask().unwrap());
        search.tell(n, Some(result));
        result
    });
    results.fold(f64::INFINITY, f64::min)
}

#[test]
fn tpe_beats_random_on_most_seeds() {
    let bowl = |point: &Point| (number(&point[0]) - 2.0).powi(2) + (number(&point[1]).ln() + 5.0).powi(2) + number(&point[2]);
    let axes = ["uniform(-10,10)", "loguniform(1e-5,1)", "0,1,2"];
    let wins =
        (0..50).filter(|seed| best(Algorithm::Tpe, *seed, 60, &axes, bowl) < best(Algorithm::Random, *seed, 60, &axes, bowl)).count();
    // Of 50 fair tosses 38 heads or more come once in 7,000.
    assert!(wins >= 38, "{wins} of 50");
}

#[test]
fn points_do_not_depend_on_who_ends_first() {
    let axes = ["uniform(-10,10)", "a,b"];
    let cost = |point: &Point| number(&point[0]).abs() + if point[1].shown() == "a" { 1.0 } else { 0.0 };
    let run = |backwards: bool| {
        let mut search = search(space(&axes), settings(Algorithm::Tpe, 5, 4)).unwrap();
        let (mut points, mut open): (Vec<Point>, Vec<usize>) = (Vec::new(), Vec::new());
        while points.len() < 40 {
            while search.ready() && open.len() < 4 {
                open.push(points.len());
                points.push(search.ask().unwrap());
            }
            let ended = if backwards { open.pop() } else { Some(open.remove(0)) };
            let ended = ended.unwrap();
            search.tell(ended, Some(cost(&points[ended])));
        }
        points
    };
    assert_eq!(run(false)[..36], run(true)[..36]);
}

#[test]
fn rungs_by_hand() {
    let mut asha = Asha::new(Rungs { min: 1, eta: 3, max: Some(9) }, 1);
    use Decision::{Continue, Stop};
    // Alone on each rung; none stands at 9.
    assert_eq!([(1, 0.5), (2, 0.4), (3, 0.3), (9, 0.9)].map(|(step, value)| asha.report(0, step, value)), [Continue; 4]);
    // Two on the first rung: only the best goes on.
    assert_eq!(asha.report(1, 1, 0.6), Stop);
    // 0.4 is the best of three; on the second rung it meets 0.3 alone and loses.
    assert_eq!([(1, 0.4), (2, 0.5), (3, 0.35)].map(|(step, value)| asha.report(2, step, value)), [Continue, Continue, Stop]);
    // 0.4 once more: the earlier one of two equals is better. A third of four is one.
    assert_eq!(asha.report(3, 1, 0.4), Stop);
    assert_eq!(asha.report(4, 1, f64::NAN), Stop);
    // Five numbers and this one: a third of six is two; 0.4, 0.4 and 0.45: third.
    assert_eq!(asha.report(5, 1, 0.45), Stop);
    // A step that jumps over rungs stands on each: best of seven on the first, best of three on the second.
    assert_eq!(asha.report(6, 4, 0.1), Continue);
}

#[test]
fn rivals_are_those_that_ended_before() {
    let mut asha = Asha::new(Rungs { min: 1, eta: 2, max: None }, 2);
    assert_eq!(asha.report(0, 1, 0.1), Decision::Continue);
    // Trial 1 ran beside trial 0.
    assert_eq!(asha.report(1, 1, 0.9), Decision::Continue);
    // Trial 2 knows of trial 0 alone.
    assert_eq!(asha.report(2, 1, 0.5), Decision::Stop);
    assert!(asha.ready(2, |trial| trial == 0) && !asha.ready(3, |trial| trial == 0));
}

proptest! {
    /// A trial that reports the same as another, but better, is never ended where that goes on.
    #[test]
    fn better_never_ends_sooner(others in prop::collection::vec(prop::collection::vec(0.0..1.0, 4), 0..12), mine in prop::collection::vec(0.0..1.0, 4)) {
        let rungs = Rungs { min: 1, eta: 2, max: None };
        let mut asha = Asha::new(rungs, 1);
        for (trial, values) in others.iter().enumerate() {
            let _ = values.iter().zip(1..).any(|(value, step)| asha.report(trial, step, *value) == Decision::Stop);
        }
        let steps = |by: f64| {
            let mut asha = asha.clone();
            mine.iter().zip(1..).take_while(|(value, step)| asha.report(others.len(), *step, **value - by) == Decision::Continue).count()
        };
        prop_assert!(steps(0.1) >= steps(0.0));
    }

    /// Of values that come in any order, the best of all so far always goes on.
    #[test]
    fn the_best_goes_on(values in prop::collection::vec(0.0..1.0_f64, 1..30)) {
        let mut asha = Asha::new(Rungs { min: 1, eta: 3, max: None }, 1);
        let mut best = f64::INFINITY;
        for (trial, value) in values.iter().enumerate() {
            let decision = asha.report(trial, 1, *value);
            if *value < best {
                prop_assert_eq!(decision, Decision::Continue);
                best = *value;
            }
        }
    }

    #[test]
    fn points_lie_in_their_space(seed in any::<u64>(), results in prop::collection::vec(prop::option::of(-1e9..1e9_f64), 25)) {
        let axes = space(&["uniform(-3,-2)", "loguniform(1e-8,1e8)", "int(-2,2)", "choice(x,y,z)"]);
        let mut search = search(axes, settings(Algorithm::Tpe, seed, 1)).unwrap();
        for (n, result) in results.into_iter().enumerate() {
            let point = search.ask().unwrap();
            prop_assert!((-3.0..=-2.0).contains(&number(&point[0])) && (1e-8..=1e8).contains(&number(&point[1])));
            prop_assert!(matches!(point[2], Value::Int(-2..=2)) && ["x", "y", "z"].contains(&point[3].shown().as_str()));
            search.tell(n, result);
        }
    }
}

/// The functions that `interop/search.py` gives to Optuna too.
fn function(name: &str, point: &Point) -> f64 {
    let x: Vec<f64> = point.iter().filter(|value| !matches!(value, Value::Text(_))).map(number).collect();
    match name {
        "bowl" => (x[0] - 2.0).powi(2) + (x[1].ln() + 5.0).powi(2),
        // Branin: three minima of 0.397887.
        "branin" => {
            let pi = std::f64::consts::PI;
            let inner = x[1] - 5.1 / (4.0 * pi * pi) * x[0] * x[0] + 5.0 / pi * x[0] - 6.0;
            inner * inner + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * x[0].cos() + 10.0
        }
        "sphere5" => x.iter().map(|x| x * x).sum(),
        _ => {
            let net = point.iter().find_map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None });
            let worse = match net {
                Some("a") => 0.3,
                Some("b") => 0.0,
                _ => 0.6,
            };
            (x[0].log10() + 3.0).powi(2) * 0.1 + (x[1] - 6.0).abs() * 0.02 + worse
        }
    }
}

const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("bowl", &["uniform(-10,10)", "loguniform(1e-5,1)"]),
    ("branin", &["uniform(-5,10)", "uniform(0,15)"]),
    ("sphere5", &["uniform(-5,5)", "uniform(-5,5)", "uniform(-5,5)", "uniform(-5,5)", "uniform(-5,5)"]),
    ("network", &["loguniform(1e-6,1)", "int(1,12)", "a,b,c"]),
];

/// Prints figures for `interop/search.py`: the best of 60 points for 50 seeds, and which trials of given curves go on.
#[test]
#[ignore = "prints figures that another program compares"]
#[expect(clippy::print_stdout, reason = "another program reads it")]
fn figures_for_other_programs() {
    for (name, axes) in FUNCTIONS {
        for algorithm in [Algorithm::Random, Algorithm::Tpe] {
            for seed in 0..50 {
                let found = best(algorithm, seed, 60, axes, |point| function(name, point));
                println!("BEST {name} {algorithm:?} {seed} {found:e}");
            }
        }
    }
    let Some(curves) = std::env::var_os("DERM_CURVES") else { return };
    let curves: Vec<Vec<f64>> = serde_json::from_slice(&std::fs::read(curves).unwrap()).unwrap();
    for eta in [2, 3, 4] {
        let mut asha = Asha::new(Rungs { min: 1, eta, max: None }, 1);
        for (trial, curve) in curves.iter().enumerate() {
            let stop = curve.iter().zip(1..).find(|(value, step)| asha.report(trial, *step, **value) == Decision::Stop);
            println!("STOP {eta} {trial} {}", stop.map_or(0, |(_, step)| step));
        }
    }
}
