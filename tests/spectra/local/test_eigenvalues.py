import numpy as np
import pytest

from eigenscape.spectra.local.eigenvalues import (
    above_cutoff,
    require_distinct,
    sorted_spectra,
)


def test_one_spectrum_a_matrix_and_a_sequence_are_all_spectra():
    one = sorted_spectra(np.array([3.0, 1.0, 2.0]), least=1)
    np.testing.assert_array_equal(one, [[1, 2, 3]])
    rows = np.array([[2.0, 1.0], [4.0, 3.0]])
    np.testing.assert_array_equal(sorted_spectra(rows, least=1), [[1, 2], [3, 4]])
    ragged = sorted_spectra([np.array([2.0, 1.0]), np.array([5.0])], least=1)
    assert [row.size for row in ragged] == [2, 1]


def test_input_is_left_as_it_was():
    given = np.array([3.0, 1.0])
    sorted_spectra(given, least=1)
    np.testing.assert_array_equal(given, [3, 1])


@pytest.mark.parametrize(
    ("spectra", "message"),
    [
        ([], "at least one spectrum, got none"),
        ([np.array([1.0, np.nan])], "expected finite numbers, got nan in spectrum 0"),
        ([np.array([1.0, -np.inf])], "expected finite numbers, got -inf"),
        ([np.arange(9.0), np.zeros(2)], "at least 3 a spectrum, got 2 in spectrum 1"),
    ],
)
def test_bad_spectra(spectra, message):
    with pytest.raises(ValueError, match=message):
        sorted_spectra(spectra, least=3)


def test_repeated_eigenvalues_are_refused_in_one_line():
    with pytest.raises(ValueError, match="got 2 equal to the next; drop") as caught:
        require_distinct([np.array([0.0, 0.0, 1.0, 1.0, 2.0])])
    assert "\n" not in str(caught.value)


def test_cutoff():
    row = np.array([1e-12, -3.0, 0.0, 2.0, -1e-12])
    np.testing.assert_array_equal(above_cutoff(row, 1e-10)[0], [-3, 2])
    np.testing.assert_array_equal(above_cutoff(row, 0.0)[0], [-3, -1e-12, 1e-12, 2])
    for cutoff in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="cutoff: expected a finite number"):
            above_cutoff(row, cutoff)
