"""Compares derm's differentiable operations with PyTorch: results and the gradients of all inputs.

usage: operations.py REPOSITORY [FEATURES]

Draws at least 30 cases of every operation, lets PyTorch compute them in float64 (in float32 where NaN, infinities or ties
matter), and runs `cargo test --test operations` on them, built with FEATURES. With `cuda` or `metal` among these and that device named
by DERM_TEST_DEVICE, compositions are run on it. Needs `requirements-operations.txt`. Exit code 1 on any difference.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

import operation_draws
from operation_cases import Cases


def main(repository, features=""):
    torch.set_num_threads(1)  # The cases are small.
    cases = Cases()
    for draw in operation_draws.ALL:
        draw(cases)
    with tempfile.TemporaryDirectory() as folder:
        cases.write(folder)
        environment = os.environ | {"DERM_OPERATION_CASES": folder}
        command = ["cargo", "test", "--release", "--locked", "--test", "operations", "--features", features]
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True)
        report = Path(folder, "compared.json")
        if not report.exists():
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        report = json.loads(report.read_text())
    for operation in report["operations"]:
        print("{operation}: {compared} cases, {differ} differ, largest error {worst:.1e} of the root mean square".format(**operation))
    for difference in report["differences"]:
        print(difference)
    compared = sum(operation["compared"] for operation in report["operations"])
    differ = sum(operation["differ"] for operation in report["operations"])
    complete = compared == len(cases.list)
    print(f"{compared} of {len(cases.list)} cases compared, {differ} differ")
    sys.exit(0 if done.returncode == 0 and differ == 0 and complete else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
