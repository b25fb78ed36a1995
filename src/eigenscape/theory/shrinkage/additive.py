"""The rotationally invariant estimator of A from M = A + X.

Among estimates that keep the eigenvectors uᵢ of M, the best in Frobenius norm has the
eigenvalues uᵢᵀ A uᵢ. With ω the subordination function of A they tend to
Im(ω g)/Im g = λ − Im(g R_X(g))/Im g, whatever A is; for semicircular noise that is
λ − 2σ² Re g(λ + i0).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.theory.descent import follow_down, halving_heights
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.shrinkage.kernel import KernelLaw
from eigenscape.theory.transforms import free_cumulants


def additive_oracle(
    eigenvalues: Float[np.ndarray, " k"], spectrum: Law, noise: Law
) -> Float[np.ndarray, " k"]:
    """Evaluate the limit of uᵢᵀ A uᵢ, from the limit law of M = A + X and that of X.

    Args:
        eigenvalues: Of M, on the support of its law or outside it.
        spectrum: The limit law of M.
        noise: The law of X, free from A.

    Returns:
        ξ of each.

    References:
        Bun, Allez, Bouchaud and Potters (2016), Rotational invariant estimator for
        general noisy matrices, IEEE Transactions on Information Theory 62.
    """
    return _shrunk(noise, spectrum, eigenvalues)


def additive_shrinkage(
    eigenvalues: Float[np.ndarray, " p"],
    noise: Law,
    *,
    bandwidth: float | None = None,
) -> Float[np.ndarray, " p"]:
    """Estimate uᵢᵀ A uᵢ from all the eigenvalues of M = A + X.

    The limit law of M in `additive_oracle` is replaced by the spectrum smoothed by a
    kernel.

    Args:
        eigenvalues: All P of them, in any order.
        noise: The law of X, free from A.
        bandwidth: Of the kernel, in the units of the eigenvalue. By default
            √κ₂ P^(−1/3), κ₂ the variance of the noise: the density of M varies on
            the scale of the noise; the exponent is that of `covariance_shrinkage`.

    Returns:
        The shrunk eigenvalues, in the order of the eigenvalues.
    """
    if bandwidth is None:
        spread = math.sqrt(max(0.0, float(free_cumulants(noise, 2)[1])))
        bandwidth = spread * eigenvalues.size ** (-1 / 3)
    widths = np.full_like(eigenvalues, bandwidth)
    return _shrunk(noise, KernelLaw(eigenvalues, widths), eigenvalues)


@functools.singledispatch
def _shrunk(
    noise: Law, spectrum: Law, x: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    g = spectrum.stieltjes(x)
    preimage = _preimage(noise, spectrum, x)
    depth = np.imag(g)
    # Off the support, d(g R(g))/dg with g R(g) = g s − 1 and ds/dg = 1/g_X′(s).
    slope = np.real(noise.stieltjes_derivative(preimage))
    outside = np.real(preimage) + np.real(g) / slope
    product = np.imag(g * preimage)
    return x - np.divide(product, depth, out=outside, where=depth < 0)


@_shrunk.register(Semicircle)
def _(
    noise: Semicircle, spectrum: Law, x: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    return x - 2 * noise.variance * np.real(spectrum.stieltjes(x))


def _preimage(
    noise: Law, spectrum: Law, x: Float[np.ndarray, " k"]
) -> Complex[np.ndarray, " k"]:
    """Solve 1/g_X(s) = 1/g_M(x + i0) for s."""
    heights = halving_heights(noise.hull.width + spectrum.hull.width)

    @functools.cache
    def goal(height: float) -> Complex[np.ndarray, " k"]:
        return np.asarray(1 / spectrum.stieltjes(x + 1j * height))

    def equation(
        s: Complex[np.ndarray, " k"], height: float
    ) -> tuple[Complex[np.ndarray, " k"], Complex[np.ndarray, " k"]]:
        energy, slope = noise.self_energy(s)
        return np.asarray(s - energy - goal(height)), np.asarray(1 - slope)

    what = "the preimage of the spectrum's Stieltjes transform under the noise's"
    return follow_down(equation, x + 1j * heights[0], heights, what)
