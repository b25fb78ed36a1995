import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import stream, stream_seed

names = st.lists(st.one_of(st.text(max_size=5), st.integers()), max_size=4)


@given(st.integers(), names)
def test_a_stream_seed_is_a_function_of_its_name(seed, path):
    value = stream_seed(seed, *path)
    assert value == stream_seed(seed, *path)
    assert 0 <= value < 2**63


@given(st.integers(), names, names)
def test_other_names_give_other_seeds(seed, first, second):
    typed = [(type(n), n) for n in first], [(type(n), n) for n in second]
    joined = ["\x1f" in n for n in [*first, *second] if isinstance(n, str)]
    if typed[0] != typed[1] and not any(joined):
        assert stream_seed(seed, *first) != stream_seed(seed, *second)


def test_the_seed_is_stated_in_the_docstring_and_pinned():
    digest = hashlib.sha256(b"0\x1fstr:probes\x1fint:3").digest()
    assert stream_seed(0, "probes", 3) == int.from_bytes(digest[:8], "big") // 2


def test_streams_are_independent():
    n = 10_000
    first, second = (stream(0, "a", i).standard_normal(n) for i in range(2))
    # correlation of independent normals: standard deviation 1/√n
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize("name", [1, "1"])
def test_a_number_is_not_its_text(name):
    other = "1" if name == 1 else 1
    assert stream_seed(0, name) != stream_seed(0, other)
