"""Passes: a source must repeat itself, and its random numbers are the caller's."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature.risk.passes import DEFAULT_BATCH_SIZE, Passes
from eigenscape.curvature.risk.sources import examples_of

X, Y = torch.arange(80.0).view(40, 2), torch.arange(40)
CPU = torch.device("cpu")


class Changing(Dataset):
    """Answers to each reading with its number, or always with the same."""

    def __init__(self, change: Callable[[int], float]) -> None:
        self.readings = 0
        self.change = change

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        self.readings += 1
        return torch.tensor([index + self.change(self.readings), 0.0]), index


def passes(data: object, batch_size: int | None = None) -> Passes:
    return Passes(examples_of(data), batch_size, CPU)


def test_default_sizes() -> None:
    assert passes((X, Y)).batch_size == DEFAULT_BATCH_SIZE
    batches = list(zip(X.split(15), Y.split(15), strict=True))
    assert (passes(batches).batch_size, passes(batches).first) == (15, 15)
    assert (passes(batches, 4).batch_size, passes(batches, 4).first) == (4, 4)
    assert passes(batches, 100).first == 15
    assert passes((X, Y)).resized(7).batch_size == 7


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batch_size_below_one_is_refused(batch_size: int) -> None:
    with pytest.raises(ValueError, match=f"batch_size: .* 1, got {batch_size}; raise"):
        passes((X, Y), batch_size)


def test_values_that_change_between_passes_are_refused() -> None:
    steady = passes(Changing(lambda _: 0.0), 3)
    assert len(list(steady.walk())) == len(list(steady.walk())) == 2
    for first_changed in (5, 8):  # in the first and in the last minibatch
        jumping = passes(Changing(lambda k, at=first_changed: float(k >= at)), 3)
        list(jumping.walk())
        index = 0 if first_changed == 5 else 1
        with pytest.raises(
            NondeterministicOperatorError, match=f"minibatch {index} as"
        ):
            list(jumping.walk())


@pytest.mark.parametrize(
    "kind", [torch.float64, torch.float32, torch.int64, torch.uint8]
)
def test_any_change_of_any_example_is_noticed(kind: torch.dtype) -> None:
    x = torch.randint(0, 200, (50, 3, 61), generator=torch.Generator().manual_seed(0))
    batches = [(x.to(kind)[k : k + 25], torch.arange(25)) for k in (0, 25)]
    steady = passes(batches)
    list(steady.walk())
    list(steady.walk())
    whole = batches[1]

    def flipped(image: torch.Tensor) -> torch.Tensor:
        return torch.cat([image[:20], image[20:].flip(-1)])

    def one_entry(image: torch.Tensor) -> torch.Tensor:
        other = image.clone()
        other[24, 2, 60] += 1
        return other

    for change in (flipped, one_entry, lambda image: image.roll(1, 0)):
        batches[1] = (change(whole[0]), whole[1])
        with pytest.raises(NondeterministicOperatorError, match="minibatch 1 as"):
            list(steady.walk())
    batches[1] = whole
    list(steady.walk())


def test_rows_that_begin_between_words_are_read() -> None:
    bytes_ = torch.arange(9 * 8199).to(torch.uint8).view(9, 8199)
    odd = passes((bytes_, torch.arange(9)), 2)
    assert len(list(odd.walk())) == len(list(odd.walk())) == 5
    bytes_[3, 8190] += 1
    with pytest.raises(NondeterministicOperatorError, match="minibatch 1 as"):
        list(odd.walk())


def test_columns_of_a_table_are_read() -> None:
    table = torch.arange(40.0).double().view(10, 4)
    column = passes((table[:, 1:2], table[:, 2]), 9)  # the second minibatch has one row
    assert len(list(column.walk())) == len(list(column.walk())) == 2
    table[9, 2] += 1
    with pytest.raises(NondeterministicOperatorError, match="minibatch 1 as"):
        list(column.walk())


def test_a_pass_that_ends_early_is_compared_too() -> None:
    jumping = passes(Changing(lambda k: float(k >= 3)), 2)
    next(jumping.walk())
    with pytest.raises(NondeterministicOperatorError, match="minibatch 0 as"):
        next(jumping.walk())


def test_other_draws_are_compared_with_themselves() -> None:
    whole = passes((X, Y), 3)
    list(whole.walk())
    for other in (whole.select(torch.arange(5, 9)), whole.resized(4)):
        assert len(list(other.walk())) == len(list(other.walk()))


def test_shuffled_iterables_are_refused() -> None:
    source = random.Random(0)

    class Shuffled:
        def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
            order = source.sample(range(40), 40)
            yield X[order], Y[order]

    shuffled = passes(Shuffled())
    list(shuffled.walk())
    with pytest.raises(NondeterministicOperatorError, match="minibatch 0"):
        list(shuffled.walk())


def test_draws_keep_their_order() -> None:
    order = torch.tensor([30, 2, 17])
    ((_, targets, _),) = passes((X, Y)).select(order).walk()
    assert torch.equal(targets, order)


def test_reading_keeps_the_random_states() -> None:
    source = passes(
        Changing(lambda _: 0 * (np.random.random() + torch.rand(()).item()))
    )
    before = torch.get_rng_state(), np.random.get_state()[2]
    list(source.walk())
    source.select(torch.tensor([1]))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[2] == before[1]


def test_failures_of_a_source_are_said_in_one_line() -> None:
    rows = [(torch.ones(k), k) for k in (1, 1, 2, 1)]
    ragged = passes(rows, 2)
    with pytest.raises(ValueError, match=r"data: expected minibatch 1, .*collate_fn"):
        list(ragged.walk())
    batches = [(torch.ones(2, k), torch.ones(2)) for k in (3, 4)]
    with pytest.raises(ValueError, match="one shape, to draw across"):
        passes(batches).select(torch.tensor([0, 3]))


@pytest.mark.parametrize("wrong", [[], [-1], [40], [3, 41]])
def test_positions_outside_are_refused(wrong: list[int]) -> None:
    positions = torch.tensor(wrong, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"positions: expected .* 0 to 39, got"):
        passes((X, Y)).select(positions)
