import pytest
import torch
from torch import nn

from eigenscape.core import StorageError
from eigenscape.training import Checkpoint, load_checkpoint, restore, save_checkpoint


def checkpoint():
    state = {"weight": torch.randn(2, 3), "steps": torch.tensor(7)}
    return Checkpoint("middle", 3, state, {"weight": torch.randn(2, 3)}, (1.0, 1 / 3))


def test_a_checkpoint_is_read_back_bit_for_bit(tmp_path):
    original = checkpoint()
    save_checkpoint(original, tmp_path / "deep" / "c.safetensors")
    again = load_checkpoint(tmp_path / "deep" / "c.safetensors")
    assert (again.name, again.epoch, again.losses) == ("middle", 3, (1.0, 1 / 3))
    for one, other in (
        (original.state, again.state),
        (original.momentum, again.momentum),
    ):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_a_damaged_checkpoint_is_said(tmp_path, keep):
    path = tmp_path / "c.safetensors"
    save_checkpoint(checkpoint(), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StorageError, match="missing or damaged checkpoint"):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_said(tmp_path):
    with pytest.raises(StorageError, match="missing or damaged checkpoint"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_a_checkpoint_of_another_model_is_said():
    with pytest.raises(
        ValueError, match="checkpoint middle: does not fit the model"
    ) as c:
        restore(nn.Linear(3, 2), checkpoint())
    assert "\n" not in str(c.value)
