import numpy as np
import pytest

from eigenscape.theory.sampling_noise.resampling import resample_batch_outliers


def measured_examples(rng, n=300, ranks=3, size=40):
    """Examples whose directions depend on their weight and on each other."""
    decay = np.geomspace(8, 0.05, size)
    weights = np.exp(rng.standard_normal((n, 1)))
    rows = rng.standard_normal((n, ranks, size)) * np.sqrt(decay)
    rows[:, 0, 0] *= weights[:, 0]
    rows[:, 1] += 0.5 * rows[:, 0]
    rows *= np.sqrt(weights)[:, :, None]
    return rows


def curvature(rows, known):
    mean = np.einsum("mck,mcl->kl", rows, rows) / len(rows)
    values, vectors = np.linalg.eigh(mean)
    inner, turn = np.linalg.eigh(rows @ rows.transpose(0, 2, 1))
    own = turn.transpose(0, 2, 1) @ rows @ vectors[:, ::-1]
    return (
        values[::-1][:known].copy(),
        np.maximum(inner, 0)[:, ::-1].copy(),
        own[:, ::-1, :known].copy(),
    )


def batches(rows, size, draws, rng, count=4):
    found = []
    for _ in range(draws):
        part = rows[rng.choice(len(rows), size, replace=False)]
        part = part.reshape(-1, rows.shape[2])
        values = np.linalg.eigvalsh(part.T @ part / size)
        found.append(values[: -count - 1 : -1])
    return np.array(found)


@pytest.mark.parametrize("size", [3, 20, 150, 299])
def test_all_directions_known_is_resampling(size, rng):
    rows = measured_examples(rng)
    found = resample_batch_outliers(
        *curvature(rows, 40), size, population=300, count=4, draws=300, rng=rng
    )
    direct = batches(rows, size, 300, rng)
    error = np.sqrt((found.var(0) + direct.var(0)) / 300)
    np.testing.assert_array_less(np.abs(found.mean(0) - direct.mean(0)), 4 * error)
    ratio = found.std(0) / direct.std(0)
    # standard deviations of 300 heavy-tailed draws are known to 10 % each
    assert ((ratio > 0.6) & (ratio < 1.7)).all()


def test_unknown_directions_are_taken_to_be_orthogonal(rng):
    """Exact where they are: every example has private directions of its own."""
    n, known = 60, 5
    shared = measured_examples(rng, n, 2, known)
    mean = np.einsum("mck,mcl->kl", shared, shared) / n
    values, vectors = np.linalg.eigh(mean)
    private = rng.standard_normal((n, 2, 2))
    gram = shared @ shared.transpose(0, 2, 1) + private @ private.transpose(0, 2, 1)
    inner, turn = np.linalg.eigh(gram)
    own = (turn.transpose(0, 2, 1) @ shared @ vectors[:, ::-1])[:, ::-1]
    found = resample_batch_outliers(
        values[::-1].copy(),
        inner[:, ::-1].copy(),
        own.copy(),
        4,
        population=n,
        count=4,
        draws=2000,
        rng=rng,
    )
    direct = []
    for _ in range(2000):
        pick = rng.choice(n, 4, replace=False)
        rows = np.zeros((4, 2, known + 8))
        rows[:, :, :known] = shared[pick]
        for i, one in enumerate(pick):
            rows[i, :, known + 2 * i : known + 2 * i + 2] = private[one]
        rows = rows.reshape(8, -1)
        direct.append(np.linalg.eigvalsh(rows @ rows.T / 4)[:-5:-1])
    direct = np.array(direct)
    error = np.sqrt((found.var(0) + direct.var(0)) / 2000)
    # the part of A in private directions, b/n = 1/15 of their shift, is taken out
    np.testing.assert_array_less(
        np.abs(found.mean(0) - direct.mean(0)), 4 * error + 0.05 * direct.mean(0)
    )


def test_a_sample_of_the_examples_stands_for_all(rng):
    rows = measured_examples(rng)
    spikes, values, own = curvature(rows, 40)
    some = rng.choice(300, 150, replace=False)
    found = resample_batch_outliers(
        spikes, values[some], own[some], 30, population=300, count=4, draws=300, rng=rng
    )
    direct = batches(rows, 30, 300, rng)
    # half of 300 heavy-tailed examples tell the shift to about 15 %
    np.testing.assert_allclose(found.mean(0), direct.mean(0), rtol=0.2)


def test_all_the_data_are_exact(rng):
    spikes, values, own = curvature(measured_examples(rng), 40)
    found = resample_batch_outliers(
        spikes, values, own, 300, population=300, count=4, draws=2, rng=rng
    )
    np.testing.assert_allclose(found, np.tile(spikes[:4], (2, 1)), rtol=1e-12)


def test_bad_arguments(rng):
    with pytest.raises(ValueError, match="^batch_size: expected 1 to 300"):
        resample_batch_outliers(
            *curvature(measured_examples(rng), 9),
            301,
            population=300,
            count=4,
            draws=2,
            rng=rng,
        )
