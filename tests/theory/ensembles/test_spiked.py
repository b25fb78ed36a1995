from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory.ensembles.gaussian import GOE, GSE, GUE
from eigenscape.theory.ensembles.spiked import Spiked
from eigenscape.theory.ensembles.wishart import Wishart
from eigenscape.theory.outliers import outlier_location


@pytest.mark.parametrize("base", [GOE(), GUE(2.0), Wishart(0.5)], ids=repr)
def test_spikes_come_out_where_the_theory_says(base, rng):
    size, spikes = 500, np.array([-4.0, 5.0])
    spectrum = Spiked(base, spikes).sample_eigenvalues(size, rng=rng)
    for spike, found in zip(spikes, spectrum[[0, -1]], strict=True):
        expected = outlier_location(float(spike), base.law)
        # The variance of a direction's mean eigenvalue is at most 2 Var/N.
        assert abs(found - expected) < 4 * math.sqrt(2 * 2.0 / size)


def test_a_spike_adds_its_trace(rng):
    noise = GOE().sample(9, rng=np.random.default_rng(0))
    spiked = Spiked(GOE(), np.array([2.0, 3.0])).sample(9, rng=np.random.default_rng(0))
    added = np.linalg.eigvalsh(spiked - noise)
    assert np.allclose(added, [0] * 7 + [2.0, 3.0], rtol=0, atol=1e-14)


def test_refuses_bad_spikes_and_bases(rng):
    with pytest.raises(ValueError, match="spikes: expected finite numbers"):
        Spiked(GOE(), np.array([]))
    with pytest.raises(ValueError, match="spikes: expected finite numbers"):
        Spiked(GOE(), np.array([np.nan]))
    with pytest.raises(ValueError, match="size: expected at least 2, got 1"):
        Spiked(GOE(), np.array([1.0, 2.0])).sample(1, rng=rng)
    with pytest.raises(ValueError, match="base: expected matrices of 4 rows, got 8"):
        Spiked(GSE(), np.array([1.0])).sample(4, rng=rng)
