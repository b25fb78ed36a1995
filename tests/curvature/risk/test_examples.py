"""Examples: the same minibatches whatever holds the data, in the order given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature.risk.examples import (
    BatchExamples,
    DatasetExamples,
    Examples,
    TensorExamples,
    pair_rows,
)

X, Y = torch.arange(14.0).view(7, 2), torch.arange(7)
SIZES = (3, 3, 1)
ROWS = list(zip(X, Y, strict=True))


def given_batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(zip(X.split(3), Y.split(3), strict=True))


KINDS: dict[str, Callable[[], Examples]] = {
    "tensors": lambda: TensorExamples(X, Y, sizes=SIZES, batched=True),
    "data set": lambda: DatasetExamples(
        ROWS, 7, torch.arange(7), sizes=SIZES, batched=True
    ),
    "batches": lambda: BatchExamples(given_batches(), SIZES),
}


@pytest.fixture(params=KINDS)
def examples(request: pytest.FixtureRequest) -> Examples:
    return KINDS[request.param]()


@given(name=st.sampled_from(sorted(KINDS)), batch_size=st.integers(1, 9))
def test_minibatches_are_cut_and_never_joined(name: str, batch_size: int) -> None:
    examples = KINDS[name]()
    walked = list(examples.walk(batch_size))
    inputs, targets, counts = zip(*walked, strict=True)
    assert torch.equal(torch.cat(inputs), X)
    assert torch.equal(torch.cat(targets), Y)
    assert [len(part) for part in targets] == list(counts)
    assert len(walked) == examples.minibatches(batch_size)
    expected = [len(cut) for part in Y.split(3) for cut in part.split(batch_size)]
    assert list(counts) == expected


@given(
    name=st.sampled_from(sorted(KINDS)),
    positions=st.lists(st.integers(0, 6), min_size=1, max_size=9),
)
def test_selection_keeps_order_and_repetitions(name: str, positions: list[int]) -> None:
    rows = torch.tensor(positions)
    chosen = KINDS[name]().select(rows)
    assert len(chosen) == len(positions)
    ((inputs, targets, count),) = chosen.walk(10)
    assert count == len(positions)
    assert torch.equal(inputs, X[rows])
    assert torch.equal(targets, Y[rows])
    again = chosen.select(torch.tensor([len(rows) - 1, 0]))
    ((_, targets, _),) = again.walk(10)
    assert targets.tolist() == [positions[-1], positions[0]]


def test_data_set_that_changes_its_length_is_refused() -> None:
    rows = list(ROWS)
    examples = DatasetExamples(rows, 7, torch.arange(7), sizes=(7,))
    rows.append(rows[0])
    with pytest.raises(NondeterministicOperatorError, match=r"7 examples\), got 8;"):
        next(examples.walk(2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda batches: batches.pop(), r"3 batches\), got 2;"),
        (lambda batches: batches.append(batches[0]), r"3 batches\), got more;"),
        (lambda batches: batches.reverse(), r"3 examples in batch 0\), got 1;"),
    ],
)
def test_batches_that_change_their_number_are_refused(
    change: Callable, message: str
) -> None:
    batches = given_batches()
    examples = BatchExamples(batches, SIZES)
    change(batches)
    with pytest.raises(NondeterministicOperatorError, match=message):
        list(examples.walk(10))


def test_few_examples_of_batches_are_read_without_the_rest() -> None:
    class Costly:
        def __iter__(self):
            yield given_batches()[0]
            raise AssertionError

    chosen = BatchExamples(Costly(), SIZES).select(torch.tensor([2, 0]))
    assert next(chosen.walk(9))[1].tolist() == [2, 0]


def test_mappings_of_numbers_become_tensors() -> None:
    rows = [{"ids": [k, k + 1], "box": [[k]], "labels": k} for k in range(4)]
    examples = DatasetExamples(rows, 4, torch.arange(4), sizes=(4,))
    ((inputs, targets, _),) = examples.walk(9)
    assert inputs["ids"].tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert inputs["box"].shape == (4, 1, 1)
    assert targets.tolist() == [0, 1, 2, 3]


def test_own_collate_function_makes_the_pairs() -> None:
    def padded(rows: list[tuple[torch.Tensor, int]]) -> dict[str, torch.Tensor]:
        x = torch.nn.utils.rnn.pad_sequence([x for x, _ in rows], batch_first=True)
        return {"x": x, "labels": torch.tensor([y for _, y in rows])}

    rows = [(torch.ones(k), k) for k in (1, 3, 2)]
    examples = DatasetExamples(
        rows, 3, torch.arange(3), collate=padded, sizes=(2, 1), batched=True
    )
    shapes = [inputs["x"].shape for inputs, _, _ in examples.walk(9)]
    assert shapes == [(2, 3), (1, 2)]


@pytest.mark.parametrize(
    "pair",
    [(X, Y[:2]), (X, torch.tensor(1)), (X[0, 0], Y), ("text", Y)],
    ids=["uneven", "one target", "one input", "no input"],
)
def test_pairs_without_rows_are_refused(pair: tuple) -> None:
    with pytest.raises(
        ValueError, match=r"an example a row, .* got the shapes .*; put"
    ):
        pair_rows(*pair)


def test_targets_may_be_missing() -> None:
    assert pair_rows(X, None) == 7


def test_empty_batches_are_skipped() -> None:
    batches = [(X[:0], Y[:0]), (X, Y)]
    assert [count for *_, count in BatchExamples(batches, (0, 7)).walk(5)] == [5, 2]
