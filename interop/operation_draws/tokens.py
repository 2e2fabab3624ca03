"""Attention, tokens, positions, flattened images."""

import torch
import torch.nn.functional as F

from .common import DRAWS, planes


def attentions(c):
    def attend(heads, bias):
        def f(qkv, *added):
            n, tokens, packed = qkv.shape
            q, k, v = qkv.reshape(n, tokens, 3, heads, packed // 3 // heads).permute(2, 0, 3, 1, 4)
            mask = added[0] if bias else None
            if bias:
                mask = mask.expand(n, heads, tokens, tokens)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            return y.transpose(1, 2).reshape(n, tokens, packed // 3)

        return f

    c.begin("attention")
    while c.count < DRAWS:
        heads = c.draw(1, 4)
        c.add([c.tensor(c.draw(1, 3), c.draw(1, 40), 3 * heads * c.draw(1, 17))], attend(heads, False), dict(heads=heads))
    c.begin("attention with a bias")
    while c.count < 3 * DRAWS:
        heads, tokens = c.draw(1, 4), c.draw(1, 20)
        bias = c.tensor(*c.choose([tokens, tokens], [heads, tokens, tokens]))
        hidden = c.count >= DRAWS
        if hidden:
            # Tokens do not see some others; in the last third some see none.
            gone = torch.from_numpy(c.random.random(bias.shape) < 0.3)
            gone = gone & ~torch.eye(tokens, dtype=torch.bool) if c.count < 2 * DRAWS else gone | gone[..., :1]
            bias = bias.masked_fill(gone, -torch.inf)
        c.add([c.tensor(c.draw(1, 3), tokens, 3 * heads * c.draw(1, 9)), bias], attend(heads, True), dict(heads=heads), forms=not hidden)


def tokens(c):
    c.begin("prefix_tokens")
    while c.count < DRAWS:
        n, t, width = c.draw(1, 4), c.draw(1, 20), c.draw(1, 30)
        c.add([c.tensor(n, t, width), c.tensor(1, c.draw(1, 5), width)], lambda x, first: torch.cat([first.expand(n, -1, -1), x], 1))
    c.begin("positions")
    while c.count < DRAWS:
        n, t, width = c.draw(1, 4), c.draw(1, 20), c.draw(1, 30)
        c.add([c.tensor(n, t, width), c.tensor(1, t, width)], lambda x, table: x + table)
    c.begin("tokens")
    while c.count < DRAWS:
        c.add([c.tensor(c.draw(1, 4), c.draw(1, 9), c.draw(1, 9), c.draw(1, 20))], lambda x: planes(x).flatten(2).transpose(1, 2))
    c.begin("first_token")
    while c.count < DRAWS:
        c.add([c.tensor(c.draw(1, 4), c.draw(1, 20), c.draw(1, 30))], lambda x: x[:, 0])
    c.begin("flatten")
    while c.count < DRAWS:
        c.add([c.tensor(c.draw(1, 4), c.draw(1, 9), c.draw(1, 9), c.draw(1, 20))], lambda x: planes(x).flatten(1))
