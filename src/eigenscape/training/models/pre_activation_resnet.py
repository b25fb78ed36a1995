"""Pre-activation residual networks for images of 32 × 32 pixels, wide ones included."""

from __future__ import annotations

from itertools import starmap
from typing import final

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, relu

from eigenscape.training.models.initialisation import initialise

_STAGES = 3
_BASE_WIDTH = 16
_EXPANSION = 4


@final
class PreActivationUnit(nn.Module):
    """x + F(relu(norm(x))): the identity is untouched where the shape stays.

    Where it changes, a 1 × 1 convolution of the activated input takes its place.
    """

    def __init__(self, inputs: int, width: int, outputs: int, stride: int) -> None:
        """Build a basic unit (two 3 × 3) or a bottleneck (1 × 1, 3 × 3, 1 × 1).

        Args:
            inputs: Channels in.
            width: Channels within.
            outputs: Channels out; a bottleneck where they differ from `width`.
            stride: Of the one convolution that subsamples.
        """
        super().__init__()
        if outputs == width:
            shapes = [(inputs, width, 3, stride), (width, outputs, 3, 1)]
        else:
            shapes = [
                (inputs, width, 1, 1),
                (width, width, 3, stride),
                (width, outputs, 1, 1),
            ]
        self.norms = nn.ModuleList(nn.BatchNorm2d(shape[0]) for shape in shapes)
        self.convolutions = nn.ModuleList(starmap(_convolution, shapes))
        changes = inputs != outputs or stride != 1
        self.projection = _convolution(inputs, outputs, 1, stride) if changes else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the unit.

        Args:
            x: Images.

        Returns:
            Images, of the output's channels.
        """
        out, short = x, x
        pairs = zip(self.norms, self.convolutions, strict=True)
        for place, (norm, convolution) in enumerate(pairs):
            out = relu(norm(out))
            if place == 0 and self.projection is not None:
                short = self.projection(out)
            out = convolution(out)
        return out + short


@final
class PreActivationResNet(nn.Module):
    """A convolution, three stages of units, norm, average, linear head."""

    def __init__(
        self, units: int, width: int, classes: int, channels: int, *, bottleneck: bool
    ) -> None:
        """Build the layers; see `pre_activation_resnet`.

        Args:
            units: Units a stage.
            width: Channels within the units of the first stage; doubled each stage.
            classes: Outputs.
            channels: Channels of the images.
            bottleneck: Whether units are bottlenecks.
        """
        super().__init__()
        inputs = min(width, _BASE_WIDTH)
        self.stem = _convolution(channels, inputs, 3, 1)
        layers: list[nn.Module] = []
        for stage in range(_STAGES):
            within = width * 2**stage
            outputs = within * (_EXPANSION if bottleneck else 1)
            for unit in range(units):
                stride = 2 if stage > 0 and unit == 0 else 1
                layers.append(PreActivationUnit(inputs, within, outputs, stride))
                inputs = outputs
        self.units = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(inputs)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Classify images.

        Args:
            x: Images.

        Returns:
            Logits.
        """
        out = relu(self.norm(self.units(self.stem(x))))
        return self.head(adaptive_avg_pool2d(out, 1).flatten(1))


def pre_activation_resnet(
    depth: int,
    *,
    classes: int,
    generator: torch.Generator,
    width: int = _BASE_WIDTH,
    bottleneck: bool = False,
    channels: int = 3,
) -> PreActivationResNet:
    """Build a pre-activation residual network.

    Depth 110 is ResNet-110, depth 164 with bottlenecks ResNet-164 of the paper; depth
    28 with width 160 is the wide residual network 28-10, whose first convolution keeps
    16 channels. Depths count all layers on the longest path: 6u + 2 for u units a
    stage, 9u + 2 with bottlenecks, 6u + 4 for wide networks, which count the
    projections too.

    Args:
        depth: Layers.
        classes: Outputs.
        generator: Source of the initial weights, He's normal law.
        width: Channels within the units of the first stage; small for quick runs.
        bottleneck: Whether units are bottlenecks.
        channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        ValueError: There is no network of this depth.

    References:
        He, Zhang, Ren and Sun (2016), ECCV, "Identity mappings in deep residual
        networks", Fig. 4e and Sec. 5. Zagoruyko and Komodakis (2016), BMVC, Table 1.
    """
    layers, extra = (9, 2) if bottleneck else (6, 4 if depth % 6 == 4 else 2)
    units, left = divmod(depth - extra, layers)
    if units < 1 or left or width < 1:
        wanted = "9u + 2" if bottleneck else "6u + 2 or 6u + 4"
        message = (
            f"depth: expected {wanted} layers with u ≥ 1 and a positive width, got "
            f"depth {depth} and width {width}"
        )
        raise ValueError(message)
    with torch.random.fork_rng(devices=[]):
        model = PreActivationResNet(
            units, width, classes, channels, bottleneck=bottleneck
        )
    initialise(model, generator=generator)
    return model


def _convolution(inputs: int, outputs: int, size: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(
        inputs, outputs, size, stride=stride, padding=size // 2, bias=False
    )
