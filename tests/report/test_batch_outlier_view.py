import pytest

from eigenscape.report.batch_outlier_view import arrange_batch_outliers
from eigenscape.spectra.batch_outliers import BatchOutliers, fit_sweep
from planted_sweeps import planted_sweep


@pytest.mark.parametrize("checkpoints", [("end",), ("start", "end")])
def test_the_page_begins_with_the_end_of_training(rng, checkpoints):
    sweeps = tuple(
        fit_sweep(planted_sweep(rng, checkpoint=checkpoint, matrix=matrix))
        for checkpoint in checkpoints
        for matrix in ("hessian", "residual")
    )
    found = BatchOutliers("MLP", 9, "made", 1.0, 0.9, (1.0,), sweeps, 5.0, 4.0)
    figures = arrange_batch_outliers(found)
    names = [figure.name for figure in figures]
    assert names[:2] == ["outliers-end-train-hessian", "profile-end-train-hessian"]
    assert len(names) == len(set(names)) == 4 + 2 * (len(checkpoints) - 1)
    assert figures[0].caption.startswith("MLP on made, epoch 1.")
    assert figures[0].caption.endswith("A note.")
