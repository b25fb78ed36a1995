"""Where a spike of A shows in A^{1/2} X A^{1/2}: threshold, location and overlap.

With ν the bulk of A and X ≥ 0 free from it, a real z outside the spectrum of
ν ⊠ law(X) is an outlier where the subordination function w₁ takes the value θ of a
spike. With T(w) = w g(w) − 1 then T_ν(θ) = T_X(w₂), z = θ Σ_X(w₂), and the overlap
θ / (z w₁′(z)) is d log z/d log θ = 1 + θ Σ_X′(w₂) T_ν′(θ) / (Σ_X(w₂) T_X′(w₂)). Every
gap of X offers one w₂, which counts where z and this are positive. The outer gap gives
z = θ / S_X(T_ν(θ)).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.theory.gaps import (
    all_preimages,
    end_values,
    moment,
    real_self_energy,
    spectral_gaps,
)
from eigenscape.theory.laws import Discrete, Law
from eigenscape.theory.outliers import Outlier, absorbed, least_visible, outer_end

_IDENTITY = Discrete.point_mass(1.0)


def multiplicative_outliers(
    spike: float, noise: Law, bulk: Law = _IDENTITY
) -> tuple[Outlier, ...]:
    """Find every outlier that a spike θ of A makes in A^{1/2} X A^{1/2}.

    With Marchenko–Pastur noise these are the spiked eigenvalues of a sample covariance
    matrix whose population A has any bulk. A noise with gaps can make several outliers
    of one spike; their overlaps sum to at most 1.

    Args:
        spike: θ > 0, above, below or in a gap of the bulk.
        noise: The law of X, on [0, ∞).
        bulk: The law of A without its spikes, on [0, ∞); by default the identity.

    Returns:
        The outliers, ascending; none when the spike is absorbed.

    Raises:
        ValueError: The spike is not positive.

    References:
        Belinschi, Bercovici, Capitaine and Février (2017), Outliers in the spectrum
        of large deformed unitarily invariant models, Annals of Probability 45;
        Baik and Silverstein (2006), Eigenvalues of large sample covariance matrices of
        spiked population models, Journal of Multivariate Analysis 97, and Bai and Yao
        (2012), On sample eigenvalues in a generalized spiked population model, Journal
        of Multivariate Analysis 106, for Marchenko–Pastur noise.
    """
    _require_positive_laws(noise, bulk)
    if not spike > 0:
        message = f"spike: expected a positive number, got {spike}"
        raise ValueError(message)
    if absorbed(spike, bulk):
        return ()
    places, overlaps = _in_gaps(np.array([spike]), noise, bulk)
    seen = (places > 0) & (overlaps > 0)
    found = map(Outlier, places[seen].tolist(), overlaps[seen].tolist())
    return tuple(sorted(found, key=lambda outlier: outlier.location))


def multiplicative_spike_threshold(noise: Law, bulk: Law = _IDENTITY) -> float:
    """Find the least θ₀ above the bulk beyond which every spike makes an outlier.

    Args:
        noise: The law of X, on [0, ∞).
        bulk: The law of A without its spikes, on [0, ∞); by default the identity.

    Returns:
        θ₀, in the units of the eigenvalue; 1 + √c for spikes of the identity under
        Marchenko–Pastur noise of ratio c.

    References:
        Baik and Silverstein (2006), Eigenvalues of large sample covariance matrices of
        spiked population models, Journal of Multivariate Analysis 97.
    """
    _require_positive_laws(noise, bulk)
    highest = end_values(noise, moment, spectral_gaps(noise, zero_counts=False))[0]
    floor = outer_end(bulk, moment, highest[-1:])
    if bulk.hull.width == 0:
        return floor
    return least_visible(lambda t: _in_gaps(t, noise, bulk)[1][-1], floor, bulk)


def _in_gaps(
    spikes: Float[np.ndarray, " n"], noise: Law, bulk: Law
) -> tuple[Float[np.ndarray, "k n"], Float[np.ndarray, "k n"]]:
    # z, and d log z/d log θ, for every gap of the noise.
    with np.errstate(over="ignore", divide="ignore"):
        g = np.real(bulk.stieltjes(spikes))
        t_slope = g + spikes * np.real(bulk.stieltjes_derivative(spikes))
    partners = all_preimages(noise, moment, spikes * g - 1)
    energies, slopes = real_self_energy(noise, partners)
    noise_slope = moment(partners, energies, slopes)[1]
    growth = (slopes / energies) * (t_slope / noise_slope)
    return spikes * energies, 1 + spikes * growth


def _require_positive_laws(noise: Law, bulk: Law) -> None:
    for name, law in (("noise", noise), ("bulk", bulk)):
        if law.hull.lower < 0:
            message = f"{name}: expected a law on [0, ∞), got one from {law.hull.lower}"
            raise ValueError(message)
