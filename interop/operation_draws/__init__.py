"""What is drawn of each operation."""

from . import chances, convolutions, norms, sizes, tokens, values, windows

ALL = [
    convolutions.convolutions,
    convolutions.wide_convolutions,
    convolutions.depthwise_convolutions,
    convolutions.transposed_convolutions,
    convolutions.channel_convolutions,
    sizes.pools,
    sizes.sizes,
    norms.batch_norms,
    norms.other_norms,
    tokens.attentions,
    tokens.tokens,
    windows.windows,
    windows.queries_and_keys,
    windows.channels,
    windows.gates,
    values.linears,
    values.activations,
    values.sums,
    values.losses,
    chances.chances,
]
