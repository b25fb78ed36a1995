"""Floor 5b: train a model and keep checkpoints."""

from eigenscape.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    restore,
    save_checkpoint,
)
from eigenscape.training.data import DigitSplit, mnist_digits
from eigenscape.training.loop import STAGES, TrainingConfig, fit_model
from eigenscape.training.models import mlp

__all__ = [
    "STAGES",
    "Checkpoint",
    "DigitSplit",
    "TrainingConfig",
    "fit_model",
    "load_checkpoint",
    "mlp",
    "mnist_digits",
    "restore",
    "save_checkpoint",
]
