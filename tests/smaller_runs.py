"""Runs of experiments at a size that a test can afford."""

from eigenscape.experiments.experiment import (
    configure,
    execute,
    find_experiment_preset,
)

# the network on coarse digits, at each stage of its training
NETWORK = {"train": 150, "side": 2, "width": 2, "draws": 2, "batch_sizes": [32]}


def smaller_config(experiment, changes):
    """Configure the quick preset with some settings changed."""
    return configure(
        experiment, find_experiment_preset(experiment.name, "quick"), changes
    )


def smaller_run(experiment, changes, place):
    """Run the quick preset with some settings changed, against its acceptance."""
    preset = find_experiment_preset(experiment.name, "quick")
    config = smaller_config(experiment, changes)
    return execute(experiment, config, place, acceptance=preset.acceptance)
