import numpy as np

from eigenscape.core import load, save
from eigenscape.spectra.batch_sweep import BatchSweep


def sweep(values):
    values = np.array(values, float)
    return BatchSweep(
        checkpoint="end",
        epoch=3.0,
        data="train",
        matrix="hessian",
        population=100,
        batch_sizes=np.arange(1, len(values) + 1),
        values=values,
        residuals=np.zeros_like(values),
        products=np.full(values.shape[:2], 7),
        notes=("a note",),
    )


def test_means_and_spreads_are_over_the_draws_that_show_an_eigenvalue():
    nan = np.nan
    found = sweep([
        [[4, 1], [6, 3]],
        [[4, nan], [8, 5]],
        [[nan, nan], [nan, nan]],
    ])
    np.testing.assert_equal(found.means, [[5, 2], [6, 5], [nan, nan]])
    root = np.sqrt(2)
    expected = [[root, root], [2 * root, nan], [nan, nan]]
    np.testing.assert_allclose(found.deviations, expected)


def test_it_is_stored(tmp_path):
    found = sweep([[[4.0, np.nan], [6, 3]]])
    save(found, tmp_path / "sweep")
    again = load(BatchSweep, tmp_path / "sweep")
    np.testing.assert_equal(again.values, found.values)
    assert (again.matrix, again.notes) == ("hessian", ("a note",))
