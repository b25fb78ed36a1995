"""Fit the batch-size law to matrices of your own, and see planted spikes come back.

The same functions that a survey uses, on A + s(b) X with Wigner noise X: three spikes,
s(b) = 4 b^-1/2, ten draws a batch size.
"""

import numpy as np

from eigenscape.spectra import fit_batch_scaling, measure_of_eigenvalues, split_spectrum

rng = np.random.default_rng(0)
dimension, spikes = 400, np.array([9.0, 7.0, 5.0])
batch_sizes = [4, 16, 64, 256]


def batch_spectrum(batch_size):
    """Eigenvalues of A + 4 b^-1/2 X."""
    noise = rng.standard_normal((dimension, dimension))
    noise = (noise + noise.T) / np.sqrt(2 * dimension)
    population = np.diag(np.concatenate([spikes, np.zeros(dimension - spikes.size)]))
    return np.linalg.eigvalsh(population + 4 * batch_size**-0.5 * noise)


def split(eigenvalues):
    """Bulk and outliers; the 25 largest eigenvalues reach well into the bulk."""
    return split_spectrum(measure_of_eigenvalues(eigenvalues), eigenvalues[-25:])


splits = [[split(batch_spectrum(b)) for _ in range(10)] for b in batch_sizes]
scaling = fit_batch_scaling(batch_sizes, splits)
fit = scaling.fit("additive")
print(scaling.verdict)
print("spikes   ", *fit.spikes)
print("variance ", fit.amplitude, "(true: 16)")
print("exponent ", fit.exponent, "(true: 0.5)")
