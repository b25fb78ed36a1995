"""Columns Bᵢ with Bᵢ Bᵢᵀ = ∇²lᵢ for each example's loss: exact or sampled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.likelihood import curvature_of, likelihood_of
from eigenscape.curvature.operators.output_curvature import outputs_of, rebuild
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.data import count_rows

CONVEX = 1e-5
"""Largest −λ of a ∇²lᵢ, over the largest |λ| of its minibatch, that counts as a
rounded zero."""

ROUNDINGS = 100
"""Units of rounding, of numbers of size one such as probabilities, that do so too."""


class Columns(ABC):
    """Vectors in the output space of each example that carry its loss's curvature.

    Attributes:
        generator: What they are drawn from, on the processor; None where exact.
    """

    generator: torch.Generator | None = None

    @abstractmethod
    def width(self, outputs: int) -> int:
        """Count the columns of an example.

        Args:
            outputs: Numbers c in its output that depend on parameters.

        Returns:
            r.
        """

    @abstractmethod
    def __call__(
        self, risk: EmpiricalRisk, inputs: Any, targets: Any, count: int
    ) -> Float[torch.Tensor, "m r c"]:
        """Compute them; to be called inside ``risk.isolated()``.

        Args:
            risk: The risk.
            inputs: A minibatch of inputs.
            targets: Its targets.
            count: Its examples.

        Returns:
            The r columns of every Bᵢ, as rows.
        """


@final
class ExactColumns(Columns):
    """The symmetric root of ∇²lᵢ."""

    def width(self, outputs: int) -> int:
        """See Columns.

        Returns:
            c.
        """
        return outputs

    def __call__(
        self, risk: EmpiricalRisk, inputs: Any, targets: Any, count: int
    ) -> Float[torch.Tensor, "m r c"]:
        """See Columns.

        Returns:
            r = c columns.

        Raises:
            ValueError: If a loss is not convex in the output.
        """
        middle = _middle(risk, inputs, targets, count)
        unit = torch.finfo(middle.dtype).eps
        values, turn = torch.linalg.eigh(middle.double())
        room = CONVEX * float(values.abs().max()) + ROUNDINGS * unit
        if float(values.min()) < -room:
            message = (
                "loss: expected one that is convex in the model's output, got a "
                f"negative second derivative {float(values.min()):.3g}; its "
                "Gauss-Newton matrix has no root"
            )
            raise ValueError(message)
        root = (turn * values.clamp(min=0).sqrt()[:, None]) @ turn.mT
        return root.to(risk.dtype)


@final
class SampledColumns(Columns):
    """Gradients of the loss in the output for labels drawn from the model, over √r.

    E Bᵢ Bᵢᵀ = ∇²lᵢ.
    """

    def __init__(self, samples: int, generator: torch.Generator) -> None:
        """Choose how many labels to draw.

        Args:
            samples: Columns r an example.
            generator: Source of the labels, on the processor.
        """
        self._samples = samples
        self.generator = self._generator = generator

    def width(self, outputs: int) -> int:
        """See Columns.

        Returns:
            The number of labels.
        """
        del outputs
        return self._samples

    def __call__(
        self, risk: EmpiricalRisk, inputs: Any, targets: Any, count: int
    ) -> Float[torch.Tensor, "m r c"]:
        """See Columns.

        Returns:
            r columns.

        Raises:
            ValueError: If the loss is no negative log-likelihood that is known.
        """
        likelihood = likelihood_of(risk.loss, risk.output(inputs), targets)
        if likelihood is None:
            name = getattr(risk.loss, "__name__", type(risk.loss).__name__)
            message = (
                "loss: expected cross_entropy, mse_loss or "
                "binary_cross_entropy_with_logits of torch, to draw labels for outputs "
                f"of so many numbers, got {name}; raise exact_outputs"
            )
            raise ValueError(message)
        drawn = [likelihood.sample(self._generator) for _ in range(self._samples)]
        rows = torch.stack([joined([one], count) for one in drawn], dim=1)
        return rows.detach() * (count / self._samples) ** 0.5


def joined(tensors: Sequence[torch.Tensor], count: int) -> Float[torch.Tensor, "m c"]:
    """Flatten and join tensors shaped like the outputs of a minibatch.

    Args:
        tensors: The tensors; examples are on the first axis if there are several.
        count: Number of examples.

    Returns:
        One row an example.
    """
    return torch.cat([tensor.reshape(count, -1) for tensor in tensors], dim=1)


def outputs_per_example(risk: EmpiricalRisk) -> tuple[int, bool]:
    """Look at the first minibatch.

    Args:
        risk: The risk.

    Returns:
        The numbers in an example's output that depend on parameters, and whether
        examples are rows of all inputs, targets and outputs: not so for a batch of
        graphs, whose rows are nodes.
    """
    with risk.isolated():
        inputs, targets, share = next(risk.batches())
        count = round(share * risk.examples)
        outputs = outputs_of(risk.output(inputs))
    rows = all(tensor.ndim and len(tensor) == count for tensor in outputs)
    rows = rows and count_rows((inputs, targets)) == count
    return sum(tensor.numel() for tensor in outputs) // count, rows


def _middle(
    risk: EmpiricalRisk, inputs: Any, targets: Any, count: int
) -> Float[torch.Tensor, "m c c"]:
    # in float64 where the loss takes it: in float32, p (1 − p) is lost where a
    # probability p is within 1e-7 of 0 or 1
    output = risk.output(inputs)
    wide = rebuild(output, lambda t: t.double() if t.is_floating_point() else t)
    try:
        return _images(risk, wide, targets, count)
    except RuntimeError:
        return _images(risk, output, targets, count)


def _images(
    risk: EmpiricalRisk, output: Any, targets: Any, count: int
) -> Float[torch.Tensor, "m c c"]:
    curvature = curvature_of(risk.loss, output, targets)
    units = _units(outputs_of(output), count)
    columns = [joined(curvature.product(unit), count) for unit in units]
    middle = (count * torch.stack(columns, dim=1)).detach()
    return (middle + middle.mT) / 2


def _units(outputs: Sequence[torch.Tensor], count: int) -> Iterator[list[torch.Tensor]]:
    for k, tensor in enumerate(outputs):
        for position in range(tensor.numel() // count):
            units = [torch.zeros(other.shape).to(other) for other in outputs]
            units[k].view(count, -1)[:, position] = 1
            yield units
