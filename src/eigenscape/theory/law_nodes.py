"""Nodes and weights that integrate smooth functions against a law."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.polynomial import legendre

from eigenscape.theory.laws.law import Law
from eigenscape.theory.panels import Flank, cut_panels, smooth_intervals

_NODES, _WEIGHTS = legendre.leggauss(24)


def law_nodes(
    law: Law,
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Lay nodes so that ∑ weight f(node) is ∫ f dρ.

    They are Gauss nodes in the angle of `panels`, on panels that shrink towards the
    ends of the support: a function may vary there on the scale of the distance to 0.

    Args:
        law: The law.

    Returns:
        Nodes and weights, atoms among them; the weights sum to 1.
    """
    nodes = [np.array([atom.location for atom in law.atoms])]
    weights = [np.array([atom.weight for atom in law.atoms])]
    for interval in smooth_intervals(law):
        panels = cut_panels(law, interval)
        for flank in (panels.lower, panels.upper):
            places, masses = _flank_nodes(flank)
            nodes.append(places)
            weights.append(masses)
    return np.concatenate(nodes), np.concatenate(weights)


def _flank_nodes(
    flank: Flank,
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    left, right = flank.cuts[:-1], flank.cuts[1:]
    angle = (left + right) / 2 + np.multiply.outer(_NODES, (right - left) / 2)
    slope = legendre.legval(_NODES, legendre.legder(flank.series))
    weights = slope.T * _WEIGHTS[:, None]
    return (flank.edge + flank.width * np.sin(angle / 2) ** 2).ravel(), weights.ravel()
