from dataclasses import dataclass, replace
from typing import Literal

import pytest

from eigenscape.core import config_from_mapping, config_hash, read_config, write_config


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    epochs: int = 3


@dataclass(frozen=True)
class Outer:
    target: str
    sizes: tuple[int, ...] | None = None
    inner: Inner | None = None
    kind: Literal["a", "b"] = "a"
    flag: bool = False


def test_a_written_config_reads_back(tmp_path):
    config = Outer("x: y", (1, 2), Inner(1e-30), "b", flag=True)
    write_config(config, tmp_path / "c.yaml")
    assert read_config(Outer, tmp_path / "c.yaml") == config


def test_an_integer_is_a_number_but_not_the_reverse():
    config = config_from_mapping(Inner, {"rate": 1}, where="c")
    assert config == Inner(1.0)
    assert isinstance(config.rate, float)
    with pytest.raises(ValueError, match="c: epochs: expected int, got 1.5"):
        config_from_mapping(Inner, {"epochs": 1.5}, where="c")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"targt": "x"}, "unknown key 'targt'; known keys: target, sizes, inner"),
        ({"target": "x", "inner": {"rat": 1}}, "inner: unknown key 'rat'; known keys"),
        ({}, "expected the key target, which is missing"),
        ({"target": 3}, "target: expected str, got 3"),
        ({"target": "x", "sizes": 3}, "sizes: expected a list, got 3"),
        ({"target": "x", "sizes": [1, "b"]}, r"sizes\[1\]: expected int, got 'b'"),
        ({"target": "x", "kind": "c"}, "kind: expected one of a, b, got 'c'"),
        ({"target": "x", "flag": 1}, "flag: expected bool, got 1"),
        ({"target": "x", "inner": {"epochs": True}}, "epochs: expected int, got True"),
        ([1], "expected a mapping"),
    ],
)
def test_bad_content_is_one_clear_line(content, expected):
    with pytest.raises(ValueError, match=expected) as caught:
        config_from_mapping(Outer, content, where="file")
    assert "\n" not in str(caught.value)


def test_bad_files_are_one_clear_line(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        read_config(Outer, tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [1\nb: }")
    with pytest.raises(ValueError, match="not valid YAML") as caught:
        read_config(Outer, tmp_path / "bad.yaml")
    assert "\n" not in str(caught.value)


def test_the_hash_tells_configurations_apart():
    config = Outer("x", (1, 2), Inner())
    assert config_hash(config) == config_hash(replace(config))
    assert config_hash(config) != config_hash(replace(config, sizes=(1, 3)))
