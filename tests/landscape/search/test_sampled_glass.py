import numpy as np
import pytest

from eigenscape.landscape.search.sampled_glass import sample_glass
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass

MODEL = SignalledGlass(
    SpinGlass((1, 2, 3, 4), (1.0, 0.5, 0.2, 1.0)), (0.1, 1.0, 2.0, -1.0)
)


def test_derivatives_by_differences():
    rng = np.random.default_rng(0)
    field = sample_glass(MODEL, 5, rng=rng)
    w, step = rng.standard_normal(5), 1e-5
    moves = step * np.eye(5)
    slopes = [(field.value(w + e) - field.value(w - e)) / (2 * step) for e in moves]
    assert field.gradient(w) == pytest.approx(slopes, abs=1e-7)
    bends = [
        (field.gradient(w + e) - field.gradient(w - e)) / (2 * step) for e in moves
    ]
    assert field.hessian(w) == pytest.approx(np.array(bends), abs=1e-7)


def test_the_riemannian_hessian_bends_great_circles():
    rng = np.random.default_rng(1)
    field = sample_glass(MODEL, 4, rng=rng)
    w, along = np.linalg.qr(rng.standard_normal((4, 2)))[0].T
    gradient, hessian = field.riemannian(w)
    angles = 1e-4 * np.arange(-1, 2)
    values = [field.value(np.cos(a) * w + np.sin(a) * along) for a in angles]
    assert gradient @ along == pytest.approx((values[2] - values[0]) / 2e-4, abs=1e-6)
    bend = (values[0] - 2 * values[1] + values[2]) / 1e-8
    assert along @ hessian @ along == pytest.approx(bend, abs=1e-5)
    assert hessian @ w == pytest.approx(0, abs=1e-12)


def test_the_covariance_is_that_of_the_law():
    rng = np.random.default_rng(2)
    glass = SpinGlass((2, 3), (0.7, 1.3))
    w, v = np.array([1.0, 0.0]), np.array([0.6, 0.8])
    pairs = []
    for _ in range(600):
        field = sample_glass(glass, 2, rng=rng)
        pairs.append((field.value(w), field.value(v)))
    products = np.prod(pairs, axis=1)
    exact = float(glass.covariance(np.array([0.6]))[0])
    assert abs(products.mean() - exact) < 4 * products.std() / np.sqrt(600)


def test_single_precision_and_limits():
    rng = np.random.default_rng(3)
    field = sample_glass(SpinGlass.pure(3), 20, rng=rng, dtype=np.float32)
    assert field.couplings[0].dtype == np.float32
    assert field.gradient(np.ones(20)).dtype == np.float64
    with pytest.raises(ValueError, match="^dimension: expected at most"):
        sample_glass(SpinGlass.pure(4), 400, rng=rng)
