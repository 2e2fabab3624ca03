"""Explains networks with PyTorch and timm as derm explains them, and compares the maps.

usage: explain.py DERM

Draws a few images, lets `derm train` train a network for an epoch, and makes the maps of `derm explain --npy` again from the bundle's
weights: Grad-CAM and Grad-CAM++ with hooks, attention rollout from the blocks' queries and keys, integrated gradients with autograd.
Exit code 1 where a map, from 0 to 1, differs by more than 1e-3 anywhere.
"""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file

SIZE, IMAGES, CLASSES, CLASS, TOLERANCE, STEPS = 96, 24, "abc", 1, 1e-3, 32


def derm(program, folder, *words):
    done = subprocess.run([program, *map(str, words)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr}")


def draw(program, folder, side):
    """A dataset of three classes: pixels `[n, 3, side, side]` from 0 to 1."""
    random, split, pixels = np.random.default_rng(0), ["image,split"], []
    for number in range(IMAGES):
        name = CLASSES[number % 3]
        image = random.random((side, side, 3)) * 90 + 40 * (number % 3)
        image[side // 4 : side // 2, side // 3 : side * 3 // 4] += 60 * (number % 2)
        path = folder / f"images{side}" / name / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(path)
        split.append(f"{name}/{number:02}.png,train")
        pixels.append(image.astype(np.uint8))
    (folder / "split.csv").write_text("\n".join(split) + "\n")
    derm(program, folder, "data", "ingest", f"images{side}", "--out", f"data{side}")
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255


def scaled(values):
    top = values.max()
    return values / top if top > 0 else values


def activation(network, module, image):
    """A module's output `[1, ...]` and its gradient for the logit of CLASS."""
    kept = []
    hook = module.register_forward_hook(lambda _, __, output: kept.append(output) or output.retain_grad())
    network(image.requires_grad_())[0, CLASS].backward()
    hook.remove()
    return kept[0].detach()[0], kept[0].grad[0]


def cam(network, module, image, plus):
    value, slope = activation(network, module, image)
    if value.dim() == 2:  # tokens, the first of which is no patch
        side = math.isqrt(len(value) - 1)
        value, slope = (tensor[1:].T.reshape(-1, side, side) for tensor in (value, slope))
    weights = slope
    if plus:
        divisor = 2 * slope**2 + value.sum((1, 2), keepdim=True) * slope**3
        weights = torch.where(divisor == 0, 0, slope**2 / divisor) * slope.relu()
    return scaled((weights.sum((1, 2), keepdim=True) * value).sum(0).relu())


def rollout(network, image):
    kept = []
    hooks = [block.attn.qkv.register_forward_hook(lambda _, __, output: kept.append(output)) for block in network.blocks]
    with torch.no_grad():
        network(image)
    [hook.remove() for hook in hooks]
    whole = torch.eye(kept[0].shape[1])
    for qkv, block in zip(kept, network.blocks):
        q, k, _ = qkv[0].reshape(len(whole), 3, block.attn.num_heads, -1).permute(1, 2, 0, 3)
        attention = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1).mean(0)
        whole = (attention + torch.eye(len(whole))) / 2 @ whole
    side = math.isqrt(len(whole) - 1)
    return scaled(whole[0, 1:].reshape(side, side))


def integrated(network, image):
    places = torch.cat([image * ((step + 0.5) / STEPS) for step in range(STEPS)]).requires_grad_()
    network(places)[:, CLASS].sum().backward()
    sizes = (places.grad.mean(0) * image[0]).sum(0).abs()
    top = sizes.flatten().sort().values[int((sizes.numel() - 1) * 0.99)]
    return scaled(sizes.clamp(max=top))


def main(program):
    torch.set_num_threads(1)
    program, wrong = str(Path(program).resolve()), 0
    methods = {
        "resnet18": {"grad-cam": lambda n, x: cam(n, n.layer4, x, False), "grad-cam++": lambda n, x: cam(n, n.layer4, x, True),
                     "integrated-gradients": integrated},
        "vit_tiny_patch16_224": {"attention-rollout": rollout, "grad-cam": lambda n, x: cam(n, n.blocks[-2], x, False),
                                 "integrated-gradients": integrated},
    }
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        derm(program, folder, "init")
        for name, ways in methods.items():
            side = math.floor(SIZE / {"resnet18": 0.95}.get(name, 0.9))
            pixels = draw(program, folder, side)
            derm(program, folder, "train", "--data", f"data{side}", "--split", "split.csv", "--out", name, "--network", name, "--image-size", SIZE,
                 "--epochs", 2, "--batch-size", 8, "--augment", "none")
            network = timm.create_model(name, num_classes=3, **({"img_size": SIZE} if name.startswith("vit") else {})).eval()
            network.load_state_dict(load_file(folder / name / "model.safetensors"), strict=False)
            for block in getattr(network, "blocks", []):
                block.attn.fused_attn = False
            config = json.loads((folder / name / "config.json").read_text())["pretrained_cfg"]
            mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
            edge = round((side - SIZE) / 2)
            chosen = list(range(0, IMAGES, 5))
            files = [f"images{side}/{CLASSES[number % 3]}/{number:02}.png" for number in chosen]
            for method, way in ways.items():
                of_class = [] if method == "attention-rollout" else ["--class", CLASSES[CLASS]]
                derm(program, folder, "explain", "--model", name, "--out", f"maps-{name}", "--method", method, "--npy", *of_class, *files)
                worst = 0
                for number in chosen:
                    image = ((pixels[number, :, edge : edge + SIZE, edge : edge + SIZE] - mean) / std)[None]
                    parts = [f"{number:02}", *of_class[1:], method, "npy"]
                    ours = torch.from_numpy(np.load(folder / f"maps-{name}" / ".".join(parts)))
                    worst = max(worst, (ours - way(network, image).detach()).abs().max().item())
                wrong += worst > TOLERANCE
                print(f"{'ok ' if worst <= TOLERANCE else 'NOT'} {name} {method}: {len(chosen)} maps, worst difference {worst:.1e}", flush=True)
    sys.exit(wrong > 0)


main(*sys.argv[1:])
