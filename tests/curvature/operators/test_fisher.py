"""Fisher matrices, exact and sampled."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Fisher
from models import problem


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def test_sampled_fisher_is_unbiased_and_converges() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    exact = dense(Fisher(risk))
    generator = torch.Generator().manual_seed(0)
    draws = torch.stack([
        dense(Fisher(risk, samples=2, generator=generator, check=False))
        for _ in range(25)
    ])
    deviation = draws.mean(0) - exact
    # 529 correlated entries, Student's t of 24 degrees: one beyond 7 in 10⁴ seeds
    error = draws.std(0) / 25**0.5
    assert (deviation.abs() <= 7 * error + 1e-15).all()
    assert deviation.norm() <= 0.5 * (draws[0] - exact).norm()


def test_sampled_fisher_repeats_itself_and_follows_its_generator() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    twins = [
        Fisher(risk, samples=3, generator=torch.Generator().manual_seed(5), retain=keep)
        for keep in (True, False)
    ]
    first, second = (dense(twin) for twin in twins)
    assert torch.equal(first, second)
    other = Fisher(risk, samples=3, generator=torch.Generator().manual_seed(6))
    assert not torch.equal(first, dense(other))
    assert twins[0].fingerprint() == twins[1].fingerprint() != other.fingerprint()


def test_fisher_says_what_it_needs() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    with pytest.raises(ValueError, match="samples: expected at least 1, got 0"):
        Fisher(risk, samples=0, generator=torch.Generator())
    with pytest.raises(ValueError, match="generator: expected one"):
        Fisher(risk, samples=1)

    def disguised(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(output, target)

    with pytest.raises(ValueError, match="negative log-likelihood"):
        Fisher(EmpiricalRisk(model, disguised, data))
