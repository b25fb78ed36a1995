import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.survey import default_batch_sizes


@given(st.integers(1, 10**6))
def test_default_sizes_fit_the_data(examples):
    sizes = default_batch_sizes(examples)
    assert 1 <= len(sizes) <= 7
    assert list(sizes) == sorted(set(sizes))
    assert sizes[-1] <= max(1, examples // 2)
    assert all(b & (b - 1) == 0 for b in sizes)


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
