import math

import numpy as np
import pytest

from eigenscape.landscape.gan.model import GanGlass, block_law


def test_constants_of_the_page():
    model = GanGlass(3, 3, 1.0, 0.9)
    assert model.interaction == pytest.approx(21.908902, abs=1e-6)
    assert model.own == pytest.approx(2.323790, abs=1e-6)
    assert model.log_prefactor == pytest.approx(-1.626609, abs=1e-6)


def test_the_hessian_of_a_sampled_instance():
    """Second derivatives of (w·w′)ᵐ on two spheres, from tensors of couplings."""
    model = GanGlass(2, 1, 0.7, 0.5)
    rng = np.random.default_rng(0)
    tensor = rng.standard_normal((3000, 4, 4, 4))
    w = np.array([1.0, 0, 1.0, 0])  # both unit vectors, tangents are axes 1 and 3

    def slots(*axes):
        total = 0.0
        for order in np.ndindex(3, 3):
            if order[0] != order[1]:
                vectors = [w, w, w]
                for slot, axis in zip(order, axes, strict=True):
                    vectors[slot] = np.eye(4)[axis]
                total = total + np.einsum("sijk,i,j,k->s", tensor, *vectors)
        return total

    mixed = (slots(1, 3)).var()
    assert mixed == pytest.approx(model.entry_variance, rel=4 * math.sqrt(2 / 3000))
    slope = sum(
        np.einsum("sijk,i,j,k->s", tensor, *np.roll([np.eye(4)[1], w, w], k, axis=0))
        for k in range(3)
    )
    assert slope.var() == pytest.approx(
        model.slope_variance, rel=4 * math.sqrt(2 / 3000)
    )


@pytest.mark.parametrize(
    ("shift", "share", "b", "own"), [(1.5, 0.9, 1, 0.5), (-0.8, 0.35, 0.6, 1.3)]
)
def test_sampled_spectra_have_the_law(shift, share, b, own):
    rng = np.random.default_rng(0)
    size = 300
    first = round(share * size)
    normal = rng.standard_normal((size, size))
    matrix = b * (normal + normal.T) / (2 * math.sqrt(size))
    normal = rng.standard_normal((first, first))
    matrix[:first, :first] += own * (normal + normal.T) / (2 * math.sqrt(first))
    matrix[:first, :first] -= shift * np.eye(first)
    spectrum = np.linalg.eigvalsh(matrix)
    law = block_law(shift, share, float(b), own)
    z = np.array([0.3 + 0.5j, -1.5 + 0.5j])
    sampled = (1 / (z[:, None] - spectrum)).mean(axis=1)
    # Linear statistics fluctuate by 1/N.
    assert sampled == pytest.approx(law.stieltjes(z), abs=10 / size)
    assert spectrum[-1] == pytest.approx(law.hull.upper, abs=6 * size ** (-2 / 3))


def test_moments_in_closed_form():
    law = block_law(1.5, 0.9, 1.0, 0.5)
    x = np.linspace(law.hull.lower, law.hull.upper, 4001)
    density, step = law.density(x), x[1] - x[0]
    # The trapezoidal rule errs as h^(3/2) at square-root edges.
    assert density.sum() * step == pytest.approx(1, abs=1e-4)
    assert (x * density).sum() * step == pytest.approx(-0.9 * 1.5, abs=1e-3)
    second = 0.5 + 0.9 * 0.25 / 2 + 0.9 * 2.25
    assert (x**2 * density).sum() * step == pytest.approx(second, abs=1e-3)


def test_exact_edges_of_a_nearly_closed_gap():
    edges = [
        e for i in block_law(1.5, 0.9, 1.0, 0.5).support for e in (i.lower, i.upper)
    ]
    expected = [-3.0372011, -0.0735569, -0.0517823, 0.7185172]
    assert edges == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ((1, 1, 1.0, 0.5), "discriminator_layers"),
        ((2, 0, 1.0, 0.5), "generator_layers"),
        ((2, 1, 0.0, 0.5), "noise"),
        ((2, 1, 1e-13, 0.5), "noise"),
        ((2, 1, 1e13, 0.5), "noise"),
        ((2, 1, 1.0, 0.0), "fraction"),
        ((2, 1, 1.0, 1.0), "fraction"),
    ],
)
def test_bad_models_are_refused(given, what):
    with pytest.raises(ValueError, match=f"^{what}: expected"):
        GanGlass(*given)
