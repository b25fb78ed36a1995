import numpy as np
import pytest
from scipy.integrate import quad

import level_samples as samples
from eigenscape.spectra.local.form_factor import form_factor
from eigenscape.theory.local_laws import form_factor as theory

TIMES = np.array([0.1, 0.3, 0.7, 1.4])


@pytest.mark.parametrize("taper", ["hann", "none"])
@pytest.mark.parametrize("connected", [True, False])
def test_whole_spectra_against_the_definition(taper, connected):
    levels = samples.many(1)[0]
    got = form_factor(levels, TIMES, taper=taper, connected=connected)

    def weight(x):
        return np.sin(np.pi * x / 150) ** 2 if taper == "hann" else np.ones_like(x)

    def transformed(tau, wave):
        def integrand(x):
            return weight(x) * wave(2 * np.pi * tau * x)

        return quad(integrand, 0, 150, limit=800)[0]

    norm = quad(lambda x: weight(x) ** 2, 0, 150)[0]
    for tau, value in zip(TIMES, got.value, strict=True):
        mean = connected * (transformed(tau, np.cos) + 1j * transformed(tau, np.sin))
        phases = [np.exp(2j * np.pi * tau * row) for row in levels.spectra]
        sums = [weight(x) @ z for x, z in zip(levels.spectra, phases, strict=True)]
        power = np.mean(np.abs(np.array(sums) - mean) ** 2)
        assert value == pytest.approx(power / norm, rel=1e-6)


@pytest.mark.parametrize("beta", samples.BETAS)
@pytest.mark.parametrize("trials", [samples.lone, samples.many])
def test_values_and_intervals(beta, trials):
    statistics = [form_factor(levels, TIMES) for levels in trials(beta)]
    expected = theory(TIMES, beta)
    values = np.array([s.value for s in statistics])
    error = values.std(0, ddof=1) / np.sqrt(len(values))
    # smearing over 1/segment moves K by its curvature: below a fiftieth here
    assert (np.abs(values.mean(0) - expected) < 4 * error + expected / 50).all()
    covered = samples.coverage(statistics, expected)
    assert covered.min() >= samples.least_coverage(len(statistics))


@pytest.mark.parametrize("taper", ["hann", "none"])
def test_standard_errors_allow_for_overlapping_segments(taper):
    statistics = [
        form_factor(levels, TIMES, taper=taper, segment=100.0)
        for levels in samples.lone(0)
    ]
    claimed = np.sqrt(np.mean([s.standard_error**2 for s in statistics], axis=0))
    found = np.std([s.value for s in statistics], axis=0, ddof=1)
    # the floor adds up to a fifth for eleven segments; without the overlap it would be
    # a fifth less for the bare segments. 80 values know the spread to 8 %, four times
    assert -0.05 < np.log(claimed / found).mean() < 0.3


def test_times_below_the_resolution_or_lost_are_marked():
    plain = samples.lone(1)[0]
    got = form_factor(plain, TIMES, segment=10.0)
    np.testing.assert_array_equal(got.trusted, [False, True, True, True])
    fitted = type(plain)(plain.spectra, plain.spans, "fit", 5.0, lost_frequency=0.5)
    got = form_factor(fitted, TIMES)
    np.testing.assert_array_equal(got.trusted, [False, False, True, True])


@pytest.mark.parametrize("segment", [-1.0, 0.0, 601.0, np.nan])
def test_bad_segments(segment):
    with pytest.raises(ValueError, match="segment: expected a positive number up to"):
        form_factor(samples.lone(1)[0], TIMES, segment=segment)


def test_too_few_segments():
    with pytest.raises(ValueError, match="segment: expected up to 37.* got 400"):
        form_factor(samples.lone(1)[0], TIMES, segment=400.0)


@pytest.mark.parametrize("times", [[-0.1], [np.nan], [np.inf]])
def test_bad_times(times):
    with pytest.raises(ValueError, match="times: expected finite numbers from 0 on"):
        form_factor(samples.lone(1)[0], np.array(times))
