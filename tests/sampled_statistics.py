"""Samples of linear statistics, held against their Gaussian limit."""

import math

import numpy as np


def assert_matches(sample, statistic):
    """Means, and variances and covariances, within four standard errors."""
    count = len(sample)
    centred = sample - statistic.mean
    deviation = statistic.standard_deviation
    z_mean = centred.mean(axis=0) / deviation * math.sqrt(count)
    assert np.abs(z_mean).max() < 4
    covariance = centred.T @ centred / count
    error = np.sqrt(
        (np.outer(deviation, deviation) ** 2 + statistic.covariance**2) / count
    )
    assert (np.abs(covariance - statistic.covariance) < 4 * error).all()


def gaussian(rng, shape, beta):
    entries = rng.standard_normal(shape)
    if beta == 2:
        entries = (entries + 1j * rng.standard_normal(shape)) / math.sqrt(2)
    return entries
