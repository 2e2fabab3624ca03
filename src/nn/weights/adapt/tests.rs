//! Every rule against timm's own results, which `interop/adaptations.py` wrote.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    kind: String,
    from: Vec<usize>,
    to: Vec<usize>,
    #[serde(default)]
    prefix: usize,
    #[serde(default)]
    grid: [usize; 2],
    #[serde(default)]
    window: [usize; 2],
    values: Vec<f32>,
}

fn draw(shape: &[usize]) -> Tensor {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i: usize| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

#[test]
fn shapes_change_as_timm_changes_them() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("timm.json")).unwrap();
    for case in &cases {
        let adaptation = match case.kind.as_str() {
            "places" => Adaptation::Places { prefix: case.prefix, from: table(&case.from, case.prefix, case.grid).unwrap(), to: case.grid },
            "distances" => {
                let to = case.window.map(|side| 2 * side - 1);
                Adaptation::Distances { from: distances(&case.from, to).unwrap(), to }
            }
            "channels" => Adaptation::Channels { from: case.from[1], to: case.to[1] },
            _ => Adaptation::Patches { from: [case.from[2], case.from[3]], to: [case.to[2], case.to[3]] },
        };
        let adapted = adapt(&draw(&case.from), adaptation, &case.to).unwrap();
        assert_eq!(adapted.dims(), case.to, "{adaptation}");
        let values = adapted.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (own, timm) in values.iter().zip(&case.values) {
            assert!((own - timm).abs() < 2e-5, "{adaptation}: {own} where timm has {timm}");
        }
    }
}

#[test]
fn one_memory_has_many_shapes() {
    for (a, b) in
        [(&[4, 50][..], &[4, 2, 5, 5][..]), (&[4, 2, 5, 5], &[4, 50]), (&[96, 1, 1], &[96]), (&[257, 8], &[1, 257, 8]), (&[1, 1, 8], &[8])]
    {
        assert!(same_memory(a, b), "{a:?} {b:?}");
    }
    for (a, b) in [(&[4, 6][..], &[6, 4][..]), (&[2, 12], &[4, 6]), (&[4, 50], &[4, 50, 1, 2]), (&[3, 2, 2], &[3, 4])] {
        assert!(!same_memory(a, b), "{a:?} {b:?}");
    }
}
