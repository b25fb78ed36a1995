"""Levels of known statistics: Poisson, and Gaussian ensembles by their tridiagonals."""

import functools

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from eigenscape.spectra.local.unfolded import UnfoldedLevels

BETAS = (0, 1, 2, 4)


def gaussian_spectrum(size, beta, rng):
    """Eigenvalues of a Gaussian ensemble that fill [−2, 2] (Dumitriu, Edelman 2002)."""
    diagonal = rng.normal(0, np.sqrt(2), size)
    off = np.sqrt(rng.chisquare(beta * np.arange(size - 1, 0, -1)))
    return eigvalsh_tridiagonal(diagonal, off) / np.sqrt(beta * size)


def semicircle_share(x):
    x = np.clip(x, -2, 2)
    return 0.5 + x * np.sqrt(4 - x**2) / (4 * np.pi) + np.arcsin(x / 2) / np.pi


def poisson_levels(width, rng):
    count = rng.poisson(width)
    return np.sort(rng.uniform(0, width, count))


@functools.cache
def spectra(beta, count=80, size=750):
    rng = np.random.default_rng([beta, count, size])
    return tuple(gaussian_spectrum(size, beta, rng) for _ in range(count))


@functools.cache
def bulk_levels(beta, count=80, width=600):
    """Stretches of unit mean density, exactly unfolded, from the bulk."""
    rng = np.random.default_rng([9, count, width])
    if beta == 0:
        return tuple(poisson_levels(width, rng) for _ in range(count))
    size = int(width / 0.8)
    low = (size - width) / 2
    rows = [size * semicircle_share(s) - low for s in spectra(beta, count, size)]
    return tuple(row[(row >= 0) & (row <= width)] for row in rows)


def levels_of(rows, width):
    spans = np.tile([0.0, width], (len(rows), 1))
    return UnfoldedLevels(tuple(rows), spans, "exact", float(width))


def lone(beta):
    """Trials of one spectrum of 600 levels each."""
    return [levels_of([row], 600) for row in bulk_levels(beta)]


def many(beta, pieces=12, width=150):
    """Trials of twelve short spectra each, stretches of different long ones."""
    rows = [
        row[(row >= low) & (row <= low + width)] - low
        for low in range(0, 600 - width + 1, width)
        for row in bulk_levels(beta)
    ]
    groups = [rows[i : i + pieces] for i in range(0, len(rows), pieces)]
    return [levels_of(group, width) for group in groups]


def coverage(statistics, theory, level=0.95):
    """The part of the intervals that hold the theory, for each length."""
    hits = []
    for statistic in statistics:
        low, high = statistic.interval(level)
        hits.append((low <= theory) & (theory <= high))
    return np.mean(hits, 0)


def least_coverage(trials, level=0.95):
    """Three standard errors below the level, and two points for few, skewed units."""
    return level - 0.02 - 3 * np.sqrt(level * (1 - level) / trials)
