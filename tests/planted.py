"""Planted matrices: known spikes under noise of known law."""

from __future__ import annotations

import numpy as np

from eigenscape.spectra import measure_of_eigenvalues, split_spectrum

SPIKES = np.array([20.0, 12.0, 8.0, 6.0, 5.0])
SIZES = (8, 16, 32, 64, 128, 256)
NOISE = 6.0


def goe(size, rng):
    """Unit-variance GOE: off-diagonal variance 1/N."""
    matrix = rng.standard_normal((size, size))
    return (matrix + matrix.T) / np.sqrt(2 * size)


def wishart(size, rng, *, ratio=0.5):
    """Centred Wishart noise of ratio N/M, brought to unit variance."""
    samples = round(size / ratio)
    data = rng.standard_normal((samples, size))
    return (data.T @ data / samples - np.eye(size)) / np.sqrt(ratio)


def regular(size, rng, *, degree=3):
    """Union of random perfect matchings, trivial eigenvalue removed, unit variance."""
    matrix = np.full((size, size), -degree / size)
    for _ in range(degree):
        order = rng.permutation(size)
        first, second = order[: size // 2], order[size // 2 :]
        matrix[first, second] += 1
        matrix[second, first] += 1
    return matrix / np.sqrt(degree)


ADDITIVE = {"wigner": goe, "wishart": wishart, "regular": regular}


def additive_spectrum(noise, batch_size, rng, *, size=300, exponent=0.5):
    """Eigenvalues of A + s(b) X, s(b) = 6 b^−υ, spikes in random directions."""
    directions = np.linalg.qr(rng.standard_normal((size, SPIKES.size)))[0]
    population = (directions * SPIKES) @ directions.T
    return np.linalg.eigvalsh(
        population + NOISE * batch_size**-exponent * noise(size, rng)
    )


def multiplicative_spectrum(batch_size, rng, *, size=300, bulk=0.05, degrees=4):
    """Nonzero eigenvalues of A^½ W A^½ with 4b degrees of freedom, and the zeros."""
    spectrum = np.concatenate([SPIKES, np.full(size - SPIKES.size, bulk)])
    columns = degrees * batch_size
    data = np.sqrt(spectrum)[:, None] * rng.standard_normal((size, columns))
    gram = data.T @ data if columns < size else data @ data.T
    values = np.linalg.eigvalsh(gram / columns)
    return np.concatenate([np.zeros(size - values.size), values])


def split_of(eigenvalues):
    """Split a dense spectrum as a survey would, by its extremes."""
    return split_spectrum(measure_of_eigenvalues(eigenvalues), eigenvalues[-25:])


def planted_splits(spectrum, rng, *, sizes=SIZES, draws=10):
    """Splits of `draws` spectra at every batch size."""
    return [[split_of(spectrum(b, rng)) for _ in range(draws)] for b in sizes]
