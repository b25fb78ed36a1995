import numpy as np

from eigenscape.core import load, save
from eigenscape.spectra.batch_outliers import BatchOutliers, fit_sweep
from planted_sweeps import planted_sweep


def test_a_sweep_is_fitted(rng):
    fitted = fit_sweep(planted_sweep(rng))
    assert fitted.note == fitted.fit.note
    assert fitted.fit.explained > 0.9
    assert fitted.fit.fitted_exponent == np.clip(fitted.fit.fitted_exponent, 0.3, 0.7)


def test_the_finite_population_can_be_left_out(rng):
    found = planted_sweep(rng, population=300)
    whole = fit_sweep(found).fit
    endless = fit_sweep(found, finite_population=False).fit
    assert whole.curve_batch_sizes[-1] == 300
    # with all 300 there is no noise left
    spikes = [spike.value for spike in whole.spikes]
    np.testing.assert_allclose(whole.curve[-1], spikes, rtol=1e-12)
    assert endless.curve_batch_sizes[-1] == 256
    assert endless.spikes[4].value < whole.spikes[4].value


def test_what_cannot_be_fitted_says_why(rng):
    fitted = fit_sweep(planted_sweep(rng, sign=-1.0))
    assert fitted.fit is None
    assert fitted.note.startswith("no fit (values: expected positive outliers")


def test_sweeps_are_picked_and_stored(rng, tmp_path):
    sweeps = tuple(
        fit_sweep(planted_sweep(rng, matrix=matrix, data=data, sign=sign))
        for matrix, sign in (("hessian", 1.0), ("residual", -1.0))
        for data in ("train", "test")
    )
    found = BatchOutliers("MLP", 9, "made", 1.0, 0.9, (2.0, 1.0), sweeps, 5.0, 4.0)
    assert found.pick("residual", "test") == sweeps[3:]
    save(found, tmp_path / "result")
    again = load(BatchOutliers, tmp_path / "result")
    assert [s.note for s in again.sweeps] == [s.note for s in sweeps]
    np.testing.assert_equal(again.sweeps[0].fit.curve, sweeps[0].fit.curve)
    assert again.sweeps[2].fit is None
