"""Batch sizes that a fit has not seen, predicted from those that it has."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.hold_out import HeldOut, hold_out
from eigenscape.spectra.noise_models import AdditiveNoise, MultiplicativeNoise
from planted import (
    ADDITIVE,
    SIZES,
    additive_spectrum,
    multiplicative_spectrum,
    planted_splits,
)


def wigner(batch_size, rng):
    return additive_spectrum(ADDITIVE["wigner"], batch_size, rng)


def test_means_at_sizes_held_out_lie_in_their_intervals(rng):
    covered = cells = 0
    for _ in range(2):
        splits = planted_splits(wigner, rng)
        (found,) = hold_out(SIZES, splits, (16, 64), models=(AdditiveNoise(),))
        assert found.batch_sizes.tolist() == [16, 64]
        assert found.cells == 10
        assert found.relative_error < 0.03
        covered += int(found.inside.sum())
        cells += found.cells
    # 20 cells of 95 %, in groups of five that move together: 19 ± 1.7
    assert covered >= 14
    assert found.coverage == found.inside.sum() / 10


def test_the_right_law_knows_more_where_it_extrapolates(rng):
    """Multiplicative noise at b = 8 and 16, from sizes of 32 and more."""
    splits = planted_splits(multiplicative_spectrum, rng)
    wrong, right = hold_out(SIZES, splits, (8, 16))
    assert (wrong.model, right.model) == ("additive", "multiplicative")
    assert right.coverage >= 0.8
    widths = [
        float(np.median((found.upper - found.lower) / found.predicted))
        for found in (wrong, right)
    ]
    assert widths[0] > 2 * widths[1]


def test_what_is_held_out_does_not_enter_the_fit(rng):
    splits = planted_splits(wigner, rng, sizes=SIZES[:4], draws=3)
    other = [*splits[:2], [s.__class__(**vars(s)) for s in splits[3]], splits[3]]
    model = (MultiplicativeNoise(),)
    one, two = (hold_out(SIZES[:4], s, (32,), models=model) for s in (splits, other))
    np.testing.assert_array_equal(one[0].predicted, two[0].predicted)
    assert (one[0].measured != two[0].measured).all()


def test_hidden_outliers_are_not_counted(rng):
    sizes = (2, 16, 64, 256)
    splits = planted_splits(wigner, rng, sizes=sizes)
    (found,) = hold_out(sizes, splits, (2,), models=(AdditiveNoise(),))
    hidden = np.isnan(found.measured)
    assert hidden.any()
    assert found.cells == 5 - hidden.sum()
    assert not found.inside[hidden].any()


def test_a_result_is_saved_and_loaded(rng, tmp_path):
    splits = planted_splits(wigner, rng, sizes=SIZES[:4], draws=2)
    (found,) = hold_out(SIZES[:4], splits, (16,), models=(MultiplicativeNoise(),))
    save(found, tmp_path / "held")
    again = load(HeldOut, tmp_path / "held")
    np.testing.assert_array_equal(again.predicted, found.predicted)
    assert again.fit.exponent == found.fit.exponent


@pytest.mark.parametrize("held", [(), (5,), (8, 16)])
def test_too_little_left_is_refused(held, rng):
    splits = planted_splits(wigner, rng, sizes=SIZES[:4], draws=2)
    with pytest.raises(ValueError, match="held: expected some of the batch sizes"):
        hold_out(SIZES[:4], splits, held)
