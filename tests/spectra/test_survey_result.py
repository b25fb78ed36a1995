from dataclasses import replace

from eigenscape.core import load, save
from eigenscape.spectra import Survey
from results import differences
from surveys import planted_survey


def test_a_survey_is_stored_to_the_last_bit(tmp_path):
    survey = planted_survey()
    save(survey, tmp_path)
    again = load(Survey, tmp_path)
    assert differences(survey, again) == []
    assert again.provenance == survey.provenance


def test_the_summary_is_about_ten_lines_of_numbers_found():
    survey = planted_survey()
    lines = survey.summary().splitlines()
    assert 8 <= len(lines) <= 12
    text = "\n".join(lines)
    last = survey.checkpoints[-1]
    assert f"{last.largest[0]:.3g}" in text
    assert last.scaling_note in text
    assert all(a.answer in text for a in survey.advice)


def test_a_survey_without_batches_or_laws_is_summed_up():
    survey = planted_survey()
    bare = replace(
        survey.checkpoints[-1],
        batches=(),
        law_fits=(),
        scaling=None,
        scaling_note="no noise law: none asked for",
    )
    text = replace(survey, checkpoints=(bare,)).summary()
    assert "none asked for" in text
    assert "batches" not in text
