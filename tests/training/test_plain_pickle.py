import os
import pickle

import numpy as np
import pytest

from cifar_archives import array, listed, pickled, text, whole
from eigenscape.training.data.plain_pickle import StoredArray, read_plain_pickle


def test_what_python_two_wrote_is_read():
    values = np.arange(6, dtype=np.uint8).reshape(2, 3)
    data = pickled({
        b"data": array(values),
        b"labels": listed([whole(3), whole(-1)]),
        b"name": text(b"\xe9"),
    })
    found = read_plain_pickle(data, "batch")
    assert found[b"labels"] == [3, -1]
    assert found[b"name"] == b"\xe9"
    assert isinstance(found[b"data"], StoredArray)
    np.testing.assert_array_equal(found[b"data"].to_numpy(), values)


def test_the_fixture_is_what_numpy_itself_reads():
    """The pickles made for the tests are of the true format."""
    values = np.arange(6, dtype=np.uint8).reshape(2, 3)
    old = array(values).replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    loaded = pickle.loads(b"\x80\x02" + old + b".", encoding="bytes")
    np.testing.assert_array_equal(loaded, values)


class Harmful:
    def __init__(self, call, *arguments):
        self.parts = call, arguments

    def __reduce__(self):
        return self.parts


@pytest.mark.parametrize(
    "harmful",
    [
        Harmful(os.mkdir, "made-by-a-pickle"),
        Harmful(eval, "__import__('os').mkdir('made-by-a-pickle')"),
        Harmful(getattr, "numpy", "ndarray"),
        np.load,
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_nothing_in_a_pickle_is_run(tmp_path, monkeypatch, harmful, protocol):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({b"data": harmful}, protocol=protocol)
    with pytest.raises(ValueError, match="batch: expected a pickle of plain arrays"):
        read_plain_pickle(data, "batch")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80\x02}(", b"\x80\x63."])
def test_what_is_no_pickle_is_told(data):
    with pytest.raises(ValueError, match="batch: expected a pickle of plain arrays"):
        read_plain_pickle(data, "batch")


def test_arrays_of_other_types_are_refused():
    values = np.zeros((1, 8), dtype=np.uint8)
    data = pickled({b"data": array(values, kind=b"f8")})
    with pytest.raises(ValueError, match="array: expected one of bytes, got type"):
        read_plain_pickle(data, "batch")[b"data"].to_numpy()


def test_a_damaged_array_is_refused():
    whole_array = array(np.zeros((2, 8), dtype=np.uint8))
    data = pickled({b"data": whole_array.replace(whole(8), whole(9), 1)})
    with pytest.raises(ValueError, match="array: expected one of bytes, got a damaged"):
        read_plain_pickle(data, "batch")[b"data"].to_numpy()
