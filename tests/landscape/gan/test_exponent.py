import numpy as np
import pytest

from eigenscape.landscape.gan.exponent import GanExponent
from eigenscape.landscape.gan.model import GanGlass

MODELS = [
    GanGlass(3, 3, 1.0, 0.9),
    GanGlass(5, 5, 0.01, 0.5),
    GanGlass(2, 1, 1e-3, 0.9),
    GanGlass(2, 2, 20.0, 0.2),
]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("index", [(None, None), (1, 2)])
def test_slopes_are_derivatives(model, index):
    exponent = GanExponent(model, index)
    place = exponent.widths * np.array([0.3, 0.2, -0.4])
    if index != (None, None):
        place[1] = exponent.least(place[:1], place[2:])[0][0] + exponent.widths[1]
    slopes = [s[0] for s in exponent.slopes(*place[:, None])]
    for i, width in enumerate(exponent.widths):
        step = 1e-5 * width * np.eye(3)[i]
        ends = [exponent.value(*(place + s)[:, None])[0] for s in (step, -step)]
        difference = (ends[0] - ends[1]) / (2e-5)
        assert slopes[i] * width == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_it_is_concave(model):
    exponent = GanExponent(model)
    rng = np.random.default_rng(0)
    for _ in range(4):
        start, along = rng.standard_normal((2, 3)) * exponent.widths
        line = start[:, None] + along[:, None] * np.linspace(-1, 1, 80)
        slope = sum(a * s for a, s in zip(along, exponent.slopes(*line), strict=True))
        assert np.diff(slope).max() < 1e-9 * np.ptp(slope)


def test_bad_indices_are_refused():
    with pytest.raises(ValueError, match="^index: expected two numbers"):
        GanExponent(MODELS[0], (0, -1))
