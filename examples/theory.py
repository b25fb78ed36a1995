"""Random-matrix theory against sampled matrices: sums, edges, outliers, spacings.

Run in an empty directory; prints a page of numbers in under a minute.
"""

import numpy as np

from eigenscape.spectra.local import number_variance, spacing_ratios, unfold
from eigenscape.theory import (
    Discrete,
    MarchenkoPastur,
    Semicircle,
    cdf,
    edge_p_value,
    free_additive_convolution,
    free_multiplicative_convolution,
    local_laws,
    outliers,
    spike_threshold,
    tracy_widom_sf,
)
from eigenscape.theory.ensembles import GOE, Spiked

rng = np.random.default_rng(0)

print("A sum that no closed form covers: two atoms and a semicircle, a gap of 6.9e-5")
two = Discrete(np.array([-1.001, 1.001]), np.array([0.5, 0.5]))
total = free_additive_convolution(two, Semicircle(1.0))
for interval in total.support:
    print(f"  [{interval.lower:.12f}, {interval.upper:.12f}]")

print("The same, chained: multiplied by Marchenko-Pastur noise after a shift")
shifted = free_additive_convolution(Discrete.point_mass(4.0), total)
product = free_multiplicative_convolution(MarchenkoPastur(0.1), shifted)
low, high = product.hull.lower, product.hull.upper
print(f"  from {low:.12f} to {high:.12f}, {len(product.support)} interval(s)")

print("A sampled matrix of size 1000 against it")
size = 1000
signs = np.repeat([-1.001, 1.001], size // 2)
matrix = np.diag(signs) + GOE().sample(size, rng=rng)
values = np.linalg.eigvalsh(matrix)
steps = (np.arange(size) + 0.5) / size
distance = abs(cdf(total, values) - steps).max()
print(f"  largest gap between the distributions: {distance:.4f}")

print("A spike at 2 beside it, and one at 1.2")
print(f"  least spike that shows: {spike_threshold(Semicircle(1.0)):.3f}")
for outlier in outliers(2.0, Semicircle(1.0)):
    print(f"  seen at {outlier.location:.4f}, overlap {outlier.overlap:.4f}")
spiked = Spiked(GOE(), np.array([2.0, 1.2])).sample_eigenvalues(size, rng=rng)
for value in spiked[-3:]:
    p = edge_p_value(float(value), Semicircle(1.0), size, beta=1)
    print(f"  eigenvalue {value:.4f}: p = {p:.2g} for belonging to the bulk")
print(f"  (Tracy-Widom at 3: {tracy_widom_sf(np.array([3.0]), 1)[0]:.6f})")

print("Levels one by one: measured on a GOE spectrum of size 2000, and exact")
spectrum = GOE().sample_eigenvalues(2000, rng=rng)
ratio, limit = spacing_ratios(spectrum).mean(), local_laws.mean_ratio(1)
print(f"  mean ratio {ratio.value:.4f} ± {ratio.standard_error:.4f}, exact {limit:.4f}")
lengths = np.array([1.0, 5.0, 20.0])
found = number_variance(unfold(spectrum, Semicircle(1.0)), lengths)
exact = local_laws.number_variance(lengths, 1)
for length, value, error, truth in zip(
    lengths, found.value, found.standard_error, exact, strict=True
):
    line = f"  number variance at {length:4.0f}: {value:.3f} ± {error:.3f}"
    print(f"{line}, exact {truth:.3f}")
