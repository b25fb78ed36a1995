"""Processes: driven, saved, resumed to the same bits, and only on what they began."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from eigenscape.core import StorageError
from eigenscape.curvature import Dense, LinearOperator, process
from eigenscape.curvature.process import Process, State, drive


class PowerIteration(Process):
    def __init__(self, size: int, steps: int) -> None:
        self.vector = torch.ones(size, 1).double()
        self.steps, self.done = steps, 0

    @property
    def identity(self) -> str:
        return f"power {self.steps}"

    @property
    def products(self) -> int:
        return self.done

    @property
    def most_products(self) -> int:
        return self.steps

    @property
    def wanted(self) -> torch.Tensor | None:
        return self.vector if self.done < self.steps else None

    def receive(self, products: torch.Tensor) -> None:
        self.vector = products / products.norm()
        self.done += 1

    def state(self) -> State:
        return {"vector": self.vector, "done": torch.tensor(self.done)}

    def restore(self, state: State) -> None:
        self.vector, self.done = state["vector"], int(state["done"])


class Counting(LinearOperator):
    def __init__(self, matrix: torch.Tensor, fail_after: int | None = None) -> None:
        self.inner, self.calls, self.fail_after = Dense(matrix), 0, fail_after

    size = property(lambda self: self.inner.size)
    dtype = property(lambda self: self.inner.dtype)
    device = property(lambda self: self.inner.device)

    def fingerprint(self) -> str:
        return self.inner.fingerprint()

    def matvec(self, vector: torch.Tensor) -> torch.Tensor:
        if self.calls == self.fail_after:
            raise KeyboardInterrupt
        self.calls += 1
        return self.inner.matvec(vector)


def matrix() -> torch.Tensor:
    square = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)).double()
    return square + square.T


def test_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    whole = PowerIteration(6, 9)
    drive(whole, Dense(matrix()))
    place = tmp_path / "deep" / "run.safetensors"
    with pytest.raises(KeyboardInterrupt):
        drive(PowerIteration(6, 9), Counting(matrix(), 4), checkpoint=place)
    operator, again = Counting(matrix()), PowerIteration(6, 9)
    drive(again, operator, checkpoint=place)
    assert torch.equal(again.vector, whole.vector)
    assert operator.calls == 9 - 4
    finished = PowerIteration(6, 9)
    drive(finished, Counting(matrix(), 0), checkpoint=place)
    assert torch.equal(finished.vector, whole.vector)
    assert [path.name for path in place.parent.iterdir()] == ["run.safetensors"]


def test_refuses_to_go_on_with_something_else(tmp_path: Path) -> None:
    place = tmp_path / "run.safetensors"
    drive(PowerIteration(6, 3), Dense(matrix()), checkpoint=place)
    for other, operator in [
        (PowerIteration(6, 4), Dense(matrix())),
        (PowerIteration(6, 3), Dense(2 * matrix())),
    ]:
        with pytest.raises(StorageError, match="expected the state of this run"):
            drive(other, operator, checkpoint=place)
    place.write_bytes(place.read_bytes()[:20])
    with pytest.raises(StorageError, match="a file that cannot be read"):
        drive(PowerIteration(6, 3), Dense(matrix()), checkpoint=place)


def test_shows_a_bar_only_when_asked(capsys) -> None:
    drive(PowerIteration(6, 3), Dense(matrix()))
    assert not capsys.readouterr().err
    drive(PowerIteration(6, 3), Dense(matrix()), progress=True)
    assert "product" in capsys.readouterr().err
