"""GradientCovariance: how the gradients of single examples scatter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, final

import torch
from jaxtyping import Float
from torch.func import vmap

from eigenscape.curvature.operators.differences import displaced
from eigenscape.curvature.operators.gauss_newton import sandwich
from eigenscape.curvature.operators.operator import Product
from eigenscape.curvature.operators.output_curvature import rebuild
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk import EmpiricalRisk, Loss
from eigenscape.curvature.risk.data import tensors_of

MISMATCH = 1e-5
"""Relative difference between a loss and the mean of its examples' losses that tells
another kind of mean from rounding."""


@final
class GradientCovariance(RiskOperator):
    """The covariance (1/n) ∑ᵢ gᵢ gᵢᵀ − ḡ ḡᵀ of the examples' gradients gᵢ.

    Uncentred, (1/n) ∑ᵢ gᵢ gᵢᵀ, it is the empirical Fisher matrix. gᵢ is the gradient of
    the loss of example i alone, given the model's output for the minibatch. No
    per-example gradient is stored: gᵢ·v is a derivative of the vector of losses.

    Attributes:
        centred: Whether ḡ ḡᵀ is subtracted, ḡ the gradient of the risk.

    References:
        Kunstner, Balles and Hennig (2019), NeurIPS, eq. (3) for the uncentred form.
    """

    def __init__(
        self,
        risk: EmpiricalRisk,
        *,
        centred: bool = True,
        check: bool = True,
        retain: bool = True,
        memory: int | None = None,
        compiled: bool = False,
    ) -> None:
        """Take in a risk.

        Args:
            risk: The risk.
            centred: Whether to subtract ḡ ḡᵀ.
            check: See RiskOperator.
            retain: See RiskOperator.
            memory: See RiskOperator.
            compiled: See RiskOperator.
        """
        self.centred = centred
        self._mean: tuple[object, torch.Tensor] | None = None
        super().__init__(
            risk, check=check, retain=retain, memory=memory, compiled=compiled
        )

    def linearise(self, inputs: Any, targets: Any, index: int) -> Product:
        """See RiskOperator.

        Returns:
            The products with the minibatch's uncentred covariance.
        """
        output = self.risk.output(inputs)
        whole = self.risk.loss(output, targets)
        losses = example_losses(self.risk.loss, inputs, output, targets)
        require_mean_of_examples(whole, losses, index)
        count = len(losses)
        return sandwich(
            [losses] if losses.requires_grad else [],
            self.risk.params,
            lambda along: [along[0] / count],
        )

    def products(
        self,
        rows: Float[torch.Tensor, "c P"],
        blocks: Sequence[Sequence[int]] | None = None,
    ) -> Float[torch.Tensor, "c P"]:
        """See RiskOperator.

        Returns:
            The products.
        """
        total = super().products(rows, blocks)
        if not self.centred:
            return total
        for block in blocks or [range(len(self.risk.params))]:
            mean = self._gradient(block)
            total.addr_(rows @ mean, mean, alpha=-1)
        return total

    def difference(
        self,
        risk: EmpiricalRisk,
        first: Float[torch.Tensor, " P"],
        second: Float[torch.Tensor, " P"],
        step: float,
    ) -> float:
        """See RiskOperator.

        Returns:
            The covariance over examples of gᵢ·u and gᵢ·v, by differences of losses.
        """
        with risk.isolated():
            inputs, targets, _ = next(risk.batches())
            slopes: list[torch.Tensor] = []
            for direction in (first, second):
                ends: list[torch.Tensor] = []
                for length in (step, -step):
                    with displaced(risk, direction, length):
                        output = risk.output(inputs)
                        losses = example_losses(risk.loss, inputs, output, targets)
                        ends.append(losses.detach())
                slopes.append((ends[0] - ends[1]) / (2 * step))
        mean = float((slopes[0] * slopes[1]).mean())
        if self.centred:
            mean -= float(slopes[0].mean()) * float(slopes[1].mean())
        return mean

    def fingerprint(self) -> str:
        """See LinearOperator.

        Returns:
            Digits of the risk and of whether the covariance is centred.
        """
        return f"{super().fingerprint()}-{self.centred}"

    def _gradient(self, block: Sequence[int]) -> Float[torch.Tensor, " P"]:
        present = (self.risk, [(p.data_ptr(), p._version) for p in self.risk.params])
        if self._mean is None or self._mean[0] != present:
            self._mean = (present, self.risk.gradient())
        inside = set(block)
        pieces = self.risk.unflatten(self._mean[1])
        return self.risk.flatten([
            piece if position in inside else None
            for position, piece in enumerate(pieces)
        ])


def example_losses(
    loss: Loss, inputs: Any, output: Any, targets: Any
) -> Float[torch.Tensor, " n"]:
    """Evaluate the loss of each example of a minibatch by itself.

    Args:
        loss: The mean loss.
        inputs: The inputs: the first axis of the first tensor counts the examples.
        output: The model's output, examples on the first axis of its tensors.
        targets: The targets, likewise.

    Returns:
        The losses, with their graph.

    Raises:
        ValueError: If no tensor of the output has one row an example.
    """
    count = next((len(t) for t in tensors_of(inputs) if t.ndim), 0)
    rows = [t.ndim > 0 and len(t) == count for t in tensors_of((output, targets))]
    if not any(t.ndim > 0 and len(t) == count for t in tensors_of(output)):
        shapes = [tuple(t.shape) for t in tensors_of(output)]
        message = (
            f"model: expected an output with one row for each of {count} examples, "
            f"got shapes {shapes}; keep the examples on the first axis"
        )
        raise ValueError(message)
    if all(rows) and isinstance(output, torch.Tensor):
        # A loss that cannot be vectorised is evaluated example by example; what PyTorch
        # warns of are operations that it vectorises by a loop.
        with suppress(RuntimeError, ValueError, TypeError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return vmap(_of_one(loss))(output, targets)

    def row(k: int) -> torch.Tensor:
        def cut(tensor: torch.Tensor) -> torch.Tensor:
            own = tensor.ndim > 0 and len(tensor) == count
            return tensor[k : k + 1] if own else tensor

        return loss(rebuild(output, cut), rebuild(targets, cut))

    return torch.stack([row(k) for k in range(count)])


def require_mean_of_examples(
    whole: torch.Tensor, losses: Float[torch.Tensor, " n"], index: int
) -> None:
    """Refuse a loss that is no mean over examples.

    Args:
        whole: The loss of a minibatch.
        losses: The losses of its examples.
        index: The number of the minibatch.

    Raises:
        ValueError: If the mean of the losses is not the loss.
    """
    one, mean = float(whole.detach()), float(losses.detach().mean())
    if abs(one - mean) > MISMATCH * max(abs(one), abs(mean)):
        message = (
            "loss: expected the mean over examples of their own losses, got "
            f"{one:.6g} for minibatch {index} and {mean:.6g} for that mean; "
            "a weighted or token-wise mean has no per-example gradient: weight "
            "examples equally, or write the loss as a mean over examples"
        )
        raise ValueError(message)


def _of_one(loss: Loss) -> Callable[[Any, Any], torch.Tensor]:
    def one(output: Any, targets: Any) -> torch.Tensor:
        return loss(output[None], rebuild(targets, itemgetter(None)))

    return one
