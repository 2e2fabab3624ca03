"""Trains timm's networks with PyTorch as derm trains them, and compares the loss of every step.

usage: training.py DERM [STEPS]     (by default 20 steps)

Draws a few images, lets `derm train` make a network's first weights, and trains those in derm and in PyTorch with the same
recipe: optimizer, decay and who is spared it, rates by part and by block, schedule, warm-up, clipping, class weights, label smoothing,
accumulation, labels that do not exclude each other, metadata beside the image on a whole network and on a frozen backbone. An epoch is one step on all images, so that their order does not matter. Exit code 1 where a loss differs by more
than 1e-4 of itself.
"""

import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from timm.optim import param_groups_layer_decay

SIZE, IMAGES, CLASSES = 64, 36, 3
TOLERANCE = 1e-4

# Networks with the options of derm's that differ from the defaults below; rates such that rounding does not grow into other paths.
CASES = [
    ("resnet18", {"optimizer": "sgd", "lr": 0.002, "nesterov": "true", "weight-decay": 5e-4}),
    ("resnet18", {"lr": 1e-4, "schedule": "poly", "class-weights": "balanced"}),
    ("resnet18", {"optimizer": "sgd", "lr": 0.005, "schedule": "one-cycle"}),
    ("vit_tiny_patch16_224", {"lr": 3e-4, "layer-decay": 0.65, "label-smoothing": 0.1}),
    ("convnext_atto", {"lr": 3e-4, "accumulate": 3, "schedule": "steps"}),
    # Any number of labels an image: binary cross-entropy, each label weighed by how rare it is.
    ("resnet18", {"lr": 1e-4, "labels": True, "class-weights": "balanced"}),
    ("convnext_atto", {"lr": 3e-4, "labels": True, "label-smoothing": 0.1}),
    # The metadata's layers learn at the head's rate, and nothing of them is left out at random.
    ("resnet18", {"lr": 1e-4, "metadata": "age,sex,site", "backbone-lr-factor": 0.1}),
    ("convnext_atto", {"lr": 1e-3, "metadata": "sex,age", "freeze": "backbone", "class-weights": "balanced"}),
    ("swin_tiny_patch4_window7_224", {"lr": 1e-4, "backbone-lr-factor": 0.1, "grad-clip": 0.5}),
]
DEFAULTS = {"optimizer": "adamw", "schedule": "cosine", "class-weights": "none", "weight-decay": 0.05, "grad-clip": 1, "warmup-epochs": 2,
            "final-lr-fraction": 0.01, "layer-decay": 1, "backbone-lr-factor": 1, "label-smoothing": 0, "accumulate": 1, "momentum": 0.9,
            "nesterov": "false", "augment": "none", "seed": 4}


def draw(program, folder, side):
    """A dataset of three classes, unlike in number, all for training: pixels `[n, 3, side, side]` from 0 to 1, and labels."""
    random = np.random.default_rng(0)
    labels = [0 if number < IMAGES // 2 else 1 + number % 2 for number in range(IMAGES)]
    pixels = [(random.random((side, side, 3)) * 150 + 40 * label).astype(np.uint8) for label in labels]
    split = ["image,split"]
    for number, (label, image) in enumerate(zip(labels, pixels)):
        path = folder / f"images{side}" / "abc"[label] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
        split.append(f"{'abc'[label]}/{number:02}.png,train")
    (folder / "split.csv").write_text("\n".join(split) + "\n")
    derm(program, folder, "data", "ingest", f"images{side}", "--out", f"data{side}")
    give_labels(folder, side)
    describe(folder / f"data{side}/manifest.csv")
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255, torch.tensor(labels)


def shown(number):
    """Which of three labels an image has: none, one or several."""
    return [number % 2 == 0, number % 3 == 0, number % 7 == 1]


def give_labels(folder, side):
    """The same images as a dataset of any number of labels each."""
    shutil.copytree(folder / f"data{side}", folder / f"labels{side}")
    header, *rows = (folder / f"data{side}/manifest.csv").read_text().splitlines()
    names = lambda row: ";".join(name for name, there in zip("abc", shown(int(row.split(".png")[0][-2:]))) if there)
    lines = [header.replace("image,label", "image,labels", 1)] + [re.sub(r"^([^,]*),[^,]*", lambda match: f"{match[1]},{names(row)}", row) for row in rows]
    (folder / f"labels{side}/manifest.csv").write_text("\n".join(lines) + "\n")
    info = folder / f"labels{side}/dataset.yaml"
    info.write_text(info.read_text().replace("task: classification", "task: multi-label"))


def known(number):
    """Age, sex and site of an image; every field is missing somewhere."""
    return (None if number % 5 == 0 else 20 + 37 * number % 61, [None, "female", "male"][number % 3], ["back", "face", None, "leg"][number % 4])


def describe(manifest):
    """Adds what is known of the images to a dataset's manifest."""
    header, *rows = manifest.read_text().splitlines()
    facts = [["" if fact is None else str(fact) for fact in known(int(row.split(".png")[0][-2:]))] for row in rows]
    lines = [f"{header},age,sex,site"] + [",".join([row, *fact]) for row, fact in zip(rows, facts)]
    manifest.write_text("\n".join(lines) + "\n")


def encoded(fields):
    """Ages by their own mean and deviation, words one-hot in order of the alphabet, each with a flag for what is missing: `[n, k]`."""
    columns = []
    for name, values in zip(["age", "sex", "site"], zip(*map(known, range(IMAGES)))):
        if name not in fields.split(","):
            continue
        there = np.array([value is not None for value in values])
        if name == "age":
            ages = np.array([value or 0 for value in values], float)
            columns.append(np.where(there, (ages - ages[there].mean()) / ages[there].std(), 0))
        else:
            columns.extend(np.array([value == word for value in values]) for word in sorted(set(values) - {None}))
        columns.append(~there)
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


def fuse(network, classifier, inputs):
    """Gives a network the layers that read metadata, and a classifier of both."""
    layer = lambda before, after: torch.nn.ModuleDict({"fc": torch.nn.Linear(before, after), "norm": torch.nn.LayerNorm(after)})
    network.metadata = torch.nn.ModuleList([layer(inputs, 512), layer(512, 128)])
    *path, last = classifier.split(".")
    setattr(network.get_submodule(".".join(path)), last, torch.nn.Linear(network.num_features + 128, CLASSES))


def logits(network, images, metadata):
    if metadata is None:
        return network(images)
    pooled = network.forward_head(network.forward_features(images), pre_logits=True)
    for layer in network.metadata:
        metadata = torch.nn.functional.silu(layer["norm"](layer["fc"](metadata)))
    return network.get_classifier()(torch.cat([pooled, metadata], dim=1))


def derm(program, folder, *words):
    done = subprocess.run([program, *map(str, words)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def trained(program, folder, data, network, options, steps, out):
    """The losses of derm's steps; the weights are in `out`."""
    batch = IMAGES // options["accumulate"]
    words = [f"--{name}={value}" for name, value in options.items() if name != "labels"]
    answer = json.loads(derm(program, folder, "train", "--data", data, "--split", "split.csv", "--out", out, "--network", network,
                             "--image-size", SIZE, "--epochs", steps, "--batch-size", batch, "--json", *words))
    log = (folder / ".derm/runs/train" / answer["run"] / "metrics.log").read_text()
    return [float(value) for value in re.findall(r"\ttrain_loss\t(\S+)", log)]


def groups(network, head, options):
    """Every parameter with its own rate and decay; rates by block are timm's."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    for group in param_groups_layer_decay(network, layer_decay=options["layer-decay"]):
        for parameter in group["params"]:
            name = names[id(parameter)]
            factor = 1 if name.startswith((head, "metadata.")) else options["backbone-lr-factor"] * group["lr_scale"]
            # Tables of positions are no weights, though of two axes or more.
            decays = parameter.ndim > 1 and not re.search("pos_embed|cls_token|relative_position", name)
            yield {"params": [parameter], "factor": factor, "weight_decay": options["weight-decay"] if decays else 0}


def rate(options, step, steps):
    """derm's schedule: one step an epoch."""
    warmup, last = options["warmup-epochs"], options["final-lr-fraction"]
    peak, cycle = options["lr"], options["schedule"] == "one-cycle"
    fall = lambda progress: (1 + math.cos(math.pi * progress)) / 2
    if step < warmup:
        return peak * (0.04 + 0.96 * (1 - fall((step + 1) / warmup)) if cycle else (step + 1) / warmup)
    progress = (step - warmup) / (steps - warmup)
    last = last / 1000 if cycle else last
    stairs = 0 if step < steps / 2 else 1 if step < steps * 3 / 4 else 2
    return peak * {"poly": (1 - progress) ** 0.9, "steps": 0.1**stairs}.get(options["schedule"], last + (1 - last) * fall(progress))


def pytorch(network, head, images, metadata, labels, options, steps):
    """The losses of PyTorch's steps from the weights that `network` has."""
    parameters = list(groups(network, head, options))
    if options["optimizer"] == "sgd":
        optimizer = torch.optim.SGD(parameters, lr=1, momentum=options["momentum"], nesterov=options["nesterov"] == "true")
    else:
        optimizer = torch.optim.AdamW(parameters, lr=1)
    balanced = options["class-weights"] == "balanced"
    if "labels" in options:
        smoothing = options["label-smoothing"]
        off = smoothing / CLASSES
        on = 1 - smoothing + off
        targets = torch.tensor([shown(number) for number in range(IMAGES)]).float()
        bce = torch.nn.BCEWithLogitsLoss(pos_weight=(1 - targets).sum(0) / targets.sum(0) if balanced else None)
        loss_of = lambda found, _: bce(found, off + targets * (on - off))
    else:
        counts = torch.bincount(labels).float()
        weights = len(labels) / (CLASSES * counts) if balanced else None
        loss_of = torch.nn.CrossEntropyLoss(weight=weights, label_smoothing=options["label-smoothing"])
    network.train("freeze" not in options)
    if "freeze" in options:
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name.startswith((head, "metadata.")))
    losses = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(options, step, steps) * group["factor"]
        optimizer.zero_grad()
        loss = loss_of(logits(network, images, metadata), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), options["grad-clip"])
        optimizer.step()
        losses.append(loss.item())
    return losses


def main(program, steps=20):
    torch.set_num_threads(1)  # Others may be at work here, and threads that wait for each other would wait for them.
    steps = int(steps)
    program = str(Path(program).resolve())
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        derm(program, folder, "init")
        drawn = {SIZE: draw(program, folder, SIZE)}
        for number, (name, chosen) in enumerate(CASES):
            options = DEFAULTS | chosen
            if "metadata" in options:
                options |= {"metadata-dropout": 0, "metadata-missing": 0}
            # A rate at which nothing moves.
            kind = "labels" if "labels" in options else "data"
            trained(program, folder, f"{kind}{SIZE}", name, options | {"lr": 1e-30}, 1, f"start{number}")
            network = timm.create_model(name, num_classes=CLASSES, drop_path_rate=0, **({"img_size": SIZE} if re.match("vit|swin", name) else {}))
            config = json.loads((folder / f"start{number}/config.json").read_text())["pretrained_cfg"]
            metadata = encoded(options["metadata"]) if "metadata" in options else None
            if metadata is not None:
                fuse(network, config["classifier"], metadata.shape[1])
            # What was 0 has moved by next to nothing, and would be on the other side of a ReLU's corner.
            start = {key: torch.where(value.abs() < 1e-20, 0, value) for key, value in load_file(folder / f"start{number}/model.safetensors").items()}
            missing = [key for key in network.load_state_dict(start, strict=False).missing_keys if not re.search("num_batches|index|mask", key)]
            assert not missing, missing
            # Images of the very size that is cut from, so that nothing is resampled.
            side = math.floor(SIZE / config["crop_pct"])
            pixels, labels = drawn[side] = drawn.get(side) or draw(program, folder, side)
            edge = round((side - SIZE) / 2)
            mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
            images = (pixels[:, :, edge : edge + SIZE, edge : edge + SIZE] - mean) / std
            theirs = pytorch(network, config["classifier"], images, metadata, labels, options, steps)
            ours = trained(program, folder, f"{kind}{side}", name, options, steps, f"end{number}")
            worst = max(abs(a / b - 1) for a, b in zip(ours, theirs, strict=True))
            wrong += worst > TOLERANCE
            words = " ".join("any number of labels" if key == "labels" else f"--{key}={value}" for key, value in chosen.items())
            print(f"{'ok ' if worst <= TOLERANCE else 'NOT'} {name} {words}: {theirs[0]:.6f} to {theirs[-1]:.6f} in {steps} steps, worst difference {worst:.1e}", flush=True)
            if worst > TOLERANCE:
                print("    derm   ", " ".join(f"{loss:.6f}" for loss in ours))
                print("    PyTorch", " ".join(f"{loss:.6f}" for loss in theirs))
    sys.exit(wrong > 0)


main(*sys.argv[1:])
