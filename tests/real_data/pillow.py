"""Compares derm's decoded and resized pixels with Pillow's. Argument: the folder that the test wrote."""

import pathlib
import sys

import numpy
from PIL import Image, ImageOps

folder = pathlib.Path(sys.argv[1])
worst = {}
for i, name in enumerate((folder / "list").read_text().splitlines()):
    picture = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    own = numpy.fromfile(folder / f"{i}.decoded", numpy.uint8).reshape(picture.height, picture.width, 3)
    # Resizing is compared from equal pixels, so that the decoders' differences do not count twice.
    same = Image.fromarray(own)
    width, height = same.size
    side = 109  # floor(96 / 0.875)
    size = (side, int(side * height / width)) if width <= height else (int(side * width / height), side)
    left, top = round((size[0] - 96) / 2), round((size[1] - 96) / 2)
    wanted = {
        "decoded": numpy.asarray(picture),
        "bilinear": numpy.asarray(same.resize((64, 48), Image.Resampling.BILINEAR)),
        "bicubic": numpy.asarray(same.resize(size, Image.Resampling.BICUBIC).crop((left, top, left + 96, top + 96))),
    }
    for kind, pixels in wanted.items():
        found = numpy.fromfile(folder / f"{i}.{kind}", numpy.uint8).reshape(pixels.shape)
        difference = numpy.abs(found.astype(int) - pixels.astype(int))
        mean, most = worst.get(kind, (0, 0))
        worst[kind] = (max(mean, difference.mean()), max(most, difference.max()))
for kind, (mean, most) in worst.items():
    print(f"{kind}: mean difference {mean:.4f}, largest {most}")
# Decoders of JPEG may round differently (IDCT, chroma upsampling). Each of a filter's two passes may round one level apart.
assert worst["decoded"][0] < 0.6, "decoding"
assert worst["bilinear"][1] <= 1 and worst["bicubic"][1] <= 2, "resizing"
assert worst["bilinear"][0] < 0.02 and worst["bicubic"][0] < 0.02, "resizing on average"
