"""What the density of spectra does to mean ratios, measured on levels of known law.

Eigenvalues of networks crowd and thin out by orders of magnitude within some tens of
levels, and balanced ratios of the wider orders feel it, each law in its own way. Levels
of a law laid out at the same density say how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.balanced_ratios import WIDE, balanced_rows
from eigenscape.spectra.local.hypotheses import Hypothesis
from eigenscape.spectra.local.matched_levels import matched_levels

FEWEST: Final = 4
"""Spectra from which on their pooled density is known well enough to lay levels out."""

_LEVELS = 20_000  # drawn of each law, or as many as were measured if that is less
_SEED = 0

Bias: TypeAlias = tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"]]


def density_bias(
    runs: Sequence[Sequence[Float[np.ndarray, " _"]]], laws: Sequence[Hypothesis]
) -> dict[str, Bias]:
    """Estimate by how much the density of spectra moves mean balanced ratios.

    Args:
        runs: The stretches of resolved levels of each spectrum.
        laws: Laws of levels.

    Returns:
        By the name of each law, means over levels of that law and this density, from a
        fixed stream, less those of the law in the bulk, and their standard errors. None
        for fewer than four spectra, or where they fall into unequal numbers of
        stretches.
    """
    if len(runs) < FEWEST or len({len(parts) for parts in runs}) != 1:
        return {}
    most = max(law.blocks for law in laws)
    groups = [
        group
        for group in zip(*runs, strict=True)
        if np.mean([run.size for run in group]) > 2 * WIDE + most
    ]
    size = sum(np.mean([run.size for run in group]) for group in groups)
    if size == 0:
        return {}
    draws = int(np.clip(np.ceil(_LEVELS / size), 1, len(runs)))
    rng = np.random.default_rng(_SEED)
    found: dict[str, Bias] = {}
    for law in laws:
        options = {"draws": draws, "beta": law.beta, "blocks": law.blocks}
        rows = np.concatenate([
            balanced_rows([levels])
            for group in groups
            for levels in matched_levels(group, rng=rng, **options)
        ])
        error = np.sqrt(np.diag(law.covariances) / len(rows))
        found[law.name] = rows.mean(0) - law.mean, error
    return found
