import numpy as np
import pytest

from eigenscape.landscape.hessian_sum import (
    WORDS,
    compare_hessian_sum,
    free_index,
    measured_spectrum,
    spectrum_distances,
)
from eigenscape.landscape.least_squares import LeastSquaresHessian
from eigenscape.theory.ensembles import GOE, Wishart


@pytest.mark.parametrize(
    ("ratio", "energy", "residual"),
    [(0.25, 0.1, "wigner"), (2.0, 0.5, "wigner"), (0.5, 2.0, "relu")],
)
def test_the_index_of_closed_laws(ratio, energy, residual):
    law = LeastSquaresHessian(ratio, energy, residual)
    # The rule errs by 5e-16, the transforms by some machine epsilons.
    found = free_index(law.gauss_newton, law.residuals)
    assert found == pytest.approx(law.index, abs=1e-12)


def test_an_atom_at_zero_does_not_count():
    pair = measured_spectrum(np.array([-1.0, 0.0, 0.0, 0.0]))
    # Atoms of 3/4 and 3/4 leave 1/2 at 0; one part is negative, the other positive.
    found = free_index(pair, measured_spectrum(np.array([1.0, 0.0, 0.0, 0.0])))
    assert found == pytest.approx(0.25, abs=1e-9)


def test_free_matrices_are_predicted_and_pass(rng):
    size = 160
    first, second = Wishart(0.5).sample(size, rng=rng), GOE(0.4).sample(size, rng=rng)
    found = compare_hessian_sum(first, second, draws=19, rng=rng)
    # Measured spectra leave a level or two.
    assert found.predicted_index == pytest.approx(found.index, abs=3 / size)
    assert found.rotated_index.value == pytest.approx(found.index, abs=3 / size)
    exact = LeastSquaresHessian(0.5, 0.2).index
    assert found.predicted_index == pytest.approx(exact, abs=3 / size)
    assert found.p_value > 0.05
    assert max(abs(m.z_score) for m in found.moments) < 4
    share = np.trace(second @ second) / np.sum((first + second) ** 2)
    assert found.energy_share == pytest.approx(share)


def test_commuting_matrices_fail(rng):
    size = 60
    first = np.diag(np.linspace(0, 2, size))
    second = np.diag(np.linspace(-1, 1, size))
    found = compare_hessian_sum(first, second, draws=19, rng=rng)
    assert found.p_value == 1 / 20
    assert [m.name for m in found.moments] == list(WORDS)
    # τ(AB) = 1 for equal centred parts, and τ(ABAB) the kurtosis 9/5 of a uniform law.
    assert found.moments[0].measured == pytest.approx(1)
    assert found.moments[1].measured == pytest.approx(1.8, rel=1e-3)
    assert all(m.z_score > 5 for m in found.moments)


def test_the_words_by_brute_force(rng):
    first, second = Wishart(0.5).sample(12, rng=rng), GOE().sample(12, rng=rng)
    found = compare_hessian_sum(first, second, draws=2, rng=rng)
    parts = []
    for matrix in (first, second):
        centred = matrix - np.eye(12) * np.trace(matrix) / 12
        parts.append(centred / np.sqrt(np.trace(centred @ centred) / 12))
    a, b = parts
    one = np.eye(12)
    words = (a @ b, a @ b @ a @ b, (a @ a - one) @ (b @ b - one), a @ b @ a @ b @ a @ b)
    direct = [np.trace(word) / 12 for word in words]
    assert [m.measured for m in found.moments] == pytest.approx(direct, abs=1e-13)


def test_ranks_are_uniform_under_the_hypothesis(rng):
    values, others = np.linspace(0, 1, 10), np.arange(10.0)
    ranks = []
    for _ in range(400):
        turns = [np.linalg.qr(rng.standard_normal((10, 10)))[0] for _ in range(5)]
        spectra = [
            np.linalg.eigvalsh(np.diag(5 * values) + (q * others) @ q.T) for q in turns
        ]
        distances = spectrum_distances(np.array(spectra))
        ranks.append(int((distances >= distances[0]).sum()))
    # Five equally likely values: counts of 80 ± 8.
    assert all(48 < ranks.count(k) < 112 for k in range(1, 6))


def test_null_directions_are_one_atom():
    law = measured_spectrum(np.array([1e-17, -1e-17, 1.0, 2.0]))
    assert law.atoms[0].location == 0
    assert law.atoms[0].weight == 0.5


@pytest.mark.parametrize(
    ("second", "draws", "message"),
    [
        (np.eye(3), 19, "expected the shape"),
        (np.eye(2), 1, "draws: expected at least 2"),
    ],
)
def test_bad_input_is_refused(second, draws, message, rng):
    with pytest.raises(ValueError, match=message):
        compare_hessian_sum(np.eye(2), second, draws=draws, rng=rng)
