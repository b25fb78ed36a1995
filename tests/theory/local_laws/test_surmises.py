from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from eigenscape.theory.local_laws.surmises import (
    wigner_surmise_cdf,
    wigner_surmise_pdf,
)

PRINTED = {
    0: lambda s: np.exp(-s),
    1: lambda s: math.pi / 2 * s * np.exp(-math.pi / 4 * s**2),
    2: lambda s: 32 / math.pi**2 * s**2 * np.exp(-4 / math.pi * s**2),
    4: lambda s: (
        2**18 / (3**6 * math.pi**3) * s**4 * np.exp(-64 / (9 * math.pi) * s**2)
    ),
}


@pytest.mark.parametrize("beta", PRINTED)
def test_printed_forms(beta):
    s = np.linspace(0, 4, 41)
    assert np.allclose(wigner_surmise_pdf(s, beta), PRINTED[beta](s), rtol=1e-13)


@pytest.mark.parametrize("beta", PRINTED)
def test_cdf_is_the_integral(beta):
    nodes, weights = special.roots_legendre(60)
    for s in (0.3, 1.0, 3.0):
        mass = wigner_surmise_pdf(s * (nodes + 1) / 2, beta) @ weights * s / 2
        own = wigner_surmise_cdf(np.array([s]), beta)[0]
        assert own == pytest.approx(mass, abs=1e-14)


def test_unknown_classes_are_refused():
    for function in (wigner_surmise_cdf, wigner_surmise_pdf):
        with pytest.raises(ValueError, match=r"^beta: expected one of"):
            function(np.ones(1), 3)
