//! derm's differentiable operations against PyTorch's results and gradients, not part of the default run:
//! `interop/operations.py` draws the cases, computes them and calls
//! `DERM_OPERATION_CASES=FOLDER cargo test --release --test operations`.
//!
//! Every case is run three times: inside candle's graph, on contiguous and other tensors; as the tape runs it, on slices, where an
//! operation gets no values of what it said its backward pass does not read; and composed, on the CPU or on the device that
//! DERM_TEST_DEVICE names (`cuda`, `metal`).

mod case;
mod compare;
mod graph;
mod slices;
mod which;

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use candle_core::Device;
use case::Case;
use compare::{Got, Outcome, Report};
use derm::nn::ops::composing;

#[test]
fn operations_are_pytorch_s() {
    let folder = std::env::var_os("DERM_OPERATION_CASES").expect("DERM_OPERATION_CASES names no folder: interop/operations.py makes one");
    let folder = PathBuf::from(folder);
    let device = match std::env::var("DERM_TEST_DEVICE").as_deref() {
        Err(_) | Ok("cpu") => Device::Cpu,
        Ok("cuda") => Device::new_cuda(0).unwrap(),
        Ok("metal") => Device::new_metal(0).unwrap(),
        Ok(other) => panic!("DERM_TEST_DEVICE names `{other}`: it is cpu, cuda or metal"),
    };
    let mut report = Report::default();
    for case in case::read(&folder) {
        let mut outcome = Outcome::default();
        run("graph", &case, &mut outcome, || graph::run(&case, &Device::Cpu));
        run("slices", &case, &mut outcome, || slices::run(&case).map(Some));
        run("composed", &case, &mut outcome, || composing(|| graph::run(&case, &device)));
        report.add(&case, outcome);
    }
    std::fs::write(folder.join("compared.json"), report.to_json()).unwrap();
    assert!(report.differences.is_empty(), "{}", report.differences.join("\n"));
}

/// One way of running a case; a panic is a difference like any other.
fn run<E: Display>(route: &str, case: &Case, outcome: &mut Outcome, run: impl FnOnce() -> Result<Option<Got>, E>) {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(Some(got))) => outcome.compare(route, case, &got),
        Ok(Ok(None)) => {}
        Ok(Err(error)) => outcome.differences.push(format!("{route}: {error}")),
        Err(_) => outcome.differences.push(format!("{route}: it panicked")),
    }
}
