"""What is asked of whom: one function a contestant and task, peers imported inside.

Every function returns a call without arguments, which is what the clock measures;
imports, and a peer's symbolic preparation of its polynomial, are outside.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from eigenscape.theory.convolution.additive import free_additive_convolution
from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
)
from eigenscape.theory.ensembles.gaussian import GaussianBeta
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.expression import free_variable
from eigenscape.theory.operator_valued.linearisation import expression_spectrum
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum
from eigenscape.theory.operator_valued.spectrum import PencilSpectrum
from eigenscape.theory.tracy_widom import tracy_widom_cdf

Call = Callable[[], np.ndarray]

PENCIL = (
    np.array([[1.0, 0.2], [0.2, -1.0]]),
    np.array([[1.0, 0.5], [0.5, -1.0]]),
    np.array([[0.3, 1j], [-1j, 0.2]]),
)
"""A₀, A₁ and A₂ of the pencil A₀ + A₁⊗X + A₂⊗Y."""


def our_sum(first: Law, second: Law, x: np.ndarray) -> Call:
    return lambda: free_additive_convolution(first, second).density(x)


def our_transform(first: Law, second: Law, x: np.ndarray) -> np.ndarray:
    return free_additive_convolution(first, second).stieltjes(x)


def our_product(first: Law, second: Law, x: np.ndarray) -> Call:
    return lambda: free_multiplicative_convolution(first, second).density(x)


def our_product_support(first: Law, second: Law) -> Call:
    def run() -> np.ndarray:
        support = free_multiplicative_convolution(first, second).support
        return np.array([[i.lower, i.upper] for i in support])

    return run


def our_tracy_widom(x: np.ndarray, beta: int) -> Call:
    return lambda: tracy_widom_cdf(x, beta)


def our_spectrum(beta: float, size: int) -> Call:
    ensemble, rng = GaussianBeta(beta), np.random.default_rng(1)
    radius = ensemble.law.hull.upper
    return lambda: ensemble.sample_eigenvalues(size, rng=rng) / radius


def our_pencil_spectrum() -> PencilSpectrum:
    constant, first, second = PENCIL
    law = Semicircle(1.0)
    return pencil_spectrum(Pencil(constant, ((first, law), (second, law))))


def our_pencil(x: np.ndarray) -> Call:
    return lambda: our_pencil_spectrum().density(x)


def our_anticommutator(first: Law, second: Law, x: np.ndarray) -> Call:
    def run() -> np.ndarray:
        one, other = free_variable(first), free_variable(second, "Y")
        return expression_spectrum(one * other + other * one).density(x)

    return run


def picard_pencil(x: np.ndarray, height: float, steps: int) -> Call:
    """The averaged iteration of Helton, Rashidi Far and Speicher at x + i·height."""
    constant, first, second = PENCIL
    b = (x + 1j * height)[:, None, None] * np.eye(2) - constant

    def run() -> np.ndarray:
        g = np.broadcast_to(-1j * np.eye(2), b.shape)
        for _ in range(steps):
            g = (g + np.linalg.inv(b - first @ g @ first - second @ g @ second)) / 2
        return -np.trace(g, axis1=1, axis2=2).imag / 2 / np.pi

    return run


def freealg_wishart_sum(x: np.ndarray, ratio: float, height: float | None) -> Call:
    from freealg.distributions import FreeLevy

    # A free Poisson law of rate 1/c and jumps c is Marchenko–Pastur of ratio c.
    law = FreeLevy([ratio], [1.0], 1 / ratio, a=0.0, sigma=1.0)
    return _freealg(law, x, height)


def freealg_deformed_wigner(
    x: np.ndarray, atoms: Discrete, height: float | None
) -> Call:
    from freealg.distributions import DeformedWigner

    return _freealg(DeformedWigner(atoms.locations, atoms.weights, 1.0), x, height)


def freealg_deformed_wishart(
    x: np.ndarray, atoms: Discrete, ratio: float, height: float | None
) -> Call:
    from freealg.distributions import DeformedMarchenkoPastur

    law = DeformedMarchenkoPastur(atoms.locations, atoms.weights, c=ratio)
    return _freealg(law, x, height)


def freealg_support(atoms: Discrete, ratio: float) -> Call:
    from freealg.distributions import DeformedMarchenkoPastur

    law = DeformedMarchenkoPastur(atoms.locations, atoms.weights, c=ratio)
    return lambda: np.array(law.support(), dtype=float)


def _freealg(law, x: np.ndarray, height: float | None) -> Call:
    if height is None:
        return lambda: np.asarray(law.density(x))
    return lambda: np.asarray(law.stieltjes(x + 1j * height)).imag / np.pi


def rmtool_wishart_sum(x: np.ndarray, ratio: float) -> Call:
    import rmtool

    return _rmtool(rmtool.AplusB(rmtool.wignerpol(), rmtool.wishartpol(ratio)), x)


def rmtool_kesten_mckay_sum(x: np.ndarray, degree: int) -> Call:
    import rmtool
    from rmtool.symbols import m, z

    unit = degree - 1
    law = (degree**2 - unit * z**2) * m**2 + (degree - 2) * unit * z * m + unit**2
    return _rmtool(rmtool.AplusB(law.expand(), rmtool.wignerpol()), x)


def rmtool_atoms_sum(x: np.ndarray, atoms: Discrete) -> Call:
    import rmtool

    law = rmtool.atomLmz(atoms.locations.tolist(), atoms.weights.tolist())
    return _rmtool(rmtool.AplusB(law, rmtool.wignerpol()), x)


def rmtool_atoms_product(x: np.ndarray, atoms: Discrete, ratio: float) -> Call:
    import rmtool

    law = rmtool.atomLmz(atoms.locations.tolist(), atoms.weights.tolist())
    return _rmtool(rmtool.AtimesWish(law, ratio), x)


def _rmtool(polynomial, x: np.ndarray) -> Call:
    import rmtool

    def run() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.nan_to_num(rmtool.Lmz2pdf(polynomial, xx=x).best_density())

    return run


def tracywidom_cdf(x: np.ndarray, beta: int) -> Call:
    from TracyWidom import TracyWidom

    law = TracyWidom(beta=beta)
    return lambda: law.cdf(x)


def scikit_rmt_cdf(x: np.ndarray, beta: int) -> Call:
    from skrmt.ensemble.tracy_widom_approximator import TW_Approximator

    law = TW_Approximator(beta=beta)
    return lambda: law.cdf(x)


def beta_ensembles_spectrum(beta: float, size: int) -> Call:
    from beta_ensembles import gaussian

    rng = np.random.default_rng(1)
    radius = 2 * np.sqrt(size)
    return lambda: gaussian.spectra(beta, size, 1, rng=rng, verbose=False)[0] / radius


def scikit_rmt_spectrum(beta: int, size: int) -> Call:
    from skrmt.ensemble import GaussianEnsemble

    radius = 2 * np.sqrt(size * beta)

    def run() -> np.ndarray:
        ensemble = GaussianEnsemble(beta=beta, n=size, tridiagonal_form=True)
        return np.sort(ensemble.eigvals()) / radius

    return run


def empyricalrmt_spectrum(size: int) -> Call:
    from empyricalRMT.eigenvalues import Eigenvalues

    radius = 2 * np.sqrt(size)
    return lambda: np.sort(Eigenvalues.generate(size, kind="goe").vals) / radius
