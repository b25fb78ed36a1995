"""Likelihoods: losses whose ∇²l is known in closed form, as a covariance."""

from __future__ import annotations

import functools
from abc import abstractmethod
from typing import Any, cast, final

import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature.kernels.softmax import likeliest
from eigenscape.curvature.operators.output_curvature import (
    AnyLoss,
    OutputCurvature,
    Outputs,
)

SOFTMAX_OPTIONS = {"weight", "ignore_index", "label_smoothing"}


class Likelihood(OutputCurvature):
    """∇²l of a loss that is the negative log-likelihood of a known distribution.

    There ∇²l is the covariance of the gradient under the model's own distribution of
    targets, position by position, so that Gauss-Newton and Fisher matrices agree.
    """

    @abstractmethod
    def inner(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Multiply position by position, where one position is one observation.

        Args:
            first: A tensor shaped like the output, with axes before those or without.
            second: A tensor shaped like the output.

        Returns:
            The inner products, with summed axes kept.
        """

    @abstractmethod
    def sample(self, generator: torch.Generator) -> torch.Tensor:
        """Draw targets from the model, and differentiate their loss.

        Args:
            generator: Source of the targets, on the processor.

        Returns:
            A tensor shaped like the output, position by position of covariance ∇²l.
        """


@final
class Softmax(Likelihood):
    """Cross-entropy of softmax probabilities p: ω (diag p − p pᵀ) at each position."""

    def __init__(
        self,
        logits: torch.Tensor,
        targets: torch.Tensor,
        *,
        weight: torch.Tensor | None = None,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
    ) -> None:
        """Compute p and the weight ω of every position in the mean.

        Args:
            logits: The output: classes on the second axis, or on the only one.
            targets: Class numbers, or probabilities shaped like the logits.
            weight: Weights of the classes.
            ignore_index: The class number of positions left out.
            label_smoothing: Part of the target spread evenly over classes.
        """
        self._axis = 1 if logits.ndim > 1 else 0
        self._p = logits.detach().softmax(self._axis)
        self._top = likeliest(self._p, self._axis)
        classes = logits.shape[self._axis]
        weights = logits.new_ones(classes) if weight is None else weight.to(logits)
        if targets.shape == logits.shape and targets.is_floating_point():
            smooth = targets * (1 - label_smoothing) + label_smoothing / classes
            shape = [1] * logits.ndim
            shape[self._axis] = classes
            omega = (smooth * weights.view(shape)).sum(self._axis)
            total = omega.new_tensor(max(omega.numel(), 1))
        else:
            valid = targets != ignore_index
            own = weights[targets.where(valid, targets.new_zeros(()))] * valid
            total = own.sum()
            even = label_smoothing * weights.mean() * valid
            omega = (1 - label_smoothing) * own + even
        self._omega = (omega / total).unsqueeze(self._axis)

    def product(self, vectors: Outputs) -> Outputs:
        """See OutputCurvature.

        Returns:
            ω (p∘u − p (p·u)), the same for u less its entry at a p above ½: what
            is left where that rounds to 1.
        """
        weighted = self._p * (vectors[0] - vectors[0].gather(self._axis, self._top))
        mean = weighted.sum(self._axis, keepdim=True)
        return [(weighted - self._p * mean) * self._omega]

    def inner(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """See Likelihood.

        Returns:
            Sums over the classes.
        """
        return (first * second).sum(self._axis - self._p.ndim, keepdim=True)

    def sample(self, generator: torch.Generator) -> torch.Tensor:
        """See Likelihood.

        Returns:
            √ω (p − e_y) for y drawn from p.
        """
        uniform = torch.rand(
            self._omega.shape, generator=generator, dtype=torch.float64
        ).to(self._p)
        below = self._p.cumsum(self._axis) < uniform
        drawn = below.sum(self._axis, keepdim=True).clamp_(
            max=self._p.shape[self._axis] - 1
        )
        others = self._p.scatter(self._axis, drawn, 0.0)
        missing = -others.sum(self._axis, keepdim=True)
        return others.scatter(self._axis, drawn, missing) * self._omega.sqrt()


@final
class Gaussian(Likelihood):
    """Mean squared error over N numbers: 2/N times the identity."""

    def __init__(self, output: torch.Tensor) -> None:
        """Take the size of the mean.

        Args:
            output: The output.
        """
        self._output = output.detach()
        self._scale = 2 / max(output.numel(), 1)

    def product(self, vectors: Outputs) -> Outputs:
        """See OutputCurvature.

        Returns:
            (2/N) u.
        """
        return [vectors[0] * self._scale]

    def inner(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """See Likelihood.

        Returns:
            Products of single numbers, each an observation.
        """
        return first * second

    def sample(self, generator: torch.Generator) -> torch.Tensor:
        """See Likelihood.

        Returns:
            √(2/N) times normal numbers.
        """
        normal = torch.randn(
            self._output.shape, generator=generator, dtype=torch.float64
        )
        return normal.to(self._output) * self._scale**0.5


@final
class Bernoulli(Likelihood):
    """Mean binary cross-entropy of N logits: σ (1 − σ) / N on the diagonal."""

    def __init__(self, logits: torch.Tensor) -> None:
        """Compute the probabilities.

        Args:
            logits: The output.
        """
        self._p, self._q = logits.detach().sigmoid(), (-logits.detach()).sigmoid()
        self._variance = self._p * self._q / max(logits.numel(), 1)

    def product(self, vectors: Outputs) -> Outputs:
        """See OutputCurvature.

        Returns:
            σ (1 − σ) u / N.
        """
        return [vectors[0] * self._variance]

    def inner(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """See Likelihood.

        Returns:
            Products of single numbers, each an observation.
        """
        return first * second

    def sample(self, generator: torch.Generator) -> torch.Tensor:
        """See Likelihood.

        Returns:
            (σ − y) / √N for y drawn with probability σ.
        """
        uniform = torch.rand(self._p.shape, generator=generator, dtype=torch.float64)
        drawn = uniform.to(self._p) < self._p
        return torch.where(drawn, -self._q, self._p) / max(self._p.numel(), 1) ** 0.5


def likelihood_of(loss: Any, output: Any, targets: Any) -> Likelihood | None:
    """Recognise the distribution of which a loss is the negative log-likelihood.

    Args:
        loss: The loss: a module or function of PyTorch, or a ``functools.partial``.
        output: The model's output.
        targets: The targets.

    Returns:
        The closed form of ∇²l; None if the loss is not one of cross-entropy, squared
        error and binary cross-entropy with their mean, or has options beyond these.
    """
    name, options = _named(loss)
    if not (isinstance(output, torch.Tensor) and isinstance(targets, torch.Tensor)):
        return None
    if options.pop("reduction", "mean") != "mean":
        return None
    if name == "cross_entropy" and set(options) <= SOFTMAX_OPTIONS:
        return Softmax(output, targets, **options)
    plain = all(value is None for value in options.values())
    if name == "mse_loss" and plain and output.shape == targets.shape:
        return Gaussian(output)
    if name == "binary_cross_entropy_with_logits" and plain:
        return Bernoulli(output)
    return None


def curvature_of(loss: Any, output: Any, targets: Any) -> OutputCurvature:
    """Find ∇²l, in closed form where there is one.

    Args:
        loss: The loss.
        output: The model's output.
        targets: The targets.

    Returns:
        ∇²l at the output.
    """
    return likelihood_of(loss, output, targets) or AnyLoss(loss, output, targets)


def _named(loss: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(loss, functools.partial):
        part = cast("functools.partial[Any]", loss)
        name, options = _named(part.func)
        return ("", {}) if part.args else (name, {**options, **part.keywords})
    if type(loss) is nn.CrossEntropyLoss:
        names = ("weight", "ignore_index", "label_smoothing", "reduction")
        return "cross_entropy", {key: getattr(loss, key) for key in names}
    if type(loss) is nn.MSELoss:
        return "mse_loss", {"reduction": loss.reduction}
    if type(loss) is nn.BCEWithLogitsLoss:
        names = ("weight", "pos_weight", "reduction")
        options = {key: getattr(loss, key) for key in names}
        return "binary_cross_entropy_with_logits", options
    functions = (
        functional.cross_entropy,
        functional.mse_loss,
        functional.binary_cross_entropy_with_logits,
    )
    return next((f.__name__ for f in functions if loss is f), ""), {}
