import numpy as np
import pytest
import torch

from eigenscape.experiments.pooled_digits import (
    NetworkConfig,
    batches_of,
    pooled_digits,
    tanh_network,
    trained_network,
)
from eigenscape.training import TrainingConfig

SMALL = NetworkConfig(60, 4, 3, (8,), 2, TrainingConfig(2, 20, 0.1, 0.9, 0.0))


def test_pixels_are_standardised():
    inputs, targets = pooled_digits(200, 7, seed=1)
    assert inputs.dtype == torch.float64
    assert inputs.mean(dim=0).abs().max() < 1e-12
    assert (inputs.std(dim=0) - 1).abs().max() < 1e-12
    assert 20 < inputs.shape[1] <= 49
    assert len(inputs) == len(targets) == 200
    assert set(targets.tolist()) == set(range(10))
    with pytest.raises(ValueError, match="divisor of 28"):
        pooled_digits(10, 5, seed=0)


def test_weights_come_from_the_seed():
    first, again, other = (tanh_network(5, 3, seed=s) for s in (1, 1, 2))
    flat = [torch.nn.utils.parameters_to_vector(m.parameters()) for m in (first, again)]
    assert torch.equal(*flat)
    assert not torch.equal(
        flat[0], torch.nn.utils.parameters_to_vector(other.parameters())
    )
    assert len(flat[0]) == 5 * 3 + 3 + 3 * 10 + 10


def test_training_is_kept_and_found_again(tmp_path):
    losses = [
        [risk.value() for _, risk in trained_network(SMALL, tmp_path, seed=0)]
        for _ in range(2)
    ]
    assert losses[0] == losses[1]
    assert losses[0][2] < losses[0][0]
    names = {path.stem for path in (tmp_path / "checkpoints").glob("*.safetensors")}
    assert {"initialisation", "middle", "end"} <= names


def test_batches_are_the_same_for_every_experiment(tmp_path):
    _, risk = next(trained_network(SMALL, tmp_path, seed=0))
    values = [
        [b.value() for b in batches_of(risk, "end", 8, 3, seed=seed)]
        for seed in (0, 0, 1)
    ]
    assert values[0] == values[1] != values[2]
    assert np.ptp(values[0]) > 0
