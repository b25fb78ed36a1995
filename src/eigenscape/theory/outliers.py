"""Where a spike of A shows in A + X: threshold, location and overlap.

With ν the bulk of A and X free from it, ω⁻¹(t) = t + R_X(G_ν(t)) carries a spike t to
its outlier. On w = G_ν(t) = g_X(s) the share A = w² / −g′(·) of each law is increasing
towards infinity, and (ω⁻¹)′ = (A_ν + A_X − 1) / A_ν: hence one threshold on each side.
"""

from __future__ import annotations

import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.laws import Affine, Discrete, Law
from eigenscape.theory.transforms import r_transform, stieltjes_range

_ORIGIN = Discrete.point_mass(0.0)
_CIRCLE = np.exp(2j * math.pi * np.arange(64) / 64)  # 2⁻⁶⁴ from the nearest pole


def spike_threshold(noise: Law, bulk: Law = _ORIGIN) -> float:
    """Find the least t₀ above the bulk with (ω⁻¹)′ > 0 on (t₀, ∞).

    A spike of A at or below t₀ is absorbed at the upper edge of A + X. For spikes
    below the bulk, reflect both laws.

    Args:
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes.

    Returns:
        t₀, in the units of the eigenvalue.

    References:
        Capitaine, Donati-Martin, Féral and Février (2011), Free convolution with a
        semicircular distribution and eigenvalues of spiked deformations of Wigner
        matrices, Electronic Journal of Probability 16, Theorem 8.1; Belinschi,
        Bercovici, Capitaine and Février (2017), Outliers in the spectrum of large
        deformed unitarily invariant models, Annals of Probability 45, Theorem 2.1.
    """
    floor = _floor(noise, bulk)
    if bulk.hull.width == 0:
        return floor
    width = noise.hull.width + bulk.hull.width

    def slope(log_distance: float) -> float:
        return _inverse_slope(floor + math.exp(log_distance), noise, bulk)

    # Ten widths away both shares exceed 4/5.
    near, far = math.log(1e-12 * (width + abs(floor))), math.log(10 * width)
    if slope(near) > 0:
        return floor
    solution = scipy.optimize.root_scalar(slope, bracket=(near, far), xtol=1e-15)
    return floor + math.exp(float(solution.root))


def outlier_location(spike: float, noise: Law, bulk: Law = _ORIGIN) -> float | None:
    """Locate the outlier ω⁻¹(θ) = θ + R_X(G_ν(θ)) that a spike θ makes in A + X.

    Args:
        spike: θ, above or below all of the bulk.
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes; by default A is of finite rank.

    Returns:
        The outlier, in the units of the eigenvalue; None when the spike is absorbed.

    References:
        Belinschi, Bercovici, Capitaine and Février (2017), Outliers in the spectrum
        of large deformed unitarily invariant models, Annals of Probability 45,
        Theorem 2.1; Benaych-Georges and Nadakuditi (2011), The eigenvalues and
        eigenvectors of finite, low rank perturbations of large random matrices,
        Advances in Mathematics 227, Theorem 2.1 for the bulk at 0.
    """
    outlier = _outlier(spike, noise, bulk)
    return None if outlier is None else outlier[0]


def outlier_overlap(spike: float, noise: Law, bulk: Law = _ORIGIN) -> float | None:
    """Compute the squared cosine (ω⁻¹)′(θ) between a spike's and its outlier's vector.

    Args:
        spike: θ, above or below all of the bulk.
        noise: The law of X, at the scale it is added with.
        bulk: The law of A without its spikes; by default A is of finite rank.

    Returns:
        The overlap, between 0 and 1; None when the spike is absorbed.

    References:
        Capitaine (2013), Additive/multiplicative free subordination property and
        limiting eigenvectors of spiked additive deformations of Wigner matrices and
        spiked sample covariance matrices, Journal of Theoretical Probability 26;
        Benaych-Georges and Nadakuditi (2011), Theorem 2.2 for the bulk at 0.
    """
    outlier = _outlier(spike, noise, bulk)
    return None if outlier is None else outlier[1]


def _outlier(spike: float, noise: Law, bulk: Law) -> tuple[float, float] | None:
    hull = bulk.hull
    if spike < hull.lower:
        mirrored = _outlier(-spike, Affine(noise, -1.0), Affine(bulk, -1.0))
        return None if mirrored is None else (-mirrored[0], mirrored[1])
    if hull.lower < spike < hull.upper:
        message = (
            f"spike: expected a number outside [{hull.lower}, {hull.upper}], got "
            f"{spike}; only spikes beyond all of the bulk have these formulas"
        )
        raise ValueError(message)
    if spike <= _floor(noise, bulk):
        return None
    overlap = _inverse_slope(spike, noise, bulk)
    if overlap <= 0:
        return None
    return spike + _r_value(noise, _transform(bulk, spike)), overlap


def _floor(noise: Law, bulk: Law) -> float:
    # The domain of ω⁻¹ ends where G_ν(t) reaches g_X at the edge of the noise.
    highest = stieltjes_range(noise)[1]
    if highest >= stieltjes_range(bulk)[1]:
        return bulk.hull.upper
    return _r_value(bulk, highest) + 1 / highest


def _inverse_slope(t: float, noise: Law, bulk: Law) -> float:
    w = _transform(bulk, t)
    bulk_share = _share(bulk, t, w)
    noise_share = _share(noise, _r_value(noise, w) + 1 / w, w)
    return (bulk_share + noise_share - 1) / bulk_share


def _share(law: Law, x: float, w: float) -> float:
    # g′ by Cauchy's formula on a circle half way to the spectrum.
    radius = (x - law.hull.upper) / 2
    if radius <= 0:
        return 0.0
    values = law.stieltjes(x + radius * _CIRCLE)
    slope = float(np.real(np.mean(values / _CIRCLE))) / radius
    return -(w**2) / slope


def _transform(law: Law, x: float) -> float:
    return float(np.real(law.stieltjes(_point(x)))[0])


def _r_value(law: Law, w: float) -> float:
    return float(r_transform(law, _point(w))[0])


def _point(x: float) -> Float[np.ndarray, " 1"]:
    return np.array([x])
