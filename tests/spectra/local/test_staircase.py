import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.number_variance import number_variance
from eigenscape.spectra.local.staircase import unfold_staircase
from eigenscape.theory import local_laws

# trusted lengths of a few spacings are expected here
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def bends():
    return {
        "flat": lambda x: x,
        "semicircle of another scale": lambda x: 3 * np.sin(1.5 * (x - 0.5)),
        "Cauchy": lambda x: np.tan(3.0 * (x - 0.5)),
    }


@pytest.mark.parametrize("name", bends())
@pytest.mark.parametrize("beta", [0, 1, 2])
def test_number_variance_survives_within_the_trusted_length(name, beta):
    rows = samples.bulk_levels(beta, 40)
    levels = unfold_staircase([bends()[name](row / 600) for row in rows])
    lengths = np.array([1.0, min(levels.trusted_length, 3.0)])
    found = number_variance(levels, lengths)
    theory = local_laws.number_variance(lengths, beta)
    # a trusted length allows a twentieth
    allowed = 0.06 * theory + 3.5 * found.standard_error
    assert (np.abs(found.value - theory) < allowed).all()


def test_knots_keep_their_rank_and_levels_rise():
    row = samples.spectra(1, 4)[0]
    levels = unfold_staircase(row)
    assert (np.diff(levels.spectra[0]) > 0).all()
    inside = np.searchsorted(row, row)[: levels.spectra[0].size]
    # first and last level kept are knots, whose level is their rank
    first, last = levels.spectra[0][[0, -1]]
    assert first == round(first)
    assert last - first == inside.size - 1


def test_each_spectrum_has_its_own_density():
    rows = [
        (1 + i) * row + 100 * i for i, row in enumerate(samples.bulk_levels(1, 40)[:8])
    ]
    scaled, plain = (
        unfold_staircase(rows),
        unfold_staircase(samples.bulk_levels(1, 40)[:8]),
    )
    for a, b in zip(scaled.spectra, plain.spectra, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_short_spectra_are_refused():
    with pytest.raises(ValueError, match="expected at least 60 a spectrum, got 59"):
        unfold_staircase(np.arange(59.0))
