import datetime as dt

import numpy as np

import eigenscape
from eigenscape.core import record_provenance


def test_provenance_names_versions_and_time():
    provenance = record_provenance(1.5)
    assert provenance.version == eigenscape.__version__
    assert f"numpy {np.__version__}" in provenance.packages
    assert provenance.seconds == 1.5
    started = dt.datetime.fromisoformat(provenance.started)
    assert abs((dt.datetime.now(dt.UTC) - started).total_seconds()) < 60


def test_a_resumed_run_keeps_its_start():
    assert record_provenance(0.0, started="then").started == "then"
