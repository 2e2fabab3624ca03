"""Writes how timm brings parameters to other shapes, for derm's tests of the same.

usage: adaptations.py FILE

`src/nn/weights/adapt/timm.json` came from timm 1.0.31. Inputs are element i of a tensor = ((37 * i) mod 101) / 50 - 1. Needs timm.
"""

import json
import sys
from pathlib import Path

import torch
from timm.layers import resample_abs_pos_embed, resample_patch_embed
from timm.layers.pos_embed_rel import resize_rel_pos_bias_table
from timm.models._manipulate import adapt_input_conv


def draw(*shape):
    count = torch.Size(shape).numel()
    return ((torch.arange(count) * 37 % 101).to(torch.float32) / 50 - 1).reshape(shape)


def main(path):
    cases = []

    def case(kind, before, after, **settings):
        values = [float(f"{value:.8g}") for value in after.flatten().tolist()]
        cases.append({"kind": kind, "from": list(before.shape), "to": list(after.shape), **settings, "values": values})

    for prefix, old, new in [(1, 3, (4, 5)), (0, 5, (3, 3)), (5, 4, (2, 7)), (1, 2, (1, 4)), (1, 6, (5, 6))]:
        table = draw(1, prefix + old * old, 2)
        case("places", table, resample_abs_pos_embed(table, new, (old, old), prefix), prefix=prefix, grid=list(new))
    for old, new in [(3, (5, 5)), (7, (4, 4)), (4, (6, 3)), (2, (3, 3))]:
        table = draw((2 * old - 1) ** 2, 2)
        shape = ((2 * new[0] - 1) * (2 * new[1] - 1), 2)
        case("distances", table, resize_rel_pos_bias_table(table, new, shape), window=list(new))
    for channels in [1, 2, 4, 7]:
        kernels = draw(2, 3, 2, 2)
        case("channels", kernels, adapt_input_conv(channels, kernels.clone()))
    for old, new in [((4, 4), (6, 6)), ((6, 6), (4, 4)), ((3, 5), (4, 2))]:
        kernels = draw(2, 3, *old)
        case("patches", kernels, resample_patch_embed(kernels, list(new)))
    Path(path).write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
