"""Floor 1: no science; errors, records, storage, configuration, seeds, provenance."""

from eigenscape.core.config import (
    config_from_mapping,
    config_hash,
    config_to_mapping,
    read_config,
    write_config,
)
from eigenscape.core.errors import (
    ConvergenceError,
    MissingDataError,
    NondeterministicOperatorError,
    StorageError,
)
from eigenscape.core.provenance import Provenance, record_provenance
from eigenscape.core.records import ConfidenceInterval, Curve, Estimate, Table
from eigenscape.core.seeds import stream, stream_seed
from eigenscape.core.storage import load, save, write_atomically

__all__ = [
    "ConfidenceInterval",
    "ConvergenceError",
    "Curve",
    "Estimate",
    "MissingDataError",
    "NondeterministicOperatorError",
    "Provenance",
    "StorageError",
    "Table",
    "config_from_mapping",
    "config_hash",
    "config_to_mapping",
    "load",
    "read_config",
    "record_provenance",
    "save",
    "stream",
    "stream_seed",
    "write_atomically",
    "write_config",
]
