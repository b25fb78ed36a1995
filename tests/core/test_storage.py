import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eigenscape.core import Curve, Estimate, StorageError, Table, load, save
from eigenscape.core.storage import ARRAYS, MANIFEST
from eigenscape.theory import Affine, Law, Semicircle


@dataclass(frozen=True)
class Nest:
    name: str
    count: int
    flag: bool
    scalar: float
    nothing: Estimate | None
    something: Estimate | None
    curves: tuple[Curve, ...]
    pair: tuple[float, int]
    law: Law
    laws: tuple[Law, ...]
    array: np.ndarray


@dataclass(frozen=True)
class Loose:
    value: object


def same(first, second):
    if dataclasses.is_dataclass(first):
        assert type(first) is type(second)
        for field in dataclasses.fields(first):
            same(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, np.ndarray):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    elif isinstance(first, tuple):
        assert isinstance(second, tuple)
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            same(one, other)
    else:
        assert first == second
        assert type(first) is type(second)


def nest(scalar=0.1, array=None):
    curve = Curve("loss", np.arange(3.0), np.array([1.0, np.nan, 0.2]), "epoch", "L")
    return Nest(
        name="θ ≤ 1",
        count=2**60,
        flag=True,
        scalar=scalar,
        nothing=None,
        something=Estimate(1.0, 0.1, 3),
        curves=(curve, curve),
        pair=(0.1, 2),
        law=Affine(Semicircle(2.0), -1.0, 0.5),
        laws=(Semicircle(1.0),),
        array=np.arange(4, dtype=np.int32) if array is None else array,
    )


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    arrays(np.float64, (2, 3)),
)
def test_save_and_load_give_the_same_object(tmp_path_factory, scalar, array):
    directory = tmp_path_factory.mktemp("result") / "deep" / "er"
    original = nest(scalar, array)
    save(original, directory)
    same(load(Nest, directory), original)


def test_equal_results_make_equal_files(tmp_path):
    save(nest(), tmp_path / "a")
    save(nest(), tmp_path / "b")
    for name in (MANIFEST, ARRAYS):
        assert (tmp_path / "a" / name).read_bytes() == (
            tmp_path / "b" / name
        ).read_bytes()


def test_nothing_is_overwritten(tmp_path):
    save(nest(), tmp_path)
    before = (tmp_path / MANIFEST).read_bytes()
    with pytest.raises(StorageError, match="holds a result already"):
        save(nest(scalar=7.0), tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == before


def test_a_directory_without_a_manifest_is_not_a_result(tmp_path):
    save(nest(), tmp_path)
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(StorageError, match="no finished result"):
        load(Nest, tmp_path)
    save(nest(), tmp_path)


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_a_truncated_file_is_damage(tmp_path, name, keep):
    save(nest(), tmp_path)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(keep * len(data))])
    with pytest.raises(StorageError, match="damaged"):
        load(Nest, tmp_path)


@pytest.mark.parametrize(
    "content", [{"dataclass": "Path", "fields": {}}, {"array": "nowhere"}, 3, []]
)
def test_a_foreign_manifest_is_damage(tmp_path, content):
    save(nest(), tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["content"]["fields"]["law"] = content
    manifest["content"]["fields"]["curves"] = content
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(StorageError, match="damaged|unknown type"):
        load(Nest, tmp_path)


def test_loading_names_the_type(tmp_path):
    save(Table(("a",), ((1,),)), tmp_path)
    with pytest.raises(StorageError, match="holds a Table, not a Nest"):
        load(Nest, tmp_path)


def test_what_cannot_be_stored_is_refused(tmp_path):
    with pytest.raises(TypeError, match="cannot store a list"):
        save(Loose([1.0]), tmp_path)
    assert not (tmp_path / MANIFEST).exists()
