"""Compares `derm drift` with SciPy on tables of predictions and on folders of images.

usage: drift.py PATH-TO-DERM

Every statistic and p-value must agree to 1e-9 (Jensen-Shannon to 1e-7: a square root near 0; an asymptotic p near 1
to 1e-6). The asymptotic p-value of both is Kolmogorov's distribution at round(nm/(n+m)); derm uses it too where p is below 1e-60. Permutation p-values are random: within five standard errors of SciPy's own. Exit code 1 on any difference.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import stats
from scipy.spatial.distance import jensenshannon

warnings.filterwarnings("ignore")
EPS = 1e-4
compared, wrong = 0, []


def check(name, ours, theirs, tolerance=1e-9):
    global compared
    compared += 1
    if ours is None or not abs(ours - theirs) <= tolerance:
        wrong.append(f"{name}: derm {ours}, reference {theirs}")


def write(path, values):
    """`values` are probabilities of the first of two classes."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("image,p_a,p_b\n")
        for i, value in enumerate(values):
            out.write(f"{i}.jpg,{float(value)!r},{float(1 - value)!r}\n")


def drift(derm, folder, *args):
    done = subprocess.run([str(derm), "drift", *map(str, args), "--out", str(folder / "out"), "--splits", "0"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"derm drift: exit code {done.returncode}\n{done.stderr}")
    return json.loads((folder / "out" / "drift.json").read_text())


def column(report, name):
    return next(c for c in report["columns"] if c["name"] == name)


def numbers(derm, folder, case, a, b):
    write(folder / "a.csv", a)
    write(folder / "b.csv", b)
    report = drift(derm, folder, "--reference-predictions", "a.csv", "--current-predictions", "b.csv")
    got = column(report, "p_a")
    exact = got["test"] == "ks-exact"
    theirs = stats.ks_2samp(a, b, method="exact" if exact else "asymp")
    check(f"{case}: D", got["statistic"], theirs.statistic)
    # Where SciPy walks a matrix instead of the expansion, p is near 1 and the two differ in the seventh digit.
    effective = round(len(a) * len(b) / (len(a) + len(b)))
    walks = not exact and effective * theirs.statistic**1.5 <= 1.4
    check(f"{case}: p ({got['test']})", got["p"], theirs.pvalue, 1e-6 if walks else 1e-9)
    if theirs.pvalue > 1e-200 and exact:
        check(f"{case}: relative p", got["p"] / theirs.pvalue, 1.0, 1e-6)
    sign = -1 if np.median(b) < np.median(a) else 1
    check(f"{case}: effect", got["effect"], sign * stats.wasserstein_distance(a, b) / np.std(a))
    edges = np.unique(np.quantile(a, np.arange(1, 10) / 10))
    if edges[0] == a.min():
        edges = np.insert(edges, 0, np.nextafter(a.min(), -np.inf))
    divergences(case, got, np.bincount(np.searchsorted(edges, a), minlength=len(edges) + 1), np.bincount(np.searchsorted(edges, b), minlength=len(edges) + 1))
    labels = column(report, "predicted")
    counts = np.array([[np.sum(v >= 0.5), np.sum(v < 0.5)] for v in (a, b)])
    contingency(f"{case}: predicted", labels, counts)
    tested = [c for c in report["columns"] if "p" in c]
    for c, adjusted in zip(tested, stats.false_discovery_control([c["p"] for c in tested])):
        check(f"{case}: adjusted p of {c['name']}", c["p_adjusted"], adjusted)


def divergences(case, got, before, after):
    p, q = before / before.sum(), after / after.sum()
    lp, lq = np.log(np.maximum(p, EPS)), np.log(np.maximum(q, EPS))
    check(f"{case}: PSI", got["psi"], np.sum((q - p) * (lq - lp)))
    check(f"{case}: KL", got["kl_divergence"], np.sum(q * (lq - lp)))
    check(f"{case}: cross-entropy", got["cross_entropy"], -np.sum(q * lp))
    check(f"{case}: Jensen-Shannon", got["js_distance"], jensenshannon(p, q, base=2), 1e-7)


def contingency(case, got, counts):
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        check(f"{case}: p of one category", got["p"], 1.0)
        return
    theirs = stats.chi2_contingency(counts, correction=False)
    check(f"{case}: chi-square", got["statistic"], theirs.statistic, 1e-9 * max(1.0, theirs.statistic))
    check(f"{case}: V", got["effect"], np.sqrt(theirs.statistic / counts.sum()))
    if got["test"] == "chi-square":
        check(f"{case}: p", got["p"], theirs.pvalue)
        return
    check(f"{case}: small counts are permuted", float(theirs.expected_freq.min() < 5), 1.0)
    if counts.shape[1] == 2:
        law = stats.hypergeom(counts.sum(), counts[:, 0].sum(), counts[1].sum())
        support = np.arange(*law.support()) if law.support()[1] > 0 else np.array([0])
        support = np.append(support, law.support()[1])
        def statistic(k):
            table = np.array([[counts[:, 0].sum() - k, counts[0].sum() - counts[:, 0].sum() + k], [k, counts[1].sum() - k]])
            return stats.chi2_contingency(table, correction=False).statistic
        p = sum(law.pmf(k) for k in np.unique(support) if statistic(k) >= theirs.statistic * (1 - 1e-9))
        check(f"{case}: permutation p", got["p"], p, 5 * np.sqrt(p * (1 - p) / 2000) + 2 / 2001)


def features(derm, folder):
    """Features with a definition of one line, on images that are not averaged down."""
    rng = np.random.default_rng(4)
    for side in ("ref", "cur"):
        (folder / side).mkdir()
        for i in range(30):
            image = rng.integers(60, 220, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(image).save(folder / side / f"{i:02}.png")
    drift(derm, folder, "--reference", "ref", "--current", "cur", "--write-features")
    lines = (folder / "out" / "current-features.csv").read_text().splitlines()
    names = lines[0].split(",")
    for line in lines[1:]:
        row = dict(zip(names, line.split(",")))
        x = np.asarray(Image.open(folder / "cur" / row["image"])).astype(np.float64)
        r, g, b = x[..., 0], x[..., 1], x[..., 2]
        y, big, small = 0.299 * r + 0.587 * g + 0.114 * b, x.max(axis=2), x.min(axis=2)
        near = lambda name, value, tolerance=2e-5: check(f"feature {name}", float(row[name]), value, tolerance * max(1.0, abs(value)))
        near("brightness", y.mean() / 255)
        near("contrast", y.std() / 255)
        near("range90", (np.quantile(y, 0.95) - np.quantile(y, 0.05)) / 255)
        near("saturation", ((big - small) / big).mean())
        near("relative_red", (r / (r + g + b)).mean())
        near("colourfulness", np.sqrt((r - g).var() + ((r + g) / 2 - b).var()) + 0.3 * np.hypot((r - g).mean(), ((r + g) / 2 - b).mean()))
        light = ((x / 255) ** 6).mean(axis=(0, 1)) ** (1 / 6)
        near("illuminant_angle", np.degrees(np.arccos(light.sum() / (np.linalg.norm(light) * np.sqrt(3)))), 1e-4)
        laplacian = y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:] - 4 * y[1:-1, 1:-1]
        near("sharpness", laplacian.var())
        rows = y[:, :-2] - 2 * y[:, 1:-1] + y[:, 2:]
        near("noise", np.sqrt(np.pi / 2) / 6 * np.abs(rows[:-2] - 2 * rows[1:-1] + rows[2:]).mean())


def main():
    derm = Path(sys.argv[1]).resolve()
    rng = np.random.default_rng(7)
    beta = lambda n, shift=0.0: np.clip(rng.beta(2, 3, n) + shift, 0, 1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for n, m in [(30, 30), (31, 200), (400, 150), (997, 1009), (3000, 600), (9999, 400), (12_000, 500), (15_000, 11_000)]:
            for shift in [0.0, 0.03, 0.2]:
                numbers(derm, folder, f"{n} against {m}, shift {shift}", beta(n), beta(m, shift))
        numbers(derm, folder, "ties", np.round(beta(500), 1), np.round(beta(300, 0.05), 1))
        numbers(derm, folder, "apart", beta(200) / 4, 0.5 + beta(100) / 4)
        numbers(derm, folder, "rare class", np.where(np.arange(300) < 3, 0.9, 0.2 + beta(300) / 5), np.where(np.arange(60) < 2, 0.9, 0.2 + beta(60) / 5))
    with tempfile.TemporaryDirectory() as folder:
        features(derm, Path(folder))
    print(f"{compared} comparisons, {len(wrong)} wrong")
    for line in wrong[:40]:
        print(f"  {line}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
