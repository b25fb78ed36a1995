"""The largest rate at which training from a point stays near its loss, by bisection."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import nn
from torch.func import functional_call, vmap

from eigenscape.core import stream_seed
from eigenscape.curvature.risk.isolation import in_mode

Loss = Callable[[Any, Any], torch.Tensor]
Data = tuple[torch.Tensor, torch.Tensor]

_TIMED = 3


@dataclass(frozen=True)
class StabilitySettings:
    """How rates are tried.

    Attributes:
        momenta: Heavy-ball momenta.
        runs: Runs of each, on batches of their own.
        steps: Steps a run.
        growth: A run is unstable whose loss on the batches of some steps in a row
            exceeds in the mean so many times that of all the data at the start.
        judged: Examples of these batches together, as far as the run has so many.
        lower: A rate that is stable.
        upper: A rate that is not.
        rounds: Bisections of the logarithm: 7 of 14 octaves leave 8 %.
    """

    momenta: tuple[float, ...] = (0.0, 0.9)
    runs: int = 3
    steps: int = 128
    growth: float = 2.0
    judged: int = 1000
    lower: float = 2.0**-8
    upper: float = 2.0**6
    rounds: int = 7

    def __post_init__(self) -> None:
        checks = (
            ("momenta", bool(self.momenta), "at least one"),
            ("runs", self.runs >= 1, "at least 1"),
            ("steps", self.steps >= 1, "at least 1"),
            ("growth", self.growth > 1, "more than 1"),
            ("judged", self.judged >= 1, "at least 1"),
            ("lower", 0 < self.lower < self.upper, "a positive rate below upper"),
            ("rounds", self.rounds >= 1, "at least 1"),
        )
        for name, fine, expected in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {getattr(self, name)}"
                raise ValueError(message)


def stable_rates(
    model: nn.Module,
    loss: Loss,
    data: Data,
    batch_size: int,
    settings: StabilitySettings,
    *,
    seed: int,
) -> Float[np.ndarray, "k s"]:
    """Bisect for the largest stable rate of heavy ball from the present parameters.

    All runs of a round go side by side. Batches are drawn anew at each step, without
    replacement, and are the same at every rate and momentum.

    Args:
        model: The model, evaluated in evaluation mode; left as it is.
        loss: The mean loss of a minibatch.
        data: Inputs and targets.
        batch_size: b.
        settings: How rates are tried.
        seed: Master seed of the batches.

    Returns:
        The middle of the last bracket, for each momentum and run; NaN where it lies at
        an end of the range.

    Raises:
        ValueError: The batch is larger than the data.
    """
    if not 1 <= batch_size <= len(data[0]):
        message = f"batch_size: expected 1 to {len(data[0])}, got {batch_size}"
        raise ValueError(message)
    shape = len(settings.momenta), settings.runs
    low = np.full(shape, np.log(settings.lower))
    high = np.full(shape, np.log(settings.upper))
    for _ in range(settings.rounds):
        middle = (low + high) / 2
        stable = _are_stable(
            model, loss, data, batch_size, settings, np.exp(middle), seed=seed
        )
        low, high = np.where(stable, middle, low), np.where(stable, high, middle)
    inside = (low > np.log(settings.lower)) & (high < np.log(settings.upper))
    return np.where(inside, np.exp((low + high) / 2), np.nan)


def forecast_seconds(
    model: nn.Module,
    loss: Loss,
    data: Data,
    batch_sizes: tuple[int, ...],
    settings: StabilitySettings,
) -> float:
    """Forecast the searches at some batch sizes by timing steps at each.

    Args:
        model: The model.
        loss: The mean loss of a minibatch.
        data: Inputs and targets.
        batch_sizes: Batch sizes.
        settings: How rates are tried.

    Returns:
        Seconds; a round of which all runs are lost ends early.
    """
    total = 0.0
    for size in batch_sizes:
        runs = _Runs(model, loss, data, size, settings, seed=0)
        runs.step()
        began = time.perf_counter()
        for _ in range(_TIMED):
            runs.step()
        taken = (time.perf_counter() - began) / _TIMED
        total += taken * settings.steps * settings.rounds
    return total


def _are_stable(
    model: nn.Module,
    loss: Loss,
    data: Data,
    batch_size: int,
    settings: StabilitySettings,
    rates: Float[np.ndarray, "k s"],
    *,
    seed: int,
) -> Bool[np.ndarray, "k s"]:
    runs = _Runs(model, loss, data, batch_size, settings, seed=seed)
    runs.set_rates(rates)
    bound = settings.growth * _mean_loss(model, loss, data)
    window = min(math.ceil(settings.judged / batch_size), settings.steps)
    stable = np.ones(rates.size, dtype=bool)
    seen: list[Float[np.ndarray, " r"]] = []
    for _ in range(settings.steps):
        seen.append(runs.step())
        if len(seen) >= window:
            stable &= np.mean(seen[-window:], axis=0) <= bound  # false for NaN
        if not stable.any():
            break
    return stable.reshape(rates.shape)


class _Runs:
    """Copies of a model that take steps side by side."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        data: Data,
        batch_size: int,
        settings: StabilitySettings,
        *,
        seed: int,
    ) -> None:
        count = len(settings.momenta) * settings.runs
        named = dict(model.named_parameters())
        self._device = next(iter(named.values())).device
        self._parameters = {
            name: p.detach().expand(count, *p.shape).clone().requires_grad_()
            for name, p in named.items()
        }
        self._momentum = {
            name: torch.zeros_like(p, requires_grad=False)
            for name, p in self._parameters.items()
        }
        self._rates = torch.zeros(count)
        self._decays = torch.tensor(settings.momenta).repeat_interleave(settings.runs)
        self._repeats = len(settings.momenta)
        self._model, self._data, self._batch_size = model, data, batch_size
        self._sources = [
            torch.Generator().manual_seed(stream_seed(seed, "stability", batch_size, i))
            for i in range(settings.runs)
        ]
        buffers = dict(model.named_buffers())

        def value(
            parameters: dict[str, torch.Tensor],
            inputs: torch.Tensor,
            targets: torch.Tensor,
        ) -> torch.Tensor:
            return loss(functional_call(model, (parameters, buffers), inputs), targets)

        self._values = vmap(value)

    def set_rates(self, rates: Float[np.ndarray, "k s"]) -> None:
        """Set the rate of every run."""
        self._rates = torch.from_numpy(rates.ravel())

    def step(self) -> Float[np.ndarray, " r"]:
        """Take a step, and give the losses before it."""
        inputs, targets = self._batches()
        with torch.enable_grad(), in_mode(self._model, "eval"):
            losses = self._values(self._parameters, inputs, targets)
            total = losses.sum()  # runs share no parameter
            gradients = torch.autograd.grad(total, list(self._parameters.values()))
        with torch.no_grad():
            for (name, parameter), gradient in zip(
                self._parameters.items(), gradients, strict=True
            ):
                shape = (-1, *[1] * (parameter.dim() - 1))
                decay = self._decays.to(parameter).view(shape)
                rate = self._rates.to(parameter).view(shape)
                memory = self._momentum[name].mul_(decay).add_(gradient)
                parameter.sub_(rate * memory)
        return losses.detach().double().cpu().numpy()

    def _batches(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw one batch a run, the same for every momentum."""
        n = len(self._data[0])
        chosen = torch.stack([
            torch.randperm(n, generator=source)[: self._batch_size]
            for source in self._sources
        ]).repeat(self._repeats, 1)
        inputs, targets = (part[chosen].to(self._device) for part in self._data)
        return inputs, targets


def _mean_loss(model: nn.Module, loss: Loss, data: Data) -> float:
    device = next(model.parameters()).device
    total = 0.0
    with torch.no_grad(), in_mode(model, "eval"):
        for inputs, targets in zip(*(part.split(1024) for part in data), strict=True):
            value = loss(model(inputs.to(device)), targets.to(device))
            total += float(value) * len(inputs)
    return total / len(data[0])
