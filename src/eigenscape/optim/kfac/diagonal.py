"""RunningSquares: a diagonal curvature for parameters without Kronecker factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch.nn import Parameter

from eigenscape.optim.kfac.layer import factor_type
from eigenscape.optim.kfac.settings import Start


@final
class RunningSquares:
    """Running means of squared gradients, which stand for the diagonal of a Fisher.

    For the gradient ḡ of a mean over m terms, m ḡ² is the second moment of a term's
    gradient up to terms of mean 0 if these gradients are, as with targets drawn from
    the model and, roughly, with those of the data near a minimum.
    """

    def __init__(self) -> None:
        """Begin with no parameter."""
        self._means: dict[Parameter, torch.Tensor] = {}
        self._updates: dict[Parameter, int] = {}

    def update(
        self,
        squares: Mapping[Parameter, torch.Tensor],
        terms: float,
        *,
        decay: float,
        start: Start,
    ) -> bool:
        """Take squared gradients into the running means.

        Args:
            squares: The squares of each parameter.
            terms: What they are multiplied by.
            decay: Weight of the mean so far.
            start: See FactorSettings; the identity is 1 here.

        Returns:
            Whether all were finite; means of others are left as they were.
        """
        finite = True
        for parameter, square in squares.items():
            if not bool(square.sum().isfinite()):
                finite = False
                continue
            mean = self._mean(parameter)
            count = self._updates.get(parameter, 0)
            keep = decay if start == "identity" else min(decay, count / (count + 1))
            mean.lerp_(square * terms, 1 - keep)
            self._updates[parameter] = count + 1
        return finite

    def precondition(self, parameter: Parameter, damping: float) -> torch.Tensor:
        """Divide a parameter's gradient by its damped curvature.

        Args:
            parameter: The parameter, with a gradient.
            damping: The damping δ.

        Returns:
            g/(v + δ), 0 where there is neither curvature nor damping.
        """
        mean = self._mean(parameter)
        damped = mean + damping
        gradient = torch.zeros_like(mean) if parameter.grad is None else parameter.grad
        return gradient / damped.where(damped > 0, torch.inf)

    def state(self, numbers: Mapping[Parameter, int]) -> dict[int, Any]:
        """Collect what a resumed run needs.

        Args:
            numbers: The number of each parameter.

        Returns:
            Copies, by number.
        """
        return {
            numbers[parameter]: (mean.clone(), self._updates.get(parameter, 0))
            for parameter, mean in self._means.items()
        }

    def restore(
        self, state: Mapping[int, Any], numbers: Mapping[Parameter, int]
    ) -> None:
        """Go back to a state.

        Args:
            state: What ``state`` gave.
            numbers: The number of each parameter.
        """
        self._means.clear()
        self._updates.clear()
        for parameter, number in numbers.items():
            if number in state:
                mean, count = state[number]
                self._mean(parameter).copy_(mean)
                self._updates[parameter] = int(count)

    def _mean(self, parameter: Parameter) -> torch.Tensor:
        if parameter not in self._means:
            dtype = factor_type(parameter.dtype)
            self._means[parameter] = torch.ones_like(parameter, dtype=dtype)
        return self._means[parameter]
