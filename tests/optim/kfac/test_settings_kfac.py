"""Settings that are refused, each in one line."""

import pytest

from eigenscape.optim.kfac.settings import FactorSettings

BAD = {
    "decay": 1.0,
    "factor_interval": 0,
    "eigen_interval": 0,
    "batch_axis": 2,
    "fisher": "exact",
    "sharing": "both",
    "reduction": "none",
    "start": "zero",
    "form": "added",
    "others": "identity",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_settings(name):
    settings = FactorSettings()
    settings.__dict__[name] = BAD[name]  # past the tests' type checks
    with pytest.raises(ValueError, match=rf"^{name}: expected [^\n]+, got [^\n]+$"):
        settings.__post_init__()


@pytest.mark.parametrize(
    "pair",
    [
        {"fisher": "sampled", "reduction": "sum"},
        {"sharing": "reduce", "reduction": "token-mean"},
    ],
)
def test_settings_that_do_not_go_together(pair):
    with pytest.raises(ValueError, match=r"^(reduction|sharing): expected [^\n]+$"):
        FactorSettings(**pair)
