"""Rates as a search finds them, planted."""

from __future__ import annotations

import numpy as np

from eigenscape.spectra.rate_scaling import RateScaling
from eigenscape.spectra.rate_search import RateSearch, Recipe, StableRates

SIZES = np.array([8.0, 32.0, 128.0])


def scaling(law, optimiser, rates):
    return RateScaling(
        law, optimiser, SIZES, SIZES, 2 / rates, rates, np.ones(SIZES.size)
    )


def searched() -> StableRates:
    """Rates 0.02 b and 0.01 b of two runs each, the last one of momentum missing."""
    names = ("SGD", "heavy ball of momentum 0.9")
    linear = [scaling("planted", name, 0.01 * SIZES) for name in names]
    flat = [scaling("flat", name, np.ones(SIZES.size)) for name in names]
    momenta = np.array([0.0, 0.9])
    spread = np.exp([-0.1, 0.1])
    searches = []
    for size in SIZES.tolist():
        rates = np.array([0.02, 0.01])[:, None] * size * spread
        if size == SIZES[-1]:
            rates[1, 0] = np.nan
        searches.append(RateSearch(int(size), momenta, rates))
    return StableRates(
        network="planted",
        parameters=10,
        examples=256,
        loss=0.1,
        growth=2.0,
        top=2.0,
        noise_batch_size=40.0,
        scalings=(*linear, *flat),
        searches=tuple(searches),
        recipes=(Recipe(32, 0.3, 0.9),),
    )
