import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.local.unfolded import UnfoldedLevels


def levels():
    rows = (np.arange(100) + 0.5, np.arange(60) + 0.5)
    return UnfoldedLevels(rows, np.array([[0.0, 100], [0, 60]]), "exact", 6.0, 0.01)


def test_the_centre_keeps_its_scale():
    middle = levels().central(0.5)
    np.testing.assert_array_equal(middle.spans, [[25, 75], [15, 45]])
    np.testing.assert_array_equal(middle.spectra[1], np.arange(15, 45) + 0.5)
    assert middle.lost_frequency == 0.01
    assert middle.trusted_length <= middle.longest_length


def test_longest_length_leaves_five_units():
    # blocks of 3L behind a window: 100/10, 100/7, 60/7, 100/4, 60/4 are the first five
    assert levels().longest_length == pytest.approx(60 / 7)


@pytest.mark.parametrize("fraction", [0.0, 1.2, np.nan])
def test_bad_fraction(fraction):
    with pytest.raises(ValueError, match="fraction: expected above 0 and up to 1"):
        levels().central(fraction)


@pytest.mark.parametrize(
    ("rows", "spans", "message"),
    [
        ((np.array([2.0, 1.0]),), [[0.0, 3.0]], "ascending levels"),
        ((np.array([1.0, 4.0]),), [[0.0, 3.0]], "within their spans"),
        ((np.array([1.0, np.nan]),), [[0.0, 3.0]], "finite"),
        ((np.array([1.0]),), [[0.0, 3.0], [0.0, 3.0]], "one a spectrum, got 2 for 1"),
        ((), np.zeros((0, 2)), "got 0 for 0"),
    ],
)
def test_bad_levels(rows, spans, message):
    with pytest.raises(ValueError, match=message):
        UnfoldedLevels(rows, np.array(spans), "exact", 1.0)


def test_levels_are_stored(tmp_path):
    save(levels(), tmp_path)
    again = load(UnfoldedLevels, tmp_path)
    np.testing.assert_array_equal(again.spectra[1], levels().spectra[1])
    assert again.method == "exact"
