from __future__ import annotations

import numpy as np

from eigenscape.theory.convolution.runs import Runs


def test_points_of_one_cell_and_one_height_run_together():
    # A cell is 0.4 heights wide: 0.4 at height 1, 0.04 at a tenth.
    z = np.array([0.1, 0.15, 0.3, 0.5, 0.5]) + 1j * np.array([1, 1, 1, 1, 0.1])
    runs = Runs.of(z, np.zeros(5, bool))
    assert runs.heads.tolist() == [0, 3, 4]
    assert runs.members.tolist() == [0, 0, 0, 1, 2]
    assert runs.crowded.tolist() == [True, True, True, False, False]


def test_points_on_their_own_share_nothing():
    z = np.array([0.1, 0.15, 0.3]) + 1j
    runs = Runs.of(z, np.array([False, True, False]))
    assert runs.heads.tolist() == [0, 1]
    assert not Runs.of(z, np.ones(3, bool)).crowded.any()


def test_what_the_first_found_is_handed_on_to_first_order():
    z = np.array([0.1, 0.2, 5.0]) + 1j
    runs = Runs.of(z, np.zeros(3, bool))
    w, slope, done = runs.shared(
        z, z[None, [0, 2]] ** 2, 2 * z[None, [0, 2]], np.array([True, False])
    )
    assert done.tolist() == [True, True, False]
    assert np.allclose(slope, 2 * z[[0, 0, 2]])
    # (z + d)² − z² − 2zd = d²
    assert np.allclose(w - z**2, [[0, -0.01, 0]])
