"""What an exact spectrum says of its eigenvalues."""

from __future__ import annotations

import numpy as np

from eigenscape.core.storage import load, save
from eigenscape.spectra.exact_spectrum import ExactSpectrum

SPECTRUM = ExactSpectrum(
    eigenvalues=np.array([-3.0, -1e-15, 2e-16, 0.5]),
    dimension=7,
    zero_rows=2,
    resolution=1e-14,
    route="by hand",
)


def test_what_is_resolved_is_told_from_rounding_and_from_structure() -> None:
    assert SPECTRUM.resolved.tolist() == [-3.0, 0.5]
    assert SPECTRUM.unresolved == 2
    assert SPECTRUM.known_zeros == 3
    assert SPECTRUM.norm == 3
    assert SPECTRUM.full().tolist() == [-3.0, -1e-15, 0, 0, 0, 2e-16, 0.5]
    assert str(SPECTRUM) == "2 of 7 eigenvalues above 1e-14; 2 rows vanish"


def test_it_is_saved_whole(tmp_path) -> None:
    save(SPECTRUM, tmp_path)
    found = load(ExactSpectrum, tmp_path)
    assert str(found) == str(SPECTRUM)
    assert np.array_equal(found.full(), SPECTRUM.full())
    assert found.route == "by hand"
