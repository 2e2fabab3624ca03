"""Windows of images, rotary positions, cosines, gated rows and shares of responses, each as its paper defines it."""

import math

import torch
import torch.nn.functional as F

from .common import DRAWS, planes


def parts(qkv, heads):
    n, tokens, packed = qkv.shape
    return qkv.reshape(n, tokens, 3, heads, packed // 3 // heads).permute(2, 0, 3, 1, 4)


def packed(q, k, v):
    n, heads, tokens, d = q.shape
    return torch.stack([q, k, v]).permute(1, 3, 0, 2, 4).reshape(n, tokens, 3 * heads * d)


class Windows:
    """Windows of at most `side` pixels over a map, shifted by half of one along each axis that has more than one."""

    def __init__(self, map, side, shifted):
        self.map = map
        self.window = [min(length, side) for length in map]
        self.shift = [side // 2 if shifted and length > side else 0 for length in map]
        self.grid = [math.ceil(length / window) for length, window in zip(map, self.window)]
        self.area = self.window[0] * self.window[1]

    def to(self, x):
        """`[n, h, w, c]` to `[n, windows, area, c]`."""
        n, c = x.shape[0], x.shape[-1]
        x = torch.roll(x, [-shift for shift in self.shift], (1, 2))
        pad = [grid * window - length for grid, window, length in zip(self.grid, self.window, self.map)]
        x = F.pad(x, (0, 0, 0, pad[1], 0, pad[0]))
        x = x.reshape(n, self.grid[0], self.window[0], self.grid[1], self.window[1], c)
        return x.permute(0, 1, 3, 2, 4, 5).reshape(n, self.grid[0] * self.grid[1], self.area, c)

    def back(self, x):
        n, c = x.shape[0], x.shape[-1]
        x = x.reshape(n, *self.grid, *self.window, c).permute(0, 1, 3, 2, 4, 5)
        x = x.reshape(n, self.grid[0] * self.window[0], self.grid[1] * self.window[1], c)
        return torch.roll(x[:, : self.map[0], : self.map[1]], self.shift, (1, 2))

    def mask(self):
        """What each window's pairs of pixels get added: -100 where they come from different parts of the image."""
        names = []
        for axis in range(2):
            length, name = self.grid[axis] * self.window[axis], torch.zeros(self.grid[axis] * self.window[axis])
            if self.shift[axis]:
                name[length - self.window[axis] :] = 1
                name[length - self.shift[axis] :] = 2
            names.append(name)
        region = (3 * names[0][:, None] + names[1][None]).reshape(self.grid[0], self.window[0], self.grid[1], self.window[1])
        region = region.permute(0, 2, 1, 3).reshape(self.grid[0] * self.grid[1], self.area)
        return torch.where(region[:, :, None] == region[:, None, :], 0.0, -100.0)

    def numbers(self):
        """The table's row of each pair of a window's pixels."""
        rows, columns = torch.meshgrid(*[torch.arange(length) for length in self.window], indexing="ij")
        rows, columns = [x.reshape(-1)[:, None] - x.reshape(-1)[None] for x in (rows, columns)]
        return (rows + self.window[0] - 1) * (2 * self.window[1] - 1) + columns + self.window[1] - 1

    def logarithms(self):
        """Distances as Swin V2's network reads them."""
        axes = [torch.arange(1 - length, length, dtype=torch.float64) / max(length - 1, 1) * 8 for length in self.window]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
        return torch.sign(grid) * torch.log2(grid.abs() + 1) / 3

    def attend(self, qkv, heads, table, scale):
        n, tokens, channels = qkv.shape
        count = self.grid[0] * self.grid[1]
        q, k, v = parts(qkv.reshape(n * count, self.area, channels), heads)
        bias = table[self.numbers().reshape(-1)].reshape(self.area, self.area, heads).permute(2, 0, 1)
        bias = bias[None] + self.mask().to(bias.dtype)[:, None]
        scores = q @ k.transpose(-1, -2) * scale + bias.repeat(n, 1, 1, 1)
        return (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, channels // 3)

    def settings(self, shifted, side):
        return dict(map=self.map, side=side, shifted=shifted)


def draw_windows(c):
    side, shifted = c.draw(1, 5), bool(c.draw(0, 1))
    windows = Windows([c.draw(1, 11), c.draw(1, 11)], side, shifted)
    return windows, windows.settings(shifted, side)


def windows(c):
    c.begin("to_windows")
    while c.count < DRAWS:
        w, settings = draw_windows(c)
        c.add([c.tensor(c.draw(1, 3), *w.map, c.draw(1, 20))], lambda x: w.to(x).flatten(1, 2), settings)
    c.begin("from_windows")
    while c.count < DRAWS:
        w, settings = draw_windows(c)
        c.add([c.tensor(c.draw(1, 3), w.grid[0] * w.grid[1] * w.area, c.draw(1, 20))], w.back, settings)
    c.begin("two_by_two")
    while c.count < DRAWS:
        def merge(x):
            n, h, w, channels = x.shape
            x = F.pad(x, (0, 0, 0, w % 2, 0, h % 2))
            return torch.cat([x[:, row::2, column::2] for row, column in [(0, 0), (1, 0), (0, 1), (1, 1)]], -1)

        c.add([c.tensor(c.draw(1, 3), c.draw(1, 9), c.draw(1, 9), c.draw(1, 20))], merge)
    c.begin("window_attention")
    while c.count < DRAWS:
        w, settings = draw_windows(c)
        heads, d = c.draw(1, 3), c.draw(1, 12)
        inputs = [c.tensor(c.draw(1, 2), w.grid[0] * w.grid[1] * w.area, 3 * heads * d), c.tensor((2 * w.window[0] - 1) * (2 * w.window[1] - 1), heads)]
        c.add(inputs, lambda qkv, table: w.attend(qkv, heads, table, d**-0.5), settings | dict(heads=heads))
    c.begin("window_attention with logarithms of distances")
    while c.count < DRAWS:
        w, settings = draw_windows(c)
        heads, d, hidden = c.draw(1, 3), c.draw(1, 12), c.draw(1, 40)

        def attend(qkv, first, bias, second):
            table = F.linear(F.relu(F.linear(w.logarithms().to(qkv.dtype), first, bias)), second)
            return w.attend(qkv, heads, 16 * torch.sigmoid(table), 1.0)

        inputs = [c.tensor(c.draw(1, 2), w.grid[0] * w.grid[1] * w.area, 3 * heads * d), c.tensor(hidden, 2), c.tensor(hidden), c.tensor(heads, hidden)]
        # Forms are drawn for the tensors that candle's functions take; this has more than they do. Scores are up to 16 and more, where
        # f32 has a last digit of 2e-6, and gradients are differences of their exponentials.
        c.add(inputs, attend, settings | dict(heads=heads, hidden=hidden), forms=False, tolerance=4e-5)


def queries_and_keys(c):
    c.begin("rotary")
    while c.count < 2 * DRAWS:
        heads, prefix, grid, d = c.draw(1, 3), c.draw(0, 5), [c.draw(1, 6), c.draw(1, 6)], 4 * c.draw(1, 8)
        halves, reference = bool(c.draw(0, 1)), [c.draw(1, 16), c.draw(1, 16)]
        kind, temperature = c.choose(["index", 10000.0], ["centred", 100.0])

        def turn(qkv):
            frequencies = temperature ** -(torch.arange(d // 4, dtype=torch.float64) / (d // 4))
            if kind == "index":
                axes = [torch.arange(length, dtype=torch.float64) / length * ref for length, ref in zip(grid, reference)]
            else:
                axes = [((torch.arange(length, dtype=torch.float64) + 0.5) / length * 2 - 1) * 2 * math.pi for length in grid]
            places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2, 1)
            angles = (places * frequencies).flatten(1).to(qkv.dtype)

            def one(x):
                first, rest = x[:, :, :prefix], x[:, :, prefix:]
                a, b = (rest[..., : d // 2], rest[..., d // 2 :]) if halves else (rest[..., ::2], rest[..., 1::2])
                pair = [a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()]
                turned = torch.cat(pair, -1) if halves else torch.stack(pair, -1).flatten(-2)
                return torch.cat([first, turned], 2)

            q, k, v = parts(qkv, heads)
            return packed(one(q), one(k), v)

        settings = dict(heads=heads, prefix=prefix, grid=grid, halves=halves, angles=kind, temperature=temperature, reference=reference)
        c.add([c.tensor(c.draw(1, 3), prefix + grid[0] * grid[1], 3 * heads * d)], turn, settings)
    c.begin("cosine")
    while c.count < DRAWS:
        heads = c.draw(1, 4)

        def unit(qkv, logarithms):
            q, k, v = parts(qkv, heads)
            return packed(F.normalize(q, dim=-1) * logarithms.clamp(max=math.log(100)).exp(), F.normalize(k, dim=-1), v)

        logarithms = c.choose(1.0, 5.0) * c.tensor(heads, 1, 1)
        c.add([c.tensor(c.draw(1, 3), c.draw(1, 9), 3 * heads * c.draw(2, 30)), logarithms], unit)


def channels(c):
    c.begin("cross_covariance")
    while c.count < DRAWS:
        heads, d, size = c.draw(1, 4), c.draw(1, 12), [c.draw(2, 7), c.draw(2, 7)]

        def attend(qkv, temperature):
            n = qkv.shape[0]
            q, k, v = qkv.reshape(n, -1, 3, heads, d).permute(2, 0, 3, 4, 1)
            scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1) * temperature
            return (scores.softmax(-1) @ v).permute(0, 3, 1, 2).reshape(n, *size, heads * d)

        c.add([c.tensor(c.draw(1, 3), *size, 3 * heads * d), c.tensor(heads, 1, 1)], attend, dict(heads=heads))
    c.begin("fourier_positions")
    while c.count < DRAWS:
        size, channels = [c.draw(1, 9), c.draw(1, 9)], c.draw(1, 20)

        def add(x, weight, bias):
            frequencies = 10000.0 ** -(2 * (torch.arange(32, dtype=torch.float64) // 2) / 32)
            axes = []
            for length in size:
                angles = (torch.arange(length, dtype=torch.float64) + 1)[:, None] / (length + 1e-6) * 2 * math.pi * frequencies
                axes.append(torch.where(torch.arange(32) % 2 == 0, angles.sin(), angles.cos()))
            waves = torch.cat([axes[0][:, None].expand(*size, 32), axes[1][None].expand(*size, 32)], -1)
            return x + F.linear(waves.to(x.dtype), weight.flatten(1), bias)

        c.add([c.tensor(c.draw(1, 3), *size, channels), c.tensor(channels, 64, 1, 1), c.tensor(channels)], add)
    c.begin("some_channels")
    while c.count < DRAWS:
        start, count = c.draw(0, 9), c.draw(1, 9)
        x = c.tensor(c.draw(1, 3), c.draw(1, 9), c.draw(1, 9), start + count + c.draw(0, 9))
        c.add([x], lambda x: x[..., start : start + count], dict(start=start, count=count))


def gates(c):
    c.begin("swiglu")
    while c.count < DRAWS:
        shape = [c.draw(1, 9) for _ in range(c.draw(0, 3))] + [2 * c.draw(1, 40)]
        c.add([c.tensor(*shape)], lambda x: F.silu(x.chunk(2, -1)[0]) * x.chunk(2, -1)[1])
    c.begin("response_norm")
    while c.count < DRAWS:
        channels, eps = c.draw(1, 40), c.choose(1e-6, 1e-2)

        def norm(x, scale, shift):
            x = planes(x)
            norms = x.norm(dim=(2, 3), keepdim=True)
            shares = norms / (norms.mean(1, keepdim=True) + eps)
            return (x + scale[:, None, None] * x * shares + shift[:, None, None]).permute(0, 2, 3, 1)

        inputs = [c.tensor(c.draw(1, 3), c.draw(1, 9), c.draw(1, 9), channels), c.tensor(channels), c.tensor(channels)]
        c.add(inputs, norm, dict(eps=eps))
    c.begin("mean_tokens")
    while c.count < DRAWS:
        prefix = c.draw(0, 5)
        c.add([c.tensor(c.draw(1, 4), prefix + c.draw(1, 20), c.draw(1, 30))], lambda x: x[:, prefix:].mean(1), dict(prefix=prefix))
