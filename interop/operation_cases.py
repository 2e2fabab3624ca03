"""Cases for `operations.py`: inputs of one operation, and what PyTorch makes of them.

A folder of cases is `values.bin`, f32 little-endian, and `cases.json`, a list. A tensor in it is its shape, the number of
values in `values.bin` before its first, and for results the `allowance`: how far off a value may be, beside `tolerance`
times that value. The allowance is the tolerance times the root mean square of the result, or twice the error that PyTorch
itself makes in f32 where that is more (sums that cancel).
Where a gradient is what is left of larger terms, it is the terms' root mean square that counts.
"""

import json
from pathlib import Path

import numpy as np
import torch

TOLERANCE = 2e-5
# Winograd's algorithm computes in transformed tiles, which rounds more.
WINOGRAD = 1e-4


class Cases:
    """Draws are seeded with the operation's name, so that a new operation changes no other's cases."""

    def __init__(self):
        self.list, self.values, self.length = [], [], 0
        self.random = None

    def begin(self, operation):
        """Starts the draws of an operation."""
        self.operation, self.count = operation, 0
        self.random = np.random.default_rng(list(operation.encode()))

    def draw(self, low, high):
        """A whole number, both ends included."""
        return int(self.random.integers(low, high + 1))

    def choose(self, *options):
        return options[self.draw(0, len(options) - 1)]

    def tensor(self, *shape):
        return torch.from_numpy(self.random.standard_normal(shape).astype(np.float32))

    def small(self, *shape):
        """Few different values: many are equal."""
        return torch.from_numpy(self.random.integers(-1, 2, shape).astype(np.float32))

    def special(self, corners, *shape):
        """Corners, zeros of both signs, infinities and NaN among ordinary values."""
        pool = np.array([*corners, 0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 88.0, -88.0, 200.0, -200.0, 0.5, -1.5], np.float32)
        return torch.from_numpy(self.random.choice(pool, shape))

    def form(self, tensor):
        """How the tensor is laid out where derm reads it; `spread` repeats the first of its first axis."""
        forms = ["plain", "plain", "cut"]
        if tensor.dim() > 1:
            forms += ["turned", "strided"]
            if tensor.shape[0] > 1:
                forms.append("spread")
        form = self.choose(*forms)
        return form, tensor[:1].expand(tensor.shape).contiguous() if form == "spread" else tensor

    def add(self, inputs, f, settings=None, tolerance=TOLERANCE, exact=False, forms=True, fixed=(), terms=None):
        """One case: `f(*inputs, *fixed)` is a result, or a result and a dict of others without gradient.

        With `exact` PyTorch computes in f32 as derm does, for NaN, infinities and ties; otherwise in f64. `terms(inputs, dy)` is
        the root mean square of what the first input's gradient is the difference of.
        """
        laid = []
        for tensor in inputs:
            form, tensor = self.form(tensor) if forms else ("plain", tensor)
            laid.append((form, tensor))
        wide = torch.float32 if exact else torch.float64
        results, dy, gradients = self.evaluate(f, [t for _, t in laid], fixed, wide, None)
        rough_results, _, rough_gradients = (results, dy, gradients) if exact else self.evaluate(f, [t for _, t in laid], fixed, torch.float32, dy)
        scales = [terms([t for _, t in laid], dy) if terms else 0.0] + [0.0] * len(inputs)
        self.count += 1
        self.list.append({
            "operation": self.operation,
            "name": f"{self.operation} {self.count}",
            "settings": settings or {},
            "tolerance": tolerance,
            "inputs": [self.put(t) | {"form": form} for form, t in laid],
            "fixed": [self.put(t) for t in fixed],
            "dy": self.put(dy),
            "results": [self.expected(r, rough, tolerance) for r, rough in zip(results, rough_results)],
            "gradients": [self.expected(g, rough, tolerance, s) for g, rough, s in zip(gradients, rough_gradients, scales)],
        })

    def evaluate(self, f, inputs, fixed, dtype, dy):
        leaves = [t.to(dtype).clone().requires_grad_() for t in inputs]
        y = f(*leaves, *[t.to(dtype).clone() for t in fixed])
        y, others = y if isinstance(y, tuple) else (y, [])
        if dy is None:
            dy = self.tensor(*y.shape)
        gradients = torch.autograd.grad(y, leaves, dy.to(dtype))
        return [y.detach(), *others], dy, [g.detach() for g in gradients]

    def expected(self, tensor, rough, tolerance, scale=0.0):
        finite = tensor[torch.isfinite(tensor)].double()
        rms = float(finite.square().mean().sqrt()) if finite.numel() else 0.0
        errors = (tensor.double() - rough.double()).abs()
        errors = errors[torch.isfinite(errors)]
        own = float(errors.max()) if errors.numel() else 0.0
        size = max(rms, scale)
        return self.put(tensor) | {"allowance": max(tolerance * size, 2 * own), "rms": size}

    def put(self, tensor):
        values = tensor.detach().to(torch.float32).contiguous().numpy().astype("<f4").ravel()
        at = self.length
        self.values.append(values)
        self.length += values.size
        return {"shape": list(tensor.shape), "at": at}

    def write(self, folder):
        folder = Path(folder)
        np.concatenate(self.values).tofile(folder / "values.bin")
        (folder / "cases.json").write_text(json.dumps(self.list))
