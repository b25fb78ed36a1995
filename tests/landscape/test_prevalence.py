import numpy as np
import pytest

from eigenscape.landscape.prevalence import sample_switch


def test_matrices_become_positive_where_the_edge_does():
    rng = np.random.default_rng(0)
    strengths = np.array([1.5, 2.0, 2.5])
    found = sample_switch(strengths, 120, 40, rng=rng)
    assert found.edges == pytest.approx(strengths - 2)
    assert found.positive[0] == 0
    assert 0 < found.positive[1] < 1
    assert found.positive[2] == 1
    # The page's U(2) and U(2.5).
    assert found.rates[1:] == pytest.approx([0.5, 0.818147], abs=5e-7)
    assert np.abs(found.sampled - found.rates).max() < np.log(120) / 120
    assert (found.errors < 0.02).all()
