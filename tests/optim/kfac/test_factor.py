"""Running factors: their weights, their noise and what is shrunk."""

import pytest
import torch

from eigenscape.optim.kfac.factor import RunningFactor

CPU = {"dtype": torch.float64, "device": torch.device("cpu")}


def wishart(size, degrees, generator, maps=1):
    rows = torch.randn(maps, degrees, size, generator=generator, dtype=torch.float64)
    rows = rows * torch.linspace(0.2, 2, size, dtype=torch.float64)
    return rows.mT @ rows / degrees


@pytest.mark.parametrize("start", ["identity", "mean"])
def test_weights_of_measurements(start):
    factor = RunningFactor(1, 3, **CPU)
    generator = torch.Generator().manual_seed(0)
    measured = [wishart(3, 5, generator) for _ in range(15)]
    weights, identity = [], 1.0
    for index, matrix in enumerate(measured):
        factor.update(matrix, decay=0.9, start=start)
        keep = 0.9 if start == "identity" else min(0.9, index / (index + 1))
        weights = [keep * w for w in weights] + [1 - keep]
        identity *= keep
        expected = sum(w * m for w, m in zip(weights, measured, strict=False))
        expected = expected + identity * torch.eye(3, dtype=torch.float64)
        torch.testing.assert_close(factor.mean, expected)
        assert factor.weight == pytest.approx(sum(w**2 for w in weights), rel=1e-12)


def test_small_and_negative_eigenvalues_are_zero():
    factor = RunningFactor(1, 3, **CPU)
    factor.mean = torch.diag(torch.tensor([-1e-3, 1e-11, 2.0])).double()[None]
    factor.freeze()
    assert factor.eigenbasis()[0].tolist() == [[0.0, 0.0, 2.0]]
    factor.frozen[0, 0, 0] = 0
    found = factor.inverse(torch.tensor([0.5]).double())
    torch.testing.assert_close(found[0].diagonal(), torch.tensor([2, 2, 0.4]).double())
    found = factor.inverse(torch.tensor([0.0]).double())
    torch.testing.assert_close(found[0].diagonal(), torch.tensor([0, 0, 0.5]).double())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_inverses_are_those_of_the_damped_factor(dtype):
    generator = torch.Generator().manual_seed(4)
    factor = RunningFactor(2, 5, dtype=dtype, device=torch.device("cpu"))
    factor.mean = wishart(5, 8, generator, maps=2).to(dtype)
    factor.freeze()
    damping = torch.tensor([0.1, 2.0], dtype=dtype)
    dense = factor.mean + damping[:, None, None] * torch.eye(5, dtype=dtype)
    torch.testing.assert_close(factor.inverse(damping), torch.linalg.inv(dense))


def test_the_noise_of_a_measurement_is_estimated_without_bias():
    """E over 300 runs of 60 updates; four standard errors of their mean."""
    generator = torch.Generator().manual_seed(1)
    size, degrees = 4, 6
    truth = torch.diag(torch.linspace(0.2, 2, size, dtype=torch.float64) ** 2)
    exact = (truth.square().sum() + truth.trace() ** 2) / degrees / size
    factor = RunningFactor(300, size, **CPU, shrunk=True)
    for _ in range(60):
        matrix = wishart(size, degrees, generator, maps=300)
        factor.update(matrix, decay=0.9, start="mean")
    assert abs(factor.noise.mean() - exact) < 4 * factor.noise.std() / 300**0.5


def test_shrinking_finds_the_best_share_of_the_mean():
    """β* against the minimum of ‖β M̄ + (1 − β) μ I − Σ‖² over β, averaged over runs."""
    generator = torch.Generator().manual_seed(2)
    size, degrees = 30, 40
    spectrum = torch.linspace(0.2, 2, size, dtype=torch.float64) ** 2
    truth, eye = torch.diag(spectrum), torch.eye(size, dtype=torch.float64)
    factor = RunningFactor(40, size, **CPU, shrunk=True)
    for _ in range(25):
        matrix = wishart(size, degrees, generator, maps=40)
        factor.update(matrix, decay=0.9, start="mean")
    centre = factor.mean.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * eye
    away, wanted = factor.mean - centre, truth - centre
    best = (away * wanted).sum((1, 2)) / away.square().sum((1, 2))
    assert 0.5 < best.mean() < 0.95
    # the spread of a single run's, over √40
    assert abs(factor.signals().mean() - best.mean()) < 4 * best.std() / 40**0.5
    expected = torch.lerp(centre, factor.mean, factor.signals()[:, None, None])
    factor.freeze()
    torch.testing.assert_close(factor.frozen, expected)


def test_a_state_comes_back():
    generator = torch.Generator().manual_seed(3)
    factor, other = (RunningFactor(2, 3, **CPU) for _ in range(2))
    for _ in range(3):
        matrix = wishart(3, 5, generator).repeat(2, 1, 1)
        factor.update(matrix, decay=0.9, start="identity")
    factor.freeze()
    other.restore(factor.state())
    torch.testing.assert_close(other.state(), factor.state(), rtol=0, atol=0)
    with pytest.raises(ValueError, match=r"^state_dict: expected a factor of shape"):
        RunningFactor(1, 3, **CPU).restore(factor.state())
