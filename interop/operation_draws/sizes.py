"""Pools, and images in another size."""

import torch.nn.functional as F

from .common import DRAWS, pixels, planes


def window(c, size):
    while True:
        kernel = c.draw(1, 5)
        w = dict(kernel=kernel, stride=c.draw(1, 4), padding=c.draw(0, kernel // 2), ceil=c.choose(True, False))
        if min(size) + 2 * w["padding"] >= kernel:
            return w


def pools(c):
    c.begin("max_pool")
    while c.count < 3 * DRAWS:
        size = [c.draw(1, 13), c.draw(1, 13)]
        w = window(c, size)
        shape = (c.draw(1, 3), *size, c.draw(1, 20))
        f = lambda x: pixels(F.max_pool2d(planes(x), w["kernel"], w["stride"], w["padding"], ceil_mode=w["ceil"]))
        if c.count < DRAWS:
            c.add([c.tensor(*shape)], f, w)
        elif c.count < 2 * DRAWS:
            c.add([c.small(*shape)], f, w, exact=True)
        else:
            c.add([c.special([], *shape)], f, w, exact=True, forms=False)
    c.begin("avg_pool")
    while c.count < 2 * DRAWS:
        size = [c.draw(1, 13), c.draw(1, 13)]
        w = window(c, size)
        count = c.choose(True, False)
        f = lambda x: pixels(F.avg_pool2d(planes(x), w["kernel"], w["stride"], w["padding"], w["ceil"], count))
        c.add([c.tensor(c.draw(1, 3), *size, c.draw(1, 20))], f, w | dict(count_padding=count))
    c.begin("global_avg_pool")
    while c.count < DRAWS:
        c.add([c.tensor(c.draw(1, 4), c.draw(1, 20), c.draw(1, 20), c.draw(1, 40))], lambda x: x.mean((1, 2), keepdim=True))
    c.begin("adaptive_avg_pool")
    while c.count < DRAWS:
        size = [c.draw(1, 9), c.draw(1, 9)]
        f = lambda x: pixels(F.adaptive_avg_pool2d(planes(x), size))
        c.add([c.tensor(c.draw(1, 3), c.draw(1, 13), c.draw(1, 13), c.draw(1, 20))], f, dict(size=size))


def sizes(c):
    for rule, corners in (("nearest", None), ("bilinear", False), ("bilinear", True), ("bicubic", False), ("bicubic", True)):
        c.begin(f"upsample {rule}{' with corners aligned' if corners else ''}")
        while c.count < DRAWS:
            size = [c.draw(1, 17), c.draw(1, 17)]
            f = lambda x: pixels(F.interpolate(planes(x), size, mode=rule, align_corners=corners))
            c.add([c.tensor(c.draw(1, 3), c.draw(1, 11), c.draw(1, 11), c.draw(1, 9))], f, dict(size=size, rule=rule, corners=bool(corners)))
