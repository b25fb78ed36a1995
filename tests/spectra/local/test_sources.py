import numpy as np
import pytest

from eigenscape.spectra.local.sources import spectra_of
from eigenscape.theory.ensembles import GOE, GUE


def test_matrices_alone_stacked_and_listed(rng):
    real = [GOE().sample(8, rng=rng) for _ in range(3)]
    for source in (np.stack(real), real, tuple(real)):
        rows = spectra_of(source)
        for row, matrix in zip(rows, real, strict=True):
            np.testing.assert_allclose(row, np.linalg.eigvalsh(matrix), atol=1e-14)
    (row,) = spectra_of(GUE().sample(8, rng=rng))
    assert row.dtype == float


def test_float_matrices_give_float_spectra(rng):
    matrix = GOE().sample(8, rng=rng).astype(np.float32)
    for each in (matrix, matrix.astype(float)):
        (row,) = spectra_of(each)
        assert row.dtype == np.float32
    # rounding in the two halves is symmetrised
    off = matrix.copy()
    off[0, 1] *= np.float32(1 + 1e-6)
    assert spectra_of(off)[0].size == 8


def test_numbers_rows_and_mixtures(rng):
    assert [r.tolist() for r in spectra_of([3, 1.0, 2])] == [[3, 1, 2]]
    assert [r.size for r in spectra_of(np.zeros((2, 5)))] == [5, 5]
    assert [r.tolist() for r in spectra_of(np.arange(3.0)[:, None])] == [[0, 1, 2]]
    ladder = np.arange(9.0).reshape(3, 3)
    assert [r.tolist() for r in spectra_of(ladder)] == ladder.tolist()
    mixed = [np.arange(4.0), np.eye(3), [1.0, 2.0]]
    assert [r.size for r in spectra_of(mixed)] == [4, 3, 2]
    assert spectra_of(np.arange(3))[0].dtype == float


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (np.zeros((2, 2, 2, 2)), "one to three dimensions, got 4"),
        (np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 5.0], [1.0, 0.0, 1.0]]), "symmetrise"),
        (np.empty(0), "expected numbers"),
        (np.array([None]), "expected numbers"),
        ([1.0, np.arange(2.0)], "inhomogeneous|sequence"),
    ],
)
def test_what_is_neither_is_refused(bad, what):
    with pytest.raises(ValueError, match=what):
        spectra_of(bad)
