"""Critical sharpness: curvature along an update, by a few evaluations of the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.curvature.operators.differences import displaced
from eigenscape.curvature.risk import EmpiricalRisk

TOLERANCE = 0.1
"""Width of the last bracket relative to its lower end; from the published measure,
which takes 5 to 6 evaluations when it starts at the step of the last measurement."""

EVALUATIONS = 64
"""Most evaluations: doublings cover 19 decades."""


@dataclass(frozen=True)
class CriticalSharpness:
    """The least step along −u at which the loss rises, and the curvature it means.

    Attributes:
        sharpness: λ_c = 2/η_c; 0 where no step tried raised the loss.
        step: η_c, the largest stable rate of a single step along u.
        lower: A step at which the loss still fell.
        upper: A step at which it rose; infinite where none did.
        evaluations: Evaluations of the loss.
    """

    sharpness: float
    step: float
    lower: float
    upper: float
    evaluations: int


def critical_sharpness(
    risk: EmpiricalRisk,
    direction: Float[torch.Tensor, " P"] | None = None,
    *,
    start: float = 1.0,
    tolerance: float = TOLERANCE,
    evaluations: int = EVALUATIONS,
) -> CriticalSharpness:
    """Find where the loss along an update rises above its value, by forward passes.

    With φ(η) = L(θ − ηu) − L(θ), the step is doubled or halved from ``start`` until φ
    changes sign, and the bracket is bisected. Within the last bracket φ(η)/η is taken
    to be linear, which is exact on a quadratic: there λ_c = uᵀHu/(gᵀu), the directional
    sharpness gᵀHg/gᵀg where u is the gradient, and λ_max where u is along its
    eigenvector. With dropout, all evaluations see the same random numbers.

    Args:
        risk: The loss, usually on one batch; its parameters are moved and put back to
            the bit, and nothing else is touched.
        direction: u, such as the difference an optimiser's step makes over its rate;
            the gradient, for one backward pass, if None.
        start: The first step tried: the rate in use, or the last η_c.
        tolerance: Width of the bracket relative to its lower end.
        evaluations: Most evaluations.

    Returns:
        The sharpness; 0, with an infinite step, where the loss falls at every step
        tried, and infinite, with a step of 0, where it rises at every one.

    Raises:
        ConvergenceError: The bracket is too wide still.

    References:
        Kalra et al. (2026), A scalable measure of loss landscape curvature for
        analyzing the training dynamics of LLMs, arXiv 2601.16979; Kalra and Barkeshli
        (2024), Why warmup the learning rate?, NeurIPS, arXiv 2406.09405, for the
        search.
    """
    _require(start, tolerance, evaluations)
    along = risk.gradient() if direction is None else direction.detach().clone()
    _require_direction(along, risk.size)
    search = _Search(risk, along)
    search.bracket(start, evaluations)
    while search.open(tolerance):
        if search.evaluations >= evaluations:
            what = f"critical_sharpness (tolerance {tolerance:.3g})"
            width = search.upper / search.lower - 1
            raise ConvergenceError(
                what,
                iterations=search.evaluations,
                residual=width,
                remedy="start nearer, or raise evaluations or tolerance",
            )
        search.try_step(math.sqrt(search.lower * search.upper))
    return search.result()


class _Search:
    """A bracket of η_c, and φ at its ends."""

    def __init__(
        self, risk: EmpiricalRisk, direction: Float[torch.Tensor, " P"]
    ) -> None:
        self.lower, self.upper = 0.0, math.inf
        self.evaluations = 0
        self._falls = self._rises = math.nan
        self._loss = _moved(risk, direction)
        self._here = self._evaluate(0.0)

    def bracket(self, start: float, evaluations: int) -> None:
        """Double or halve from the start until the loss changed its mind."""
        step = start
        while self.evaluations < evaluations and 0 < step < math.inf:
            self.try_step(step)
            if self.lower > 0 and self.upper < math.inf:
                return
            step = self.lower * 2 if self.upper == math.inf else self.upper / 2

    def try_step(self, step: float) -> None:
        """Evaluate a step and take it as an end of the bracket."""
        change = self._evaluate(step) - self._here
        # no change at all is what rounding leaves of steps too small to judge by
        level = change == 0 and (self.upper == math.inf or self.lower > 0)
        if change < 0 or level:
            self.lower, self._falls = step, change
        else:  # NaN too
            self.upper, self._rises = step, change

    def open(self, tolerance: float) -> bool:
        """Tell whether there is a bracket that is too wide."""
        found = self.lower > 0 and self.upper < math.inf
        return found and self.upper > (1 + tolerance) * self.lower

    def result(self) -> CriticalSharpness:
        """Interpolate φ(η)/η linearly between the ends."""
        if self.upper == math.inf:
            step = math.inf
        elif self.lower == 0:
            step = 0.0
        else:
            step = self.lower
            falls, rises = self._falls / self.lower, self._rises / self.upper
            if math.isfinite(rises) and rises > falls:
                step += (self.upper - self.lower) * -falls / (rises - falls)
        sharpness = math.inf if step == 0 else 2 / step
        return CriticalSharpness(
            sharpness, step, self.lower, self.upper, self.evaluations
        )

    def _evaluate(self, step: float) -> float:
        self.evaluations += 1
        return self._loss(step)


def _moved(
    risk: EmpiricalRisk, direction: Float[torch.Tensor, " P"]
) -> Callable[[float], float]:
    def loss(step: float) -> float:
        with displaced(risk, direction, -step):
            return _forward(risk)

    return loss


def _forward(risk: EmpiricalRisk) -> float:
    """Evaluate the mean loss, which may be infinite, without a graph."""
    total = 0.0
    with risk.isolated(), torch.no_grad():
        for inputs, targets, weight in risk.batches():
            total += weight * float(risk.loss(risk.output(inputs), targets))
    return total


def _require(start: float, tolerance: float, evaluations: int) -> None:
    for name, value in (("start", start), ("tolerance", tolerance)):
        if not 0 < value < math.inf:
            message = f"{name}: expected a positive finite number, got {value}"
            raise ValueError(message)
    if evaluations < 3:
        message = f"evaluations: expected at least 3, got {evaluations}"
        raise ValueError(message)


def _require_direction(direction: Float[torch.Tensor, " _"], size: int) -> None:
    if direction.shape != (size,):
        message = (
            f"direction: expected shape ({size},), got {tuple(direction.shape)}; "
            "flatten it in the order of risk.flatten"
        )
        raise ValueError(message)
    norm = float(direction.norm())
    if not 0 < norm < math.inf:
        message = (
            "direction: expected a finite vector other than zero, got norm "
            f"{norm}; at a critical point there is no update to follow"
        )
        raise ValueError(message)
