"""Batch, layer and group norm."""

import torch.nn.functional as F

from .common import DRAWS, pixels, planes

AFTER = dict(nothing=lambda z: z, relu=F.relu, relu6=F.relu6, silu=F.silu)


def terms(eps):
    """Of batch norm: each value's own gradient, before what goes through mean and variance is taken off (of two values: nearly all)."""

    def size(inputs, dy):
        x, scale = inputs[0].double(), inputs[1].double()
        inverse = (x.var((0, 1, 2), unbiased=False) + eps).rsqrt()
        return float((dy.double() * scale * inverse).square().mean().sqrt())

    return size


def batch_norms(c):
    c.begin("batch_norm_train")
    while c.count < 3 * DRAWS:
        shape = (c.draw(1, 4), c.draw(1, 9), c.draw(1, 9), c.draw(1, 40))
        if c.count % 3 == 0:
            shape = (*c.choose((2, 1, 1), (1, 2, 1), (1, 1, 2)), shape[3])
        if shape[0] * shape[1] * shape[2] < 2:
            continue
        after, eps, momentum = c.choose(*AFTER), c.choose(1e-5, 1e-3), c.choose(0.1, 0.01, 1.0)

        def f(x, scale, shift, mean, var):
            y = F.batch_norm(planes(x), mean, var, scale, shift, True, momentum, eps)
            return AFTER[after](pixels(y)), [mean, var]

        fixed = [c.tensor(shape[3]), c.tensor(shape[3]).abs()]
        c.add([c.tensor(*shape), c.tensor(shape[3]), c.tensor(shape[3])], f, dict(after=after, eps=eps, momentum=momentum), fixed=fixed, terms=terms(eps))
    c.begin("batch_norm_eval")
    while c.count < DRAWS:
        shape = (c.draw(1, 4), c.draw(1, 9), c.draw(1, 9), c.draw(1, 40))
        after, eps = c.choose(*AFTER), c.choose(1e-5, 1e-3)
        f = lambda x, scale, shift, mean, var: AFTER[after](pixels(F.batch_norm(planes(x), mean, var, scale, shift, False, 0.1, eps)))
        fixed = [c.tensor(shape[3]), c.tensor(shape[3]).abs() + 0.1]
        c.add([c.tensor(*shape), c.tensor(shape[3]), c.tensor(shape[3])], f, dict(after=after, eps=eps), fixed=fixed)
    c.begin("batch_norm and a residual")
    while c.count < DRAWS:
        shape = (c.draw(2, 4), c.draw(1, 9), c.draw(1, 9), c.draw(1, 40))
        after = c.choose("nothing", "relu", "relu6")
        f = lambda x, scale, shift, r: AFTER[after](pixels(F.batch_norm(planes(x), None, None, scale, shift, True, 0.1, 1e-3)) + r)
        c.add([c.tensor(*shape), c.tensor(shape[3]), c.tensor(shape[3]), c.tensor(*shape)], f, dict(after=after, eps=1e-3), terms=terms(1e-3))


def other_norms(c):
    c.begin("layer_norm")
    while c.count < DRAWS:
        channels = c.draw(2, 70)
        shape = [c.draw(1, 5) for _ in range(c.draw(0, 3))] + [channels]
        eps = c.choose(1e-6, 1e-5)
        f = lambda x, scale, shift: F.layer_norm(x, [channels], scale, shift, eps)
        c.add([c.tensor(*shape), c.tensor(channels), c.tensor(channels)], f, dict(eps=eps))
    c.begin("group_norm")
    while c.count < DRAWS:
        groups = c.draw(1, 6)
        channels, size = groups * c.draw(1, 8), [c.draw(2, 9), c.draw(1, 9)]
        f = lambda x, scale, shift: pixels(F.group_norm(planes(x), groups, scale, shift, 1e-5))
        c.add([c.tensor(c.draw(1, 4), *size, channels), c.tensor(channels), c.tensor(channels)], f, dict(groups=groups, eps=1e-5))
