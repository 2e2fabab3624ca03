"""Functions of values, sums, factors, linear layers and losses."""

import numpy as np
import torch
import torch.nn.functional as F

from .common import DRAWS


def linears(c):
    c.begin("linear")
    while c.count < DRAWS:
        inputs, outputs = c.draw(1, 70), c.draw(1, 70)
        shape = [c.draw(1, 9) for _ in range(c.draw(0, 3))] + [inputs]
        weight = c.tensor(outputs, inputs, *c.choose([], [1, 1]))
        c.add([c.tensor(*shape), weight, c.tensor(outputs)], lambda x, w, b: F.linear(x, w.flatten(1), b))
    c.begin("linear unbiased")
    while c.count < DRAWS:
        inputs, outputs = c.draw(1, 70), c.draw(1, 70)
        c.add([c.tensor(c.draw(1, 9), c.draw(1, 9), inputs), c.tensor(outputs, inputs)], lambda x, w: F.linear(x, w))
    c.begin("linear of queries, keys and values")
    while c.count < DRAWS:
        inputs, third = c.draw(1, 70), c.draw(1, 24)
        shape = [c.draw(1, 9), c.draw(1, 9), inputs]
        join = lambda q, v: torch.cat([q, torch.zeros_like(q), v])
        c.add([c.tensor(*shape), c.tensor(3 * third, inputs), c.tensor(third), c.tensor(third)], lambda x, w, q, v: F.linear(x, w, join(q, v)))


ACTIVATIONS = dict(
    relu=(F.relu, []),
    relu6=(F.relu6, [6.0, np.nextafter(np.float32(6), np.float32(0))]),
    sigmoid=(torch.sigmoid, []),
    hard_sigmoid=(F.hardsigmoid, [-3.0, 3.0]),
    silu=(F.silu, []),
    hard_swish=(F.hardswish, [-3.0, 3.0]),
    gelu=(F.gelu, []),
    gelu_tanh=(lambda x: F.gelu(x, approximate="tanh"), []),
)


def activations(c):
    for kind, (f, corners) in ACTIVATIONS.items():
        c.begin(f"apply {kind}")
        while c.count < 2 * DRAWS:
            if c.count < DRAWS:
                c.add([3 * c.tensor(*(c.draw(1, 9) for _ in range(c.draw(1, 4))))], f, dict(kind=kind))
            else:
                # Whole vectors: PyTorch's slopes of ReLU6 and hard swish at NaN, and GELU at infinity, are others in the
                # rest of a row. GELU in vectors is NaN at both infinities, derm's is +inf at +inf as it is there.
                x = c.special(corners, c.draw(1, 9), 64)
                x = x.nan_to_num(posinf=100.0, neginf=-100.0, nan=torch.nan) if kind == "gelu" else x
                c.add([x], f, dict(kind=kind), exact=True, forms=False)


def sums(c):
    for name, f in (("add", lambda x, y: x + y), ("add_relu", lambda x, y: F.relu(x + y))):
        c.begin(name)
        while c.count < 2 * DRAWS:
            shape = [c.draw(1, 9) for _ in range(c.draw(1, 4))]
            if c.count < DRAWS:
                c.add([c.tensor(*shape), c.tensor(*shape)], f)
            else:
                c.add([c.special([], *shape), c.special([], *shape)], f, exact=True, forms=False)
    c.begin("gate")
    while c.count < 2 * DRAWS:
        n, h, w, channels = c.draw(1, 4), c.draw(1, 9), c.draw(1, 9), c.draw(1, 40)
        special = c.count >= DRAWS
        make = (lambda *shape: c.special([], *shape)) if special else c.tensor
        c.add([make(n, h, w, channels), make(n, 1, 1, channels)], lambda x, g: x * g, exact=special, forms=not special)
    c.begin("concat")
    while c.count < 2 * DRAWS:
        shape = (c.draw(1, 4), c.draw(1, 9), c.draw(1, 9))
        parts = [c.tensor(*shape, c.draw(1, 20)) for _ in range(c.draw(2, 4))]
        c.add(parts, lambda *x: torch.cat(x, 3))


def losses(c):
    c.begin("cross_entropy")
    while c.count < 2 * DRAWS:
        n, classes = c.draw(1, 20), c.draw(1, 30)
        targets = [c.draw(0, classes - 1) for _ in range(n)]
        weights = c.choose(None, (c.tensor(classes).abs() + 0.1).tolist())
        smoothing = c.choose(0.0, 0.1, 1.0)
        scale = c.choose(1.0, 30.0)

        def f(logits):
            weight = None if weights is None else torch.tensor(weights, dtype=logits.dtype)
            return F.cross_entropy(logits, torch.tensor(targets), weight, label_smoothing=smoothing)

        c.add([scale * c.tensor(n, classes)], f, dict(targets=targets, weights=weights, smoothing=smoothing))
