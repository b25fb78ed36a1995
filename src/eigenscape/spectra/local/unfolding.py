"""Unfolding: eigenvalues λ become levels x = N̄(λ), N̄ the mean staircase.

By a law, the staircase is known; by pooled spectra, it is that of the other spectra; by
a polynomial or a kernel it is fitted to the very levels it unfolds, and takes their
slow fluctuations with it. What is left to trust is estimated each time; an unfolding
that biases even single spacings is refused, one that biases windows of ten warns.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.spectra.local.eigenvalues import (
    Spectra,
    require_distinct,
    sorted_spectra,
)
from eigenscape.spectra.local.trust import trusted_length
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.theory.laws.law import Law
from eigenscape.theory.transforms import cdf

_FEWEST_LEVELS = 20
_MOST_OUTSIDE = 0.1
_ATOM_WIDTH = 1e-9
_FOLDS = 20
_FEW_POOLED = 10
_WARNED_BELOW = 10.0
_KERNEL_LOSS = 0.27
"""A Gaussian kernel of h spacings loses the power below 0.258/h (flat) or 0.276/h
(linear form factor): the integrals of 1 − (1 − exp(−2π²h²τ²))²."""
_KERNEL_MARGIN = 3.0
_KERNEL_REACH = 8.5
_KERNEL_ROWS = 256


class UnfoldingWarning(UserWarning):
    """Warn that an unfolding has changed the statistics it is meant for."""


def unfold(spectra: Spectra, law: Law) -> UnfoldedLevels:
    """Unfold by a law: x = n F(λ), F the distribution function of the continuous part.

    Eigenvalues at an atom of the law, or outside its support, have no place in the
    mean density and are dropped.

    Args:
        spectra: One spectrum or several.
        law: The law of the density, in the units of the eigenvalues.

    Returns:
        Levels between 0 and n, the number of eigenvalues left.

    Raises:
        ValueError: The law has no continuous part, holds fewer than nine tenths of the
            eigenvalues, or misses their density so far that spacings are biased; or
            eigenvalues are too few, not finite or repeated.
    """
    mass = 1 - sum(atom.weight for atom in law.atoms)
    if not law.support:
        message = "law: expected one with a continuous part, got atoms only"
        raise ValueError(message)
    kept = tuple(_within(row, law) for row in sorted_spectra(spectra, least=1))
    _require_enough(kept)
    require_distinct(kept)
    ends = np.cumsum([row.size for row in kept])
    every = np.concatenate(kept)
    fractions = cdf(law, every)
    for atom in law.atoms:
        fractions -= atom.weight * (every >= atom.location)
    shares = np.split(np.clip(fractions / mass, 0, 1), ends[:-1])
    levels = tuple(row.size * share for row, share in zip(kept, shares, strict=True))
    spans = np.array([[0.0, row.size] for row in kept])
    return judge(levels, spans, f"law {type(law).__name__}")


def _within(row: Float[np.ndarray, " n"], law: Law) -> Float[np.ndarray, " m"]:
    width = _ATOM_WIDTH * np.abs(row).max()
    for atom in law.atoms:
        row = row[np.abs(row - atom.location) > width]
    inside = np.zeros(row.size, dtype=bool)
    for interval in law.support:
        inside |= (row > interval.lower) & (row < interval.upper)
    outside = row.size - int(inside.sum())
    if outside > _MOST_OUTSIDE * row.size:
        message = (
            f"law: expected one that holds the spectrum, got {outside} of {row.size} "
            "eigenvalues outside its support; check its scale"
        )
        raise ValueError(message)
    return row[inside]


def unfold_pooled(spectra: Spectra) -> UnfoldedLevels:
    """Unfold each spectrum by the mean staircase of the others.

    The staircase of k others runs through (j − ½)/k at their j-th eigenvalue and is
    linear between; eigenvalues beyond their range are dropped. It is as noisy as k
    spectra, which multiplies the number variance and the rigidity by 1 + 1/k
    (`inflation`, divided out there; the steps of the staircase take 1/3k² off again,
    which stays) and blurs spacings below 1/k. With more than 20
    spectra, each is unfolded by the other nineteen twentieths.

    Args:
        spectra: Two spectra or more, of one ensemble.

    Returns:
        The levels.

    Raises:
        ValueError: There is a single spectrum, or spectra are too short, not finite or
            repeat an eigenvalue.

    References:
        Baskerville, Granziol and Keating (2022), Appearance of random matrix theory
        in deep learning, Physica A (which counts without interpolation).
    """
    rows = sorted_spectra(spectra, least=_FEWEST_LEVELS)
    if len(rows) < 2:
        message = "eigenvalues: expected two spectra or more to pool, got 1"
        raise ValueError(message)
    require_distinct(rows)
    fold = np.arange(len(rows)) % _FOLDS
    owner = np.repeat(fold, [row.size for row in rows])
    every = np.concatenate(rows)
    order = np.argsort(every)
    every, owner = every[order], owner[order]
    levels: list[np.ndarray] = [np.zeros(0)] * len(rows)
    pooled: list[int] = []
    for part in range(min(_FOLDS, len(rows))):
        pool = every[owner != part]
        spectra_pooled = int((fold != part).sum())
        heights = (np.arange(pool.size) + 0.5) / spectra_pooled
        for index in np.flatnonzero(fold == part):
            row = rows[index]
            row = row[(row >= pool[0]) & (row <= pool[-1])]
            levels[index] = np.interp(row, pool, heights)
            pooled.append(spectra_pooled)
    few = (
        ""
        if min(pooled) >= _FEW_POOLED
        else (f"only {min(pooled)} spectra are pooled, which blurs single spacings")
    )
    inflation = 1 + float((1 / np.array(pooled)).mean())
    return judge(
        tuple(levels), None, "pooled spectra", inflation=inflation, caution=few
    )


def unfold_polynomial(spectra: Spectra, degree: int) -> UnfoldedLevels:
    """Unfold each spectrum by a polynomial fitted to its own staircase.

    The fit is by least squares on (λⱼ, j − ½). It takes fluctuations slower than
    (degree + 1)/2n cycles a spacing for the mean density: Σ²(L) falls short by
    2L² ∫ K over those, 2L²τ₀²/β for a Gaussian ensemble.

    Args:
        spectra: One spectrum or several.
        degree: Degree of the polynomial, at least 1.

    Returns:
        The levels, from the first of each spectrum to the last.

    Raises:
        ValueError: The degree is below 1, the polynomial falls somewhere on the
            spectrum, or it follows single levels; or eigenvalues are too few, not
            finite or repeated.
    """
    if degree < 1:
        message = f"degree: expected at least 1, got {degree}"
        raise ValueError(message)
    rows = sorted_spectra(spectra, least=_FEWEST_LEVELS)
    require_distinct(rows)
    levels = tuple(_polynomial_staircase(row, degree) for row in rows)
    slowest = float(np.mean([(degree + 1) / (2 * row.size) for row in rows]))
    return judge(levels, None, f"polynomial of degree {degree}", lost=slowest)


def _polynomial_staircase(
    row: Float[np.ndarray, " n"], degree: int
) -> Float[np.ndarray, " n"]:
    centre, half = (row[-1] + row[0]) / 2, (row[-1] - row[0]) / 2
    basis = np.polynomial.legendre.legvander((row - centre) / half, degree)
    heights = np.arange(row.size) + 0.5
    levels = basis @ scipy.linalg.lstsq(basis, heights)[0]
    if not (np.diff(levels) > 0).all():
        message = (
            f"degree: expected one whose polynomial rises along the spectrum, got "
            f"{degree}; lower it, or leave out tails and outliers"
        )
        raise ValueError(message)
    return levels


def unfold_kernel(spectra: Spectra, bandwidth: float) -> UnfoldedLevels:
    """Unfold each spectrum by its own staircase smoothed: N̄(λ) = ∑ⱼ Φ((λ − λⱼ)/h).

    Where h is not many spacings, the staircase follows single levels: an isolated
    eigenvalue ends up one spacing from its neighbours, whatever the distance. Nearer
    than 3h to an end of the spectrum the kernel leaks beyond it; levels there are left
    out.

    Args:
        spectra: One spectrum or several.
        bandwidth: h, the standard deviation of the Gaussian kernel, in the units of
            the eigenvalues.

    Returns:
        The levels, three bandwidths within each spectrum.

    Raises:
        ValueError: The bandwidth is not positive, leaves no interior, or is so short
            that the staircase follows single levels; or eigenvalues are too few, not
            finite or repeated.
    """
    if not 0 < bandwidth < np.inf:
        message = f"bandwidth: expected a positive finite number, got {bandwidth}"
        raise ValueError(message)
    rows = sorted_spectra(spectra, least=_FEWEST_LEVELS)
    require_distinct(rows)
    margin = _KERNEL_MARGIN * bandwidth
    levels: list[np.ndarray] = []
    spans: list[np.ndarray] = []
    losses: list[np.ndarray] = []
    for row in rows:
        ends = np.array([row[0] + margin, row[-1] - margin])
        kept = row[(row > ends[0]) & (row < ends[1])]
        if kept.size < _FEWEST_LEVELS:
            message = (
                f"bandwidth: expected one that leaves {_FEWEST_LEVELS} eigenvalues "
                f"away from the ends, got {bandwidth:.4g}; lower it"
            )
            raise ValueError(message)
        staircase, covered = _kernel_staircase(row, bandwidth, np.append(kept, ends))
        levels.append(staircase[:-2])
        spans.append(staircase[-2:])
        losses.append(np.minimum(_KERNEL_LOSS / covered[:-2], 0.5))
    return judge(
        tuple(levels),
        np.stack(spans),
        f"kernel of bandwidth {bandwidth:.4g}",
        lost=float(np.concatenate(losses).mean()),
    )


def _kernel_staircase(
    row: Float[np.ndarray, " n"], bandwidth: float, places: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    # the staircase at each place, and the spacings that one bandwidth covers there
    staircase, covered = np.empty(places.size), np.empty(places.size)
    reach = _KERNEL_REACH * bandwidth
    for start in range(0, places.size, _KERNEL_ROWS):
        part = places[start : start + _KERNEL_ROWS]
        low = np.searchsorted(row, part.min() - reach)
        high = np.searchsorted(row, part.max() + reach)
        distance = (part[:, None] - row[low:high]) / bandwidth
        filled = slice(start, start + part.size)
        staircase[filled] = low + scipy.special.ndtr(distance).sum(1)
        covered[filled] = np.exp(-(distance**2) / 2).sum(1) / np.sqrt(2 * np.pi)
    return staircase, covered


def _require_enough(rows: Sequence[Float[np.ndarray, " _"]]) -> None:
    fewest = min(row.size for row in rows)
    if fewest < _FEWEST_LEVELS:
        message = (
            f"eigenvalues: expected at least {_FEWEST_LEVELS} a spectrum in the "
            f"continuous part of the law, got {fewest}"
        )
        raise ValueError(message)


def judge(
    levels: tuple[np.ndarray, ...],
    spans: np.ndarray | None,
    method: str,
    *,
    lost: float = 0.0,
    inflation: float = 1.0,
    caution: str = "",
) -> UnfoldedLevels:
    """Estimate how far unfolded levels can be trusted, and refuse those that cannot.

    Args:
        levels: Ascending levels of each spectrum.
        spans: First and last point of each; those of its levels when None.
        method: How they were unfolded.
        lost: The frequency below which fluctuations were taken for the mean density.
        inflation: By how much the noise of the unfolding multiplies variances.
        caution: What is wrong with them, if anything.

    Returns:
        The levels with the longest trusted window.

    Raises:
        ValueError: Even single spacings are biased.
    """
    if spans is None:
        spans = np.array([[row[0], row[-1]] for row in levels])
    trusted = trusted_length(levels, spans, lost)
    if not trusted:
        cause = "its staircase follows single levels, smooth more"
        if not lost:
            cause = "its density is not that of the spectrum"
        message = (
            f"unfolding by {method}: expected unbiased spacings, got none; {cause}"
        )
        raise ValueError(message)
    if trusted < _WARNED_BELOW:
        caution = f"Σ² and Δ₃ are biased beyond L = {trusted:.3g}" + (
            f"; {caution}" if caution else ""
        )
    if caution:
        warnings.warn(f"{method}: {caution}", UnfoldingWarning, stacklevel=3)
    return UnfoldedLevels(levels, spans, method, trusted, lost, inflation, caution)
