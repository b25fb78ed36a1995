"""Render a survey as one HTML page that needs no network, and its figures as SVG."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from eigenscape.core import load, save, write_atomically
from eigenscape.report import prediction_tables, tables
from eigenscape.report.notation import number, sentence
from eigenscape.report.template import page_template
from eigenscape.report.view import arrange
from eigenscape.spectra import CheckpointSurvey, Survey

REPORT = "report.html"
FIGURES = "figures"
CONFIG = "config.yaml"


def render(result: Survey | Path | str, directory: Path | str | None = None) -> Path:
    """Write the report of a survey: ``report.html`` and ``figures/*.svg``.

    ``render("runs/mine")`` reads the survey saved there; rendering again replaces the
    page and its figures and nothing else. ``render(survey, "runs/mine")`` saves the
    survey there first, which a directory that holds a result already refuses with a
    `StorageError`.

    Args:
        result: A survey, or the directory that holds one.
        directory: Where to save and render the survey; only with a survey.

    Returns:
        The path of ``report.html``.

    Raises:
        ValueError: A survey came without a directory, or a directory with a second.
    """
    if isinstance(result, Survey):
        if directory is None:
            message = "directory: expected where to write the report, got None"
            raise ValueError(message)
        place, survey = Path(directory), result
        save(survey, place)
    else:
        if directory is not None:
            message = (
                f"directory: expected None beside the run {str(result)!r}, which is "
                f"rendered in place, got {str(directory)!r}"
            )
            raise ValueError(message)
        place = Path(result)
        survey = load(Survey, place)
    _write(survey, place)
    return place / REPORT


def _write(survey: Survey, place: Path) -> None:
    from plotly.offline import get_plotlyjs

    from eigenscape.report.pens import draw_plotly, write_svg

    view = arrange(survey)
    (place / FIGURES).mkdir(exist_ok=True)
    for figure in view.figures:
        write_svg(figure.panel, place / FIGURES / f"{figure.name}.svg")
    config = place / CONFIG
    page = page_template(REPORT).render(
        survey=survey,
        last=survey.checkpoints[-1],
        view=view,
        lead=_lead(survey),
        residual=_largest_residual(survey.checkpoints[-1]),
        tables=tables,
        prediction_tables=prediction_tables,
        config=config.read_text(encoding="utf-8") if config.is_file() else None,
        drawn={f.name: draw_plotly(f.panel).to_json() for f in view.figures},
        plotly_js=Markup(get_plotlyjs()),
    )
    write_atomically(place / REPORT, page.encode())


def _lead(survey: Survey) -> str:
    last = survey.checkpoints[-1]
    count = last.split.upper.size
    found = (
        f"At {last.name}, λ_max = {number(float(last.largest[0]))} with {count} "
        f"outlier{'' if count == 1 else 's'} above the bulk."
    )
    if last.prediction is not None and last.prediction.competition is not None:
        return f"{found} {sentence(last.prediction_note)}"
    if last.scaling is None:
        return found
    return f"{found} {sentence(f'fitted to batches: {last.scaling_note}')}"


def _largest_residual(checkpoint: CheckpointSurvey) -> float:
    ends = (checkpoint.largest_residuals, checkpoint.smallest_residuals)
    return max(float(r.max(initial=0.0)) for r in ends)
