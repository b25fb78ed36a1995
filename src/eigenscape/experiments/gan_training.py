"""Train GANs along the latent noise and the share of widths, beside their glasses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import stream, stream_seed
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.survey import phases
from eigenscape.landscape.gan.trained_losses import (
    LossSweep,
    TrainedGans,
    loss_sweep,
)
from eigenscape.training.adversarial import (
    AdversarialConfig,
    AdversarialPair,
    fit_adversarial,
)
from eigenscape.training.data.cifar import cifar
from eigenscape.training.data.idx_images import fashion_mnist, mnist
from eigenscape.training.data.mnist_digits import mnist_digits
from eigenscape.training.data.resizing import resize
from eigenscape.training.models.dcgan import dcgan_discriminator, dcgan_generator

_DIGITS_SIDE = 28
_CHUNK = 1000


@dataclass(frozen=True)
class SweepConfig:
    """The values of a parameter.

    Attributes:
        least: The least.
        greatest: The greatest.
        count: How many.
    """

    least: float
    greatest: float
    count: int

    def __post_init__(self) -> None:
        if not (0 < self.least < self.greatest and self.count >= 2):
            message = (
                f"sweep: expected 0 < least < greatest and at least 2 values, got "
                f"{self.least}, {self.greatest} and {self.count}"
            )
            raise ValueError(message)


@dataclass(frozen=True)
class GanTrainingConfig:
    """The images, the networks and the sweeps; the defaults are the published ones.

    Attributes:
        data: The bundled digits, or a data set of which the user has the files.
        folder: Where these files lie.
        images: How many images; all if 0.
        side: Pixels along a side, to which they are resampled.
        width: Channels before the last layer of the generator and after the first of
            the discriminator together; κ is the discriminator's share of them.
        latent: Numbers in a latent vector.
        noise: σ of the sweep of κ; vectors are scaled by σ over the deviation of all
            pixels.
        fraction: κ of the sweep of σ.
        noises: The σ, evenly on a logarithmic scale.
        fractions: The κ, evenly.
        repeats: Runs of each, with weights, order and vectors of their own.
        training: How they are trained.
        seed: Master seed.
    """

    data: Literal["digits", "mnist", "fashion-mnist", "cifar-10"] = "cifar-10"
    folder: str = ""
    images: int = 0
    side: int = 64
    width: int = 128
    latent: int = 100
    noise: float = 1.0
    fraction: float = 0.5
    noises: SweepConfig = field(default_factory=lambda: SweepConfig(1e-5, 1e2, 60))
    fractions: SweepConfig = field(default_factory=lambda: SweepConfig(0.05, 0.95, 50))
    repeats: int = 30
    training: AdversarialConfig = field(default_factory=AdversarialConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        checks = (
            ("width", self.width >= 2, "at least 2"),
            ("repeats", self.repeats >= 2, "at least 2, for standard errors"),
            ("images", self.images >= 0, "at least 0"),
            ("latent", self.latent >= 1, "at least 1"),
        )
        for name, fine, expected in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {getattr(self, name)}"
                raise ValueError(message)
        shares = self.fraction, self.fractions.least, self.fractions.greatest
        if not all(0 < _widths(self.width, k)[0] < self.width for k in shares):
            message = (
                f"fractions: expected both networks to have channels of {self.width}, "
                f"got shares from {min(shares)} to {max(shares)}"
            )
            raise ValueError(message)


@dataclass(frozen=True)
class LeastLosses:
    """What one run reached.

    Attributes:
        discriminator: Its least loss on a batch.
        generator: Its least loss.
        share: Share of the parameters that the discriminator has.
    """

    discriminator: float
    generator: float
    share: float


def run(config: GanTrainingConfig, directory: Path) -> TrainedGans:
    """Train every pair, and compute the lowest losses of their glasses.

    Args:
        config: The configuration.
        directory: Keeps finished runs and the last epoch of the one under way, from
            which an interrupted run goes on. What is left is forecast on standard
            error.

    Returns:
        The least losses beside the theory.
    """
    data, images = training_images(config)
    deviation = pixel_deviation(images, config.side)
    first, second = config.noises, config.fractions
    noises = np.geomspace(first.least, first.greatest, first.count)
    fractions = np.linspace(second.least, second.greatest, second.count)
    points = {
        f"noise-{i:03}": (sigma / deviation, config.fraction)
        for i, sigma in enumerate(noises.tolist())
    } | {
        f"fraction-{i:03}": (config.noise / deviation, kappa)
        for i, kappa in enumerate(fractions.tolist())
    }
    parts = [
        Part(
            name,
            partial(_trained, config, images, point, name, directory),
            float(sum(w**2 for w in _widths(config.width, point[1]))),
        )
        for place, point in points.items()
        for name in (f"{place}-{i:03}" for i in range(config.repeats))
    ]
    found = kept_parts(LeastLosses, parts, directory / "runs")
    cut = len(noises) * config.repeats
    sweeps = [
        Part(kind, partial(_sweep, config, values, runs, kind))
        for kind, values, runs in (
            ("noise", noises, found[:cut]),
            ("fraction", fractions, found[cut:]),
        )
    ]
    return TrainedGans(
        data,
        len(images),
        config.side,
        _layers(config),
        config.training.epochs,
        *kept_parts(LossSweep, sweeps, directory / "sweeps"),
    )


def training_images(
    config: GanTrainingConfig,
) -> tuple[str, Float[torch.Tensor, "n c h w"]]:
    """Load the images of a configuration.

    Args:
        config: Which.

    Returns:
        What they are, and images of values from −1 to 1.

    Raises:
        ValueError: A data set other than the digits has no folder.
    """
    if config.data == "digits":
        count = config.images or 4999
        digits = mnist_digits(train=count, seed=config.seed)
        shape = (-1, 1, _DIGITS_SIDE, _DIGITS_SIDE)
        return "MNIST (the bundled digits)", digits.train_inputs.view(shape)
    if not config.folder:
        message = f"folder: expected where the files of {config.data} lie, got none"
        raise ValueError(message)
    if config.data == "cifar-10":
        split = cifar(config.folder, classes=10)
    else:
        read = mnist if config.data == "mnist" else fashion_mnist
        split = read(config.folder)
    images = split.train_inputs
    low = images.amin(dim=(0, 2, 3), keepdim=True)
    high = images.amax(dim=(0, 2, 3), keepdim=True)
    scaled = 2 * (images - low) / (high - low) - 1
    return split.name, scaled[: config.images or None]


def pixel_deviation(images: Float[torch.Tensor, "n c h w"], side: int) -> float:
    """Give the standard deviation of all pixels of resampled images.

    Args:
        images: The images.
        side: Pixels along a side after resampling.

    Returns:
        The deviation, over all channels together.
    """
    chunks: Iterator[torch.Tensor] = (
        resize(part, side).double() for part in images.split(_CHUNK)
    )
    sums = torch.tensor([(c.numel(), c.sum(), (c**2).sum()) for c in chunks]).double()
    count, total, square = sums.sum(dim=0).tolist()
    return float(np.sqrt(square / count - (total / count) ** 2))


def measure(found: TrainedGans) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name.
    """
    own = found.fractions.discriminator.mean(axis=1)
    other = found.fractions.generator.mean(axis=1)
    noise = found.noises.generator.mean(axis=1)
    return {
        "discriminator, least loss at the least κ over that in the middle": float(
            own[0] / own[len(own) // 2]
        ),
        "generator, least loss at the greatest κ over that in the middle": float(
            other[-1] / other[len(other) // 2]
        ),
        "generator, least loss at the least σ over that at the greatest": float(
            noise[0] / noise[-1]
        ),
        "discriminator along κ, rank correlation with the lowest loss": (
            found.fractions.discriminator_agreement.correlation
        ),
        "generator along κ, rank correlation with the lowest loss": (
            found.fractions.generator_agreement.correlation
        ),
        "discriminator along σ, rank correlation with the lowest loss": (
            found.noises.discriminator_agreement.correlation
        ),
        "generator along σ, rank correlation with the lowest loss": (
            found.noises.generator_agreement.correlation
        ),
    }


def _trained(
    config: GanTrainingConfig,
    images: torch.Tensor,
    point: tuple[float, float],
    name: str,
    directory: Path,
) -> LeastLosses:
    noise, fraction = point
    own, other = _widths(config.width, fraction)
    seed = stream_seed(config.seed, name)
    weights = torch.Generator().manual_seed(stream_seed(seed, "model"))
    shape = {"side": config.side, "channels": images.shape[1]}
    maker = dcgan_generator(
        latent=config.latent, width=other, generator=weights, **shape
    )
    judge = dcgan_discriminator(width=own, generator=weights, **shape)
    found = fit_adversarial(
        AdversarialPair(maker, judge, config.latent, noise, config.side),
        images,
        config.training,
        seed=seed,
        name=name,
        checkpoint=directory / "under-way.safetensors",
    )
    sizes = [sum(p.numel() for p in n.parameters()) for n in (judge, maker)]
    return LeastLosses(
        float(found.discriminator.min()),
        float(found.generator.min()),
        sizes[0] / sum(sizes),
    )


def _sweep(
    config: GanTrainingConfig,
    values: Float[np.ndarray, " k"],
    found: tuple[LeastLosses, ...],
    kind: str,
) -> LossSweep:
    layers = _layers(config)
    losses = np.array([(run.discriminator, run.generator) for run in found])
    shares = np.array([run.share for run in found[:: config.repeats]])
    noises = values if kind == "noise" else np.full_like(values, config.noise)
    glasses = tuple(
        GanGlass(layers, layers, noise, share)
        for noise, share in zip(noises.tolist(), shares.tolist(), strict=True)
    )
    return loss_sweep(
        phases("σ" if kind == "noise" else "κ", values, glasses),
        shares,
        losses.reshape(len(values), config.repeats, 2),
        rng=stream(config.seed, "orders", kind),
    )


def _widths(width: int, fraction: float) -> tuple[int, int]:
    own = int(fraction * width)
    return own, width - own


def _layers(config: GanTrainingConfig) -> int:
    return round(np.log2(config.side)) - 1


EXPERIMENT = Experiment("gan-training", GanTrainingConfig, TrainedGans, run, measure)
