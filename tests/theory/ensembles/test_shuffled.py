import numpy as np

from eigenscape.theory import Semicircle
from eigenscape.theory.ensembles import Deterministic
from eigenscape.theory.ensembles.shuffled import ShuffledDiagonal


def test_the_same_values_stand_in_another_order():
    rng = np.random.default_rng(0)
    matrix = ShuffledDiagonal(Semicircle(1.0)).sample(50, rng=rng)
    assert np.count_nonzero(matrix - np.diag(np.diagonal(matrix))) == 0
    ordered = Deterministic(Semicircle(1.0)).sample_eigenvalues(50, rng=rng)
    assert np.array_equal(np.sort(np.diagonal(matrix)), ordered)
    assert not np.array_equal(np.diagonal(matrix), ordered)
