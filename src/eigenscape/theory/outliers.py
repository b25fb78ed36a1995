"""Where a spike of A shows in A + X: threshold, location and overlap.

With ν the bulk of A and X free from it, a real z outside the spectrum of ν ⊞ law(X) is
an outlier where the subordination function w₁ takes the value θ of a spike. Then
g_ν(θ) = g_X(w₂), z = θ + Σ_X(w₂), and the overlap 1/w₁′(z) is
dz/dθ = 1 + Σ_X′(w₂) g_ν′(θ) / g_X′(w₂). Every gap of X offers one w₂, which counts
where this is positive. The outer gap gives z = θ + R_X(g_ν(θ)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.gaps import (
    Transform,
    all_preimages,
    cauchy,
    end_values,
    preimages,
    real_self_energy,
    spectral_gaps,
)
from eigenscape.theory.laws import Discrete, Law
from eigenscape.theory.stretches import Coordinate, Curve, crossing

_ORIGIN = Discrete.point_mass(0.0)


@dataclass(frozen=True)
class Outlier:
    """An eigenvalue outside the bulk that a spike makes.

    Attributes:
        location: Where it lies, in the units of the eigenvalue.
        overlap: Squared cosine between its eigenvector and that of the spike.
    """

    location: float
    overlap: float


def outliers(spike: float, noise: Law, bulk: Law = _ORIGIN) -> tuple[Outlier, ...]:
    """Find every outlier that a spike θ of A makes in A + X.

    A noise with gaps can make several; their overlaps sum to at most 1.

    Args:
        spike: θ, above, below or in a gap of the bulk.
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes; by default A is of finite rank.

    Returns:
        The outliers, ascending; none when the spike is absorbed.

    References:
        Belinschi, Bercovici, Capitaine and Février (2017), Outliers in the spectrum
        of large deformed unitarily invariant models, Annals of Probability 45,
        Theorem 2.1.
    """
    seen = [found for found in _in_gaps(spike, noise, bulk) if found is not None]
    return tuple(sorted(seen, key=lambda outlier: outlier.location))


def outlier_location(spike: float, noise: Law, bulk: Law = _ORIGIN) -> float | None:
    """Locate the outlier z = θ + R_X(g_ν(θ)) that a spike θ makes in A + X.

    Args:
        spike: θ, above, below or in a gap of the bulk.
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes; by default A is of finite rank.

    Returns:
        The outlier that joins the spike as X shrinks, in the units of the eigenvalue;
        None when the spike is absorbed. `outliers` has those of a noise with gaps.

    References:
        Belinschi, Bercovici, Capitaine and Février (2017), Outliers in the spectrum
        of large deformed unitarily invariant models, Annals of Probability 45,
        Theorem 2.1; Benaych-Georges and Nadakuditi (2011), The eigenvalues and
        eigenvectors of finite, low rank perturbations of large random matrices,
        Advances in Mathematics 227, Theorem 2.1 for the bulk at 0.
    """
    outlier = _in_gaps(spike, noise, bulk)[-1]
    return None if outlier is None else outlier.location


def outlier_overlap(spike: float, noise: Law, bulk: Law = _ORIGIN) -> float | None:
    """Compute the squared cosine between a spike's and its outlier's eigenvector.

    Args:
        spike: θ, above, below or in a gap of the bulk.
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes; by default A is of finite rank.

    Returns:
        The overlap of the outlier of `outlier_location`, between 0 and 1; None when
        the spike is absorbed.

    References:
        Capitaine (2013), Additive/multiplicative free subordination property and
        limiting eigenvectors of spiked additive deformations of Wigner matrices and
        spiked sample covariance matrices, Journal of Theoretical Probability 26;
        Benaych-Georges and Nadakuditi (2011), Theorem 2.2 for the bulk at 0.
    """
    outlier = _in_gaps(spike, noise, bulk)[-1]
    return None if outlier is None else outlier.overlap


def spike_threshold(noise: Law, bulk: Law = _ORIGIN) -> float:
    """Find the least t₀ above the bulk beyond which every spike makes an outlier.

    A spike of A at t₀, or just below, is absorbed at the upper edge of A + X. For
    spikes below the bulk, reflect both laws.

    Args:
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes.

    Returns:
        t₀, in the units of the eigenvalue; infinite where the spectrum of A + X has
        no upper end.

    References:
        Capitaine, Donati-Martin, Féral and Février (2011), Free convolution with a
        semicircular distribution and eigenvalues of spiked deformations of Wigner
        matrices, Electronic Journal of Probability 16, Theorem 8.1; Belinschi,
        Bercovici, Capitaine and Février (2017), Outliers in the spectrum of large
        deformed unitarily invariant models, Annals of Probability 45, Theorem 2.1.
    """
    if _fills_the_line(noise, bulk):
        return math.inf
    highest = end_values(noise, cauchy, spectral_gaps(noise))[0]
    floor = outer_end(bulk, cauchy, highest[-1:])
    if bulk.hull.width == 0:
        return floor
    return least_visible(lambda t: _overlaps(t, noise, bulk)[1][-1], floor, bulk)


def outer_end(
    bulk: Law, transform: Transform, highest: Float[np.ndarray, " 1"]
) -> float:
    """Find where the transform of a bulk comes down to what the noise's can reach.

    Args:
        bulk: The law of A without its spikes.
        transform: `cauchy` or `moment`.
        highest: The greatest value of the noise's transform above its spectrum.

    Returns:
        The point above the bulk, or the upper end of the bulk.
    """
    gaps = spectral_gaps(bulk, zero_counts=transform is cauchy)
    outer = np.array([gaps.start.size - 1])
    s = preimages(bulk, transform, highest, gaps, outer)
    return bulk.hull.upper if np.isnan(s[0]) else float(gaps.point(outer, s)[0][0])


def least_visible(
    overlap: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
    floor: float,
    bulk: Law,
) -> float:
    """Find where an overlap becomes positive above the bulk, for good.

    Args:
        overlap: Of spikes; it tends to 1 far out, and crosses 0 once or never.
        floor: Where its domain begins.
        bulk: The law of A without its spikes, for the scale.

    Returns:
        The crossing, or the floor.
    """
    width = bulk.hull.width + abs(floor)
    near, far = math.log(1e-12 * width), math.log(width)

    def margin(_: Curve, log_distance: Coordinate) -> Coordinate:
        spikes = floor + np.exp(log_distance.ravel())
        return overlap(spikes).reshape(log_distance.shape)

    curve, outside, inside = np.zeros(1, int), np.array([near]), np.array([far])
    if not margin(curve[:, None], outside[:, None])[0, 0] < 0:
        return floor
    while not margin(curve[:, None], inside[:, None])[0, 0] > 0:
        inside += math.log(4)
    found = crossing(margin, curve, outside, inside, zooms=7)
    return floor + math.exp(float(found[0]))


def absorbed(spike: float, bulk: Law) -> bool:
    """Tell a spike at an atom or an edge of a bulk, and refuse one inside its support.

    Args:
        spike: The spike.
        bulk: The law of A without its spikes.

    Returns:
        Whether the spike is part of the bulk.

    Raises:
        ValueError: The spike lies inside the support, or is not finite.
    """
    if not math.isfinite(spike):
        message = f"spike: expected a finite number, got {spike}"
        raise ValueError(message)
    for interval in bulk.support:
        if interval.lower < spike < interval.upper:
            message = (
                f"spike: expected a number outside [{interval.lower}, "
                f"{interval.upper}], got {spike}; inside the bulk it has no outlier"
            )
            raise ValueError(message)
    edges = [end for i in bulk.support for end in (i.lower, i.upper)]
    return spike in edges or spike in [atom.location for atom in bulk.atoms]


def _in_gaps(spike: float, noise: Law, bulk: Law) -> list[Outlier | None]:
    # One entry a gap of the noise; the last is the gap through infinity.
    if absorbed(spike, bulk) or _fills_the_line(noise, bulk):
        return [None]
    energies, overlaps = _overlaps(np.array([spike]), noise, bulk)
    return [
        Outlier(spike + float(energy), float(overlap)) if overlap > 0 else None
        for energy, overlap in zip(energies[:, 0], overlaps[:, 0], strict=True)
    ]


def _fills_the_line(noise: Law, bulk: Law) -> bool:
    return not (math.isfinite(noise.hull.width) and math.isfinite(bulk.hull.width))


def _overlaps(
    spikes: Float[np.ndarray, " n"], noise: Law, bulk: Law
) -> tuple[Float[np.ndarray, "k n"], Float[np.ndarray, "k n"]]:
    # Σ_X(w₂), and dz/dθ, for every gap of the noise.
    with np.errstate(over="ignore", divide="ignore"):
        g = np.real(bulk.stieltjes(spikes))
        g_slope = np.real(bulk.stieltjes_derivative(spikes))
    partners = all_preimages(noise, cauchy, g)
    energies, slopes = real_self_energy(noise, partners)
    noise_slope = cauchy(partners, energies, slopes)[1]
    return energies, 1 + slopes * (g_slope / noise_slope)
