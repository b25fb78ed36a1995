"""Any network of real parameters, by automatic differentiation over many points."""

# ruff: file-ignore[undocumented-public-method] (documented on LeastSquaresProblem)

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, final

import torch
from torch import nn
from torch.func import functional_call, grad, grad_and_value, jacrev, vjp, vmap
from torch.nn.functional import mse_loss

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Matrices,
    Points,
    Values,
    require_least_squares,
    require_matching,
)


@final
class NetworkProblem(LeastSquaresProblem):
    """A model of one's own, of smooth activations and without randomness.

    It is copied to float64 and left as it was. A Hessian takes P backward passes; for
    one hidden layer `HiddenLayer` is a hundred times faster.

    Attributes:
        size: P.
        outputs: k.
        examples: m.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: torch.Tensor,
        targets: torch.Tensor,
        *,
        loss: nn.Module | Callable[..., Any] = mse_loss,
        spread: float = 1.0,
    ) -> None:
        """Copy the model.

        Args:
            model: The model; its outputs have the shape of the targets.
            inputs: One row an example, float64.
            targets: One row an example, float64.
            loss: What it is trained with, to be refused if no mean of squares.
            spread: How far initial points lie from the model's parameters, in units of
                the root mean square of each of its tensors.

        Raises:
            ValueError: The loss is no mean of squares, the data do not match, or the
                model has no parameters.
        """
        require_least_squares(loss)
        require_matching(inputs, targets)
        own = copy.deepcopy(model).double()
        self._names = {name: p.shape for name, p in own.named_parameters()}
        if not self._names:
            message = "model: expected parameters, got none"
            raise ValueError(message)
        parameters = [p.detach() for p in own.parameters()]
        self._origin = torch.cat([p.flatten() for p in parameters])
        sizes = [p.square().mean().sqrt().expand(p.numel()) for p in parameters]
        self._spread = spread * torch.cat(sizes)
        self._model, self._x, self._y = own, inputs, targets
        self.size = self._origin.numel()
        self.examples, self.outputs = len(targets), targets[0].numel()

    def starts(self, count: int, *, generator: torch.Generator) -> Points:
        shape = (count, self.size)
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        return self._origin + self._spread * noise

    def loss_and_gradient(self, points: Points) -> tuple[Values, Points]:
        gradient, loss = vmap(grad_and_value(self._loss))(points)
        return loss.detach(), gradient.detach()

    def hessian_product(self, points: Points, vectors: Points) -> Points:
        def product(point: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
            return vjp(grad(self._loss), point)[1](vector)[0]

        return vmap(product)(points, vectors).detach()

    def hessian(self, points: Points) -> Matrices:
        found = torch.stack([jacrev(grad(self._loss))(point) for point in points])
        return (found + found.mT).detach() / 2

    def gauss_newton(self, points: Points) -> Matrices:
        slopes = [jacrev(self._output)(p).reshape(-1, self.size) for p in points]
        return torch.stack([(j.mT @ j / self.examples).detach() for j in slopes])

    def _output(self, point: torch.Tensor) -> torch.Tensor:
        parts = point.split([shape.numel() for shape in self._names.values()])
        state = {
            name: part.view(shape)
            for part, (name, shape) in zip(parts, self._names.items(), strict=True)
        }
        return functional_call(self._model, state, (self._x,))

    def _loss(self, point: torch.Tensor) -> torch.Tensor:
        return (self._output(point) - self._y).square().sum() / (2 * self.examples)
