"""Writes the PyTorch files that derm's tests read, and what PyTorch itself reads from them.

usage: checkpoints.py FOLDER

`expected.json` holds for each file either the tensors (shape and values, as float32) and the keys under which they lie,
or the fault that derm must report. The files in `tests/derm/checkpoints` came from torch 2.15; none is ever loaded with
pickles allowed. Needs torch and numpy.
"""

import argparse
import collections
import io
import json
import os
import pickle
import sys
import zipfile
from pathlib import Path

import numpy
import torch


def numbers(*shape, start=-8):
    """Eighths: exact in every floating-point type."""
    count = int(numpy.prod(shape)) if shape else 1
    return ((torch.arange(count, dtype=torch.float32) + start) / 8).reshape(shape)


def module():
    net = torch.nn.Sequential(collections.OrderedDict(conv=torch.nn.Conv2d(2, 3, 2), bn=torch.nn.BatchNorm2d(3), fc=torch.nn.Linear(3, 2)))
    for index, tensor in enumerate(net.state_dict().values()):
        if tensor.is_floating_point():
            tensor.copy_(numbers(*tensor.shape, start=index))
    return net


def views():
    base = numbers(24)
    return {
        "whole": base,
        "from_the_middle": base[5:11],
        "transposed": base.reshape(4, 6).t(),
        "permuted": base.reshape(2, 3, 4).permute(2, 0, 1)[1:],
        "every_third": base[1::3],
        "channels_last": numbers(2, 3, 2, 2).to(memory_format=torch.channels_last),
        "expanded": numbers(1, 3).expand(4, 3),
        "scalar": numbers()[()],
        "empty": numbers(0, 3),
        "parameter": torch.nn.Parameter(numbers(3)),
        "frozen": torch.nn.Parameter(numbers(2), requires_grad=False),
    }


def dtypes():
    kinds = dict(f64=torch.float64, f32=torch.float32, f16=torch.float16, bf16=torch.bfloat16, i64=torch.int64, u8=torch.uint8, flag=torch.bool)
    return {name: numbers(9, start=0).to(kind) for name, kind in kinds.items()}


def trained():
    net = module()
    optimizer = torch.optim.AdamW(net.parameters())
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    optimizer.step()
    return {
        "epoch": 3,
        "best": numpy.float64(0.5),
        "args": argparse.Namespace(lr=1e-3, out=Path("runs") / "1", shape=torch.Size([3, 4]), names={"a", "b"}),
        "history": [0.5, 0.25, -1, 2**40, 2**70, None, True, b"bytes", (1, 2, 3, 4)],
        "optimizer": optimizer.state_dict(),
        "state_dict": collections.OrderedDict(state),
        "device": torch.device("cpu"),
    }


class Attack:
    def __reduce__(self):
        return os.system, ("echo derm-was-here > derm-was-here",)


def big_endian(content):
    """The same archive as a machine of the other byte order writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("byteorder"):
                data = b"big"
            elif "/data/" in name:
                data = numpy.frombuffer(data, "<f4").astype(">f4").tobytes()
            new.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def saved(value, **options):
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def flat(state):
    return {
        name: {"shape": list(tensor.shape), "values": tensor.detach().to(torch.float32).flatten().tolist()}
        for name, tensor in state.items()
        if tensor.is_floating_point()
    }


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}

    def good(name, content, state, under=()):
        (folder / name).write_bytes(content)
        expected[name] = {"under": list(under), "tensors": flat(state)}

    def bad(name, content, fault):
        (folder / name).write_bytes(content)
        expected[name] = {"fault": fault}

    old = dict(_use_new_zipfile_serialization=False)
    state, nested = module().state_dict(), trained()
    good("plain.pth", saved(state), state)
    good("old.pth", saved(state, **old), state)
    good("protocol5.pth", saved(state, pickle_protocol=5), state)
    good("views.pth", saved(views()), views())
    good("old_views.pth", saved(views(), **old), views())
    good("dtypes.pth", saved(dtypes()), dtypes())
    good("old_dtypes.pth", saved(dtypes(), **old), dtypes())
    good("uint16.pth", saved({"w": numbers(2), "codes": torch.arange(3).to(torch.uint16)}), {"w": numbers(2)})
    good("trained.ckpt", saved(nested), nested["state_dict"], ["state_dict"])
    good("dino.pth", saved({"student": {"w": numbers(3)}, "teacher": {"w": numbers(3, start=1)}}), {"w": numbers(3, start=1)}, ["teacher"])
    good("deep.pth", saved({"epoch": 1, "checkpoint": {"model": state}}), state, ["checkpoint", "model"])
    flipped = big_endian(saved({"w": numbers(2, 3)}))
    assert torch.equal(torch.load(io.BytesIO(flipped), weights_only=True)["w"], numbers(2, 3))
    good("big_endian.pth", flipped, {"w": numbers(2, 3)})

    attack = {"w": numbers(2), "extra": Attack()}
    bad("attack.pth", saved(attack), "posix.system")
    bad("old_attack.pth", saved(attack, **old), "posix.system")
    bad("module.pth", saved(module()), "torch.nn.modules.container.Sequential")
    bad("plain.pkl", pickle.dumps({"w": [1.0, 2.0]}, protocol=2), "not one of PyTorch's")
    bad("two.pth", saved({"first": {"w": numbers(2)}, "second": {"w": numbers(2)}}), "more than one state dict")
    bad("none.pth", saved({"epoch": 3, "losses": [0.5]}), "no state dict")
    script = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), script)
    bad("script.pt", script.getvalue(), "TorchScript")
    unfolding = {"w": torch.zeros(1).expand(100_000, 100_000)}
    bad("unfolding.pth", saved(unfolding), "unfold")
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
