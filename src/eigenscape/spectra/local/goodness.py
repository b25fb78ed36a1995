"""A Kolmogorov test for numbers that are correlated, as spacings and ratios are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Distribution = Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]
"""A distribution function F, vectorised."""

_GRID = 256
_SPECTRA_ENOUGH = 40
_REACH = 25
_FEWEST_REACHES = 10
_STEPS = 5
_TAPER = np.hanning(3 * _STEPS + 2)[1:-1]


@dataclass(frozen=True)
class KolmogorovTest:
    """How far a sample is from a distribution, and how often chance alone goes there.

    Attributes:
        distance: sup |Fₙ − F|, over both sides of each number.
        p_value: Chance of a greater distance if F is right, correlations allowed for.
        samples: How many numbers the sample has.
        units: How many spectra, or reaches of correlation, calibrate the p-value.
    """

    distance: float
    p_value: float
    samples: int
    units: int


def kolmogorov_test(
    runs: Sequence[Float[np.ndarray, " _"]],
    distribution: Distribution,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    reach: int = _REACH,
) -> KolmogorovTest:
    """Test whether correlated numbers follow a distribution that is fully specified.

    Kolmogorov's table holds for independent numbers; spacings repel each other's
    deviations and the table is wrong for them, either way. Here the process √n (Fₙ −
    F) is redrawn as ∑ⱼ gⱼ Dⱼ, with Dⱼ what the j-th number adds to it and gⱼ standard
    normal, which keeps its covariance: from 40 spectra on, the gⱼ of a spectrum are
    one; with fewer, they vary smoothly along a spectrum, so that numbers within the
    reach are still correlated, and no ends of blocks add noise. The p-value is right
    as spectra or reaches become many, and too large rather than too small for rigid
    levels; its own chance error is √(p(1 − p)/draws).

    Args:
        runs: The numbers, one sequence a spectrum, in the order of the levels.
        distribution: F.
        rng: The source of the redrawn processes.
        draws: How many processes to draw.
        reach: Numbers over which correlations are kept; many correlation lengths.

    Returns:
        The distance with its p-value.

    Raises:
        ValueError: There are fewer than ten reaches, or numbers are not finite.

    References:
        Shao (2010), The dependent wild bootstrap, Journal of the American Statistical
        Association 105; Bühlmann (1993), The blockwise bootstrap in time series and
        empirical processes.
    """
    filled = [run for run in runs if run.size]
    count = sum(run.size for run in filled)
    if count < _FEWEST_REACHES * reach:
        message = (
            f"runs: expected at least {_FEWEST_REACHES * reach} numbers, got {count}; "
            "give longer or more spectra"
        )
        raise ValueError(message)
    every = np.sort(np.concatenate(filled))
    if not np.isfinite(every).all():
        message = "runs: expected finite numbers, got NaN or infinity"
        raise ValueError(message)
    theory = distribution(every)
    ranks = np.arange(count + 1) / count
    gaps = np.maximum(ranks[1:] - theory, theory - ranks[:-1])
    grid = np.unique(every[np.linspace(0, count - 1, _GRID).astype(int)])
    empirical = np.searchsorted(every, grid, side="right") / count
    added = _added(filled, grid, empirical, reach)
    greatest = np.abs(rng.standard_normal((draws, len(added))) @ added).max(1) / count
    observed = np.abs(empirical - distribution(grid)).max()
    p_value = (1 + int((greatest >= observed).sum())) / (1 + draws)
    units = len(filled) if len(filled) >= _SPECTRA_ENOUGH else count // reach
    return KolmogorovTest(float(gaps.max()), p_value, count, units)


def _added(
    runs: list[np.ndarray],
    grid: Float[np.ndarray, " g"],
    empirical: Float[np.ndarray, " g"],
    reach: int,
) -> Float[np.ndarray, "u g"]:
    # rows whose sum with independent normal weights has the covariance of the process
    if len(runs) >= _SPECTRA_ENOUGH:
        unbiased = np.sqrt(len(runs) / (len(runs) - 1))
        return unbiased * np.stack([
            _excess(run, 1, grid, empirical)[0] for run in runs
        ])
    taper = _TAPER / np.sqrt((_TAPER**2).sum())
    rows: list[np.ndarray] = []
    for run in runs:
        steps = _excess(run, max(1, run.size * _STEPS // reach), grid, empirical)
        padded = np.pad(steps, ((taper.size - 1, taper.size - 1), (0, 0)))
        slid = np.lib.stride_tricks.sliding_window_view(padded, taper.size, axis=0)
        rows.append(slid @ taper)
    # the mean that is subtracted takes a part of the slowest variation with it
    taken = taper.sum() ** 2 * reach / _STEPS / sum(run.size for run in runs)
    return np.concatenate(rows) / np.sqrt(1 - taken)


def _excess(
    numbers: Float[np.ndarray, " n"],
    blocks: int,
    grid: Float[np.ndarray, " g"],
    empirical: Float[np.ndarray, " g"],
) -> Float[np.ndarray, "b g"]:
    # what each block of consecutive numbers adds to n (F of the sample less its mean)
    block = np.arange(numbers.size) * blocks // numbers.size
    place = block * (grid.size + 1) + np.searchsorted(grid, numbers)
    counts = np.bincount(place, minlength=blocks * (grid.size + 1))
    ranks = counts.reshape(blocks, -1).cumsum(1)
    return ranks[:, :-1] - ranks[:, -1:] * empirical
