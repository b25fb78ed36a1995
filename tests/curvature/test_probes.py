"""Probe vectors: the right law, the same numbers everywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from eigenscape.curvature.probes import gaussian, rademacher

CPU = torch.device("cpu")


def draw(kind: Callable, size: int, count: int, dtype=torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return kind(size, count, generator=generator, dtype=dtype, device=CPU)


@pytest.mark.parametrize(
    ("kind", "fourth"), [(rademacher, 1.0), (gaussian, 3.0)], ids=["sign", "normal"]
)
def test_moments(kind: Callable, fourth: float) -> None:
    entries = draw(kind, 100, 1000).flatten()
    # five standard errors: the variances of x, x² and x⁴ of a normal are 1, 2 and 96
    assert abs(entries.mean()) < 5 * 1e-5**0.5
    assert abs(entries.square().mean() - 1) < 5 * 2e-5**0.5
    assert abs(entries.pow(4).mean() - fourth) < 5 * 96e-5**0.5


@pytest.mark.parametrize("kind", [rademacher, gaussian])
def test_numbers_depend_on_neither_count_nor_type(kind: Callable) -> None:
    assert draw(kind, 7, 5).shape == (7, 5)
    assert torch.equal(draw(kind, 7, 5)[:, :2], draw(kind, 7, 2))
    assert torch.equal(
        draw(kind, 7, 5, torch.float32), draw(kind, 7, 5).to(torch.float32)
    )


@pytest.mark.parametrize("kind", [rademacher, gaussian])
def test_no_probes_are_refused(kind: Callable) -> None:
    with pytest.raises(ValueError, match=r"size, count: .* got 7 and 0"):
        draw(kind, 7, 0)


def test_generator_on_a_device_is_refused() -> None:
    class Elsewhere(torch.Generator):
        device = torch.device("cuda", 0)

    with pytest.raises(ValueError, match="on the processor, got cuda:0"):
        gaussian(3, 1, generator=Elsewhere(), dtype=torch.float32, device=CPU)
