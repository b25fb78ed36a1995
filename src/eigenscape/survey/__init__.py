"""Floor 5c: the main job; one model, several batch sizes, one Survey."""

from eigenscape.survey.batch_sweep import (
    SweepForecast,
    SweepSettings,
    forecast_sweep,
    sweep_batches,
)
from eigenscape.survey.settings import default_batch_sizes, require_settings
from eigenscape.survey.survey import survey
from eigenscape.survey.target import Stage, Target, build_target, load_build

__all__ = [
    "Stage",
    "SweepForecast",
    "SweepSettings",
    "Target",
    "build_target",
    "default_batch_sizes",
    "forecast_sweep",
    "load_build",
    "require_settings",
    "survey",
    "sweep_batches",
]
