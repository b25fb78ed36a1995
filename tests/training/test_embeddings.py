import numpy as np
import pytest
import torch

from eigenscape.core import MissingDataError
from eigenscape.training.data.embeddings import embeddings


def arrays(**changed):
    rng = np.random.default_rng(0)
    good = {
        "train_inputs": rng.standard_normal((5, 3)),
        "train_targets": np.array([0, 1, 2, 0, 1]),
        "test_inputs": rng.standard_normal((2, 3)),
        "test_targets": np.array([1, 3]),
    }
    return {**good, **changed}


def test_features_come_back(tmp_path):
    path, stored = tmp_path / "features.npz", arrays()
    np.savez(path, **stored)
    split = embeddings(path)
    assert split.name == "features.npz"
    assert split.classes == 4
    assert torch.equal(
        split.train_inputs, torch.from_numpy(stored["train_inputs"]).float()
    )
    assert split.test_targets.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_inputs": np.ones((4, 3))}, "one row a target"),
        ({"test_inputs": np.full((2, 3), np.nan)}, "finite numbers"),
        ({"test_inputs": np.ones((2, 4))}, "features of one length"),
        ({"train_targets": -np.arange(5)}, "expected train_targets 0, 1"),
        ({"train_targets": np.array(["a"] * 5)}, "expected train_targets 0, 1"),
        ({"train_targets": np.array([None] * 5)}, "expected arrays of inputs"),
    ],
)
def test_other_arrays_are_refused(tmp_path, changed, message):
    path = tmp_path / "features.npz"
    np.savez(path, **arrays(**changed))
    with pytest.raises(ValueError, match=message):
        embeddings(path)


def test_no_file_or_another_file_is_refused(tmp_path):
    with pytest.raises(MissingDataError, match="found none; save train_inputs"):
        embeddings(tmp_path / "absent.npz")
    path = tmp_path / "text.npz"
    path.write_text("no archive", encoding="utf-8")
    with pytest.raises(ValueError, match="expected arrays of inputs and targets"):
        embeddings(path)
