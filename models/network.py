"""The network: its layers as data, and its PyTorch form for training.

The ONNX form is written layer by layer in `models.export`; a test holds the two together.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Convolution:
    """One convolution with batch normalisation and ReLU.

    channels: of the output; side: of the square kernel, px; stride: px; depthwise: one filter a
    channel (then `channels` equals the input's).
    """

    channels: int
    side: int
    stride: int = 1
    depthwise: bool = False


LAYERS: Final = (
    Convolution(16, 3, stride=2),
    Convolution(32, 3, stride=2),
    Convolution(32, 3, depthwise=True),
    Convolution(64, 1),
    Convolution(64, 3, stride=2, depthwise=True),
    Convolution(128, 1),
    Convolution(128, 3, depthwise=True),
    Convolution(192, 1),
)

CONTRAST_FLOOR: Final = 4.0
"""Standard deviation, in grey levels, below which a patch's contrast is not stretched further."""


def output_side(size: int, layers: tuple[Convolution, ...] = LAYERS) -> int:
    """Height or width of the last feature map for a patch `size` px high or wide."""
    for layer in layers:
        size = (size - 1) // layer.stride + 1
    return size


HIDDEN: Final = 32
"""Features in which both looks meet before the decision."""


def build(height: int, width: int, layers: tuple[Convolution, ...] = LAYERS) -> nn.Sequential:
    """(N, 3, height, width) normalised patches -> (N,) logits of occupied.

    The looks lie one below the other and go through the same filters. The last feature map is
    weighed place by place rather than averaged: where in which look something stands tells a
    neighbour leaning in from a car on the spot.
    """
    modules: list[nn.Module] = []
    channels = 3
    for layer in layers:
        groups = channels if layer.depthwise else 1
        modules += [
            nn.Conv2d(
                channels,
                layer.channels,
                layer.side,
                layer.stride,
                layer.side // 2,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(layer.channels),
            nn.ReLU(inplace=True),
        ]
        channels = layer.channels
    sides = (output_side(height, layers), output_side(width, layers))
    modules += [
        nn.Conv2d(channels, channels, sides, groups=channels),
        nn.ReLU(inplace=True),
        nn.Dropout(0.1),
        nn.Conv2d(channels, HIDDEN, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(HIDDEN, 1, 1),
        nn.Flatten(0),
    ]
    return nn.Sequential(*modules)


def normalise(patches: torch.Tensor) -> torch.Tensor:
    """(N, H, S, 3) uint8 -> (N, 3, H, S) float of mean 0 and deviation about 1, look by look.

    One mean and one deviation over all three channels: colour differences survive, exposure goes.
    """
    count, height, size, channels = patches.shape
    looks = patches.reshape(count, height // size, -1).float()
    mean = looks.mean(dim=2, keepdim=True)
    variance = looks.var(dim=2, keepdim=True, unbiased=False)
    even = (looks - mean) / torch.sqrt(variance + CONTRAST_FLOOR**2)
    return even.reshape(count, height, size, channels).permute(0, 3, 1, 2)
