"""Convolutions, transposed ones, and those along the channels."""

import numpy as np
import torch.nn.functional as F

from operation_cases import TOLERANCE, WINOGRAD
from .common import DRAWS, pixels, planes


def padded(c, axis_sizes, kernel, stride, dilation):
    """Rows and columns of zeros: `[top, left, bottom, right]`, any, or TensorFlow's."""
    if c.choose(True, True, False):
        return "explicit", [c.draw(0, 3) for _ in range(4)]
    total = []
    for size, k, s, d in zip(axis_sizes, kernel, stride, dilation):
        outputs = -(-size // s)
        total.append(max(0, (outputs - 1) * s + (k - 1) * d + 1 - size))
    return "same", [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]


def convolve(c, n, size, groups, per_group, kernel, stride, dilation, tolerance):
    kind, (top, left, bottom, right) = padded(c, size, kernel, stride, dilation)
    room = [s + p - ((k - 1) * d + 1) for s, p, k, d in zip(size, (top + bottom, left + right), kernel, dilation)]
    if min(room) < 0:
        return False
    c_in, c_out = groups * per_group[0], groups * per_group[1]
    inputs = [c.tensor(n, *size, c_in), c.tensor(c_out, per_group[0], *kernel)]
    if c.choose(True, False):
        inputs.append(c.tensor(c_out))

    def f(x, w, b=None):
        x = F.pad(planes(x), (left, right, top, bottom))
        return pixels(F.conv2d(x, w, b, stride=stride, dilation=dilation, groups=groups))

    settings = dict(kernel=kernel, stride=stride, dilation=dilation, groups=groups, out=c_out, padding=kind, pads=[top, left, bottom, right])
    c.add(inputs, f, settings, tolerance)
    return True


def convolutions(c):
    c.begin("conv2d")
    while c.count < 2 * DRAWS:
        pair = lambda low, high: [c.draw(low, high), c.draw(low, high)]
        kernel, stride, dilation = pair(1, 5), pair(1, 3), c.choose([1, 1], pair(1, 3))
        tolerance = WINOGRAD if kernel == [3, 3] and stride == [1, 1] and dilation == [1, 1] else TOLERANCE
        convolve(c, c.draw(1, 3), pair(1, 13), c.choose(1, 1, 2, 3), pair(1, 9), kernel, stride, dilation, tolerance)


def wide_convolutions(c):
    c.begin("conv2d")
    c.random = np.random.default_rng(7)
    c.count = 2 * DRAWS
    while c.count < 3 * DRAWS:
        kernel = c.choose([1, 1], [3, 3])
        pair = lambda low, high: [c.draw(low, high), c.draw(low, high)]
        convolve(c, c.draw(1, 5), pair(3, 23), 1, pair(16, 70), kernel, c.choose([1, 1], [1, 1], [2, 2]), [1, 1], WINOGRAD)


def depthwise_convolutions(c):
    c.begin("conv2d depthwise")
    while c.count < DRAWS:
        pair = lambda low, high: [c.draw(low, high), c.draw(low, high)]
        convolve(c, c.draw(1, 3), pair(1, 15), c.draw(2, 40), [1, 1], pair(1, 5), pair(1, 3), c.choose([1, 1], pair(1, 2)), TOLERANCE)


def transposed_convolutions(c):
    c.begin("conv_transpose2d")
    while c.count < 2 * DRAWS:
        pair = lambda low, high: [c.draw(low, high), c.draw(low, high)]
        size, kernel, stride, dilation, padding = pair(1, 8), pair(1, 4), pair(1, 3), c.choose([1, 1], pair(1, 3)), pair(0, 2)
        extra = [c.draw(0, max(s, d) - 1) for s, d in zip(stride, dilation)]
        groups, (c_in, c_out) = c.choose(1, 1, 2, 3), pair(1, 6)
        side = [(s - 1) * t + d * (k - 1) + 1 + e - 2 * p for s, t, d, k, e, p in zip(size, stride, dilation, kernel, extra, padding)]
        if min(side) < 1:
            continue
        inputs = [c.tensor(c.draw(1, 3), *size, groups * c_in), c.tensor(groups * c_in, c_out, *kernel)]
        if c.choose(True, False):
            inputs.append(c.tensor(groups * c_out))

        def f(x, w, b=None):
            return pixels(F.conv_transpose2d(planes(x), w, b, stride, padding, extra, groups, dilation))

        settings = dict(stride=stride, padding=padding, output_padding=extra, dilation=dilation, groups=groups)
        c.add(inputs, f, settings, WINOGRAD if kernel == [3, 3] and stride == [1, 1] == dilation else TOLERANCE)


def channel_convolutions(c):
    c.begin("channel_conv")
    while c.count < DRAWS:
        n, channels, k = c.draw(1, 5), c.draw(1, 40), 2 * c.draw(0, 4) + 1
        f = lambda x, w: F.conv1d(x.reshape(n, 1, channels), w, padding=k // 2).reshape(n, 1, 1, channels)
        c.add([c.tensor(n, 1, 1, channels), c.tensor(1, 1, k)], f)
