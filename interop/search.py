"""derm's search beside Optuna's: TPE on functions, ASHA on curves.

    python interop/search.py .

needs `optuna`. Prints, for each function, the median of the best of 60 points over 50 seeds, and how many seeds each
beats the other on; then asks that derm's TPE beats random on at least 38 of 50 seeds (by luck once in 7,000) on each function, that
its median is at most 1.5 times Optuna's, or as near to the minimum as 0.05, and that ASHA ends the same trials at the same steps.
"""

import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)

FUNCTIONS = {
    "bowl": (0.0, lambda t: (t.suggest_float("x", -10, 10) - 2) ** 2 + (math.log(t.suggest_float("y", 1e-5, 1, log=True)) + 5) ** 2),
    "branin": (0.397887, lambda t: branin(t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15))),
    "sphere5": (0.0, lambda t: sum(t.suggest_float(f"x{i}", -5, 5) ** 2 for i in range(5))),
    "network": (0.0, lambda t: network(t.suggest_float("lr", 1e-6, 1, log=True), t.suggest_int("n", 1, 12), t.suggest_categorical("net", ["a", "b", "c"]))),
}


def branin(x, y):
    inner = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return inner**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def network(lr, n, net):
    return (math.log10(lr) + 3) ** 2 * 0.1 + abs(n - 6) * 0.02 + {"a": 0.3, "b": 0.0, "c": 0.6}[net]


def optuna_best(function, seed):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(function, n_trials=60)
    return study.best_value


def optuna_stops(curves, eta):
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=eta)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    stops = []
    for curve in curves:
        trial, at = study.ask(), 0
        for step, value in enumerate(curve, 1):
            trial.report(value, step)
            if trial.should_prune():
                at = step
                break
        stops.append(at)
        study.tell(trial, state=optuna.trial.TrialState.PRUNED) if at else study.tell(trial, curve[-1])
    return stops


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    numbers = random.Random(1)
    curves = [[numbers.random() + 1 / step for step in range(1, 28)] for _ in range(200)]
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(curves, file)
    command = ["cargo", "test", "-q", "-p", "derm", "--lib", "--", "--ignored", "--nocapture", "--exact", "experiments::search::tests::figures_for_other_programs"]
    out = subprocess.run(command, cwd=root, env={**os.environ, "DERM_CURVES": file.name}, capture_output=True, text=True, check=True).stdout
    ours, stops = {}, {}
    for line in out.splitlines():
        match line.split():
            case ["BEST", name, algorithm, _, value]:
                ours.setdefault((name, algorithm), []).append(float(value))
            case ["STOP", eta, _, step]:
                stops.setdefault(int(eta), []).append(int(step))
    good = True
    print(f"{'function':10} {'random':>10} {'derm tpe':>10} {'optuna tpe':>10}   derm beats random, Optuna")
    for name, (minimum, function) in FUNCTIONS.items():
        theirs = [optuna_best(function, seed) for seed in range(50)]
        rand, tpe = ours[name, "Random"], ours[name, "Tpe"]
        over = sum(a < b for a, b in zip(tpe, rand))
        beside = sum(a < b for a, b in zip(tpe, theirs))
        medians = [statistics.median(values) for values in (rand, tpe, theirs)]
        print(f"{name:10} {medians[0]:10.4g} {medians[1]:10.4g} {medians[2]:10.4g}   {over} of 50, {beside} of 50")
        near = medians[1] - minimum <= max(1.5 * (medians[2] - minimum), 0.05)
        good &= over >= 38 and near
    for eta in (2, 3, 4):
        same = optuna_stops(curves, eta) == stops[eta]
        print(f"asha, eta {eta}: {sum(map(bool, stops[eta]))} of {len(curves)} ended, {'as' if same else 'NOT as'} Optuna ends them")
        good &= same
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
