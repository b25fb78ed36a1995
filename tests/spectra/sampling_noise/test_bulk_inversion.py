import numpy as np
import pytest

from eigenscape.spectra.sampling_noise.bulk_inversion import deconvolve_batches
from eigenscape.theory import moments


def test_the_bulk_of_planted_examples_is_recovered(rng):
    size, batch = 80, 80
    spectrum = np.concatenate([[20.0], np.full(20, 2.0), np.full(59, 0.2)])
    weights = np.repeat([[0.5], [2.0]], [54, 26], axis=0)
    weights /= weights.mean()
    spectra, examples = [], []
    for _ in range(2):
        rows = rng.standard_normal((batch, size)) * np.sqrt(weights * spectrum)
        spectra.append(np.linalg.eigvalsh(rows @ rows.T / batch))
        examples.append(weights * spectrum.sum())
    found = deconvolve_batches(spectra, examples, parameters=size, rng=rng)
    heavy = found.estimate(
        lambda law: sum(a.weight for a in law.atoms if 1 < a.location < 8)
    )
    # 20 of 80; a batch itself has an eigenvalue there two of three times only
    assert heavy.value == pytest.approx(0.25, abs=4 * heavy.standard_error + 0.02)
    top = found.estimate(lambda law: law.hull.upper)
    assert top.value == pytest.approx(20, abs=4 * top.standard_error + 2)
    mean = found.estimate(lambda law: float(moments(law, 1)[0]))
    assert mean.value == pytest.approx(spectrum.mean(), rel=0.15)


def test_bad_arguments(rng):
    ones = [np.ones(3)] * 2
    with pytest.raises(ValueError, match="^spectra: expected at least two"):
        deconvolve_batches(ones[:1], [np.ones((3, 1))], parameters=9, rng=rng)
    with pytest.raises(ValueError, match="^spectra: expected at most P = 2"):
        deconvolve_batches(ones, [np.ones((3, 1))] * 2, parameters=2, rng=rng)
