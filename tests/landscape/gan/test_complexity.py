import math

import numpy as np
import pytest
from scipy.optimize import minimize

from eigenscape.core import ConvergenceError
from eigenscape.landscape.gan.complexity import (
    gan_complexity,
    gan_density_complexity,
    lowest_losses,
)
from eigenscape.landscape.gan.exponent import GanExponent
from eigenscape.landscape.gan.model import GanGlass

MODEL = GanGlass(3, 3, 1.0, 0.9)


def by_programming(model, losses, index=(None, None)):
    """Maximise over three variables under all constraints at once."""
    exponent = GanExponent(model, index)
    w, m, p = exponent.widths, model.degree, model.discriminator_layers
    bounds = [lambda v: (m * losses[1] / math.sqrt(2) - v[0] * w[0]) / w[0]]
    bounds.append(
        lambda v: v[2] + (p / math.sqrt(2) * losses[0] + p * v[0] * w[0] / m) / w[2]
    )
    own, other = model.discriminator_edge, model.generator_edge
    if index[0] is not None:
        bounds.append(lambda v: v[1] - (2 * (own - v[2] * w[2]) - v[0] * w[0]) / w[1])
    if index[1] is not None:
        bounds.append(lambda v: v[1] - (v[0] * w[0] + 2 * other) / w[1])
    found = minimize(
        lambda v: -exponent.value(*(v * w)[:, None])[0],
        np.array([-0.5, 0.5, 1.5]),
        jac=lambda v: -np.array([s[0] for s in exponent.slopes(*(v * w)[:, None])]) * w,
        constraints=[{"type": "ineq", "fun": b} for b in bounds],
        method="SLSQP",
        options={"maxiter": 400, "ftol": 1e-14},
    )
    assert found.success
    return -found.fun


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((0, 0), 0.61874),
        ((1, -1), 0.61590),
        ((-1, 1), 0.61601),
        ((10, -10), 0.33285),
        ((-0.5, 0), 0.49504),
        ((0, -1), 0.11186),
        ((-1, -2), -3.9015),
    ],
)
def test_printed_values(losses, expected):
    found = gan_complexity(MODEL, np.array([losses], dtype=float))
    assert found == pytest.approx(expected, abs=1e-5 + 1e-4 * (expected < -1))


@pytest.mark.parametrize(
    ("losses", "index"),
    [
        ((-0.6, 4.0), (None, None)),
        ((-2.0, 0.4), (None, None)),
        ((0.5, -0.7), (0, None)),
        ((-0.5, 0.2), (2, 1)),
    ],
)
def test_another_optimiser_agrees(losses, index):
    model = GanGlass(2, 2, 0.2, 0.5)
    found = gan_complexity(model, np.array([losses]), index=index)
    assert found == pytest.approx(by_programming(model, losses, index), abs=1e-7)


def test_limits_of_weak_and_strong_noise():
    p, q, k = 3, 3, 0.5
    everything = np.array([[math.inf, math.inf]])
    weak = gan_complexity(GanGlass(p, q, 1e-7, k), everything)
    assert weak == pytest.approx((math.log(p - 1) + math.log(2.5)) / 4, abs=1e-5)
    strong = gan_complexity(GanGlass(p, q, 1e5, k), everything)
    assert strong == pytest.approx(math.log(5) / 2, abs=1e-5)


def test_maps_are_monotone_and_concave_densities_bound_them():
    ends = np.linspace(-4, 4, 9)
    losses = np.stack(np.meshgrid(ends, ends, indexing="ij"), axis=-1).reshape(-1, 2)
    found = gan_complexity(MODEL, losses).reshape(9, 9)
    assert (np.diff(found, axis=0) >= -1e-9).all()
    assert (np.diff(found, axis=1) >= -1e-9).all()
    density = gan_density_complexity(MODEL, losses).reshape(9, 9)
    assert (density <= found + 1e-9).all()


def test_lowest_losses():
    own, other = lowest_losses(MODEL)
    assert own == pytest.approx(-14.67, abs=0.005)
    assert other == pytest.approx(-14.52, abs=0.005)
    at = np.array([[own, math.inf], [math.inf, other]])
    assert gan_complexity(MODEL, at) == pytest.approx(0, abs=1e-7)


def test_minima_of_both_losses_are_rare_where_the_noise_is_strong():
    everything = np.array([[math.inf, math.inf]])
    found = gan_complexity(MODEL, everything, index=(0, 0))
    # Another optimiser found this with all constraints at once.
    assert found == pytest.approx(-2.5451362432, abs=1e-7)
    # Without interaction: 0.9 of the minima of a three-spin glass, and for w_G a field
    # of covariance (1 + t)⁶, ν′ = 192 and ν″ = 480, whose best minima are marginal.
    field = math.log(480 / 192) / 2 + 1 - 2 * 480 / (480 + 192)
    alone = 0.9 * (math.log(2) / 2 - 1 / 3) + 0.1 * field
    best = np.array([[-1.549186743365337, -3.958670616149903e-05]])
    weak = gan_density_complexity(GanGlass(3, 3, 1e-5, 0.9), best, index=(0, 0))
    # The interaction costs about 2.5 σ.
    assert weak == pytest.approx(alone, abs=1e-4)
    with pytest.raises(ConvergenceError, match="there are none"):
        lowest_losses(MODEL, index=(0, 0))


def test_bad_losses_are_refused():
    with pytest.raises(ValueError, match="^losses: expected numbers above"):
        gan_complexity(MODEL, np.array([[math.nan, 0.0]]))
