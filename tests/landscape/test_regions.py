import numpy as np
import pytest

from eigenscape.landscape.batch_landscape import isotropic_log_density
from eigenscape.landscape.regions import measured_region
from eigenscape.theory.ensembles import GOE, haar_orthogonal

SIZE, DRAWS = 120, 8


def region(hessian, batches, seed=5, **overrides):
    options = {"gradient_norm": 0.3, "gradient_deviation": 0.1} | overrides
    return measured_region(
        "end",
        3.0,
        16,
        hessian=hessian,
        batches=batches,
        rng=np.random.default_rng(seed),
        **options,
    )


@pytest.fixture(scope="module")
def hessian():
    rng = np.random.default_rng(0)
    turn = haar_orthogonal(SIZE, rng=rng)
    return turn @ np.diag(np.linspace(0.5, 3, SIZE)) @ turn.T


def test_planted_free_noise_is_found_free(hessian):
    rng = np.random.default_rng(1)
    noise = GOE(0.25)
    batches = np.array([hessian + noise.sample(SIZE, rng=rng) for _ in range(DRAWS)])
    found = region(hessian, batches)
    # ‖GOE‖²/N is (1 + 1/N) σ², with relative fluctuations of 2/N a draw.
    assert found.noise_variance == pytest.approx(0.25, rel=0.03)
    assert found.ergodicity_p_value > 0.05
    unit = np.log(SIZE) / SIZE
    for other in (found.free, found.rotated):
        assert other.negative == pytest.approx(found.sampled.negative, abs=2 / SIZE)
        assert abs(other.determinant_rate - found.sampled.determinant_rate) < unit
    assert found.free.lowest == pytest.approx(found.sampled.lowest, abs=0.15)
    # GOE: N Var(tr/N) = 2σ²/N, with eight draws.
    assert found.trace_variance < 5 * 2 * 0.25 / SIZE


def test_planted_noise_in_the_eigenbasis_is_found_not_free(hessian):
    rng = np.random.default_rng(2)
    vectors = np.linalg.eigh(hessian)[1]
    batches = np.array([
        hessian + (vectors * rng.normal(0, 2.0, SIZE)) @ vectors.T for _ in range(DRAWS)
    ])
    found = region(hessian, batches)
    assert found.ergodicity_p_value <= 0.05
    gap = abs(found.free.determinant_rate - found.sampled.determinant_rate)
    assert gap > np.log(SIZE) / SIZE


def test_the_complexity_adds_the_gradient(hessian):
    rng = np.random.default_rng(3)
    batches = np.array([hessian + GOE(0.01).sample(SIZE, rng=rng) for _ in range(2)])
    found = region(hessian, batches)
    density = isotropic_log_density(SIZE, 0.1, 0.3)
    expected = found.sampled.determinant_rate + density
    assert found.complexity == pytest.approx(expected)
    louder = region(hessian, batches, gradient_norm=3.0)
    assert louder.complexity < found.complexity
    assert louder.rough_radius > found.rough_radius
    assert found.free_minima_complexity == pytest.approx(found.free_complexity)
