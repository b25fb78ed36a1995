import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.survey import default_batch_sizes, require_settings


@given(st.integers(1, 10**6))
def test_default_sizes_fit_the_data(examples):
    sizes = default_batch_sizes(examples)
    assert 1 <= len(sizes) <= 7
    assert list(sizes) == sorted(set(sizes))
    assert sizes[-1] <= max(1, examples // 2)
    assert all(b & (b - 1) == 0 for b in sizes)


GOOD = {
    "batch_sizes": [16, 8, 8],
    "draws": 2,
    "probes": 2,
    "steps": 5,
    "extremes": 4,
    "tolerance": 1e-3,
    "followed": 5,
}


def test_sizes_are_sorted_whole_numbers_of_any_kind():
    settings = {**GOOD, "batch_sizes": list(np.array([16, 8, 8]))}
    sizes = require_settings.__wrapped__(100, **settings)
    assert sizes == (8, 16)
    assert all(type(size) is int for size in sizes)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"batch_sizes": [8.0, 16.5]}, "batch_sizes: expected whole numbers, got 8.0"),
        ({"batch_sizes": 8}, "batch_sizes: expected a list of whole numbers, got 8"),
        ({"draws": 2.5}, "draws: expected whole numbers, got 2.5"),
        ({"followed": 0}, "followed: expected at least 1, got 0"),
    ],
)
def test_bad_kinds_are_said(change, expected):
    with pytest.raises(ValueError, match=expected):
        require_settings.__wrapped__(100, **{**GOOD, **change})


@pytest.mark.parametrize(
    ("examples", "sizes"),
    [
        (4000, (16, 32, 64, 128, 256, 512, 1024)),
        (130, (16, 32, 64)),
        (60, (4, 8, 16)),
        (1, (1,)),
    ],
)
def test_default_sizes_of_some_data(examples, sizes):
    assert default_batch_sizes(examples) == sizes
