from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory.deconvolution.errors import (
    additive_maps,
    multiplicative_maps,
    reading_errors,
)
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.linear_statistics.subordinated import (
    deformed_wigner_statistics,
    sample_covariance_statistics,
)
from sampled_statistics import gaussian

SIZE = 40
SIGNAL = np.repeat([1.0, 3.0], [SIZE // 4, 3 * SIZE // 4])
TURNED = np.repeat([0.3, 2.0, 3.0], [SIZE // 2, SIZE // 4, SIZE // 4])


def haar(rng, beta, draws):
    q, r = np.linalg.qr(gaussian(rng, (draws, SIZE, SIZE), beta))
    diagonal = np.einsum("rii->ri", r)
    return q * (diagonal / np.abs(diagonal))[:, None, :]


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def draw(kind, rng, beta, draws):
    if kind == "semicircle":
        x = gaussian(rng, (draws, SIZE, SIZE), beta)
        return np.diag(SIGNAL) + (x + adjoint(x)) / math.sqrt(2 * SIZE)
    if kind == "wishart":
        x = gaussian(rng, (draws, 2 * SIZE, SIZE), beta) * np.sqrt(SIGNAL / 2 / SIZE)
        return adjoint(x) @ x
    q = haar(rng, beta, draws)
    turned = (q * TURNED) @ adjoint(q)
    if kind == "turned sum":
        return np.diag(SIGNAL) + turned
    root = np.sqrt(SIGNAL)
    return root[:, None] * turned * root


CASES = {
    "semicircle": (Semicircle(), additive_maps),
    "wishart": (MarchenkoPastur(0.5), multiplicative_maps),
    "turned sum": (Discrete.empirical(TURNED), additive_maps),
    "turned product": (Discrete.empirical(TURNED), multiplicative_maps),
}


@pytest.mark.parametrize(
    ("kind", "beta"),
    [
        ("semicircle", 1),
        ("wishart", 1),
        ("wishart", 2),
        ("turned sum", 1),
        ("turned product", 1),
        ("turned product", 2),
    ],
)
def test_errors_of_sampled_readings(kind, beta, rng):
    """Means and covariances within statistical errors; N = 40.

    To first order a reading errs as g_M(w) does, times w′(ω).
    """
    draws = 400
    noise, maps = CASES[kind]
    law, omega = Discrete.empirical(SIGNAL), np.array([0.0, 2.0, 5.0]) + 3j
    found = reading_errors(lambda p: maps(law, noise, p), omega, SIZE, beta)
    w, ahead, back = (
        next(values for sign, values in maps(law, noise, omega + step) if sign < 0)
        for step in (0, 1e-5, -1e-5)
    )
    values = np.linalg.eigvalsh(draw(kind, rng, beta, draws))
    traces = np.mean(1 / (w - values[..., None]), axis=1)
    # The sum keeps g, the product z g(z).
    kept = omega / w if maps is multiplicative_maps else 1
    limit = law.stieltjes(omega) * kept
    errors = (traces - limit) * (ahead - back) / 2e-5
    parts = np.hstack([errors.real, errors.imag])
    mean = np.concatenate([found.mean.real, found.mean.imag])
    deviation = np.sqrt(np.diagonal(found.covariance))
    # Corrections of order 1/N beside the sampling errors.
    scores = (parts.mean(axis=0) - mean) / deviation
    assert np.abs(scores).max() < 4 / math.sqrt(draws) + 2 / SIZE
    excess = (parts - mean).T @ (parts - mean) / draws - found.covariance
    relative = np.abs(excess / np.outer(deviation, deviation))
    assert relative.max() < 4 * math.sqrt(2 / draws) + 2 / SIZE


@pytest.mark.parametrize("beta", [1, 2])
@pytest.mark.parametrize("maps", [additive_maps, multiplicative_maps])
def test_agrees_with_the_central_limit_theorem_by_contours(maps, beta):
    law = Discrete(np.array([1.0, 3.0]), np.array([0.4, 0.6]))
    omega = np.array([0.0 + 2.5j, 1.5 + 3j])
    noise = Semicircle(0.5) if maps is additive_maps else MarchenkoPastur(0.3)

    def image(points):
        return maps(law, noise, points)[1][1]

    functions = [
        part
        for p in image(omega)
        for part in (
            lambda x, p=p: (1 / (p - x) + 1 / (np.conj(p) - x)) / 2,
            lambda x, p=p: (1 / (p - x) - 1 / (np.conj(p) - x)) / 2j,
        )
    ]
    if maps is additive_maps:
        limit = deformed_wigner_statistics(functions, law, 0.5, beta=beta)
    else:
        limit = sample_covariance_statistics(functions, law, 0.3, beta=beta)
    # A trace of the resolvent becomes a reading by the factor w′(ω)/N.
    slopes = (image(omega + 1e-5) - image(omega - 1e-5)) / 2e-5
    turn = np.zeros((4, 4))
    for i, s in enumerate(slopes / 7):
        turn[i, 2 * i : 2 * i + 2] = s.real, -s.imag
        turn[i + 2, 2 * i : 2 * i + 2] = s.imag, s.real
    expected = turn @ limit.covariance @ turn.T
    found = reading_errors(lambda p: maps(law, noise, p), omega, 7, beta)
    # Differences of step 1e-5 err by 1e-10, and by rounding over the step.
    assert np.allclose(found.covariance, expected, rtol=0, atol=1e-8 * expected.max())
    parts = np.concatenate([found.mean.real, found.mean.imag])
    assert np.allclose(parts, turn @ limit.mean, rtol=0, atol=1e-8)


@pytest.mark.parametrize("maps", [additive_maps, multiplicative_maps])
def test_noise_of_any_law_reproduces_the_closed_maps(maps):
    law = Discrete(np.array([1.0, 3.0]), np.array([0.4, 0.6]))
    omega = np.array([0.0 + 2.5j, 1.5 + 3j])
    plain = Semicircle(0.5) if maps is additive_maps else MarchenkoPastur(0.3)
    named = maps(law, plain, omega)
    found = maps(law, Affine(plain, 1.0, 0.0), omega)
    assert [sign for sign, _ in found] == [1, 1, -1, -1]
    assert np.allclose(found[2][1], named[1][1], rtol=1e-9)


def test_a_scalar_in_turned_noise_has_no_error():
    noise = Discrete(np.array([0.5, 2.0]), np.array([0.5, 0.5]))
    found = reading_errors(
        lambda p: additive_maps(Discrete.point_mass(1.0), noise, p),
        np.array([0.0 + 3j, 2.0 + 3j]),
        1,
        1,
    )
    assert np.abs(found.covariance).max() < 1e-12


def test_unknown_symmetry_is_refused():
    with pytest.raises(ValueError, match=r"^beta: expected"):
        reading_errors(lambda p: [(1, p)], np.array([1j, 1 + 1j]), 1, 3)
