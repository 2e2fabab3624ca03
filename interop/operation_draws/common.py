"""What all draws share. Images are `[n, h, w, c]` here as in derm; PyTorch is asked by their planes."""

DRAWS = 32


def planes(x):
    return x.permute(0, 3, 1, 2)


def pixels(y):
    return y.permute(0, 2, 3, 1)
