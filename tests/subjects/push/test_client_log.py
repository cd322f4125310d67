"""A client's log is read as steps with their time, and the refused line is found among them."""

import pytest

from labs.subjects.push.client_log import steps
from labs.ui.live import End

REFUSED = """#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 470B done
#1 DONE 0.1s

#2 [linux/arm64 2/3] WORKDIR /app
#2 CACHED

#3 exporting to image
#3 pushing layers 0.2s done
#3 ERROR: failed to push 127.0.0.1:5000/app:both: unexpected status from HEAD request to http://r/v2: 403 Forbidden
------
 > exporting to image:
------
ERROR: failed to solve: failed to push 127.0.0.1:5000/app:both: 403 Forbidden
"""


def test_each_step_is_a_line_with_its_time_or_how_it_ended() -> None:
    work = steps("push.log", REFUSED)
    lines = [words for _, words in work.lines]
    assert lines[:2] == [
        "[internal] load build definition from Dockerfile: 0.1 s",
        "[linux/arm64 2/3] WORKDIR /app: cached",
    ]
    assert lines[2].startswith("exporting to image: ERROR: failed to push")


def test_a_refused_push_stopped_and_its_line_is_in_sight() -> None:
    work = steps("push.log", REFUSED)
    assert work.end is End.STOPPED
    assert work.head == "push.log: stopped"
    assert "403 Forbidden" in work.html.partition("<details>")[0]


def test_a_push_that_worked_is_done() -> None:
    work = steps("one.log", "The push refers to repository [r/app]\n4f70: Pushed\none: digest: sha256:00 size: 710\n")
    assert work.end is End.DONE
    assert len(work.lines) == 3


@pytest.mark.parametrize("log", ["#1 [internal] load\n#1 transferring\n", "\x1b[1m#1 [internal] load\x1b[0m\n"])
def test_a_step_without_an_end_says_so(log: str) -> None:
    assert steps("x", log).lines[0][1] == "[internal] load: did not end"


def test_an_empty_log_has_no_step() -> None:
    assert steps("x", "").lines == ()
