"""Compares `derm evaluate` on masks with MONAI, with SciPy and with the definitions.

usage: masks.py PATH-TO-DERM

Dice, Jaccard, sensitivity and specificity are recomputed with NumPy from their definitions; HD95 and average surface distance
with MONAI where it is installed (it is in .ci/run) and with SciPy's erosion and distance transform always. Every number of every image
must agree to 1e-9 (MONAI computes in single precision: 1e-5 relative), every mean to 1e-9. Exit code 1 on any difference.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter

try:
    import torch
    from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance
except ImportError:
    torch = None

compared, wrong = 0, []


def check(name, ours, theirs, tolerance=1e-9):
    """None stands for no value."""
    global compared
    compared += 1
    if (ours is None) != (theirs is None) or (ours is not None and not abs(ours - theirs) <= tolerance * max(1.0, abs(theirs))):
        wrong.append(f"{name}: derm {ours}, reference {theirs}")


def surface(a, b):
    """Distances from the outline of a to that of b."""
    edge_a, edge_b = a ^ binary_erosion(a), b ^ binary_erosion(b)
    return distance_transform_edt(~edge_b)[edge_a]


def reference(truth, said):
    ratio = lambda part, whole: 1.0 if whole == 0 else part / whole
    tp, fp = (truth & said).sum(), (~truth & said).sum()
    fn, tn = (truth & ~said).sum(), (~truth & ~said).sum()
    jaccard = ratio(tp, tp + fp + fn)
    numbers = {
        "dice": ratio(2 * tp, 2 * tp + fp + fn),
        "jaccard": jaccard,
        "thresholded_jaccard": jaccard if jaccard >= 0.65 else 0.0,
        "sensitivity": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "hd95": None,
        "assd": None,
    }
    if truth.any() and said.any():
        there, back = surface(said, truth), surface(truth, said)
        numbers["hd95"] = float(max(np.quantile(there, 0.95), np.quantile(back, 0.95)))
        numbers["assd"] = float(np.concatenate([there, back]).mean())
    return numbers


def by_monai(truth, said):
    pair = [torch.from_numpy(mask[None, None].astype(np.float32)) for mask in (said, truth)]
    hd95 = compute_hausdorff_distance(*pair, include_background=True, percentile=95)
    assd = compute_average_surface_distance(*pair, include_background=True, symmetric=True)
    return float(hd95), float(assd)


def blob(rng, height, width, share):
    """A ragged region of about this share of the image, often cut by its edge."""
    field = gaussian_filter(rng.normal(size=(height, width)), rng.uniform(1, 6), mode="nearest")
    return field > np.quantile(field, 1 - share)


def cases(rng):
    for i in range(60):
        height, width = rng.integers(5, 90, 2)
        share = rng.uniform(0.02, 0.7)
        truth = blob(rng, height, width, share)
        kind = i % 6
        if kind == 0:
            said = blob(rng, height, width, share)
        elif kind == 1:
            said = binary_erosion(truth, iterations=int(rng.integers(1, 3)))
        elif kind == 2:
            said = np.roll(truth, rng.integers(-5, 6, 2), (0, 1))
        elif kind == 3:
            said = truth ^ (rng.random((height, width)) < 0.02)
        elif kind == 4:
            truth, said = truth & (rng.random() < 0.5), np.zeros_like(truth)
        else:
            truth, said = np.zeros_like(truth), truth if rng.random() < 0.5 else np.zeros_like(truth)
        yield truth, said
    yield np.ones((7, 9), bool), np.ones((7, 9), bool)
    single = np.zeros((40, 30), bool)
    single[3, 4] = True
    yield single, single[::-1, ::-1].copy()


def write(folder, pairs):
    for part in ("data/images", "data/masks", "said"):
        (folder / part).mkdir(parents=True)
    rows = []
    for i, (truth, said) in enumerate(pairs):
        name, group = f"{i:03}", f"g{i // 3}"
        Image.new("RGB", truth.shape[::-1], (200, 150, 130)).save(folder / f"data/images/{name}.png")
        Image.fromarray(truth.astype(np.uint8) * 255).save(folder / f"data/masks/{name}.png")
        # Any two values with nought are a mask.
        Image.fromarray(said.astype(np.uint8) * (1 if i % 2 else 255)).save(folder / f"said/{name}_segmentation.png")
        rows.append(f"{name}.png,,{name}.png,{group}")
    (folder / "data/manifest.csv").write_text("image,label,mask,group\n" + "\n".join(rows) + "\n")
    (folder / "data/dataset.yaml").write_text(
        f"schema: 1\ntask: segmentation\nclasses: [lesion]\nimages: {len(rows)}\nformat: mask-folders\nsource: x\nlicence: x\n"
    )


def main(derm):
    pairs = list(cases(np.random.default_rng(5)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, pairs)
        command = [derm, "evaluate", "--predictions", "said", "--data", "data", "--out", "out", "--resamples", "50"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"derm failed:\n{done.stderr}")
        rows = list(csv.DictReader((folder / "out/masks.csv").open()))
        result = json.loads((folder / "out/evaluation.json").read_text())
    references = [reference(truth, said) for truth, said in pairs]
    for row, theirs, (truth, said) in zip(rows, references, pairs, strict=True):
        for metric, value in theirs.items():
            check(f"{row['image']} {metric}", float(row[metric]) if row[metric] else None, value)
        if torch is not None and theirs["hd95"] is not None:
            for metric, value in zip(("hd95", "assd"), by_monai(truth, said)):
                check(f"{row['image']} {metric} (MONAI)", float(row[metric]), value, 1e-5)
    failures = [bool(truth.any()) != bool(said.any()) for truth, said in pairs]
    diagonals = [float(np.hypot(*truth.shape)) for truth, _ in pairs]
    for metric in references[0]:
        known = [reference[metric] for reference in references if reference[metric] is not None]
        check(f"mean {metric}", result[metric], float(np.mean(known)))
        if metric in ("hd95", "assd"):
            known += [diagonal for diagonal, failed in zip(diagonals, failures) if failed]
            check(f"penalised {metric}", result[f"{metric}_penalised"], float(np.mean(known)))
    lesion = result["per_class"]["lesion"]
    check("failures", lesion["missed"] + lesion["invented"], sum(failures))
    check("support", lesion["support"], sum(bool(truth.any()) for truth, _ in pairs))
    print(f"{compared} numbers compared, {len(wrong)} differ" + ("" if torch else "; MONAI is not installed and was not asked"))
    print("\n".join(wrong[:40]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
