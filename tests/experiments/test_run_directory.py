from dataclasses import dataclass

import pytest

from eigenscape.core import StorageError, write_config
from eigenscape.experiments.run_directory import CONFIG, open_run


@dataclass(frozen=True)
class Config:
    size: int = 1


def test_a_directory_that_is_new_or_holds_only_parts_is_fresh(tmp_path):
    open_run(Config(), tmp_path / "new", resume=False)
    (tmp_path / "config.yaml.part").write_text("x")
    open_run(Config(), tmp_path, resume=False)


def test_a_foreign_damaged_or_other_run_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(StorageError, match="--resume"):
        open_run(Config(), tmp_path, resume=False)
    with pytest.raises(StorageError, match="not a run directory"):
        open_run(Config(), tmp_path, resume=True)
    (tmp_path / CONFIG).write_text("size: many")
    with pytest.raises(StorageError, match="damaged"):
        open_run(Config(), tmp_path, resume=True)
    write_config(Config(2), tmp_path / CONFIG)
    with pytest.raises(StorageError, match="size 2, now 1"):
        open_run(Config(), tmp_path, resume=True)
    open_run(Config(2), tmp_path, resume=True)
