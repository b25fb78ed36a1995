import json
from dataclasses import replace

from eigenscape.core import load, save
from eigenscape.spectra import Survey
from results import differences
from surveys import planted_survey, predicted_survey


def test_a_survey_is_stored_to_the_last_bit(tmp_path):
    survey = planted_survey()
    save(survey, tmp_path)
    again = load(Survey, tmp_path)
    assert differences(survey, again) == []
    assert again.provenance == survey.provenance


def test_a_prediction_is_stored_to_the_last_bit(tmp_path):
    survey = predicted_survey()
    save(survey, tmp_path)
    assert differences(survey, load(Survey, tmp_path)) == []
    assert survey.checkpoints[-1].prediction_note in survey.summary()


def test_a_survey_saved_before_there_were_predictions_is_read(tmp_path):
    """Its checkpoints have no such fields in the manifest."""
    survey = planted_survey()
    save(survey, tmp_path)
    place = tmp_path / "manifest.json"
    manifest = json.loads(place.read_text(encoding="utf-8"))
    for checkpoint in manifest["content"]["fields"]["checkpoints"]:
        del checkpoint["fields"]["prediction"]
        del checkpoint["fields"]["prediction_note"]
    place.write_text(json.dumps(manifest), encoding="utf-8")
    again = load(Survey, tmp_path)
    assert differences(survey, again) == []
    assert again.checkpoints[-1].prediction is None


def test_the_summary_is_about_ten_lines_of_numbers_found():
    survey = planted_survey()
    lines = survey.summary().splitlines()
    assert 8 <= len(lines) <= 13
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
