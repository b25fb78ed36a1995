import math

import numpy as np
import pytest
import torch

from eigenscape.landscape.activations import (
    PiecewiseLinear,
    hard_tanh,
    leaky_relu,
    piecewise_linear,
)


@pytest.mark.parametrize(
    ("module", "breaks", "exact"),
    [
        (torch.nn.ReLU(), (0.0,), leaky_relu(0.0)),
        (torch.nn.LeakyReLU(0.2), (0.0,), leaky_relu(0.2)),
        (torch.nn.Hardtanh(), (-1.0, 1.0), hard_tanh()),
    ],
)
def test_pieces_are_read_off_a_module(module, breaks, exact):
    found = piecewise_linear(lambda x: module(torch.from_numpy(x)).numpy(), breaks)
    assert found.slopes == pytest.approx(exact.slopes, abs=1e-6)
    assert found.intercepts == pytest.approx(exact.intercepts, abs=1e-6)
    x = np.linspace(-5, 5, 41)
    assert found(x) == pytest.approx(module(torch.from_numpy(x)).numpy(), abs=1e-6)


def test_a_curved_activation_must_be_asked_for():
    breaks = tuple(np.linspace(-3, 3, 25).tolist())
    with pytest.raises(ValueError, match="pass approximate=True"):
        piecewise_linear(np.tanh, breaks)
    # So must one whose breaks are not all told.
    with pytest.raises(ValueError, match="^activation: expected"):
        piecewise_linear(hard_tanh(), (0.0,))
    found = piecewise_linear(np.tanh, breaks, approximate=True)
    x = np.linspace(-3, 3, 301)
    # Interpolation errs by h²/8 max|f″|, and |tanh″| is below 0.77.
    assert np.abs(found(x) - np.tanh(x)).max() <= 0.25**2 / 8 * 0.77


def test_a_function_of_torch_is_refused_in_one_line():
    with pytest.raises(ValueError, match="^breaks: expected .*approximate=True$"):
        piecewise_linear(torch.tanh)
    with pytest.raises(ValueError, match="^activation: expected a function of arrays"):
        piecewise_linear(torch.tanh, (-1.0, 0.0, 1.0), approximate=True)


def test_shares_are_those_of_a_normal_number():
    half = math.erf(1 / (2 * math.sqrt(2)))
    assert hard_tanh().shares(2.0) == pytest.approx([
        (1 - half) / 2,
        half,
        (1 - half) / 2,
    ])


@pytest.mark.parametrize(
    ("breaks", "slopes", "intercepts", "what"),
    [
        ((0.0,), (1.0,), (0.0,), "slopes"),
        ((1.0, 0.0), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), "breaks"),
        ((0.0,), (0.0, 1.0), (0.0, 0.5), "intercepts"),
    ],
)
def test_bad_pieces_are_refused(breaks, slopes, intercepts, what):
    with pytest.raises(ValueError, match=f"^{what}: expected"):
        PiecewiseLinear(breaks, slopes, intercepts)
    with pytest.raises(ValueError, match="^breaks: expected at least one"):
        piecewise_linear(np.tanh, ())
