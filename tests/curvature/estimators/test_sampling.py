"""Sampling: blocks of probes, drawn again as they were after an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from eigenscape.core import StorageError
from eigenscape.curvature import process
from eigenscape.curvature.estimators.sampling import (
    Sampling,
    require_probes,
    with_sketch,
)
from eigenscape.curvature.estimators.sketch import BLOCK, Sketch
from eigenscape.curvature.process import drive
from interrupted import Interrupted, OutOfProductsError
from rotated import SPECTRA, rotated

OPERATOR = rotated(SPECTRA["flat"])


class Total(Sampling):
    """The sum of the products of normal vectors."""

    def __init__(self, probes: int, *, sketch: int = 0, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        first = Sketch(OPERATOR, sketch, generator=generator) if sketch else None
        super().__init__(probes=probes, generator=generator, sketch=first)
        self.total = torch.zeros(80, dtype=torch.float64)
        self.blocks: list[int] = []

    @property
    def sums(self) -> torch.Tensor:
        return self.total

    def draw(self, count: int) -> torch.Tensor:
        self.blocks.append(count)
        return torch.randn(80, count, generator=self._generator, dtype=torch.float64)

    def absorb(self, products: torch.Tensor) -> None:
        self.total += products.sum(1)


@pytest.mark.parametrize("probes", [1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_probes_come_in_blocks(probes: int) -> None:
    run = Total(probes)
    drive(run, OPERATOR)
    assert sum(run.blocks) == run.products == run.most_products == probes
    assert max(run.blocks) <= BLOCK


def test_asking_twice_draws_once() -> None:
    run = Total(20)
    assert run.wanted is run.wanted
    assert run.blocks == [BLOCK]


def test_the_products_of_a_sketch_come_first() -> None:
    run = Total(5, sketch=3)
    assert run.most_products == 11
    for products in (3, 6):
        wanted = run.wanted
        assert wanted is not None
        assert wanted.shape[1] == 3
        assert not run.blocks
        run.receive(OPERATOR.matmat(wanted))
        assert run.products == products
    wanted = run.wanted
    assert wanted is not None
    assert wanted.shape[1] == 5


@pytest.mark.parametrize("sketch", [0, 20])
@pytest.mark.parametrize("last", [10, 17, 25, 45, 60])
def test_interrupted_runs_go_on_to_the_same_bits(
    sketch: int, last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    whole = Total(70, sketch=sketch)
    drive(whole, OPERATOR)
    file = tmp_path / "total"
    first = Interrupted(OPERATOR, last)
    with pytest.raises(OutOfProductsError):
        drive(Total(70, sketch=sketch), first, checkpoint=file)
    again, rest = Total(70, sketch=sketch), Interrupted(OPERATOR, 110)
    drive(again, rest, checkpoint=file)
    assert torch.equal(again.total, whole.total)
    assert first.given + rest.given == 70 + 2 * sketch
    assert torch.equal(again._generator.get_state(), whole._generator.get_state())


def test_a_run_of_other_numbers_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "total"
    drive(Total(5), OPERATOR, checkpoint=file)
    for other in (Total(5, seed=1), Total(6), Total(5, sketch=1)):
        with pytest.raises(StorageError, match="expected the state of this run"):
            drive(other, OPERATOR, checkpoint=file)


def test_products_that_are_not_numbers_are_refused() -> None:
    run = Total(3)
    wanted = run.wanted
    assert wanted is not None
    with pytest.raises(ValueError, match="operator: expected finite products"):
        run.receive(wanted / 0)


def test_a_sketch_and_its_image_take_two_thirds_of_the_products() -> None:
    generator = torch.Generator().manual_seed(0)
    for allowed, left in ((4, 2), (10, 4), (12, 4)):
        sketch, probes = with_sketch(OPERATOR, allowed, generator=generator)
        assert probes == left
        assert sketch.most_products + probes == allowed


@pytest.mark.parametrize(
    ("method", "probes", "line"),
    [
        ("other", 9, r"method: expected one of \('some',\), got 'other'"),
        ("some", 2, "probes: expected at least 3 for a standard error by some, got 2"),
    ],
)
def test_too_few_products_are_refused(method: str, probes: int, line: str) -> None:
    require_probes("some", 3, {"some": 3})
    with pytest.raises(ValueError, match=line):
        require_probes(method, probes, {"some": 3})
