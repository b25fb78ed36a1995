"""The abstract least-squares problem: a loss and its derivatives at many points.

A point is a flat vector of all parameters; s of them are computed at once. With
residuals e of k outputs on m examples the loss is L = ∑ e²/2m and the energy is
ε = L/k, half the mean square of a residual, as in Pennington and Bahri (2017), Sec. 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import nn
from torch.nn.functional import mse_loss

Points = Float[torch.Tensor, "s P"]
Values = Float[torch.Tensor, " s"]
Matrices = Float[torch.Tensor, "s P P"]


class LeastSquaresProblem(ABC):
    """A network with given inputs and targets, as a function of its parameters.

    Attributes:
        size: P, the number of parameters.
        outputs: k.
        examples: m.
    """

    size: int
    outputs: int
    examples: int

    @property
    def ratio(self) -> float:
        """φ = P/km, parameters over targets."""
        return self.size / (self.outputs * self.examples)

    def energy(self, points: Points) -> Values:
        """Evaluate ε = L/k.

        Args:
            points: One row a point.

        Returns:
            The energies.
        """
        return self.loss_and_gradient(points)[0] / self.outputs

    @abstractmethod
    def starts(self, count: int, *, generator: torch.Generator) -> Points:
        """Draw initial points.

        Args:
            count: How many.
            generator: Source of randomness.

        Returns:
            One row a point.
        """

    @abstractmethod
    def loss_and_gradient(self, points: Points) -> tuple[Values, Points]:
        """Evaluate L and ∇L.

        Args:
            points: One row a point.

        Returns:
            The losses and their gradients.
        """

    @abstractmethod
    def hessian_product(self, points: Points, vectors: Points) -> Points:
        """Multiply by the Hessian of L.

        Args:
            points: One row a point.
            vectors: A vector for each.

        Returns:
            The products.
        """

    @abstractmethod
    def hessian(self, points: Points) -> Matrices:
        """Compute the Hessian of L.

        Args:
            points: One row a point.

        Returns:
            A symmetric matrix for each.
        """

    @abstractmethod
    def gauss_newton(self, points: Points) -> Matrices:
        """Compute H₀ = JJᵀ/m, the part of the Hessian without residuals.

        Args:
            points: One row a point.

        Returns:
            A positive semidefinite matrix for each.
        """


def require_least_squares(loss: nn.Module | Callable[..., Any]) -> None:
    """Refuse a loss that is no mean of squares.

    Args:
        loss: What a model is trained with.

    Raises:
        ValueError: It is not ``torch.nn.functional.mse_loss`` or ``torch.nn.MSELoss``
            with the reduction "mean".
    """
    if loss is mse_loss or (isinstance(loss, nn.MSELoss) and loss.reduction == "mean"):
        return
    name = getattr(loss, "__name__", type(loss).__name__)
    message = (
        f"loss: expected mean squared error, got {name}; of another loss the index, "
        "the parts of the Hessian and their free sum still make sense "
        "(curvature.operators and landscape.hessian_sum), but not the energy per "
        "target, the critical energy, or normal residuals"
    )
    raise ValueError(message)


def require_matching(inputs: torch.Tensor, targets: torch.Tensor) -> None:
    """Refuse data of unequal length or single precision.

    Args:
        inputs: One row an example.
        targets: One row an example.

    Raises:
        ValueError: They do not match, or are not float64.
    """
    if len(inputs) != len(targets) or len(inputs) == 0:
        message = (
            f"targets: expected one for each of {len(inputs)} inputs, got "
            f"{len(targets)}"
        )
        raise ValueError(message)
    for name, data in (("inputs", inputs), ("targets", targets)):
        if data.dtype != torch.float64:
            message = (
                f"{name}: expected torch.float64, got {data.dtype}; critical points "
                "are told from traps beyond single precision"
            )
            raise ValueError(message)
