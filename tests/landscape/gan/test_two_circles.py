import numpy as np
import pytest

from eigenscape.landscape.gan.counts import gan_critical_point_count
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.published import published_constants
from eigenscape.landscape.gan.two_circles import two_circle_points


def test_counted_points_have_the_mean_of_the_law():
    """The derived law; the constants of the authors' code give over 800."""
    model = GanGlass(2, 1, 0.3, 0.5)
    rng = np.random.default_rng(0)
    counts, low, minima = [], [], []
    for _ in range(30):
        found = two_circle_points(model, rng=rng)
        counts.append(len(found.angles))
        low.append((found.losses <= [0.5, 0.0]).all(axis=1).sum())
        minima.append((found.curvatures > 0).all(axis=1).sum())
    for sample, given in (
        (counts, {}),
        (low, {"losses": (0.5, 0.0)}),
        (minima, {"index": (0, 0)}),
    ):
        law = gan_critical_point_count(
            model, dimensions=(2, 2), samples=20_000, rng=rng, **given
        )
        error = np.hypot(np.std(sample) / np.sqrt(30), law.standard_error)
        assert abs(np.mean(sample) - law.value) < 4 * error
    own = published_constants(model)
    assert own.interaction == pytest.approx(2 * model.interaction)


def test_points_are_critical():
    """The same couplings again, contracted by hand."""
    model = GanGlass(2, 1, 0.8, 0.5)
    found = two_circle_points(model, rng=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    own, both = rng.standard_normal((2, 2)), rng.standard_normal((4, 4, 4))

    def losses(angles):
        w = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        v = w.ravel()
        generator = 0.8 * np.einsum("ijk,i,j,k", both, v, v, v)
        return np.array([w[0] @ own @ w[0] - generator, generator])

    step = 1e-6
    for angles, value in zip(found.angles, found.losses, strict=True):
        assert losses(angles) / 2 == pytest.approx(value, abs=1e-9)
        for i in range(2):
            move = step * np.eye(2)[i]
            change = losses(angles + move)[i] - losses(angles - move)[i]
            assert change / (2 * step) == pytest.approx(0, abs=1e-6)
    # The field of both gradients has the degree 0 of the torus, so the number is even.
    assert len(found.angles) % 2 == 0
