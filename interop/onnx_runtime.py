"""Runs what `derm export` writes in ONNX Runtime and compares.

usage: onnx_runtime.py PATH-TO-DERM DATA

1. The published weights in DATA/weights-imagenet, exported, give reference.json's logits and five likeliest
   classes on its two pictures to 1e-3, in both input forms.
2. Each of the five networks, trained for an epoch on a few generated images so that its running statistics are
   not trivial, exported, gives the probabilities of `derm predict` to 1e-4, one image at a time and three at once.
3. A network that reads metadata, exported, gives the probabilities of `derm predict --metadata` when its second input is made as the
   file's own `derm.metadata` says.
4. A network of labels that do not exclude each other gives the probabilities of `derm predict`, by itself and from its logits by sigmoid.
5. Every file passes onnx.checker with full_check and strict shape inference, carries its metadata, has no shapes
   of inner values, and comes out with the same bytes when exported again.
Exit code 1 on any difference.
"""

import collections
import csv
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

NETWORKS = [
    "squeezenet1_1", "efficientnet_lite0", "resnet18", "seresnet18", "ecaresnet18",
    "mobilenetv3_small_100", "tf_efficientnetv2_b0", "ecaresnet26t", "densenet121",
]
compared, wrong = 0, []


def check(name, difference, tolerance):
    global compared
    compared += 1
    if not difference <= tolerance:
        wrong.append(f"{name}: off by {difference:g}, allowed {tolerance:g}")


def hold(name, condition):
    check(name, 0.0 if condition else math.inf, 0.0)


def run(derm, folder, *args):
    done = subprocess.run([str(derm), *map(str, args)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"derm {' '.join(map(str, args))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def export(derm, folder, source, name, *more):
    """Exports twice; checks the file; gives a session."""
    paths = [folder / f"{name}.onnx", folder / f"{name}.again.onnx"]
    for path in paths:
        run(derm, folder, "export", *source, "--out", path, *more)
    hold(f"{name}: same bytes again", paths[0].read_bytes() == paths[1].read_bytes())
    model = onnx.load(paths[0])
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    hold(f"{name}: opset 17, IR 8", model.opset_import[0].version == 17 and model.ir_version == 8)
    hold(f"{name}: no inner shapes", len(model.graph.value_info) == 0)
    # A norm that alone reads a convolution is part of it; what reads a sum or several values at once has none to go into.
    readers = collections.Counter(value for node in model.graph.node for value in node.input)
    convolved = {node.output[0] for node in model.graph.node if node.op_type == "Conv" and readers[node.output[0]] == 1}
    norms = [node.input[0] for node in model.graph.node if node.op_type == "BatchNormalization"]
    hold(f"{name}: norms folded", not convolved.intersection(norms))
    session = onnxruntime.InferenceSession(str(paths[0]), providers=["CPUExecutionProvider"])
    hold(f"{name}: free batch", session.get_inputs()[0].shape[0] == "N" and session.get_outputs()[0].shape[0] == "N")
    return session


def metadata(session):
    return session.get_modelmeta().custom_metadata_map


def normalised(pixels, preprocess):
    """uint8 [n, h, w, 3] to the network's float32 [n, 3, h, w], by the file's own metadata."""
    x = pixels.astype(np.float64) / 255.0
    if preprocess["channels"] == "bgr":
        x = x[..., ::-1]
    x = (x - np.array(preprocess["mean"])) / np.array(preprocess["std"])
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def published(derm, data, folder):
    weights = data / "weights-imagenet"
    reference = json.loads((weights / "reference.json").read_text())
    for network in ["squeezenet1_1", "efficientnet_lite0"]:
        source = ["--network", network, "--weights", weights / f"{network}.safetensors"]
        plain = export(derm, folder, source, network)
        pixel = export(derm, folder, source, f"{network}-pixels", "--preprocess", "normalise", "--output", "probabilities")
        preprocess = json.loads(metadata(plain)["derm.preprocess"])
        hold(f"{network}: licence", bool(metadata(plain).get("derm.license")))
        for picture, expected in reference.items():
            pixels = np.asarray(Image.open(weights / picture).convert("RGB"))[None]
            logits = plain.run(None, {"input": normalised(pixels, preprocess)})[0]
            probabilities = {"logits": softmax(logits), "pixels": pixel.run(None, {"image": pixels})[0]}
            name, expected = f"{network} {picture}", expected[network]
            check(f"{name}: logits", np.abs(logits[0, :8] - expected["logits_first8"]).max(), 1e-3)
            for form, p in probabilities.items():
                top = np.argsort(-p[0], kind="stable")[:5]
                hold(f"{name}: five likeliest ({form})", list(top) == [c for c, _ in expected["top5"]])
                check(f"{name}: their probabilities ({form})", max(abs(p[0, c] - q) for c, q in expected["top5"]), 1e-3)


def pictures(folder, side, count, seed):
    """Blobs on noise; the two classes differ in the blob's hue."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side]
    for i in range(count):
        kind = ["nevus", "melanoma"][i % 2]
        image = rng.normal(170, 12, (side, side, 3))
        cx, cy, r = rng.uniform(0.35, 0.65, 2).tolist() + [rng.uniform(0.15, 0.3)]
        blob = (x / side - cx) ** 2 + (y / side - cy) ** 2 < r * r
        image[blob] -= np.array([90, 110, 120] if i % 2 else [60, 90, 110]) + rng.normal(0, 15, 3)
        path = folder / kind / f"{i:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(path)


def trained(derm, folder):
    run(derm, folder, "init")
    pictures(folder / "photos", 72, 48, 1)
    run(derm, folder, "data", "ingest", "photos", "--out", "data")
    run(derm, folder, "data", "split", "data", "--out", "split.csv")
    for network in NETWORKS:
        bundle = folder / "models" / network
        run(derm, folder, "train", "--data", "data", "--split", "split.csv", "--out", bundle, "--network", network,
            "--image-size", 64, "--epochs", 1, "--batch-size", 8)
        session = export(derm, folder, ["--model", bundle], network)
        pixel_session = export(derm, folder, ["--model", bundle], f"{network}-pixels", "--preprocess", "normalise", "--output", "probabilities")
        props = metadata(session)
        preprocess, classes = json.loads(props["derm.preprocess"]), json.loads(props["derm.classes"])
        hold(f"{network}: class names", classes == json.loads((bundle / "config.json").read_text())["label_names"])
        hold(f"{network}: data hash", len(props.get("derm.dataset_blake3", "")) == 64)
        side, inner = exact_side(preprocess), preprocess["width"]
        test = folder / f"test-{network}"
        pictures(test, side, 7, 2)
        files = sorted(test.rglob("*.png"))
        run(derm, folder, "predict", "--model", bundle, *files, "--out", f"{network}.csv")
        ours = probabilities_of(folder / f"{network}.csv", classes)
        margin = round((side - inner) / 2)  # Python rounds half to even, as derm does
        pixels = np.stack([np.asarray(Image.open(file)) for file in files])[:, margin:margin + inner, margin:margin + inner]
        for batch in [1, 3]:
            parts = [pixels[i:i + batch] for i in range(0, len(pixels), batch)]
            theirs = np.concatenate([softmax(session.run(None, {"input": normalised(part, preprocess)})[0]) for part in parts])
            check(f"{network}: probabilities, batches of {batch}", np.abs(theirs - ours).max(), 1e-4)
            direct = np.concatenate([pixel_session.run(None, {"image": np.ascontiguousarray(part)})[0] for part in parts])
            check(f"{network}: from pixels, batches of {batch}", np.abs(direct - ours).max(), 1e-4)


def fused(derm, folder):
    """A network with age and sex beside the image; photos and models are those of `trained`."""
    known = lambda i: {"age": "" if i % 4 == 0 else str(20 + 7 * i % 60), "sex": ["female", "male", ""][i % 3]}
    header, *rows = (folder / "data/manifest.csv").read_text().splitlines()
    facts = [known(i) for i in range(len(rows))]
    lines = [f"{header},age,sex"] + [f"{row},{fact['age']},{fact['sex']}" for row, fact in zip(rows, facts)]
    (folder / "data/manifest.csv").write_text("\n".join(lines) + "\n")
    for network in ["squeezenet1_1", "resnet18"]:
        name, bundle = f"{network}-fused", folder / "models" / f"{network}-fused"
        run(derm, folder, "train", "--data", "data", "--split", "split.csv", "--out", bundle, "--network", network,
            "--image-size", 64, "--epochs", 2, "--batch-size", 8, "--metadata", "sex,age")
        session = export(derm, folder, ["--model", bundle], name)
        props = metadata(session)
        preprocess, classes, beside = (json.loads(props[key]) for key in ["derm.preprocess", "derm.classes", "derm.metadata"])
        hold(f"{name}: second input", session.get_inputs()[1].name == "metadata" and session.get_inputs()[1].shape == ["N", len(beside["inputs"])])
        files = sorted((folder / f"test-{network}").rglob("*.png"))
        facts = [known(i + 1) for i in range(len(files))]
        table = [f"{file},{fact['age']},{fact['sex']}" for file, fact in zip(files, facts)]
        (folder / "facts.csv").write_text("\n".join(["image,age,sex", *table]) + "\n")
        run(derm, folder, "predict", "--model", bundle, *files, "--metadata", "facts.csv", "--out", f"{name}.csv")
        ours = probabilities_of(folder / f"{name}.csv", classes)
        side, inner = exact_side(preprocess), preprocess["width"]
        margin = round((side - inner) / 2)
        pixels = np.stack([np.asarray(Image.open(file)) for file in files])[:, margin:margin + inner, margin:margin + inner]
        inputs = {"input": normalised(pixels, preprocess), "metadata": np.array([by_the_file(beside["encoding"], fact) for fact in facts], np.float32)}
        check(f"{name}: probabilities", np.abs(softmax(session.run(None, inputs)[0]) - ours).max(), 1e-4)
        inputs["metadata"] = inputs["metadata"][::-1].copy()
        hold(f"{name}: metadata matter", np.abs(softmax(session.run(None, inputs)[0]) - ours).max() > 1e-4)


def several(derm, folder):
    """Any number of labels an image; photos are those of `trained`."""
    files = sorted((folder / "photos").rglob("*.png"))
    shown = lambda i, file: ";".join(["melanoma"] * (file.parent.name == "melanoma") + ["third"] * (i % 3 == 0))
    (folder / "photos/labels.csv").write_text("\n".join(["image,labels"] + [f"{file.stem},{shown(i, file)}" for i, file in enumerate(files)]) + "\n")
    run(derm, folder, "data", "ingest", "photos", "--out", "several")
    run(derm, folder, "data", "split", "several", "--out", "several.csv")
    network, bundle = "resnet18", folder / "models/several"
    run(derm, folder, "train", "--data", "several", "--split", "several.csv", "--out", bundle, "--network", network,
        "--image-size", 64, "--epochs", 2, "--batch-size", 8)
    session = export(derm, folder, ["--model", bundle], "several")
    by_itself = export(derm, folder, ["--model", bundle], "several-pixels", "--preprocess", "normalise", "--output", "probabilities")
    props = metadata(session)
    preprocess, classes = json.loads(props["derm.preprocess"]), json.loads(props["derm.classes"])
    hold("several labels: the task", props["derm.task"] == "multi-label" and classes == ["melanoma", "third"])
    files = sorted((folder / f"test-{network}").rglob("*.png"))
    run(derm, folder, "predict", "--model", bundle, *files, "--out", "predicted.csv")
    ours = probabilities_of(folder / "predicted.csv", classes)
    side, inner = exact_side(preprocess), preprocess["width"]
    margin = round((side - inner) / 2)
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])[:, margin:margin + inner, margin:margin + inner]
    logits = session.run(None, {"input": normalised(pixels, preprocess)})[0]
    check("several labels: sigmoid of logits", np.abs(1 / (1 + np.exp(-logits)) - ours).max(), 1e-4)
    check("several labels: probabilities", np.abs(by_itself.run(None, {"image": np.ascontiguousarray(pixels)})[0] - ours).max(), 1e-4)


def by_the_file(encoding, fact):
    values = []
    for column in encoding:
        text = fact[column["field"]]
        if "mean" in column:
            values.append((float(text) - column["mean"]) / column["sd"] if text else 0)
        else:
            values.extend(float(text == value) for value in column["values"])
        values.append(float(not text))
    return values


def exact_side(preprocess):
    """The side of square images that derm does not resize, only crops."""
    fit, size = preprocess["fit"], preprocess["width"]
    return size if fit == "squash" else math.floor(size / fit["shortest-crop"]["crop_pct"] + 1e-4)


def probabilities_of(path, classes):
    with open(path, newline="", encoding="utf-8") as table:
        rows = sorted(csv.DictReader(table), key=lambda row: row["image"])
    return np.array([[float(row[f"p_{c}"]) for c in classes] for row in rows])


def main():
    derm, data = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        published(derm, data, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        trained(derm, Path(folder))
        fused(derm, Path(folder))
        several(derm, Path(folder))
    print(f"{compared} comparisons, {len(wrong)} wrong")
    for line in wrong:
        print(f"  {line}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
