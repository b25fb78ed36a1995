"""Two pens for one panel: matplotlib for papers, plotly for the page."""

from eigenscape.report.pens.matplotlib_pen import draw_matplotlib, write_svg
from eigenscape.report.pens.plotly_pen import draw_plotly

__all__ = ["draw_matplotlib", "draw_plotly", "write_svg"]
