import numpy as np
import pytest
import torch

from eigenscape.core import config_from_mapping
from eigenscape.experiments import pooled_digits
from eigenscape.experiments.experiment import (
    configure,
    execute,
    experiment_presets,
    find_experiment_preset,
)
from eigenscape.experiments.learning_rate_scaling import EXPERIMENT
from eigenscape.training import DigitSplit

SMALLER = {
    "digits": {
        "train": 300,
        "side": 4,
        "width": 4,
        "training": {"epochs": 40, "batch_size": 64},
    },
    "measurement": {"spikes": 8, "probes": 1},
    "batch_sizes": [8, 32, 128],
    "search": {
        "momenta": [0.9],
        "runs": 1,
        "steps": 48,
        "growth": 1.25,
        "rounds": 5,
    },
}


def planted_classes(*, train, seed):
    """Ten patterns, each seen through noise."""
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.randn(10, 4, 4, generator=generator)
    classes = torch.randint(0, 10, (train + 1,), generator=generator)
    shape = (train + 1, 4, 4)
    seen = patterns[classes] + 1.2 * torch.randn(shape, generator=generator)
    pixels = torch.kron(seen, torch.ones(7, 7)).flatten(1)
    return DigitSplit(pixels[:train], classes[:train], pixels[train:], classes[train:])


@pytest.fixture(scope="module", autouse=True)
def digits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooled_digits, "mnist_digits", planted_classes)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory, digits):
    preset = find_experiment_preset("learning-rate-scaling", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    place = tmp_path_factory.mktemp("rates") / "run"
    return execute(EXPERIMENT, config, place), config, place


def test_rates_are_found_and_predicted(finished):
    found = finished[0].result
    assert found.momenta == (0.9,)
    assert found.laws == (
        "additive",
        "multiplicative",
        "weighted sampling",
        "mean square",
    )
    rates = found.measured(0.9)
    assert rates.batch_sizes.tolist() == [8, 32, 128]
    # a bound on the loss is worth a factor of 2 or so; a batch held fixed is far off
    factors = found.factors("mean square", 0.9)
    assert ((factors > 1 / 3) & (factors < 3)).all()
    assert found.factors("additive", 0.9)[0] < 0.15
    edge = 2 * 1.9 / found.top
    for law in found.laws:
        assert (found.scaling(law, 0.9).rates <= edge * (1 + 1e-9)).all()


def test_what_is_measured_is_what_the_presets_ask_for(finished):
    quantities = EXPERIMENT.measure(finished[0].result)
    assert quantities["rates found, momentum 0.9"] == 3
    factors = finished[0].result.factors("additive", 0.9)
    expected = np.exp(np.abs(np.log(factors)).max())
    assert quantities["additive, momentum 0.9: worst factor"] == pytest.approx(expected)
    for preset in experiment_presets("learning-rate-scaling").values():
        asked = {b.quantity for b in preset.acceptance}
        nine = {name for name in asked if "momentum 0.9" in name}
        assert nine <= set(quantities)
        config_from_mapping(EXPERIMENT.config, preset.settings, where="preset")


def test_an_interrupted_run_goes_on(finished):
    outcome, config, place = finished
    for name in ("result", "acceptance", "searches/b-8"):
        for file in (place / name).iterdir():
            file.unlink()
        (place / name).rmdir()
    again = execute(EXPERIMENT, config, place, resume=True)
    for old, new in zip(outcome.result.searches, again.result.searches, strict=True):
        np.testing.assert_array_equal(old.rates, new.rates)
