import math

import numpy as np
import pytest

from eigenscape.core import load
from eigenscape.experiments import local_statistics, published_tasks
from eigenscape.experiments.experiment import (
    configure,
    execute,
    experiment_presets,
    find_experiment_preset,
)
from eigenscape.experiments.local_statistics import EXPERIMENT, LocalStatisticsConfig
from eigenscape.spectra.network_spectra import BatchSpectra
from planted_digits import planted_digits

SMALLER = {
    "task": {"hidden": [3], "side": 2},
    "training": {"epochs": 2},
    "batches": 3,
    "batch_size": 12,
}


@pytest.fixture(scope="module", autouse=True)
def few_digits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published_tasks, "mnist_digits", planted_digits)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    preset = find_experiment_preset("local-statistics", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    place = tmp_path_factory.mktemp("local") / "run"
    return config, place, execute(EXPERIMENT, config, place)


def test_spectra_of_each_stage_in_both_precisions(finished):
    _, _, outcome = finished
    found = outcome.result
    assert found.parameters == 5 * 3 + 4 * 10
    assert [s.spectra.name for s in found.sets] == ["initialisation, test", "end, test"]
    for comparison in found.sets:
        spectra = comparison.spectra
        assert len(spectra.exact) == len(spectra.single) == 3
        for exact, single in zip(spectra.exact, spectra.single, strict=True):
            # the published loss is a sum over the batch
            gap = np.abs(single - 12 * exact.full()).max()
            assert gap <= 10 * np.finfo(np.float32).eps * 12 * exact.norm
        assert 10 < comparison.resolved_counts.min() <= 55


def test_the_quantities_of_the_acceptance_are_measured(finished):
    _, _, outcome = finished
    measured = EXPERIMENT.measure(outcome.result)
    for preset in experiment_presets("local-statistics").values():
        assert {bound.quantity for bound in preset.acceptance} <= set(measured)
    assert 0 < measured["resolved mean ratio, smallest"] < 1
    assert not math.isnan(measured["published total variation of ratios, largest"])


def test_an_interrupted_run_goes_on(finished, tmp_path, monkeypatch, capsys):
    config, place, outcome = finished
    calls = []
    one_batch = local_statistics._one_batch

    def interrupted(*arguments):
        calls.append(arguments[2])
        if len(calls) == 5:
            raise KeyboardInterrupt
        return one_batch(*arguments)

    monkeypatch.setattr(local_statistics, "_one_batch", interrupted)
    again = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        execute(EXPERIMENT, config, again)
    assert "more spectra, about" in capsys.readouterr().err
    resumed = execute(EXPERIMENT, config, again, resume=True)
    assert calls == ["initialisation"] * 3 + ["end"] * 4  # the fifth twice
    for index in range(3):
        first, second = (
            load(BatchSpectra, run / "spectra" / "end-test" / f"{index:05d}")
            for run in (place, again)
        )
        assert np.array_equal(first.exact[0].eigenvalues, second.exact[0].eigenvalues)
    assert resumed.result.losses == outcome.result.losses


def test_every_preset_is_a_configuration():
    presets = experiment_presets("local-statistics")
    assert {"quick", "paper", "paper-bike", "paper-lenet", "paper-embedded"} <= set(
        presets
    )
    for preset in presets.values():
        configure(EXPERIMENT, preset, {})


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="batches: expected at least 0"):
        LocalStatisticsConfig(batches=-1)
    with pytest.raises(ValueError, match="stages: expected at least one"):
        LocalStatisticsConfig(stages=())


def test_all_data_can_be_one_batch(tmp_path):
    preset = find_experiment_preset("local-statistics", "quick")
    whole = {
        **SMALLER,
        "task": {"hidden": [], "side": 2},
        "batch_size": 0,
        "batches": 0,
        "stages": ["end"],
        "single": False,
    }
    config = configure(EXPERIMENT, preset, whole)
    found = execute(EXPERIMENT, config, tmp_path / "run").result
    assert found.sets[0].spectra.batch_size == 40
    exact = found.sets[0].spectra.exact[0]
    assert "contrasts of classes" in exact.route
    assert len(exact.resolved) <= 9 * 5 < exact.dimension
