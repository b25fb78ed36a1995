"""Probes of the sharpness λ′ of batches: by Lanczos, or by forward passes alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.curvature.krylov.lanczos import Ritz, lanczos, ritz, ritz_of
from eigenscape.curvature.operators.derived import Derived
from eigenscape.curvature.operators.hessian import Hessian
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.optim.critical_sharpness import TOLERANCE, critical_sharpness
from eigenscape.optim.curvature_monitor import Measurement, Probe

LOOSE = 0.05
"""Relative residual of λ_max, well below its spread over batches."""

STEPS = 48
"""Most products a batch; from the last vector 4 to 8 were usual, without it 4 to 12."""

Curvature = Callable[[EmpiricalRisk], LinearOperator]


def unchecked_hessian(risk: EmpiricalRisk) -> LinearOperator:
    """Take the Hessian of a risk, without the checks that cost four products.

    Args:
        risk: The risk.

    Returns:
        The operator.
    """
    return Hessian(risk, check=False)


@final
@dataclass(frozen=True, eq=False)
class Preconditioned(Derived):
    """The curvature D^(−½) A D^(−½), which has the eigenvalues of D⁻¹A.

    Attributes:
        operator: A.
        diagonal: The diagonal of D, positive.
    """

    operator: LinearOperator
    diagonal: Float[torch.Tensor, " P"]

    @property
    def source(self) -> LinearOperator:
        """See Derived."""
        return self.operator

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        root = self.diagonal.sqrt()
        return self.operator.matvec(vector / root) / root


@final
class TopCurvature(Probe):
    """The largest eigenvalue of the Hessian of batches, in the mean over a few.

    Lanczos starts at the eigenvector found last, with as much of a random vector
    added: the one makes it quick, the other lets it see a direction that has overtaken.
    """

    def __init__(
        self,
        risk: EmpiricalRisk,
        *,
        batch_size: int | None = None,
        draws: int = 1,
        tolerance: float = LOOSE,
        steps: int = STEPS,
        curvature: Curvature = unchecked_hessian,
        preconditioner: Callable[[], Float[torch.Tensor, " P"]] | None = None,
        generator: torch.Generator,
    ) -> None:
        """Say what to measure.

        Args:
            risk: The loss on the training data.
            batch_size: Examples of a batch, as in training; all the data if None.
            draws: Batches a measurement.
            tolerance: Residual, relative to the eigenvalue.
            steps: Most products a batch.
            curvature: The operator of a risk.
            preconditioner: Gives the diagonal of D anew at each measurement, such as
                `adam_denominator`; none if None.
            generator: Source of batches and random vectors, on the processor; its
                state is part of the probe's.

        Raises:
            ValueError: A number is out of range.
        """
        least = {"draws": draws, "steps": steps, "batch_size": batch_size or 1}
        for name, value in least.items():
            if value < 1:
                message = f"{name}: expected at least 1, got {value}"
                raise ValueError(message)
        if not 0 < tolerance < 1:
            message = f"tolerance: expected between 0 and 1, got {tolerance}"
            raise ValueError(message)
        self._risk, self._batch_size, self._draws = risk, batch_size, draws
        self._tolerance, self._steps = tolerance, steps
        self._curvature, self._preconditioner = curvature, preconditioner
        self._generator = generator
        self._last: torch.Tensor | None = None

    def measure(self) -> Measurement:
        """See Probe.

        Returns:
            The mean λ_max, and the products.
        """
        found = [self._one() for _ in range(self._draws)]
        mean = sum(value for value, _ in found) / self._draws
        return Measurement((mean,), sum(products for _, products in found))

    def state_dict(self) -> dict[str, Any]:
        """See Probe.

        Returns:
            The last eigenvector and the generator's state.
        """
        return {"vector": self._last, "generator": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See Probe.

        Args:
            state: What ``state_dict`` returned.
        """
        self._last = state["vector"]
        self._generator.set_state(state["generator"])

    def _one(self) -> tuple[float, int]:
        risk = self._risk
        if self._batch_size is not None:
            risk = risk.subsample(self._batch_size, self._generator)
        operator = self._curvature(risk)
        if self._preconditioner is not None:
            operator = Preconditioned(operator, self._preconditioner())
        krylov = lanczos(
            operator,
            self._start(operator),
            steps=self._steps,
            stop=lambda alpha, beta: self._found(ritz_of(alpha, beta)),
        )
        top = ritz(krylov)
        if not (krylov.invariant or self._found(top)):
            what = f"λ_max of a batch (tolerance {self._tolerance:g})"
            residual = float(top.residuals[-1]) / abs(float(top.values[-1]))
            remedy = "raise steps or tolerance"
            raise ConvergenceError(
                what, iterations=len(krylov.alpha), residual=residual, remedy=remedy
            )
        if krylov.basis is not None:
            weights = torch.from_numpy(np.ascontiguousarray(top.coefficients[:, -1]))
            self._last = krylov.basis @ weights.to(krylov.basis)
        return float(top.values[-1]), len(krylov.alpha)

    def _found(self, rule: Ritz) -> bool:
        bound = self._tolerance * abs(float(rule.values[-1]))
        return bool(rule.residuals[-1] <= bound)

    def _start(self, operator: LinearOperator) -> Float[torch.Tensor, " P"]:
        random = gaussian(
            operator.size,
            1,
            generator=self._generator,
            dtype=operator.dtype,
            device=operator.device,
        )[:, 0]
        random /= random.norm()
        return random if self._last is None else random + self._last.to(random)


@final
class UpdateSharpness(Probe):
    """The critical sharpness of batches along an update, by forward passes."""

    def __init__(
        self,
        risk: EmpiricalRisk,
        *,
        direction: Callable[[], Float[torch.Tensor, " P"]] | None = None,
        batch_size: int | None = None,
        tolerance: float = TOLERANCE,
        start: float = 1.0,
        generator: torch.Generator,
    ) -> None:
        """Say what to measure.

        Args:
            risk: The loss on the training data.
            direction: Gives the update u at each measurement; the gradient of the
                batch if None.
            batch_size: Examples of a batch; all the data if None.
            tolerance: See `critical_sharpness`.
            start: The first step tried at first; later it is the last one found.
            generator: Source of batches, on the processor; its state is part of the
                probe's.
        """
        self._risk, self._direction, self._batch_size = risk, direction, batch_size
        self._tolerance, self._start = tolerance, start
        self._generator = generator

    def measure(self) -> Measurement:
        """See Probe.

        Returns:
            λ_c, and the evaluations of the loss.
        """
        risk = self._risk
        if self._batch_size is not None:
            risk = risk.subsample(self._batch_size, self._generator)
        found = critical_sharpness(
            risk,
            None if self._direction is None else self._direction(),
            start=self._start,
            tolerance=self._tolerance,
        )
        if 0 < found.step < math.inf:
            self._start = found.step
        return Measurement((found.sharpness,), found.evaluations)

    def state_dict(self) -> dict[str, Any]:
        """See Probe.

        Returns:
            The last step and the generator's state.
        """
        return {"start": self._start, "generator": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See Probe.

        Args:
            state: What ``state_dict`` returned.
        """
        self._start = float(state["start"])
        self._generator.set_state(state["generator"])


def adam_denominator(
    optimizer: torch.optim.Optimizer, risk: EmpiricalRisk
) -> Float[torch.Tensor, " P"]:
    """Read the denominator √v̂ + ε of Adam, in the order of θ.

    Args:
        optimizer: Adam or AdamW after a step at least, over the risk's parameters.
        risk: The risk.

    Returns:
        The diagonal of D.

    Raises:
        ValueError: A parameter has no second moment yet.
    """
    groups = {id(p): g for g in optimizer.param_groups for p in g["params"]}
    pieces: list[torch.Tensor] = []
    for name, param in zip(risk.names, risk.params, strict=True):
        state, group = optimizer.state.get(param, {}), groups.get(id(param))
        if group is None or "exp_avg_sq" not in state:
            message = (
                f"optimizer: expected a second moment of {name!r}, got none; take a "
                "step of Adam first"
            )
            raise ValueError(message)
        moment = state["max_exp_avg_sq" if group.get("amsgrad") else "exp_avg_sq"]
        correction = 1 - group["betas"][1] ** float(state["step"])
        pieces.append((moment / correction).sqrt() + group["eps"])
    return risk.flatten(pieces)
