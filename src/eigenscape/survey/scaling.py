"""Fit the noise laws to the measured batches, where that can be done."""

from __future__ import annotations

import numpy as np

from eigenscape.spectra import BatchDraws, BatchScaling, fit_batch_scaling


def fit_scaling(
    batches: tuple[BatchDraws, ...], examples: int, followed: int
) -> tuple[BatchScaling | None, str]:
    """Fit the batch-size law, or say why it cannot be fitted.

    Args:
        batches: The measured batches.
        examples: Number n of examples.
        followed: Outliers to follow, at most.

    Returns:
        The fit, if there is one, and its verdict or the reason.
    """
    if len(batches) < 3:
        return None, "no noise law: it takes at least 3 batch sizes to fit one"
    if len(batches[0].splits) < 2:
        return None, "no noise law: it takes at least 2 draws of each batch size"
    last = batches[-1]
    seen = int(np.median([split.upper.size for split in last.splits]))
    if seen < 1 or min(s.upper.min(initial=1.0) for s in last.splits) <= 0:
        return None, f"no noise law: no positive outlier at b = {last.batch_size}"
    try:
        scaling = fit_batch_scaling(
            [b.batch_size for b in batches],
            [b.splits for b in batches],
            population=examples,
            count=min(followed, seen),
        )
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        return None, f"no noise law: the fit failed ({error})"
    return scaling, scaling.verdict
