"""IterateAverage: the equal-weight mean of the iterates of any optimiser."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, final

import torch
from torch import nn

from eigenscape.optim.averaging_start import StartRule


@final
class IterateAverage:
    """The mean of the iterates that an optimiser passes through.

    With start s and frequency c, in units of your choice (one call of `step` each), the
    average is (w_{s+c} + w_{s+2c} + … + w_{s+nc})/n:

        average = IterateAverage(model, start=161)
        for epoch in range(300):
            train(model, optimiser)
            average.step()
        with average.swapped(), recomputed_batch_norm(model, loader):
            evaluate(model)

    It keeps their sum, one vector in double precision, and the count. The sum of k
    iterates is off by k ε at most, ε = 1e-16, relative to the mean modulus; iterates in
    single precision are mostly added without any rounding. A running mean in single
    precision, as in the published code, ignores iterates that differ from it by less
    than k 2⁻²⁴ of itself: 6 % at a million.

    Parameters that need no gradient when the average is made are left out, for they do
    not move; tied parameters count once. Buffers are not averaged: the statistics of
    batch norm belong to other weights, see `recomputed_batch_norm`.

    References:
        Polyak and Juditsky (1992), SIAM J. Control Optim. 30, 838-855. Izmailov et al.
        (2018), UAI, Algorithm 1. Granziol, Wan et al. (2020), arXiv 2003.01247; its
        public code for start, frequency and what is left out.
    """

    def __init__(
        self,
        parameters: nn.Module | Iterable[torch.Tensor],
        *,
        start: int | StartRule | None = 0,
        every: int = 1,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        """Make an average that is still empty.

        Args:
            parameters: A model, or what is averaged.
            start: Units before averaging begins; a rule that judges what `observe` is
                told; None to wait for `begin`.
            every: Units from one iterate collected to the next.
            dtype: Of the sum; the complex type of its precision for complex parameters.
                Anything narrower than double loses digits as the count grows.
        """
        if isinstance(parameters, nn.Module):
            parameters = parameters.parameters()
        self._parameters: list[torch.Tensor] = []
        self._sums: list[torch.Tensor] = []
        self._dtype = _floating(dtype)
        self._every = _whole("every", every, 1)
        self._rule = None if isinstance(start, int) else start
        self._start = _whole("start", start, 0) if isinstance(start, int) else None
        self._observed: list[float] = []
        self._steps = 0
        self._count = 0
        self._swapped = False
        self.include(parameters)

    @property
    def count(self) -> int:
        """The iterates collected."""
        return self._count

    @property
    def begun(self) -> bool:
        """Whether iterates are being collected."""
        return self._start is not None and self._steps >= self._start

    def include(self, parameters: Iterable[torch.Tensor]) -> None:
        """Average further parameters too.

        Args:
            parameters: Those not known yet are added if they need a gradient.

        Raises:
            ValueError: Iterates have been collected without them.
        """
        known = {id(parameter) for parameter in self._parameters}
        fresh = [p for p in parameters if p.requires_grad and id(p) not in known]
        unique = list({id(parameter): parameter for parameter in fresh}.values())
        if unique and self._count:
            message = (
                f"parameters: expected none once averaging has begun, got {len(unique)}"
                f" after {self._count} iterates; add them before"
            )
            raise ValueError(message)
        self._parameters += unique

    def begin(self) -> None:
        """Collect from now on, if collecting has not begun yet."""
        if not self.begun:
            self._start = self._steps

    def observe(self, value: float) -> bool:
        """Tell the rule for the start what a validation has shown.

        Args:
            value: What the rule expects: an accuracy for `NoImprovement`, a loss for
                `NonMonotone`.

        Returns:
            Whether averaging has begun. Once it has, observations change nothing.

        Raises:
            ValueError: The value is not a number.
        """
        if math.isnan(value):
            message = "value: expected a number, got nan; validate finite weights"
            raise ValueError(message)
        if not self.begun and self._rule is not None:
            self._observed.append(float(value))
            if self._rule.fires(self._observed):
                self.begin()
        return self.begun

    def step(self) -> bool:
        """Count a unit (a step, an epoch), and collect the iterate when it is due.

        Returns:
            Whether the iterate was collected.
        """
        self._steps += 1
        due = self._start is not None and self._steps > self._start
        if due and (self._steps - (self._start or 0)) % self._every == 0:
            self.collect()
            return True
        return False

    @torch.no_grad()
    def collect(self) -> None:
        """Add the present parameters to the average, due or not.

        Raises:
            ValueError: The parameters are the average itself, swapped in.
        """
        if self._swapped:
            message = (
                "collect: expected the iterate, got the average of `swapped`; leave "
                "its block first"
            )
            raise ValueError(message)
        if not self._count:
            self._sums = [self._widened(p) for p in self._parameters]
        else:
            for total, parameter in zip(self._sums, self._parameters, strict=True):
                total.add_(parameter)
        self._count += 1

    @torch.no_grad()
    def averages(self) -> list[torch.Tensor]:
        """Compute the average.

        Returns:
            One tensor a parameter averaged, of its type, in the order given.

        Raises:
            ValueError: Nothing has been collected yet.
        """
        if not self._count:
            message = (
                "average: expected at least one iterate, got none; call `step` past "
                "the start, or `collect`"
            )
            raise ValueError(message)
        return [
            (total / self._count).to(parameter.dtype)
            for total, parameter in zip(self._sums, self._parameters, strict=True)
        ]

    @contextmanager
    def swapped(self) -> Generator[None]:
        """Put the average in place of the parameters for the length of a block.

        Yields:
            Nothing. The parameters come back bit for bit, whatever happens; buffers
            are not touched. Take no optimiser's step inside.

        Raises:
            ValueError: The average is swapped in already.
        """
        if self._swapped:
            message = "swapped: expected the iterate, got the average; use one block"
            raise ValueError(message)
        averages = self.averages()
        iterate = [parameter.detach().clone() for parameter in self._parameters]
        self._swapped = True
        try:
            _assign(self._parameters, averages)
            yield
        finally:
            _assign(self._parameters, iterate)
            self._swapped = False

    def apply(self) -> None:
        """Put the average into the parameters for good; what is collected stays."""
        _assign(self._parameters, self.averages())

    def state_dict(self) -> dict[str, Any]:
        """Give all that is needed to go on.

        Returns:
            Plain numbers and tensors, with the frequency; the rule for the start is
            not among them.
        """
        return {
            "steps": self._steps,
            "start": self._start,
            "every": self._every,
            "count": self._count,
            "observed": list(self._observed),
            "sums": list(self._sums),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another average was.

        Args:
            state: What `state_dict` gave.

        Raises:
            ValueError: It is of other parameters.
        """
        sums: list[torch.Tensor] = list(state["sums"])
        expected = [tuple(p.shape) for p in self._parameters] if sums else []
        shapes = [tuple(total.shape) for total in sums]
        if shapes != expected:
            message = f"state: expected sums of shapes {expected}, got {shapes}"
            raise ValueError(message)
        self._sums = [
            total.detach().to(parameter.device, copy=True)
            for total, parameter in zip(sums, self._parameters, strict=False)
        ]
        self._steps = int(state["steps"])
        self._start = state["start"]
        self._every = int(state["every"])
        self._count = int(state["count"])
        self._observed = list(state["observed"])

    def _widened(self, parameter: torch.Tensor) -> torch.Tensor:
        dtype = self._dtype.to_complex() if parameter.is_complex() else self._dtype
        return parameter.detach().to(dtype, copy=True)


@torch.no_grad()
def _assign(parameters: list[torch.Tensor], values: list[torch.Tensor]) -> None:
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)


def _whole(name: str, value: int, least: int) -> int:
    if value < least:
        message = f"{name}: expected at least {least}, got {value}; count units"
        raise ValueError(message)
    return value


def _floating(dtype: torch.dtype) -> torch.dtype:
    if not dtype.is_floating_point:
        message = f"dtype: expected a real floating type, got {dtype}; take the default"
        raise ValueError(message)
    return dtype
