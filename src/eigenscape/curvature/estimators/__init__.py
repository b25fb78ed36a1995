"""Random sketches and probes: what estimates of traces and diagonals share."""
