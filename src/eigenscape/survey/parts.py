"""The finished parts of a survey on disk, so that an interrupted one goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from eigenscape.core import StorageError, load, save
from eigenscape.core.storage import MANIFEST
from eigenscape.spectra import SpectralMeasure
from eigenscape.spectra.sampling_noise.population import PopulationCurvature

P = TypeVar("P")


@dataclass(frozen=True)
class Plan:
    """Everything the numbers of a survey depend on.

    Attributes:
        stages: Names of the checkpoints.
        fingerprints: Digest of parameters and first minibatch, one a stage.
        batch_sizes: Batch sizes.
        draws: Draws a batch size.
        seed: The master seed.
        probes: Probes of the density.
        steps: Lanczos steps a probe.
        extremes: Eigenvalues wanted at the upper end.
        tolerance: Relative residual of eigenpairs.
        followed: Outliers followed over batch sizes.
        started: Start of the survey, ISO 8601; the one field that may differ.
    """

    stages: tuple[str, ...]
    fingerprints: tuple[str, ...]
    batch_sizes: tuple[int, ...]
    draws: int
    seed: int
    probes: int
    steps: int
    extremes: int
    tolerance: float
    followed: int
    started: str


@dataclass(frozen=True)
class Extremes:
    """Loss, gradient and extreme eigenvalues of one checkpoint on all the data.

    Attributes:
        loss: Mean loss.
        gradient_norm: Norm of its gradient.
        largest: Largest eigenvalues, descending.
        largest_residuals: Their residual norms.
        smallest: Smallest eigenvalues, ascending.
        smallest_residuals: Their residual norms.
    """

    loss: float
    gradient_norm: float
    largest: Float[np.ndarray, " c"]
    largest_residuals: Float[np.ndarray, " c"]
    smallest: Float[np.ndarray, " e"]
    smallest_residuals: Float[np.ndarray, " e"]


@dataclass(frozen=True)
class Population:
    """What predicts the batches of one checkpoint.

    Attributes:
        curvature: The measurement; None where it cannot be made.
        note: Why there is none.
    """

    curvature: PopulationCurvature | None
    note: str


@dataclass(frozen=True)
class Draw:
    """The spectrum of the Hessian of one batch.

    Attributes:
        values: Largest eigenvalues, descending.
        residuals: Their residual norms.
        measure: One-probe spectral measure.
    """

    values: Float[np.ndarray, " c"]
    residuals: Float[np.ndarray, " c"]
    measure: SpectralMeasure


class Parts:
    """Compute each part once; keep it in a directory, or only in memory."""

    def __init__(self, directory: Path | None):
        self.directory = None if directory is None else directory / "parts"
        self.plan = None if directory is None else directory / "plan"

    def agree(self, plan: Plan) -> Plan:
        """Compare a plan with the one the parts were made by.

        Args:
            plan: The plan of this session.

        Returns:
            The plan the survey was begun with.

        Raises:
            StorageError: The parts were made by another plan.
        """
        if self.plan is None:
            return plan
        if not (self.plan / MANIFEST).exists():
            save(plan, self.plan)
        begun = load(Plan, self.plan)
        for name in Plan.__dataclass_fields__:
            old, new = getattr(begun, name), getattr(plan, name)
            if name != "started" and old != new:
                message = (
                    f"{self.plan.parent}: was begun with other {name} ({old}, now "
                    f"{new}); resume with the same, or choose another directory"
                )
                raise StorageError(message)
        return begun

    def get(self, compute: Callable[[], P], cls: type[P], *path: str) -> P:
        """Look a part up, or compute and keep it.

        Args:
            compute: Makes the part.
            cls: Its type.
            *path: Its name.

        Returns:
            The part.

        Raises:
            StorageError: The part on disk is damaged.
        """
        if self.directory is None:
            return compute()
        place = self.directory.joinpath(*path)
        if (place / MANIFEST).exists():
            try:
                return load(cls, place)
            except StorageError as error:
                message = f"{error}; delete {place} to have it computed again"
                raise StorageError(message) from error
        part = compute()
        save(part, place)
        return part

    def discard(self) -> None:
        """Remove the parts, once the whole has been saved."""
        if self.directory is not None and self.directory.exists():
            shutil.rmtree(self.directory)
