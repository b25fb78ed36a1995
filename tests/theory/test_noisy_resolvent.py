import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory import (
    Affine,
    Discrete,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    Uniform,
)
from eigenscape.theory.ensembles import GOE
from eigenscape.theory.noisy_resolvent import NoisyCurvature, gradient_law

LAWS = [
    (MarchenkoPastur(2.0), Semicircle(0.25)),
    (MarchenkoPastur(0.5), KestenMcKay(3)),
    (Semicircle(1.0), Uniform(-1.0, 1.0)),
    (Discrete(np.array([0.0, 3.0]), np.array([0.8, 0.2])), Semicircle(0.5)),
]


def test_the_numbers_of_the_theory_page():
    """s = ½, δ = 2, A of low rank with eigenvalues 5 and 3."""
    found = NoisyCurvature(Semicircle(0.25)).effective_damping(2.0)
    assert found.value == pytest.approx(1.866025, abs=5e-7)
    assert 1 / found.value == pytest.approx(0.535898, abs=5e-7)
    assert 1 / (5 + found.value) == pytest.approx(0.145645, abs=5e-7)
    assert 1 / (3 + found.value) == pytest.approx(0.205507, abs=5e-7)
    # −dm/dδ; the page has 0.309399.
    slope = (2 / math.sqrt(3) - 1) / 0.5
    assert found.slope / found.value**2 == pytest.approx(slope, rel=1e-12)
    assert 1 / math.sqrt(found.slope) == pytest.approx(0.9634, abs=5e-5)


@given(st.floats(0.1, 3), st.floats(1.001, 20), st.floats(-5, 5))
def test_low_rank_in_closed_form(deviation, factor, place):
    """δ_eff = (δ + √(δ² − 4s²κ₂))/2, about the place of the bulk."""
    damping = 2 * deviation * factor
    expected = (damping + math.sqrt(damping**2 - 4 * deviation**2)) / 2
    bulk = Discrete.point_mass(place)
    found = NoisyCurvature(Semicircle(deviation**2), bulk).effective_damping(
        damping - place
    )
    assert found.value == pytest.approx(expected - place, rel=1e-10, abs=1e-10)
    slope = (1 + damping / math.sqrt(damping**2 - 4 * deviation**2)) / 2
    assert found.slope == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize(("bulk", "noise"), LAWS)
@pytest.mark.parametrize("beyond", [0.05, 1.0, 30.0])
def test_the_resolvent_of_the_sum_is_that_of_the_bulk(bulk, noise, beyond):
    curved = NoisyCurvature(noise, bulk)
    law = curved.law
    damping = beyond - law.hull.lower
    found = curved.effective_damping(damping)
    ours = -np.real(bulk.stieltjes(np.array([-found.value])))
    theirs = -np.real(law.stieltjes(np.array([-damping])))
    assert ours == pytest.approx(theirs, rel=1e-10)
    step = 1e-5 * beyond
    around = [curved.effective_damping(damping + h).value for h in (-step, step)]
    assert found.slope == pytest.approx((around[1] - around[0]) / (2 * step), rel=1e-4)
    assert found.slope >= 1
    assert found.value <= damping + 1e-12 or noise.hull.lower > 0


@pytest.mark.parametrize("bulk", [LAWS[0][0], LAWS[3][0]])
def test_a_semicircle_shifts_by_its_variance_times_the_trace(bulk):
    curved = NoisyCurvature(Semicircle(0.5), bulk)
    damping = 1.0 - curved.law.hull.lower
    m = -float(np.real(curved.law.stieltjes(np.array([-damping])))[0])
    found = curved.effective_damping(damping)
    assert found.value == pytest.approx(damping - 0.5 * m, rel=1e-10)


def test_no_answer_where_the_damping_leaves_negative_curvature():
    curved = NoisyCurvature(Semicircle(0.25))
    assert curved.effective_damping(0.99) is None
    assert curved.effective_damping(1.01) is not None
    # The outlier of a spike at −1.5 lies at −1.5 − 0.25/1.5.
    below = gradient_law(np.array([-1.5]), np.array([0.1]))
    edge = 1.5 + 0.25 / 1.5
    assert curved.step(edge - 1e-6, below) is None
    assert curved.step(edge + 1e-6, below) is not None


@settings(max_examples=8)
@given(
    st.floats(0.01, 1),
    st.floats(0.1, 5),
    st.lists(st.floats(0.0, 0.3), min_size=2, max_size=3),
)
def test_the_parts_of_a_step_sum_to_one(variance, beyond, shares):
    spikes = np.array([6.0, 9.0, 20.0])[: len(shares)]
    bulk = MarchenkoPastur(0.5)
    gradient = gradient_law(spikes, np.array(shares), bulk)
    damping = 2 * math.sqrt(variance) + beyond
    step = NoisyCurvature(Semicircle(variance), bulk).step(damping, gradient)
    parts = (step.gradient_share, step.random_share, step.preconditioned_share)
    assert sum(parts) == pytest.approx(1)
    assert min(parts) >= -1e-12
    # The mean step and (A + δ)⁻¹g are nearly parallel, never more than the mean.
    assert step.exact_share <= 1 - step.random_share + 1e-12


def test_without_structure_all_is_gradient_descent_and_noise():
    step = NoisyCurvature(Semicircle(0.25)).step(2.0, Discrete.point_mass(0.0))
    assert step.preconditioned_share == pytest.approx(0, abs=1e-14)
    assert step.learning_rate == pytest.approx(0.535898, abs=5e-7)
    assert step.exact_share == pytest.approx(step.gradient_share, rel=1e-12)


def test_vanishing_noise_leaves_the_exact_step():
    gradient = gradient_law(np.array([5.0, 3.0]), np.array([0.5, 0.3]))
    for variance in (1e-3, 1e-6, 1e-9, 1e-12):
        step = NoisyCurvature(Semicircle(variance)).step(1.0, gradient)
        assert step.exact_share == pytest.approx(1, abs=4 * variance + 1e-9)
        assert step.random_share <= 4 * variance + 1e-12
    values, weights = np.array([5.0, 3.0, 0.0]), np.array([0.5, 0.3, 0.2])
    mean, square = weights @ (1 / (values + 1)), weights @ (1 / (values + 1) ** 2)
    assert step.gradient_share == pytest.approx(mean**2 / square, rel=1e-6)


def test_sampled_matrices_take_the_predicted_steps():
    """Errors of bilinear forms are of order N^(−1/2), and eight draws are averaged."""
    rng = np.random.default_rng(0)
    size, damping = 400, 2.0
    curvature = np.diag(np.append(np.zeros(size - 2), [5.0, 3.0]))
    direction = rng.normal(size=size - 2)
    direction *= math.sqrt(0.2) / np.linalg.norm(direction)
    g = np.append(direction, np.sqrt([0.5, 0.3]))
    law = gradient_law(np.array([5.0, 3.0]), np.array([0.5, 0.3]))
    predicted = NoisyCurvature(Semicircle(0.25)).step(damping, law)
    rates, shares, exact = [], [], []
    truth = np.linalg.solve(curvature + damping * np.eye(size), g)
    for _ in range(8):
        noisy = curvature + GOE(0.25).sample(size, rng=rng) + damping * np.eye(size)
        step = np.linalg.solve(noisy, g)
        rates.append(g @ step)
        shares.append((g @ step) ** 2 / (step @ step))
        exact.append((truth @ step) ** 2 / (step @ step) / (truth @ truth))
    tolerance = 1 / math.sqrt(size)
    assert np.mean(rates) == pytest.approx(predicted.learning_rate, abs=tolerance / 4)
    assert np.mean(shares) == pytest.approx(predicted.gradient_share, abs=tolerance)
    assert np.mean(exact) == pytest.approx(predicted.exact_share, abs=tolerance)


def test_gradient_law_is_a_spectral_measure():
    bulk = Affine(Semicircle(1.0), shift=3.0)
    law = gradient_law(np.array([8.0, 9.0]), np.array([0.25, 0.0]), bulk)
    z = np.array([1.0 + 1j])
    expected = 0.25 / (z - 8) + 0.75 * bulk.stieltjes(z)
    assert law.stieltjes(z) == pytest.approx(expected)
    assert gradient_law(np.array([8.0]), np.array([0.0]), bulk) is bulk
    whole = gradient_law(np.array([8.0, 9.0]), np.array([0.25, 0.75]), bulk)
    assert [a.weight for a in whole.atoms] == [0.25, 0.75]
    for shares in ([0.7, 0.7], [-0.1, 0.2]):
        with pytest.raises(ValueError, match="squared cosines"):
            gradient_law(np.array([8.0, 9.0]), np.array(shares), bulk)
