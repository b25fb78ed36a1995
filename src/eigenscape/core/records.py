"""The plain shapes of results: an estimate, a curve, a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error.

    Attributes:
        value: The estimate.
        standard_error: Its standard error, in the units of the value.
        samples: Number of independent samples behind it.
    """

    value: float
    standard_error: float
    samples: int

    def __str__(self) -> str:
        """Return the value with its standard error.

        Returns:
            Text such as ``1.23 ± 0.04``.
        """
        return f"{self.value:.4g} ± {self.standard_error:.2g}"


@dataclass(frozen=True)
class ConfidenceInterval:
    """A fitted value with its confidence interval.

    Attributes:
        name: What was fitted.
        value: The estimate.
        lower: Lower end of the interval, in the units of the value.
        upper: Upper end.
        level: Confidence level, such as 0.95.
    """

    name: str
    value: float
    lower: float
    upper: float
    level: float = 0.95

    def __str__(self) -> str:
        """Return the value with its interval.

        Returns:
            Text such as ``1.23 [1.1, 1.4]``.
        """
        return f"{self.value:.4g} [{self.lower:.4g}, {self.upper:.4g}]"

    def __contains__(self, number: float) -> bool:
        """Say whether a number lies in the interval.

        Args:
            number: The number.

        Returns:
            True on and between the ends.
        """
        return bool(self.lower <= number <= self.upper)


@dataclass(frozen=True)
class Curve:
    """A sampled function of one variable, such as a loss along training.

    Attributes:
        name: What is plotted.
        x: Abscissae.
        y: Ordinates.
        x_label: Name and unit of the abscissa.
        y_label: Name and unit of the ordinate.
    """

    name: str
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    x_label: str
    y_label: str

    def to_csv(self, path: Path) -> None:
        """Write the curve as two columns.

        Args:
            path: The file to write.
        """
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([self.x_label, self.y_label])
            writer.writerows(zip(self.x.tolist(), self.y.tolist(), strict=True))


@dataclass(frozen=True)
class Table:
    """Named columns of equal length, as rows of text and numbers.

    Attributes:
        columns: Column names.
        rows: One tuple a row, one cell a column; None for an empty cell.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                message = (
                    f"rows: expected {len(self.columns)} cells each, got {len(row)}"
                )
                raise ValueError(message)

    def to_csv(self, path: Path) -> None:
        """Write the table with a header line.

        Args:
            path: The file to write.
        """
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(self.rows)
