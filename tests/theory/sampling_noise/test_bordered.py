import numpy as np
import pytest

from eigenscape.theory.sampling_noise.bordered import top_eigenvalues


def dense(base, rows, rest, count):
    """The whole matrix, private directions and all."""
    found = []
    for z, private in zip(rows, rest, strict=True):
        whole = np.hstack([z, np.diag(np.sqrt(private))])
        matrix = whole.T @ whole
        matrix[: base.shape[0], : base.shape[0]] += base
        found.append(np.linalg.eigvalsh(matrix)[::-1][:count])
    return np.array(found)


@pytest.mark.parametrize("scale", [0.0, 20.0])
def test_none_or_large_private_directions_are_exact(scale, rng):
    base, rows = np.diag([5.0, 3.0, 1.0]), rng.standard_normal((4, 6, 3))
    rest = scale * (1 + rng.random((4, 6)))
    found = top_eigenvalues(base, rows, rest, 4 if scale else 3)
    np.testing.assert_allclose(
        found, dense(base, rows, rest, found.shape[1]), rtol=1e-12
    )


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.5])
def test_mixed_private_directions_to_second_order(scale, rng):
    """Rows of ρ ≤ λ/4 enter by a complement that is refined to first order."""
    base = np.diag([5.0, 3.0, 1.0, 0.5])
    rows = rng.standard_normal((10, 60, 4)) * np.sqrt([0.1, 0.06, 0.02, 0.01])
    rest = scale * rng.lognormal(0, 1.5, (10, 60)) / 4
    # a complement of relative size q ≤ 1/3 moves an eigenvalue at second order by its
    # square times that of the rows' share, below one half here
    exact = dense(base, rows, rest, 3)
    np.testing.assert_allclose(top_eigenvalues(base, rows, rest, 3), exact, rtol=2e-3)


def test_fewer_eigenvalues_than_asked_for_are_zero():
    found = top_eigenvalues(np.eye(2), np.zeros((1, 1, 2)), np.zeros((1, 1)), 4)
    np.testing.assert_array_equal(found, [[1, 1, 0, 0]])
