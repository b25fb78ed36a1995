"""Floor 6b: how it looks; reads saved results and writes a page and figures.

Importing this floor loads neither matplotlib nor plotly; `eigenscape.report.pens`
and a call of `render` do.
"""

from eigenscape.report.figures import (
    Band,
    Line,
    Panel,
    Points,
    Rule,
    batch_scaling,
    bulk,
    spectrum,
    stability,
    training,
)
from eigenscape.report.level_page import (
    render_levels,
)
from eigenscape.report.page import render
from eigenscape.report.tables import table_to_html, table_to_markdown

__all__ = [
    "Band",
    "Line",
    "Panel",
    "Points",
    "Rule",
    "batch_scaling",
    "bulk",
    "render",
    "render_levels",
    "spectrum",
    "stability",
    "table_to_html",
    "table_to_markdown",
    "training",
]
