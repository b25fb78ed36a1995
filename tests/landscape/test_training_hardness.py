"""Laws of best loss against epochs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from eigenscape.landscape.training_hardness import (
    BEST_ERRORS,
    BEST_LOSSES,
    BUDGETS,
    EPOCHS,
    PUBLISHED_FITS,
    fit_hardness,
)

PUBLISHED = {"loss": BEST_LOSSES, "error": BEST_ERRORS}


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("form", ["exponential", "power"])
def test_equals_a_general_fit(name, form) -> None:
    found = fit_hardness(name, EPOCHS, PUBLISHED[name], form=form)

    def law(t, a, b, c):
        return a + b * (np.exp(c * t) if form == "exponential" else t**c)

    start = (0.9, 1.0, -0.05 if form == "exponential" else -1.0)
    wanted, covariance = scipy.optimize.curve_fit(
        law, EPOCHS, PUBLISHED[name], start, xtol=1e-12, ftol=1e-14
    )
    fitted = [found.floor, found.amplitude, found.rate]
    # the minimum is flat: its place is known to the root of the accuracy of the sum
    assert np.allclose(fitted, wanted, rtol=1e-4)
    assert np.allclose(found.standard_errors, np.sqrt(np.diag(covariance)), rtol=1e-2)
    assert np.allclose(found(EPOCHS), law(EPOCHS, *fitted))


def test_the_published_fit_of_the_loss_comes_out() -> None:
    found = fit_hardness("loss", EPOCHS, BEST_LOSSES)
    a, b, c = PUBLISHED_FITS["loss"]
    assert found.floor == pytest.approx(a, abs=1e-4)
    assert found.amplitude == pytest.approx(b, abs=5e-4)
    assert found.rate == pytest.approx(c, abs=5e-5)


def test_the_published_fit_of_the_error_is_near_but_not_the_minimum() -> None:
    found = fit_hardness("error", EPOCHS, BEST_ERRORS)
    published = np.array(PUBLISHED_FITS["error"])
    gap = published - [found.floor, found.amplitude, found.rate]
    assert (np.abs(gap) < found.standard_errors).all()
    residual = BEST_ERRORS - (
        published[0] + published[1] * np.exp(published[2] * EPOCHS)
    )
    assert np.sum(residual**2) > 1.02 * 8 * found.deviation**2


def test_a_power_describes_the_published_values_better() -> None:
    for name, values in PUBLISHED.items():
        pair = [
            fit_hardness(name, EPOCHS, values, form=form).information_criterion
            for form in ("exponential", "power")
        ]
        assert pair[0] - pair[1] > 10


@pytest.mark.parametrize("form", ["exponential", "power"])
def test_a_planted_law_is_found_with_errors_that_hold(form, rng) -> None:
    c = -0.04 if form == "exponential" else -0.9
    clean = 0.9 + 0.8 * (np.exp(c * EPOCHS) if form == "exponential" else EPOCHS**c)
    exact = fit_hardness("planted", EPOCHS, clean, form=form)
    assert exact.floor == pytest.approx(0.9, abs=1e-6)
    assert exact.rate == pytest.approx(c, abs=1e-5)
    pulls = []
    for _ in range(100):
        noisy = clean + 1e-3 * rng.standard_normal(clean.size)
        found = fit_hardness("planted", EPOCHS, noisy, form=form)
        pulls.append((found.floor - 0.9) / found.standard_errors[0])
    inside = np.mean(np.abs(pulls) < scipy.special.stdtrit(8, 0.975))
    # 95 % of 100, four binomial standard errors
    assert abs(inside - 0.95) <= 0.09


def test_halving_the_gap_takes_equal_times_or_equal_factors() -> None:
    slow = fit_hardness("loss", EPOCHS, BEST_LOSSES)
    assert slow.epochs_to(0.01) - slow.epochs_to(0.02) == pytest.approx(
        np.log(2) / -slow.rate
    )
    power = fit_hardness("loss", EPOCHS, BEST_LOSSES, form="power")
    gap = power(np.array([100.0]))[0] - power.floor
    assert power.epochs_to(gap) == pytest.approx(100)


def test_bad_data_are_refused() -> None:
    with pytest.raises(ValueError, match="at least five"):
        fit_hardness("loss", EPOCHS[:4], BEST_LOSSES[:4])
    with pytest.raises(ValueError, match="finite numbers at positive epochs"):
        fit_hardness("loss", 0 * EPOCHS, BEST_LOSSES)
    with pytest.raises(ValueError, match="gap: expected between 0 and"):
        fit_hardness("loss", EPOCHS, BEST_LOSSES).epochs_to(5.0)


def test_the_best_epoch_lies_within_the_budget() -> None:
    assert (EPOCHS < BUDGETS).all()
