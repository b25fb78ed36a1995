"""Random-matrix theory of neural-network loss surfaces.

Each floor is imported by its own name: ``eigenscape.theory``,
``eigenscape.spectra``, ``eigenscape.landscape``, ``eigenscape.curvature``,
``eigenscape.survey``, ``eigenscape.report``. This module imports nothing, so the
theory loads without torch.
"""

__version__ = "0.1.0"
