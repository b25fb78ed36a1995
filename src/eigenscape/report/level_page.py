"""Render local statistics as one HTML page that needs no network."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Final

from eigenscape.core import load, save, write_atomically
from eigenscape.core.storage import MANIFEST
from eigenscape.report import level_tables
from eigenscape.report.figures.local_statistics import (
    law_panels,
    published_ratio_panel,
    published_spacing_panel,
)
from eigenscape.report.template import page_template
from eigenscape.report.view import Figure
from eigenscape.spectra.local.analysis import LocalStatistics

_PAGE: Final = "report.html"
_TEMPLATE: Final = "levels.html"
_HEAD: Final = 200  # characters; the manifest begins with its type
_CAPTIONS: Final = {
    "spectrum": "The first spectrum. Nothing below the resolution enters a statistic "
    "of resolved levels; exact zeros have no place on this scale.",
    "spacings": "Resolved levels, each spectrum unfolded by its own staircase; curves "
    "are Wigner's surmise and its superposition.",
    "ratios": "No ratio reaches across unresolved levels. Curves are the surmises of "
    "3 × 3 matrices; exact means differ by up to 1 %.",
    "number-variance": "The variance of the number of levels in a window. Windows end "
    "where the unfolding would change it by 5 %.",
    "rigidity": "The mean square distance of the staircase from its best line.",
}


def arrange_levels(found: LocalStatistics) -> tuple[Figure, ...]:
    """Choose the figures of resolved levels.

    Args:
        found: The statistics.

    Returns:
        Those that could be measured.
    """
    return tuple(
        Figure(name, panel, _CAPTIONS[name]) for name, panel in law_panels(found)
    )


def arrange_published(found: LocalStatistics) -> tuple[Figure, ...]:
    """Choose the figures of the published processing.

    Args:
        found: The statistics.

    Returns:
        Ratios, and spacings where there are three spectra or more.
    """
    published = found.published
    caption = "Rounding included, as the publication processed them."
    counted = (
        f"{caption} Counts in p pooled spectra are multiples of 1/p, so that few "
        "spectra make a comb of the histogram."
    )
    figures: list[Figure] = []
    if published.ratios.count:
        panel = published_ratio_panel(published.ratios)
        figures.append(Figure("published-ratios", panel, caption))
    figures += [
        Figure(f"published-spacings-{i}", published_spacing_panel(each), counted)
        for i, each in enumerate(published.spacings)
    ]
    return tuple(figures)


def holds_levels(directory: Path) -> bool:
    """Say whether a directory holds saved local statistics.

    Args:
        directory: The directory.

    Returns:
        Whether its manifest says so; not whether it is whole.
    """
    manifest = directory / MANIFEST
    if not manifest.is_file():
        return False
    kind = f'"type": "{LocalStatistics.__name__}"'
    return kind in manifest.read_text(encoding="utf-8", errors="replace")[:_HEAD]


def render_levels(
    result: LocalStatistics | Path | str, directory: Path | str | None = None
) -> Path:
    """Write ``report.html`` and ``figures/*.svg`` of local statistics.

    Args:
        result: The statistics, or the directory that holds them.
        directory: Where to save and render them; only with statistics.

    Returns:
        The path of the page.

    Raises:
        ValueError: Statistics came without a directory, or a directory with a second.
    """
    if isinstance(result, LocalStatistics) == (directory is None):
        message = (
            "directory: expected one with statistics and None with a directory, got "
            f"{directory!r}"
        )
        raise ValueError(message)
    if isinstance(result, LocalStatistics):
        place, found = Path(str(directory)), result
        save(found, place)
    else:
        place = Path(result)
        found = load(LocalStatistics, place)
    _write(found, place)
    return place / _PAGE


def _write(found: LocalStatistics, place: Path) -> None:
    from eigenscape.report.pens import write_svg

    folder = place / "figures"
    folder.mkdir(exist_ok=True)

    def drawn(figures: tuple[Figure, ...]) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        for figure in figures:
            path = folder / f"{figure.name}.svg"
            write_svg(figure.panel, path)
            code = base64.b64encode(path.read_bytes()).decode()
            parts.append({"figure": figure, "code": code})
        return parts

    page = page_template(_TEMPLATE).render(
        found=found,
        figures=drawn(arrange_levels(found)),
        published=drawn(arrange_published(found)),
        tables=level_tables,
    )
    write_atomically(place / _PAGE, page.encode())
