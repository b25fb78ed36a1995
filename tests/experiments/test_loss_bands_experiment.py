import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from eigenscape.experiments.experiment import (
    configure,
    execute,
    experiment_presets,
    find_experiment_preset,
)
from eigenscape.experiments.loss_bands import EXPERIMENT, LossBandsConfig, _trained
from eigenscape.training.data.mnist_digits import mnist_digits
from eigenscape.training.data.resizing import resize
from half_runs import resumed

SMALLER = {
    "examples": 60,
    "side": 4,
    "widths": [2, 8],
    "networks": 6,
    "stack": 4,
    "training": {"epochs": 3},
    "index_widths": [3],
    "index_networks": 2,
    "dimensions": [8, 16],
    "starts": 4,
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    preset = find_experiment_preset("loss-bands", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    place = tmp_path_factory.mktemp("bands") / "run"
    return execute(EXPERIMENT, config, place, acceptance=preset.acceptance), place


def test_every_part_is_there(outcome):
    found = outcome[0].result
    assert [w.width for w in found.widths] == [2, 8]
    for losses in found.widths:
        assert losses.train.shape == losses.test.shape == (6,)
        # Every network has weights of its own, across stacks too.
        assert np.unique(losses.train).size == 6
    assert found.indices[0].parameters == 16 * 3 + 3 + 3 * 10 + 10
    assert [g.dimension for g in found.glasses] == [8, 16]
    assert found.marginal == pytest.approx(1.63299316, abs=1e-8)
    assert found.lowest == pytest.approx(1.65699836, abs=1e-8)
    # Folders of finished training are removed, but for the last.
    assert len(list((outcome[1] / "under-way").iterdir())) == 1


def test_indices_are_those_of_the_dense_hessian(outcome):
    """Against autograd's Hessian of the network as the run left it."""
    place = outcome[1]
    found = outcome[0].result.indices[0]
    preset = find_experiment_preset("loss-bands", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    digits = mnist_digits(train=60, seed=0)
    inputs = resize(digits.train_inputs.view(-1, 1, 28, 28), 4).flatten(1)

    data = inputs, digits.train_targets
    stack = _trained(config, 3, 2, "indices", data, place / "again")
    for i in range(2):
        model = stack.network(i).double()
        shapes = [p.shape for p in model.parameters()]
        names = [n for n, _ in model.named_parameters()]

        def loss(flat, model=model, shapes=shapes, names=names):
            parts = flat.split([s.numel() for s in shapes])
            state = {n: p.view(s) for n, p, s in zip(names, parts, shapes, strict=True)}
            outputs = torch.func.functional_call(model, state, inputs.double())
            return cross_entropy(outputs, digits.train_targets)

        flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        values = torch.linalg.eigvalsh(
            torch.autograd.functional.hessian(loss, flat)
        ).numpy()
        noise = 1e-13 * values[-1]
        assert found.negative[i] == (values < -noise).sum()
        assert found.lowest[i] == pytest.approx(values[0] / values[-1], rel=1e-6)
        (gradient,) = torch.autograd.grad(loss(flat.requires_grad_()), flat)
        assert found.gradient_norms[i] == pytest.approx(float(gradient.norm()))


def test_a_killed_run_goes_on_to_the_same_bits(outcome, tmp_path):
    preset = find_experiment_preset("loss-bands", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    lost = ("width-8-from-4", "dimension-8")
    first, second, made = resumed(
        EXPERIMENT, config, outcome[1], tmp_path / "half", lost=lost
    )
    assert first == second
    assert made == set(lost)


def test_the_paper_preset_is_the_published_setting(tmp_path):
    presets = experiment_presets("loss-bands")
    assert list(presets) == ["quick", "paper"]
    config = configure(EXPERIMENT, presets["paper"], {})
    assert config.widths == (25, 50, 100, 250, 500)
    assert (config.networks, config.side, config.training.epochs) == (1000, 10, 200)
    with pytest.raises(ValueError, match="folder: expected where the files of mnist"):
        execute(EXPERIMENT, config, tmp_path / "run")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": 3}, "networks: expected at least 4"),
        ({"stack": 0}, "stack: expected at least 1"),
        ({"widths": (5, 5)}, "widths: expected two that differ"),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LossBandsConfig(**options)
