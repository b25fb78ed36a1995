"""The tables of the report, and how a table becomes HTML or Markdown."""

from __future__ import annotations

import html

import numpy as np
from markupsafe import Markup

from eigenscape.core import Table
from eigenscape.report.notation import interval, number, probability, share, to_html
from eigenscape.spectra import BatchScaling, CheckpointSurvey, Survey

Cell = str | float | int | None


def checkpoint_table(survey: Survey) -> Table:
    """Tabulate the checkpoints.

    Args:
        survey: The survey.

    Returns:
        One row a checkpoint, in the order of training.
    """
    columns = (
        "checkpoint",
        "epoch",
        "loss",
        "gradient norm",
        "λ_max",
        "λ_min",
        "trace",
        "± standard error",
        "outliers above",
        "below",
    )
    rows = tuple(
        (
            c.name,
            c.epoch,
            c.loss,
            c.gradient_norm,
            float(c.largest[0]),
            float(c.smallest[0]),
            c.trace.value,
            c.trace.standard_error,
            int(c.split.upper.size),
            int(c.split.lower.size),
        )
        for c in survey.checkpoints
    )
    return Table(columns, rows)


def eigenvalue_table(checkpoint: CheckpointSurvey) -> Table:
    """Tabulate the extreme eigenvalues on all the data.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        The largest, descending, then the smallest, ascending, each with its residual
        norm and the side of the bulk edge it lies on.
    """
    lower, upper = checkpoint.split.bulk_edges
    ends = (
        ("largest", checkpoint.largest, checkpoint.largest_residuals),
        ("smallest", checkpoint.smallest, checkpoint.smallest_residuals),
    )
    rows: list[tuple[Cell, ...]] = []
    for end, values, residuals in ends:
        pairs = zip(values.tolist(), residuals.tolist(), strict=True)
        for i, (value, residual) in enumerate(pairs, start=1):
            place = "bulk" if lower <= value <= upper else "outlier"
            rows.append((f"{end}, {i}", value, residual, place))
    return Table(("eigenvalue", "λ", "‖Hv − λv‖", "belongs to"), tuple(rows))


def law_table(checkpoint: CheckpointSurvey) -> Table:
    """Tabulate the laws fitted to the bulk.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        One row a law, best first.
    """
    columns = ("law of the bulk", "distance", "explained")
    rows = tuple(
        (f.family, f.distance, share(f.explained)) for f in checkpoint.law_fits
    )
    return Table(columns, rows)


def spike_table(checkpoint: CheckpointSurvey) -> Table:
    """Set the fitted spikes beside the eigenvalues measured on all the data.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        One row an outlier; for each model θ with its 95 % interval and whether the
        measured eigenvalue lies in it. Empty where nothing was fitted.
    """
    scaling = checkpoint.scaling
    if scaling is None:
        return Table(("outlier", "λ on all the data"), ())
    columns = ["outlier", "λ on all the data"]
    for fit in scaling.fits:
        columns += [f"θ [95 %], {fit.model}", "λ inside"]
    rows: list[tuple[Cell, ...]] = []
    measured = checkpoint.largest.tolist()
    for i in range(scaling.means.shape[1]):
        value = measured[i] if i < len(measured) else None
        row: list[Cell] = [i + 1, value]
        for fit in scaling.fits:
            spike = fit.spikes[i]
            inside = None if value is None else "yes" if value in spike else "no"
            row += [interval(spike), inside]
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def model_table(scaling: BatchScaling) -> Table:
    """Compare the noise models.

    Args:
        scaling: The fits.

    Returns:
        One row a model, best first.
    """
    columns = (
        "noise model",
        "χ²/dof",
        "dof",
        "p-value",
        "p-value of the spread",
        "information above the best",
        "exponent υ [95 %]",
        "amplitude at b = 1 [95 %]",
    )
    ranked = sorted(scaling.fits, key=lambda f: f.information)
    rows = tuple(
        (
            f.model,
            f.chi_square / f.degrees_of_freedom if f.degrees_of_freedom > 0 else None,
            round(f.degrees_of_freedom, 1),
            probability(f.p_value),
            probability(f.spread_p_value),
            f.information - ranked[0].information,
            interval(f.exponent),
            interval(f.amplitude),
        )
        for f in ranked
    )
    return Table(columns, rows)


def batch_table(checkpoint: CheckpointSurvey) -> Table:
    """Tabulate the batch Hessians.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        One row a batch size.
    """
    columns = (
        "batch size",
        "draws",
        "mean λ_max",
        "spread of λ_max",
        "outliers above the bulk",
        "largest residual",
    )
    rows = tuple(
        (
            b.batch_size,
            len(b.values),
            float(b.values[:, 0].mean()),
            float(b.values[:, 0].std(ddof=1)) if len(b.values) > 1 else None,
            float(np.median([s.upper.size for s in b.splits])),
            float(b.residuals.max()),
        )
        for b in checkpoint.batches
    )
    return Table(columns, rows)


def table_to_html(table: Table) -> Markup:
    """Write a table as HTML; numbers to three significant digits, all text escaped.

    Args:
        table: The table.

    Returns:
        A ``<table>`` that scrolls sideways when the page is narrow; nothing for a
        table without rows.
    """
    if not table.rows:
        return Markup()
    head = "".join(f'<th scope="col">{to_html(c)}</th>' for c in table.columns)
    rows = "".join(
        f"<tr>{''.join(_cell_to_html(cell) for cell in row)}</tr>" for row in table.rows
    )
    return Markup(
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def table_to_markdown(table: Table) -> str:
    """Write a table as Markdown; numbers to three significant digits.

    Args:
        table: The table.

    Returns:
        Lines separated by newlines, with one at the end.
    """
    lines = [
        table.columns,
        ("---",) * len(table.columns),
        *(tuple(map(_text, row)) for row in table.rows),
    ]
    return "".join(f"| {' | '.join(map(_escape_markdown, r))} |\n" for r in lines)


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else number(cell)


def _cell_to_html(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{to_html(cell)}</td>"
    return f'<td class="number">{html.escape(number(cell))}</td>'


def _escape_markdown(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
