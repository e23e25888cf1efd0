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

    channels: of the output; side: of the square kernel, px; stride: px.
    """

    channels: int
    side: int
    stride: int = 1


STEM: Final = 4
"""The first layer sees blocks of so many pixels a side, which do not overlap."""

STEM_CHANNELS: Final = 48

LAYERS: Final = (
    Convolution(64, 3, stride=2),
    Convolution(96, 3),
    Convolution(128, 1),
)
"""After the stem. Dense 3x3 layers: in int8 they are quicker than depthwise ones, and stronger."""

HIDDEN: Final = 32
"""Features in which both looks meet before the decision."""

CONTRAST_FLOOR: Final = 4.0
"""Standard deviation, in grey levels, below which a patch's contrast is not stretched further."""


def output_side(size: int, layers: tuple[Convolution, ...] = LAYERS) -> int:
    """Height or width of the last feature map for a patch `size` px high or wide."""
    size //= STEM
    for layer in layers:
        size = (size - 1) // layer.stride + 1
    return size


def build(height: int, width: int, layers: tuple[Convolution, ...] = LAYERS) -> nn.Sequential:
    """(N, 3 * STEM, height, width / STEM) from `planes` -> (N,) logits of occupied.

    The looks lie one below the other and go through the same filters. The last feature map is
    weighed place by place rather than averaged: where in which look something stands tells a
    neighbour leaning in from a car on the spot.
    """
    # Blocks of STEM x STEM pixels: their columns lie in the channels already.
    stem = nn.Conv2d(3 * STEM, STEM_CHANNELS, (STEM, 1), (STEM, 1), bias=False)
    modules: list[nn.Module] = [stem, nn.BatchNorm2d(STEM_CHANNELS), nn.ReLU(inplace=True)]
    channels = STEM_CHANNELS
    for layer in layers:
        modules += [
            nn.Conv2d(
                channels, layer.channels, layer.side, layer.stride, layer.side // 2, bias=False
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
    """(N, H, S, 3) uint8 -> the same in float, of mean 0 and deviation about 1, look by look.

    One mean and one deviation over all three channels: colour differences survive, exposure goes.
    """
    count, height, size, _ = patches.shape
    looks = patches.reshape(count, height // size, -1).float()
    mean = looks.mean(dim=2, keepdim=True)
    variance = looks.var(dim=2, keepdim=True, unbiased=False)
    even = (looks - mean) / torch.sqrt(variance + CONTRAST_FLOOR**2)
    return even.reshape(patches.shape)


def planes(patches: torch.Tensor) -> torch.Tensor:
    """(N, H, S, 3) uint8 -> (N, 3 * STEM, H, S / STEM): STEM neighbouring pixels as channels.

    Pixels of a row lie side by side in memory, so this costs no copy before the transpose, and a
    convolution of STEM x 1 is then one of STEM x STEM: half the time of the usual form in int8.
    """
    count, height, size, _ = patches.shape
    grouped = normalise(patches).reshape(count, height, size // STEM, 3 * STEM)
    return grouped.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
