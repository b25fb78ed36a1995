"""Train a generator against a discriminator, and go on after an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import nn
from torch.nn.functional import softplus

from eigenscape.core import stream_seed
from eigenscape.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from eigenscape.training.data.resizing import resize

_LOSSES = "losses"


@dataclass(frozen=True)
class AdversarialConfig:
    """How a GAN is trained; the defaults are the published ones.

    Attributes:
        epochs: Passes over the images.
        batch_size: Images a step, real and made ones each.
        learning_rate: Of Adam, for both networks.
        first_decay: β₁ of Adam.
        second_decay: β₂ of Adam.

    References:
        Radford, Metz and Chintala (2016), ICLR, Sec. 4, for Adam and the batch;
        Baskerville et al. (2022), Journal of Statistical Physics 186, and its public
        code, for 50 epochs.
    """

    epochs: int = 50
    batch_size: int = 128
    learning_rate: float = 2e-4
    first_decay: float = 0.5
    second_decay: float = 0.999

    def __post_init__(self) -> None:
        checks = (
            ("epochs", self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("learning_rate", self.learning_rate > 0, "a positive number"),
            ("first_decay", 0 <= self.first_decay < 1, "a number in [0, 1)"),
            ("second_decay", 0 <= self.second_decay < 1, "a number in [0, 1)"),
        )
        for name, fine, expected in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {getattr(self, name)}"
                raise ValueError(message)


@dataclass(frozen=True, eq=False)
class AdversarialPair:
    """Two networks that play against each other.

    Attributes:
        generator: Makes images of latent vectors of shape (n, latent, 1, 1).
        discriminator: Gives the log-odds that an image is real.
        latent: Numbers in a latent vector, normal and independent.
        noise: Their deviation.
        side: Pixels along a side of an image; real ones are resampled to it.
    """

    generator: nn.Module
    discriminator: nn.Module
    latent: int
    noise: float
    side: int

    def make(
        self, count: int, *, generator: torch.Generator
    ) -> Float[torch.Tensor, "n c h w"]:
        """Make images.

        Args:
            count: How many.
            generator: Source of the latent vectors, on the processor.

        Returns:
            The images.
        """
        vectors = torch.randn(count, self.latent, 1, 1, generator=generator)
        weight = next(self.generator.parameters())
        return self.generator(self.noise * vectors.to(weight))


@dataclass(frozen=True)
class AdversarialLosses:
    """The losses of both networks, one a step, each as its network is updated.

    Attributes:
        discriminator: −log D(x) − log(1 − D(G(z))), means over a batch.
        generator: −log D(G(z)), the loss that does not saturate.
    """

    discriminator: Float[np.ndarray, " steps"]
    generator: Float[np.ndarray, " steps"]


def fit_adversarial(
    pair: AdversarialPair,
    images: Float[torch.Tensor, "n c h w"],
    config: AdversarialConfig,
    *,
    seed: int,
    name: str = "",
    checkpoint: Path | None = None,
) -> AdversarialLosses:
    """Train both networks by turns, the discriminator first.

    Order and latent vectors of epoch e are streams of their own, so a run that was
    interrupted goes on from its last epoch to the same bits.

    Args:
        pair: The networks, trained in place, in training mode; their modes are
            restored.
        images: Real images, of values in [−1, 1].
        config: How to train.
        seed: Master seed.
        name: What the run is called in its checkpoint.
        checkpoint: A file that keeps the last epoch; one of another name is replaced.

    Returns:
        The losses of every step.

    References:
        Goodfellow et al. (2014), NeurIPS, Algorithm 1 with one step of the
        discriminator, and Sec. 3 for the generator's loss.
    """
    networks = {"generator": pair.generator, "discriminator": pair.discriminator}
    modes = {key: network.training for key, network in networks.items()}
    run = _Run(pair, networks, config, seed)
    optimisers = run.optimisers()
    losses = torch.empty(0, 2, dtype=torch.float64)
    begun = 0
    if checkpoint is not None and checkpoint.exists():
        kept = load_checkpoint(checkpoint)
        if kept.name == name:
            losses, begun = run.restore(kept, optimisers), kept.epoch
    for network in networks.values():
        network.train()
    for epoch in range(begun, config.epochs):
        losses = torch.cat([losses, run.epoch(optimisers, images, epoch)])
        if checkpoint is not None:
            kept = run.snapshot(name, epoch + 1, optimisers, losses)
            save_checkpoint(kept, checkpoint)
    for key, network in networks.items():
        network.train(modes[key])
    return AdversarialLosses(losses[:, 0].numpy(), losses[:, 1].numpy())


@dataclass(frozen=True)
class _Run:
    """What does not change from epoch to epoch."""

    pair: AdversarialPair
    networks: dict[str, nn.Module]
    config: AdversarialConfig
    seed: int

    def optimisers(self) -> dict[str, torch.optim.Adam]:
        betas = self.config.first_decay, self.config.second_decay
        return {
            key: torch.optim.Adam(
                network.parameters(), lr=self.config.learning_rate, betas=betas
            )
            for key, network in self.networks.items()
        }

    def epoch(
        self,
        optimisers: dict[str, torch.optim.Adam],
        images: torch.Tensor,
        epoch: int,
    ) -> torch.Tensor:
        vectors = torch.Generator()
        vectors.manual_seed(stream_seed(self.seed, "training", "latent", epoch))
        steps = [
            self._step(optimisers, real, vectors)
            for real in self._batches(images, epoch)
        ]
        losses = torch.tensor(steps, dtype=torch.float64)
        if not bool(losses.isfinite().all()):
            message = (
                f"training: expected finite losses, got others in epoch {epoch + 1}; "
                f"lower the learning rate {self.config.learning_rate}"
            )
            raise ValueError(message)
        return losses

    def _step(
        self,
        optimisers: dict[str, torch.optim.Adam],
        real: torch.Tensor,
        vectors: torch.Generator,
    ) -> tuple[float, float]:
        judge = self.pair.discriminator
        made = self.pair.make(len(real), generator=vectors)
        optimisers["discriminator"].zero_grad()
        # −log D = softplus(−odds) and −log(1 − D) = softplus(odds).
        own = softplus(-judge(real)).mean() + softplus(judge(made.detach())).mean()
        own.backward()
        optimisers["discriminator"].step()
        optimisers["generator"].zero_grad()
        other = softplus(-judge(made)).mean()
        other.backward()
        optimisers["generator"].step()
        return float(own.detach()), float(other.detach())

    def _batches(self, images: torch.Tensor, epoch: int) -> Iterator[torch.Tensor]:
        generator = torch.Generator()
        generator.manual_seed(stream_seed(self.seed, "training", "order", epoch))
        order = torch.randperm(len(images), generator=generator)
        weight = next(self.pair.discriminator.parameters())
        for chosen in order.split(self.config.batch_size):
            yield resize(images[chosen].to(weight), self.pair.side)

    def snapshot(
        self,
        name: str,
        epoch: int,
        optimisers: dict[str, torch.optim.Adam],
        losses: torch.Tensor,
    ) -> Checkpoint:
        state = {
            f"{key}.{entry}": value
            for key, network in self.networks.items()
            for entry, value in network.state_dict().items()
        }
        moments = {
            f"{key}.{parameter}.{moment}": value
            for key, network in self.networks.items()
            for parameter, tensor in network.named_parameters()
            for moment, value in optimisers[key].state[tensor].items()
        }
        return Checkpoint(name, epoch, state | {_LOSSES: losses}, moments, ())

    def restore(
        self, kept: Checkpoint, optimisers: dict[str, torch.optim.Adam]
    ) -> torch.Tensor:
        for key, network in self.networks.items():
            network.load_state_dict({
                entry: kept.state[f"{key}.{entry}"] for entry in network.state_dict()
            })
            for parameter, tensor in network.named_parameters():
                place = f"{key}.{parameter}."
                optimisers[key].state[tensor] = {
                    entry.removeprefix(place): value.to(tensor.device)
                    if value.ndim
                    else value
                    for entry, value in kept.momentum.items()
                    if entry.startswith(place)
                }
        return kept.state[_LOSSES]
