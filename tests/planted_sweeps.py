"""Sweeps over batch sizes with outliers of the published form, planted."""

from __future__ import annotations

import numpy as np

from eigenscape.spectra.batch_sweep import BatchSweep
from planted import SPIKES

SIZES = (4, 16, 64, 256)


def planted_sweep(
    rng,
    *,
    sizes=SIZES,
    checkpoint="end",
    data="train",
    matrix="hessian",
    sign=1.0,
    population=10**6,
):
    """θ + 30/(bθ), with a scatter of half a percent over eight draws."""
    b = np.array(sizes)
    curve = SPIKES + 30 / (b[:, None] * SPIKES)
    normal = rng.standard_normal((b.size, 8, SPIKES.size))
    values = sign * curve[:, None] * (1 + 0.005 * normal)
    return BatchSweep(
        checkpoint=checkpoint,
        epoch=1.0,
        data=data,
        matrix=matrix,
        population=population,
        batch_sizes=b,
        values=values,
        residuals=np.zeros_like(values),
        products=np.full(values.shape[:2], 7),
        notes=("a note",),
    )
