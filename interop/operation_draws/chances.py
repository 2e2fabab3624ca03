"""Branches and dropout, with the stream of random numbers written down a second time."""

import numpy as np
import torch

from .common import DRAWS


def mixed(z):
    with np.errstate(over="ignore"):
        z = np.uint64(z) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def factors(count, p, key, stream):
    with np.errstate(over="ignore"):
        numbers = mixed(np.uint64(key) ^ mixed(np.uint64(stream))) + np.arange(count, dtype=np.uint64)
    uniform = (mixed(numbers) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
    return torch.from_numpy(np.where(uniform < np.float32(p), np.float32(0), np.float32(1) / (np.float32(1) - np.float32(p))))


def chances(c):
    c.begin("dropout")
    while c.count < DRAWS:
        shape = [c.draw(1, 12) for _ in range(c.draw(1, 4))]
        s = dict(p=c.choose(0.1, 0.5, 0.9), key=c.draw(0, 2**50), stream=c.draw(0, 99))
        kept = factors(int(np.prod(shape)), **s).reshape(shape)
        c.add([c.tensor(*shape)], lambda x: x * kept, s)
    c.begin("drop_path_branch")
    while c.count < DRAWS:
        shape = [c.draw(1, 9) for _ in range(c.draw(2, 4))]
        s = dict(p=c.choose(0.1, 0.5, 0.9), key=c.draw(0, 2**50), stream=c.draw(0, 99))
        kept = factors(shape[0], **s).reshape([-1] + [1] * (len(shape) - 1))
        c.add([c.tensor(*shape), c.tensor(*shape)], lambda trunk, x: trunk + x * kept, s)
    c.begin("scaled_branch")
    while c.count < DRAWS:
        shape = [c.draw(1, 9) for _ in range(c.draw(1, 4))]
        c.add([c.tensor(*shape), c.tensor(*shape), c.tensor(shape[-1])], lambda trunk, x, gamma: trunk + x * gamma)
    c.begin("scaled and dropped branch")
    while c.count < DRAWS:
        shape = [c.draw(1, 9) for _ in range(c.draw(2, 4))]
        s = dict(p=c.choose(0.1, 0.5, 0.9), key=c.draw(0, 2**50), stream=c.draw(0, 99))
        kept = factors(shape[0], **s).reshape([-1] + [1] * (len(shape) - 1))
        c.add([c.tensor(*shape), c.tensor(*shape), c.tensor(shape[-1])], lambda trunk, x, gamma: trunk + x * gamma * kept, s)
