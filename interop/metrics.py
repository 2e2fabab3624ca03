"""Compares `derm evaluate` with scikit-learn on random and on awkward tables of predictions.

usage: metrics.py PATH-TO-DERM

Every number of evaluation.json that scikit-learn or SciPy can compute must agree to 1e-9. What they have no
function for (ECE, ISIC's area, MedMNIST's two numbers, DeLong's interval) is computed here from its
definition in another way than in derm. Exit code 1 on any difference.
"""

import json
import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from scipy.special import expit, logit, softmax
from scipy.stats import binomtest
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
TOLERANCE = 1e-9
compared, wrong = 0, []


def check(case, name, ours, theirs):
    """`theirs` may be NaN or None: then ours must be null."""
    global compared
    compared += 1
    theirs = None if theirs is None or (isinstance(theirs, float) and math.isnan(theirs)) else float(theirs)
    if (ours is None) != (theirs is None) or (ours is not None and not abs(ours - theirs) <= TOLERANCE):
        wrong.append(f"{case}: {name}: derm {ours}, reference {theirs}")


def write(path, classes, y, p):
    with open(path, "w", encoding="utf-8") as out:
        heading = ["image", "label"] + [f"p_{c}" for c in classes]
        out.write(",".join(heading) + "\n")
        for i, row in enumerate(p):
            cells = [f"i{i:06d}.jpg", classes[y[i]]] + [repr(float(v)) for v in row]
            out.write(",".join(cells) + "\n")


def evaluate(derm, folder, classes, y, p):
    table, out = folder / "table.csv", folder / "out"
    write(table, classes, y, p)
    done = subprocess.run([derm, "evaluate", "--predictions", table, "--out", out, "--resamples", "20"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"derm failed:\n{done.stderr}")
    again = out / "predictions.csv"
    back = np.genfromtxt(again, delimiter=",", skip_header=1, usecols=range(4, 4 + len(classes)), ndmin=2)
    assert (back == p).all(), "predictions.csv does not hold the same numbers"
    full, short = (json.loads((out / name).read_text()) for name in ("evaluation.json", "metrics.json"))
    assert all(full[key] == value for key, value in short.items() if key not in ("kind", "per_class")), "the two files differ"
    assert all(full["per_class"][c][key] == value for c in classes for key, value in short["per_class"][c].items())
    return full


def ece_and_mce(y, p):
    """Guo et al.: 15 bins, each a mask (lo, hi]; the first also holds 0."""
    confidence, right = p.max(1), p.argmax(1) == y
    edges = [b / 15 for b in range(16)]
    gaps, total = [], 0.0
    for b in range(15):
        inside = (confidence > edges[b]) & (confidence <= edges[b + 1]) | ((confidence == 0) if b == 0 else False)
        if inside.any():
            gaps.append(abs(right[inside].mean() - confidence[inside].mean()))
            total += inside.mean() * gaps[-1]
    return total, max(gaps)


def isic_area(truth, score):
    """As isic-challenge-scoring 5.6.0: the ROC from TPR 0.8 on, its first point interpolated in FPR."""
    fpr, tpr, _ = sk.roc_curve(truth, score, drop_intermediate=False)
    first = np.flatnonzero(tpr >= 0.8)[0]
    start = np.interp(0.8, tpr[first - 1 : first + 1], fpr[first - 1 : first + 1])
    x, y = np.concatenate([[start], fpr[first:]]), np.concatenate([[0.8], tpr[first:]])
    return np.trapezoid(y, x)


def isic_balanced(y, p, k):
    decided = (p == p.max(1, keepdims=True)).sum(1) == 1
    guess = np.where(decided, p.argmax(1), -1)
    return np.mean([(guess[y == c] == c).mean() for c in range(k) if (y == c).any()])


def delong(truth, score):
    """Every pair of rows, no ranks; Sun and Xu's fast form is what derm has."""
    pos, neg = score[truth], score[~truth]
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    auc = wins.mean()
    if len(pos) < 5 or len(neg) < 5 or auc in (0.0, 1.0):
        return None
    variance = wins.mean(1).var(ddof=1) / len(pos) + wins.mean(0).var(ddof=1) / len(neg)
    half = 1.959963984540054 * math.sqrt(variance) / (auc * (1 - auc))
    return [expit(logit(auc) - half), expit(logit(auc) + half)] if variance > 0 else None


def wilson(good, n):
    return None if n < 5 else list(binomtest(int(good), int(n)).proportion_ci(0.95, method="wilson"))


def check_interval(case, name, ours, theirs):
    for end in (0, 1):
        check(case, f"{name}[{end}]", ours and ours[end], theirs and theirs[end])


def of_class(case, found, intervals, y, guess, score, c):
    truth, said = y == c, guess == c
    nan = float("nan")
    p, r, f, _ = sk.precision_recall_fscore_support(truth, said, pos_label=True, average="binary", zero_division=nan)
    # scikit-learn calls F1 undefined only where precision and recall both are.
    f = sk.f1_score(truth, said, zero_division=nan)
    specificity = sk.recall_score(~truth, ~said, zero_division=nan)
    npv = sk.precision_score(~truth, ~said, zero_division=nan)
    both = truth.any() and not truth.all()
    auc = sk.roc_auc_score(truth, score) if both else nan
    ap = sk.average_precision_score(truth, score) if truth.any() else nan
    for name, value in dict(precision=p, recall=r, f1=f, specificity=specificity, npv=npv, auc=auc, ap=ap).items():
        check(case, name, found[name], value)
    check(case, "support", found["support"], truth.sum())
    check_interval(case, "recall", intervals["recall"], wilson((truth & said).sum(), truth.sum()))
    check_interval(case, "precision", intervals["precision"], wilson((truth & said).sum(), said.sum()))
    check_interval(case, "specificity", intervals["specificity"], wilson((~truth & ~said).sum(), (~truth).sum()))
    if both and len(y) <= 3000:
        check_interval(case, "auc", intervals["auc"], delong(truth, score))
    return auc, ap


def averages(case, found, y, guess, p, aucs, aps, k):
    labels = list(range(k))
    for ours, theirs in (("macro", "macro"), ("weighted", "weighted"), ("micro", "micro")):
        values = sk.precision_recall_fscore_support(y, guess, labels=labels, average=theirs, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), values):
            check(case, f"{ours}.{name}", found["averages"][ours][name], value)
    here = sorted(set(y))
    values = sk.precision_recall_fscore_support(y, guess, labels=here, average="macro", zero_division=0)
    for name, value in zip(("precision", "recall", "f1"), values):
        check(case, f"macro_present.{name}", found["averages"]["macro_present"][name], value)
    truth = np.eye(k)[y]
    check(case, "micro.auc", found["averages"]["micro"]["auc"], sk.roc_auc_score(truth.ravel(), p.ravel()))
    check(case, "micro.ap", found["averages"]["micro"]["ap"], sk.average_precision_score(truth.ravel(), p.ravel()))
    if not any(map(math.isnan, aucs)):
        check(case, "macro_auc (scikit-learn's)", found["macro_auc"], sk.roc_auc_score(truth, p, average="macro"))
        check(case, "weighted.auc", found["averages"]["weighted"]["auc"], sk.roc_auc_score(truth, p, average="weighted"))
        check(case, "weighted.ap", found["averages"]["weighted"]["ap"], sk.average_precision_score(truth, p, average="weighted"))
    check(case, "macro_auc", found["macro_auc"], np.nanmean(aucs) if not all(map(math.isnan, aucs)) else None)
    check(case, "macro_ap", found["macro_ap"], np.nanmean(aps))
    medmnist = aucs[1] if k == 2 else np.mean(aucs)
    check(case, "medmnist.auc", found["medmnist"]["auc"], float(medmnist))
    acc = sk.accuracy_score(y, p[:, 1] > 0.5) if k == 2 else sk.accuracy_score(y, guess)
    check(case, "medmnist.acc", found["medmnist"]["acc"], acc)


def whole(case, found, y, p, k):
    guess = p.argmax(1)
    labels = list(range(k))
    check(case, "accuracy", found["accuracy"], sk.accuracy_score(y, guess))
    check_interval(case, "accuracy", found["intervals"]["headline"]["accuracy"], wilson((guess == y).sum(), len(y)))
    check(case, "balanced_accuracy", found["balanced_accuracy"], sk.balanced_accuracy_score(y, guess))
    check(case, "macro_f1", found["macro_f1"], sk.f1_score(y, guess, labels=labels, average="macro", zero_division=0))
    one_sided = len(set(y)) == 1 or len(set(guess)) == 1
    check(case, "mcc", found["mcc"], None if one_sided else sk.matthews_corrcoef(y, guess))
    both = len(set(y) | set(guess)) == 1
    check(case, "kappa", found["kappa"], None if both else sk.cohen_kappa_score(y, guess, labels=labels))
    check(case, "log_loss", found["log_loss"], sk.log_loss(y, p, labels=labels))
    if np.allclose(p.sum(1), 1, atol=1e-9, rtol=0):
        brier = sk.brier_score_loss(y, p, labels=labels, scale_by_half=False)
    else:
        brier = sum(sk.brier_score_loss(y == c, p[:, c]) if 0 < (y == c).sum() < len(y) else np.mean(((y == c) - p[:, c]) ** 2) for c in labels)
    check(case, "brier", found["brier"], brier)
    check(case, "brier_halved", found["brier_halved"], brier / 2)
    ece, mce = ece_and_mce(y, p)
    check(case, "ece", found["ece"], ece)
    check(case, "mce", found["mce"], mce)
    check(case, "isic.balanced_accuracy", found["isic"]["balanced_accuracy"], isic_balanced(y, p, k))
    check(case, "isic.undecided", found["isic"]["undecided"], ((p == p.max(1, keepdims=True)).sum(1) > 1).sum())
    untied = all(len(set(row)) == k for row in p.tolist())
    for top in (2, 3):
        if untied and k > 2 and top < k:
            check(case, f"top_{top}", found[f"top_{top}"], sk.top_k_accuracy_score(y, p, k=top, labels=labels))
    matrix = sk.confusion_matrix(y, guess, labels=labels)
    for r in labels:
        for c in labels:
            check(case, f"confusion[{r}][{c}]", found["confusion"][r][c], matrix[r, c])
    return guess


def compare(derm, folder, case, classes, y, p):
    before = compared
    found = evaluate(derm, folder, classes, y, p)
    k = len(classes)
    guess = whole(case, found, y, p, k)
    areas = []
    for c, name in enumerate(classes):
        areas.append(of_class(f"{case}, {name}", found["per_class"][name], found["intervals"]["per_class"][name], y, guess, p[:, c], c))
        truth = y == c
        area = isic_area(truth, p[:, c]) if truth.any() and not truth.all() else None
        check(f"{case}, {name}", "isic.auc_sens_80", found["isic"]["per_class"][name]["auc_sens_80"], area)
    averages(case, found, y, guess, p, *map(list, zip(*areas)), k)
    order = np.random.default_rng(5).permutation(len(y))
    write(folder / "turned.csv", classes, y, p)
    lines = (folder / "turned.csv").read_text().splitlines(keepends=True)
    (folder / "turned.csv").write_text(lines[0] + "".join(lines[1 + i] for i in order))
    subprocess.run([derm, "evaluate", "--predictions", "turned.csv", "--out", "turned", "--resamples", "20"], cwd=folder, check=True, capture_output=True)
    if (folder / "turned/evaluation.json").read_bytes() != (folder / "out/evaluation.json").read_bytes():
        wrong.append(f"{case}: the order of rows changes evaluation.json")
    print(f"{case:<46} {len(y):>6} rows {k} classes {compared - before:>4} numbers")


def random_table(rng, n, k, sharpness=2.0):
    prior = rng.dirichlet(np.ones(k) * 2)
    y = rng.choice(k, size=n, p=prior)
    y[: min(k, n)] = np.arange(min(k, n))
    z = rng.normal(size=(n, k)) * 1.3 + np.log(prior)
    z[np.arange(n), y] += sharpness
    return y, softmax(z, axis=1)


def cases():
    rng = np.random.default_rng(20240)
    names = lambda k: [f"c{i}" for i in range(k)]
    for n, k in ((40, 3), (500, 7), (2005, 7), (10015, 7), (1200, 2), (900, 9)):
        yield f"random {n}x{k}", names(k), *random_table(rng, n, k)
    y, p = random_table(rng, 600, 5)
    yield "ties everywhere (one decimal, not summing to 1)", names(5), y, np.round(p, 1)
    yield "every probability equal", names(5), y, np.full_like(p, 0.2)
    hard = np.eye(5)[p.argmax(1)]
    yield "one-hot outputs (0 and 1 only)", names(5), y, hard
    yield "perfect", names(5), y, np.eye(5)[y]
    yield "always wrong", names(5), y, np.eye(5)[(y + 1) % 5]
    tiny = np.clip(p**40, 5e-324, 1.0)
    yield "saturated to denormal numbers", names(5), y, tiny
    absent = np.where(y == 3, 0, y)
    yield "a class without rows", names(5), absent, p
    never = p.copy()
    never[:, 2] *= 1e-6
    never /= never.sum(1, keepdims=True)
    yield "a class never predicted", names(5), y, never
    yield "a single class in the labels", names(5), np.zeros_like(y), p
    yield "one row", names(3), np.array([1]), np.array([[0.2, 0.5, 0.3]])
    yield "two rows", names(3), np.array([0, 2]), np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    on_edges = rng.integers(0, 16, size=300) / 15
    yield "confidences on the edges of bins", names(2), rng.integers(0, 2, 300), np.stack([on_edges, 1 - on_edges], 1)
    y, p = random_table(rng, 300, 2)
    yield "binary, ties at one half", names(2), y, np.stack([1 - np.round(p[:, 1] * 4) / 4, np.round(p[:, 1] * 4) / 4], 1)
    f32 = random_table(rng, 800, 7)
    yield "32-bit softmax", names(7), f32[0], f32[1].astype(np.float32).astype(float)


def several(derm, folder, case, truth, p):
    """Labels that do not exclude each other: `truth` 0 or 1 and `p`, both `[rows, labels]`."""
    before = compared
    names = [f"l{i}" for i in range(truth.shape[1])]
    lines = ["image,labels," + ",".join(f"p_{name}" for name in names)]
    for i, row in enumerate(p):
        shown = ";".join(name for name, there in zip(names, truth[i]) if there)
        lines.append(",".join([f"i{i:06d}.jpg", shown] + [repr(float(v)) for v in row]))
    (folder / "several.csv").write_text("\n".join(lines) + "\n")
    done = subprocess.run([derm, "evaluate", "--predictions", "several.csv", "--out", "several", "--resamples", "20"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"derm failed:\n{done.stderr}")
    assert (folder / "several/predictions.csv").read_text().splitlines()[0] == "image,labels,predicted," + ",".join(f"p_{name}" for name in names)
    found = json.loads((folder / "several/evaluation.json").read_text())
    short = json.loads((folder / "several/metrics.json").read_text())
    assert all(found[key] == value for key, value in short.items() if key not in ("kind", "per_class")), "the two files differ"
    said = (p >= 0.5).astype(int)
    areas = []
    for c, name in enumerate(names):
        areas.append(of_class(f"{case}, {name}", found["per_class"][name], found["intervals"]["per_class"][name], truth[:, c], said[:, c], p[:, c], 1))
    aucs, aps = map(list, zip(*areas))
    check(case, "macro_auc", found["macro_auc"], np.nanmean(aucs) if not all(map(math.isnan, aucs)) else None)
    check(case, "macro_ap", found["macro_ap"], np.nanmean(aps) if not all(map(math.isnan, aps)) else None)
    for average in ("macro", "weighted", "micro"):
        ours = found["averages"][average]
        values = sk.precision_recall_fscore_support(truth, said, average=average, zero_division=0)
        # Of nothing at all scikit-learn says 0, derm that there is no value.
        for name, value in zip(("precision", "recall", "f1"), values):
            if ours[name] is not None or value != 0:
                check(case, f"{average}.{name}", ours[name], value)
        if not any(map(math.isnan, aucs)):
            check(case, f"{average}.auc", ours["auc"], sk.roc_auc_score(truth, p, average=average))
            check(case, f"{average}.ap", ours["ap"], sk.average_precision_score(truth, p, average=average))
    check(case, "macro_f1", found["macro_f1"], sk.f1_score(truth, said, average="macro", zero_division=0))
    check(case, "hamming_loss", found["hamming_loss"], sk.hamming_loss(truth, said))
    check(case, "subset_accuracy", found["subset_accuracy"], sk.accuracy_score(truth, said))
    check_interval(case, "subset_accuracy", found["intervals"]["headline"]["subset_accuracy"], wilson((truth == said).all(1).sum(), len(p)))
    check(case, "log_loss", found["log_loss"], np.mean([sk.log_loss(truth[:, c], p[:, c], labels=[0, 1]) for c in range(len(names))]))
    print(f"{case:<46} {len(p):>6} rows {len(names)} labels  {compared - before:>4} numbers")


def several_cases():
    rng = np.random.default_rng(7)
    for n, k in ((60, 2), (2000, 5), (10015, 8)):
        truth = (rng.random((n, k)) < rng.uniform(0.05, 0.6, k)).astype(int)
        p = expit(rng.normal(size=(n, k)) + 2.5 * truth - 1.5)
        yield f"several labels, random {n}x{k}", truth, p
    yield "several labels, one decimal: ties and thresholds", truth, np.round(p, 1)
    never, always = truth.copy(), truth.copy()
    never[:, 3], always[:, 0] = 0, 1
    yield "several labels, one that no image has", never, p
    yield "several labels, one that every image has", always, p
    yield "several labels, none said", truth, p / 4
    yield "several labels, all right", truth, truth.astype(float)


def main():
    derm = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            compare(derm, Path(folder), *case)
        for case in several_cases():
            several(derm, Path(folder), *case)
    print(f"{compared} numbers compared with scikit-learn, SciPy and the definitions, tolerance {TOLERANCE}")
    for line in wrong[:40]:
        print("DIFFERENT", line)
    if wrong:
        sys.exit(f"{len(wrong)} differ")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
