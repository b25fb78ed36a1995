"""Where minima prevail: the switch, sampled, and what an experiment about it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.batch_landscape import determinant_rate
from eigenscape.landscape.confined_field import ConfinedField
from eigenscape.landscape.regions import Region
from eigenscape.landscape.sampled_determinants import (
    DeterminantCheck,
    log_mean_determinant,
)
from eigenscape.theory import Affine, Semicircle
from eigenscape.theory.ensembles import GOE


@dataclass(frozen=True)
class MinimaSwitch:
    """Matrices a1 + GOE: positive definite from a = 2 on.

    Attributes:
        dimension: N of the sampled matrices.
        strengths: a, in units of the scale s of the noise.
        edges: The lower edge of the limit, a − 2.
        positive: Share of sampled matrices that are positive definite.
        rates: ∫ log|λ| of the limit.
        sampled: (1/N) log E|det| of the samples.
        errors: Their standard errors.
    """

    dimension: int
    strengths: Float[np.ndarray, " k"]
    edges: Float[np.ndarray, " k"]
    positive: Float[np.ndarray, " k"]
    rates: Float[np.ndarray, " k"]
    sampled: Float[np.ndarray, " k"]
    errors: Float[np.ndarray, " k"]


@dataclass(frozen=True)
class PrevalenceOfMinima:
    """Where minima prevail: closed forms, sampled matrices, a network along training.

    Attributes:
        switch: Matrices a1 + GOE.
        field: A confined Gaussian field.
        determinants: Sums of ensembles.
        regions: A network, checkpoint by checkpoint, batch size by batch size.
        weight_norms: Norm of the weights at each checkpoint.
    """

    switch: MinimaSwitch
    field: ConfinedField
    determinants: tuple[DeterminantCheck, ...]
    regions: tuple[Region, ...]
    weight_norms: Float[np.ndarray, " c"]


def sample_switch(
    strengths: Float[np.ndarray, " k"],
    size: int,
    samples: int,
    *,
    rng: np.random.Generator,
) -> MinimaSwitch:
    """Sample matrices a1 + GOE around the switch of minima.

    Args:
        strengths: a.
        size: N.
        samples: How many spectra, the same for every a.
        rng: Source of randomness.

    Returns:
        Samples beside the limit.
    """
    noise = np.array([GOE().sample_eigenvalues(size, rng=rng) for _ in range(samples)])
    spectra = strengths[:, None, None] + noise
    estimates = [log_mean_determinant(rows) for rows in spectra]
    laws = [Affine(Semicircle(1.0), shift=a) for a in strengths.tolist()]
    return MinimaSwitch(
        size,
        strengths,
        np.array([law.hull.lower for law in laws]),
        (spectra[:, :, 0] > 0).mean(axis=1),
        np.array([determinant_rate(law) for law in laws]),
        np.array([e.value for e in estimates]),
        np.array([e.standard_error for e in estimates]),
    )
