"""The record of a run: what is none is refused, whatever was done to the file."""

import json

import pytest

from labs.errors import LabError
from labs.workflow.record import RUN_FILE, JobRecord, RunRecord, StepRecord, load, save

pytestmark = pytest.mark.unit
STEP = StepRecord("Run docker/build-push-action", "docker/build-push-action", "success", "build", {"digest": "x"}, 1.5)
RUN = RunRecord(
    1, "push", "refs/heads/main", "abc", "octo-org/octo-repo", "push.yml",
    "2026-12-01T00:00:00+00:00", "2026-12-01T00:00:01+00:00", "success",
    jobs={"push": JobRecord("success", steps=(STEP,))},
)  # fmt: skip


def test_what_was_kept_is_read_again(tmp_path):
    save(RUN, tmp_path, "")
    assert load(tmp_path) == RUN


@pytest.mark.parametrize(
    "change",
    [
        {"began": 5},
        {"began": "yesterday"},
        {"began": "2026-12-01T00:00:00"},
        {"sha": None},
        {"number": "x"},
        {"jobs": []},
        {"jobs": {"push": {"conclusion": 5, "steps": []}}},
        {"jobs": {"push": {"conclusion": "success", "steps": [{"title": "a", "action": None, "conclusion": ""}]}}},
        *(
            {"jobs": {"push": {"conclusion": "", "steps": [{"title": "", "action": "", "conclusion": "", **more}]}}}
            for more in ({"outputs": None}, {"outputs": {"digest": 1}}, {"seconds": "long"}, {"unknown": ""})
        ),
    ],
    ids=str,
)
def test_a_record_with_a_value_of_another_kind_is_refused_with_the_file_to_remove(tmp_path, change):
    save(RUN, tmp_path, "")
    file = tmp_path / RUN_FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(LabError) as refused:
        load(tmp_path)
    assert str(file) in refused.value.next_step


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000])
def test_a_file_that_is_no_record_is_refused(tmp_path, text):
    (tmp_path / RUN_FILE).write_text(text)
    with pytest.raises(LabError, match="not the record"):
        load(tmp_path)
