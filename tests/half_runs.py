"""Runs of experiments as a kill leaves them: some parts are there, others are not."""

from __future__ import annotations

import shutil

from eigenscape.experiments.experiment import execute


def resumed(experiment, config, whole, half, *, lost):
    """Copy a run without its end and some parts, and go on with it.

    Returns the manifests of both results, which carry the digests of all arrays, and
    the parts that were computed again.
    """
    ends = shutil.ignore_patterns("result", "acceptance", "provenance.json", *lost)
    shutil.copytree(whole, half, ignore=ends)
    before = _parts(half)
    execute(experiment, config, half, resume=True)
    first, second = (
        (place / "result" / "manifest.json").read_bytes() for place in (whole, half)
    )
    made = {
        name.parent.name
        for name, time in _parts(half).items()
        if before.get(name) != time and name.parent.name not in {"result", "acceptance"}
    }
    return first, second, made


def _parts(place):
    return {
        path.relative_to(place): path.stat().st_mtime_ns
        for path in place.rglob("manifest.json")
    }
