"""One hidden layer without biases, with its derivatives written out for many points."""

# ruff: file-ignore[undocumented-public-method] (documented on LeastSquaresProblem)

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Matrices,
    Points,
    Values,
    require_matching,
)

Units = Float[torch.Tensor, "s h m"]


@dataclass(frozen=True)
class _Pass:
    """A forward and a backward pass: activations, their slopes and bends, residuals."""

    first: Float[torch.Tensor, "s h d"]
    second: Float[torch.Tensor, "s k h"]
    activation: Units
    slope: Units
    bend: Units
    error: Float[torch.Tensor, "s k m"]
    pulled: Units


@final
class HiddenLayer(LeastSquaresProblem):
    """ŷ = W₂ f(W₁ x), f = tanh or ReLU, without biases.

    A point holds W₁ and W₂ row by row, as the parameters of
    ``Sequential(Linear, f, Linear)``. A Hessian costs about (hd)² m multiplications,
    a thousandth of what automatic differentiation takes at 512 parameters. The second
    derivative of ReLU is taken for 0, as almost everywhere.

    Attributes:
        size: P.
        outputs: k.
        examples: m.
        width: h, the hidden units.
    """

    def __init__(
        self,
        inputs: Float[torch.Tensor, "m d"],
        targets: Float[torch.Tensor, "m k"],
        width: int,
        *,
        activation: Literal["tanh", "relu"] = "tanh",
    ) -> None:
        """Lay the data out.

        Args:
            inputs: One row an example, float64.
            targets: One row an example.
            width: Hidden units.
            activation: f.

        Raises:
            ValueError: The data do not match, or the width or activation is unknown.
        """
        require_matching(inputs, targets)
        if width < 1:
            message = f"width: expected at least 1, got {width}"
            raise ValueError(message)
        if activation not in {"tanh", "relu"}:
            message = f"activation: expected tanh or relu, got {activation!r}"
            raise ValueError(message)
        self._x, self._y = inputs.T.contiguous(), targets.T.contiguous()
        self._activation: Literal["tanh", "relu"] = activation
        self.width, self.examples, self.outputs = width, len(inputs), targets.shape[1]
        self._inner = width * inputs.shape[1]
        self.size = self._inner + width * self.outputs

    def starts(self, count: int, *, generator: torch.Generator) -> Points:
        fans = [len(self._x)] * self._inner + [self.width] * (self.size - self._inner)
        scale = torch.tensor(fans, dtype=torch.float64) ** -0.5
        shape = (count, self.size)
        return scale * torch.randn(shape, generator=generator, dtype=torch.float64)

    def narrowed(self, width: int) -> HiddenLayer:
        """Take the same data and fewer hidden units.

        Args:
            width: How many.

        Returns:
            The problem, whose points `widened` brings back.
        """
        return HiddenLayer(self._x.T, self._y.T, width, activation=self._activation)

    def widened(self, points: Float[torch.Tensor, "s Q"]) -> Points:
        """Add silent units, of weights zero in and out, to points of fewer units.

        A silent unit changes nothing, and the gradient along its weights is zero: a
        critical point stays one. Its block of the Hessian is ∑ e xᵀ/m off the diagonal,
        of as many negative eigenvalues as positive ones: a minimum becomes a saddle.

        Args:
            points: Of a narrower network on the same data.

        Returns:
            The same functions as points of this one.

        References:
            Fukumizu and Amari (2000), Local minima and plateaus in hierarchical
            structures of multilayer perceptrons, Neural Networks 13.
        """
        narrow = points.shape[1] // (len(self._x) + self.outputs)
        inner = narrow * len(self._x)
        first = points[:, :inner].reshape(len(points), narrow, -1)
        second = points[:, inner:].reshape(len(points), -1, narrow)
        silent = self.width - narrow
        wide = (
            torch.nn.functional.pad(first, (0, 0, 0, silent)),
            torch.nn.functional.pad(second, (0, silent)),
        )
        return torch.cat([part.flatten(1) for part in wide], dim=1)

    def loss_and_gradient(self, points: Points) -> tuple[Values, Points]:
        p = self._pass(points)
        loss = (p.error**2).sum(dim=(1, 2)) / (2 * self.examples)
        inner = (p.pulled * p.slope) @ self._x.T
        return loss, self._joined(inner, p.error @ p.activation.mT)

    def hessian_product(self, points: Points, vectors: Points) -> Points:
        p = self._pass(points)
        first, second = self._split(vectors)
        moved = first @ self._x
        activation, slope = p.slope * moved, p.bend * moved
        error = second @ p.activation + p.second @ activation
        pulled = second.mT @ p.error + p.second.mT @ error
        inner = (pulled * p.slope + p.pulled * slope) @ self._x.T
        outer = error @ p.activation.mT + p.error @ activation.mT
        return self._joined(inner, outer)

    def hessian(self, points: Points) -> Matrices:
        p = self._pass(points)
        matrix = self._gauss_newton(p)
        s, h, k = len(points), self.width, self.outputs
        d, n = len(self._x), self._inner
        unit = torch.arange(h)
        curved = torch.einsum("sjm,dm,em->sjde", p.bend * p.pulled, self._x, self._x)
        inner = matrix[:, :n, :n].view(s, h, d, h, d)
        inner[:, unit, :, unit, :] += curved.transpose(0, 1) / self.examples
        mixed = torch.einsum("skm,sjm,dm->skjd", p.error, p.slope, self._x)
        cross = matrix[:, n:, :n].view(s, k, h, h, d)
        cross[:, :, unit, unit, :] += mixed / self.examples
        matrix[:, :n, n:] = matrix[:, n:, :n].mT
        return matrix

    def gauss_newton(self, points: Points) -> Matrices:
        return self._gauss_newton(self._pass(points))

    def _gauss_newton(self, p: _Pass) -> Matrices:
        s, h, k = len(p.first), self.width, self.outputs
        d, n = len(self._x), self._inner
        matrix = p.first.new_zeros(s, self.size, self.size)
        features = (p.slope[:, :, None, :] * self._x).flatten(1, 2)
        inner = (features @ features.mT).view(s, h, d, h, d)
        inner *= (p.second.mT @ p.second)[:, :, None, :, None]
        matrix[:, :n, :n] = inner.flatten(3, 4).flatten(1, 2)
        cross = (p.activation @ features.mT).view(s, 1, h, h, d)
        cross = (cross * p.second[:, :, None, :, None]).flatten(3, 4).flatten(1, 2)
        matrix[:, n:, :n] = cross
        matrix[:, :n, n:] = cross.mT
        outer = matrix[:, n:, n:].view(s, k, h, k, h)
        output = torch.arange(k)
        outer[:, output, :, output, :] = (p.activation @ p.activation.mT)[None]
        return matrix.div_(self.examples)

    def _pass(self, points: Points) -> _Pass:
        first, second = self._split(points)
        z = first @ self._x
        if self._activation == "tanh":
            activation = torch.tanh(z)
            slope = 1 - activation**2
            bend = -2 * activation * slope
        else:
            activation, slope = z.clamp(min=0), (z > 0).to(z.dtype)
            bend = torch.zeros_like(z)
        error = second @ activation - self._y
        pulled = second.mT @ error
        return _Pass(first, second, activation, slope, bend, error, pulled)

    def _split(self, points: Points) -> tuple[torch.Tensor, torch.Tensor]:
        first = points[:, : self._inner].reshape(len(points), self.width, -1)
        return first, points[:, self._inner :].reshape(len(points), -1, self.width)

    def _joined(self, first: torch.Tensor, second: torch.Tensor) -> Points:
        joined = torch.cat([first.flatten(1), second.flatten(1)], dim=1)
        return joined / self.examples
