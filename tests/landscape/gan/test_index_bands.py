import numpy as np
import pytest

from eigenscape.landscape.annealed import cumulative_complexity
from eigenscape.landscape.gan.complexity import gan_complexity
from eigenscape.landscape.gan.index_bands import IndexBands, index_bands
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.spin_glass import SpinGlass


@pytest.fixture(scope="module")
def bands():
    return index_bands(GanGlass(3, 3, 1e-3, 0.9), 7, directions=1)


def test_the_boundary_lies_where_the_complexity_vanishes(bands):
    first = bands.boundary(0)
    known = ~np.isnan(first)
    places = np.stack([bands.discriminator, first], axis=1)[known]
    # The line between two levels errs by the bend over their distance, an eighth of
    # the second difference.
    bend = np.abs(np.diff(bands.complexity[0], n=2, axis=1)).max()
    values = gan_complexity(bands.model, places, index=(0, 0))
    assert np.abs(values).max() < bend / 4
    assert np.isnan(bands.boundary(0)[0])


def test_more_directions_begin_at_higher_losses(bands):
    pairs = bands.indices.tolist()
    minima = bands.complexity[pairs.index([0, 0])]
    for pair, complexity in zip(pairs, bands.complexity, strict=True):
        # Values err by the square of the place of a maximum.
        assert (complexity <= minima + 1e-9).all(), pair
    own, other = (bands.boundary(pairs.index(k)) for k in ([1, 0], [0, 1]))
    first = bands.boundary(0)
    known = ~np.isnan(own) & ~np.isnan(other)
    assert known.sum() > 1
    assert (own[known] >= first[known] - 1e-9).all()
    # The player's own direction costs where its own loss binds, and not elsewhere.
    assert own[known][-1] == pytest.approx(first[known][-1], rel=1e-9)
    assert other[known][-1] > first[known][-1] * (1 - 1e-3)


def test_a_player_that_is_not_disturbed_has_the_bands_of_its_own_glass(bands):
    """Weak noise: Θ falls along u_D as κΘₖ of the pure glass at u_D/√κ."""
    share = bands.model.fraction
    glass = SpinGlass.pure(bands.model.discriminator_layers)
    levels = bands.discriminator / share**0.5
    for k in range(2):
        row = bands.complexity[bands.indices.tolist().index([k, 0])][:, -1]
        exact = share * cumulative_complexity(glass, levels, index=k)
        # The interaction, of relative order b² = 2·10⁻⁴ κ-fold, moves the exponent.
        falls = np.diff(row) - np.diff(exact)
        assert np.abs(falls).max() < 2e-3, k


def test_a_boundary_beside_the_levels_is_none():
    complexity = np.array([[[-1.0, -0.5], [-1.0, 1.0]]])
    levels = np.array([0.0, 1.0])
    model = GanGlass(3, 3, 1e-3, 0.9)
    bands = IndexBands(model, levels, levels, np.array([[0, 0]]), complexity)
    assert bands.boundary(0).tolist() == pytest.approx([np.nan, 0.5], nan_ok=True)
